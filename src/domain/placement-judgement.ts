import { ended, type FoldRules, type FoldState, type Interval, outs } from './excursion.ts'

/**
 * Ends the fold of one placement at `endAt` without changing its state (domain page 2.3 item 4): the last reading holds
 * until `endAt` when that is at most maxGapMs away, else for one nominal interval, and the rest is a gap. `earlier` are
 * the intervals closed before.
 */
export function finish(
  state: FoldState,
  rules: FoldRules,
  end: { endAt: number; earlier: Interval[] },
): PlacementJudgement {
  const toAt = Math.max(rules.fromAt, Math.min(end.endAt, rules.toAt))
  const last = ended(state, rules, toAt)
  const { first } = last
  const leadInMs = first === null ? 0 : first.at - rules.fromAt
  return {
    fromAt: rules.fromAt,
    toAt,
    first: first && { at: first.at, out: outs(rules, first) },
    last: last.open && { at: last.open.at, out: outs(rules, last.open) },
    leadInMs: leadInMs > rules.maxGapMs ? 0 : leadInMs,
    intervals: [...end.earlier, ...last.closed],
    valid: last.valid,
    faults: last.faults,
    conflicts: last.conflicts,
    duplicates: last.duplicates,
    coveredMs: last.coveredMs,
    lowest: last.valid === 0 ? null : last.lowest,
    highest: last.valid === 0 ? null : last.highest,
    longestFlatMs: last.longestFlatMs,
  }
}

/** What one placement shows within its scope, ended at `toAt`. */
export type PlacementJudgement = {
  fromAt: number
  toAt: number
  first: BoundaryReading | null
  last: BoundaryReading | null
  /** Not longer than maxGapMs: neither value nor gap. */
  leadInMs: number
  intervals: Interval[]
  valid: number
  faults: number
  conflicts: number
  duplicates: number
  coveredMs: number
  lowest: number | null
  highest: number | null
  longestFlatMs: number
}

/** The first or last reading of a placement, and for each level whether it is out. */
export type BoundaryReading = { at: number; out: boolean[] }
