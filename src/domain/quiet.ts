import type { Combined, JudgedSpan } from './combine.ts'
import type { FoldRules, FoldState } from './excursion.ts'
import { isOut, type Profile } from './profile.ts'

/**
 * When readings change nothing that an evaluation says beside its extent, so that most batches need not combine and
 * compare (a combination costs 40 µs, a reading's fold 0.1): every placement of an open window goes on in range without
 * a gap, from after everything that was found, and no certificate begins or ends meanwhile. A late reading is as quiet
 * where it changes no interval. Null: combine.
 */
export type Quiet =
  | {
      /** Extensions that begin here or later touch no gap and no event. */
      fromAt: number
      /** Up to here the same certificates rule. */
      untilAt: number
    }
  /** Nothing is judged, whatever is measured. */
  | 'not_packed'

/** The terms after a judgement; `boundariesAt` are the instants at which another certificate rules or one ends. */
export function quietAfter(
  judged: { span: JudgedSpan | null; combined: Combined | null; profile: Profile },
  boundariesAt: readonly number[],
): Quiet | null {
  const { span, combined, profile } = judged
  if (span === null || combined === null) return 'not_packed'
  // with more sensors required, each of them can open and close a gap of the others
  if (span.closed || profile.requiredSensors > 1) return null
  const events = combined.levels.flatMap((level) => level.events)
  if (events.some((event) => event.open) || combined.gaps.some((gap) => gap.open)) return null
  const ends = [...events.map((event) => event.endAt), ...combined.gaps.map((gap) => gap.toAt)]
  const fromAt = ends.reduce((latest, endAt) => Math.max(latest, endAt), Number.NEGATIVE_INFINITY)
  const ahead = boundariesAt.filter((at) => at >= span.toAt)
  return { fromAt, untilAt: ahead.reduce((next, at) => Math.min(next, at), Number.POSITIVE_INFINITY) }
}

/** Nothing is running, no gap is undecided, and the newest reading is within every limit. */
export function isCalm(state: FoldState, rules: FoldRules): boolean {
  const { open } = state
  if (open === null || state.gap !== null) return false
  for (const interval of state.running) if (interval !== null) return false
  for (const { side, milliC } of rules.limits) {
    if (isOut(side, milliC, side === 'high' ? open.max : open.min)) return false
  }
  return true
}

/** The longest stretch of identical values, the newest reading included. */
export function flatMs({ open, flat, longestFlatMs }: FoldState): number {
  if (open === null || flat === null || open.min !== open.max || open.min !== flat.milliC) return longestFlatMs
  return Math.max(longestFlatMs, open.at - flat.sinceAt)
}
