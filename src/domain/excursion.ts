import { isOut, type Side } from './profile.ts'

/**
 * Stage 1 of judging: one placement's readings folded into confirmed, presumed and gap intervals (domain page 2.3).
 *
 *   rows ─► feed ─► state ─► finish(endAt) ─► PlacementJudgement
 *             │       └─ snapshot: a checkpoint to continue from
 *             └─ closed intervals, in order
 *
 * What the fold knows after an instant: everything before the *open* instant is decided; the open instant itself is not,
 * because its hold depends on the next one, and neither is the gap before it, because another value at the open instant may
 * still be worse. So `feed(a ++ b)` equals `feed(b)` after `feed(a)`, also when `b` begins at the last instant of `a`.
 *
 * Invariants: rows come in order of `at`; intervals are closed in order of their end; a level has at most one running
 * interval; no interval of a level overlaps another of that level.
 */
export function feed(state: FoldState, rules: FoldRules, rows: Iterable<Row>): void {
  for (const row of rows) take(state, rules, row)
}

/** Feeds one row; rows of one instant may come one after the other. */
export function take(state: FoldState, rules: FoldRules, row: Row): void {
  if (row.at < rules.fromAt || row.at >= rules.toAt) throw new Error('a row outside its scope was fed')
  if (row.milliC === null || isFault(row.milliC, rules)) takeFault(state, row)
  else takeValue(state, rules, row.at, row.milliC)
}

/** A stored value of an instant: raw milli-degrees; null where the sensor itself reported a fault. */
export type Row = { at: number; milliC: number | null }

/** What the fold needs of placement, profile and calibration; limits as they apply to this sensor (guard band included). */
export type FoldRules = {
  /** Placement and window, intersected: `[fromAt, toAt)`; an open end is Infinity. */
  fromAt: number
  toAt: number
  nominalMs: number
  maxGapMs: number
  limits: { side: Side; milliC: number }[]
  correct: (at: number, rawMilliC: number) => number
  /** The sensor's registered range in milli-degrees: at or beyond its ends the value is saturated, a fault. */
  range: { low: number; high: number } | null
}

export const GAP = 0
export const CONFIRMED = 1
export const PRESUMED = 2
/** Level index of a gap: a gap is the same for every level. */
export const ALL_LEVELS = -1

/** A closed interval `[fromAt, toAt)` of one level (or of all: a gap); `lastOutAt` and `extreme` only where confirmed. */
export type Interval = {
  level: number
  kind: typeof GAP | typeof CONFIRMED | typeof PRESUMED
  fromAt: number
  toAt: number
  lastOutAt: number | null
  extreme: number | null
}

/** The span of corrected values of one instant; `values` are the distinct raw ones. */
type OpenInstant = { at: number; min: number; max: number; values: number[] }
type Span = { min: number; max: number }

export type FoldState = {
  first: { at: number; min: number; max: number } | null
  open: OpenInstant | null
  /** The undecided gap before the open instant, with the span before it (null: nothing was before, a lead-in). */
  gap: { fromAt: number; before: Span | null } | null
  fault: { at: number; values: (number | null)[] } | null
  /** Per level the interval still growing. */
  running: (Interval | null)[]
  /** Intervals closed since the state was taken; the caller stores and clears them. */
  closed: Interval[]
  valid: number
  faults: number
  conflicts: number
  duplicates: number
  coveredMs: number
  lowest: number
  highest: number
  /** The stretch of identical values that ends at the open instant, and the longest one seen. */
  flat: { sinceAt: number; milliC: number } | null
  longestFlatMs: number
}

/** The state before any reading. */
export function emptyState(levels: number): FoldState {
  return {
    first: null,
    open: null,
    gap: null,
    fault: null,
    running: Array.from({ length: levels }, () => null),
    closed: [],
    valid: 0,
    faults: 0,
    conflicts: 0,
    duplicates: 0,
    coveredMs: 0,
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
    flat: null,
    longestFlatMs: 0,
  }
}

/** A copy that later feeding does not change. */
export function snapshot(state: FoldState): FoldState {
  return {
    ...state,
    open: state.open && { ...state.open, values: [...state.open.values] },
    fault: state.fault && { ...state.fault, values: [...state.fault.values] },
    running: state.running.map((interval) => interval && { ...interval }),
    closed: [],
  }
}

/** The latest instant fed, faults included; -Infinity before any. Only strictly later rows may follow a stored state. */
export function upToAt(state: FoldState): number {
  return Math.max(state.open?.at ?? Number.NEGATIVE_INFINITY, state.fault?.at ?? Number.NEGATIVE_INFINITY)
}

/** What one placement shows within its scope, ended at `endAt`. */
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

/**
 * Ends the fold at `endAt` without changing the state: the last reading holds until `endAt` when that is at most maxGapMs
 * away, else for one nominal interval, and the rest is a gap. `earlier` are the intervals closed before. No reading at all
 * is a gap of the full length (E20).
 */
export function finish(
  state: FoldState,
  rules: FoldRules,
  end: { endAt: number; earlier: Interval[] },
): PlacementJudgement {
  const toAt = Math.max(rules.fromAt, Math.min(end.endAt, rules.toAt))
  const last = snapshot(state)
  if (last.open === null) closeGap(last, { fromAt: rules.fromAt, before: null }, toAt, [])
  else closeOpen(last, rules, toAt)
  if (last.gap !== null) closeGap(last, last.gap, toAt, outs(rules, last.gap.before))
  for (const interval of last.running) if (interval !== null) last.closed.push(interval)
  const first = state.first ?? state.open
  const lead = first === null ? 0 : first.at - rules.fromAt
  return {
    fromAt: rules.fromAt,
    toAt,
    first: first && { at: first.at, out: outs(rules, first) },
    last: state.open && { at: state.open.at, out: outs(rules, state.open) },
    leadInMs: lead > rules.maxGapMs ? 0 : lead,
    intervals: [...end.earlier, ...last.closed],
    valid: state.valid,
    faults: state.faults,
    conflicts: state.conflicts,
    duplicates: state.duplicates,
    coveredMs: last.coveredMs,
    lowest: state.valid === 0 ? null : state.lowest,
    highest: state.valid === 0 ? null : state.highest,
    longestFlatMs: state.longestFlatMs,
  }
}

/** Values no temperature sensor of this field means: open and short circuits, vendor codes (domain page 2.3 item 2). */
const FAULT_LOW_MILLI_C = -270_000
const FAULT_HIGH_MILLI_C = 150_000

/** Whether a raw value says nothing about the temperature: an impossible one, or one at the end of the sensor's range. */
export function isFault(milliC: number, rules: Pick<FoldRules, 'range'>): boolean {
  if (milliC <= FAULT_LOW_MILLI_C || milliC >= FAULT_HIGH_MILLI_C) return true
  return rules.range !== null && (milliC <= rules.range.low || milliC >= rules.range.high)
}

function takeFault(state: FoldState, row: { at: number; milliC: number | null }): void {
  if (state.fault?.at !== row.at) state.fault = { at: row.at, values: [] }
  if (state.fault.values.includes(row.milliC)) {
    state.duplicates++
    return
  }
  state.fault.values.push(row.milliC)
  state.faults++
}

function takeValue(state: FoldState, rules: FoldRules, at: number, raw: number): void {
  const value = rules.correct(at, raw)
  if (state.open?.at === at) {
    widen(state, state.open, raw, value)
    return
  }
  if (state.open === null) {
    if (at - rules.fromAt > rules.maxGapMs) state.gap = { fromAt: rules.fromAt, before: null }
  } else {
    closeOpen(state, rules, at)
  }
  state.open = { at, min: value, max: value, values: [raw] }
  state.valid++
  see(state, at, value)
}

/** Another value at the open instant: the same one is a duplicate, a different one a conflict; both ends are kept. */
function widen(state: FoldState, open: OpenInstant, raw: number, value: number): void {
  if (open.values.includes(raw)) {
    state.duplicates++
    return
  }
  open.values.push(raw)
  open.min = Math.min(open.min, value)
  open.max = Math.max(open.max, value)
  state.conflicts++
  see(state, open.at, value)
}

function see(state: FoldState, at: number, value: number): void {
  if (value < state.lowest) state.lowest = value
  if (value > state.highest) state.highest = value
  if (state.flat === null || state.flat.milliC !== value) state.flat = { sinceAt: at, milliC: value }
  else state.longestFlatMs = Math.max(state.longestFlatMs, at - state.flat.sinceAt)
}

/** Decides the open instant: the gap before it, its hold until `nextAt`, and the gap that begins after the hold. */
function closeOpen(state: FoldState, rules: FoldRules, nextAt: number): void {
  const { open } = state
  if (open === null) return
  const out = outs(rules, open)
  if (state.gap !== null) {
    const before = outs(rules, state.gap.before)
    closeGap(
      state,
      state.gap,
      open.at,
      out.map((isOutAfter, level) => isOutAfter || before[level] === true),
    )
  }
  const held = nextAt - open.at <= rules.maxGapMs
  const heldUntil = held ? nextAt : open.at + rules.nominalMs
  hold(state, rules, open, { toAt: heldUntil, out })
  if (state.first === null) state.first = { at: open.at, min: open.min, max: open.max }
  state.gap = held ? null : { fromAt: heldUntil, before: { min: open.min, max: open.max } }
}

function hold(state: FoldState, rules: FoldRules, open: OpenInstant, held: { toAt: number; out: boolean[] }): void {
  state.coveredMs += held.toAt - open.at
  for (const [level, limit] of rules.limits.entries()) {
    if (held.out[level] !== true) {
      closeRunning(state, level)
      continue
    }
    const worst = limit.side === 'high' ? open.max : open.min
    const running = state.running[level] ?? null
    if (running?.kind === CONFIRMED && running.toAt === open.at) {
      running.toAt = held.toAt
      running.lastOutAt = open.at
      running.extreme = worse(limit.side, running.extreme, worst)
      continue
    }
    closeRunning(state, level)
    const interval = {
      level,
      kind: CONFIRMED,
      fromAt: open.at,
      toAt: held.toAt,
      lastOutAt: open.at,
      extreme: worst,
    } as const
    state.running[level] = { ...interval }
  }
}

/** A gap is presumed out for the levels whose reading on either side is out. */
function closeGap(
  state: FoldState,
  gap: { fromAt: number; before: Span | null },
  toAt: number,
  presumed: boolean[],
): void {
  state.gap = null
  if (toAt <= gap.fromAt) return
  state.closed.push(without(ALL_LEVELS, GAP, gap.fromAt, toAt))
  for (const level of state.running.keys()) {
    closeRunning(state, level)
    if (presumed[level] === true) state.running[level] = without(level, PRESUMED, gap.fromAt, toAt)
  }
}

function closeRunning(state: FoldState, level: number): void {
  const running = state.running[level] ?? null
  if (running !== null) state.closed.push(running)
  state.running[level] = null
}

function without(level: number, kind: typeof GAP | typeof PRESUMED, fromAt: number, toAt: number): Interval {
  return { level, kind, fromAt, toAt, lastOutAt: null, extreme: null }
}

function outs(rules: FoldRules, span: Span | null): boolean[] {
  return rules.limits.map(
    ({ side, milliC }) => span !== null && isOut(side, milliC, side === 'high' ? span.max : span.min),
  )
}

/** The value further beyond a limit of that side. */
export function worse(side: Side, a: number | null, b: number): number {
  if (a === null) return b
  return side === 'high' ? Math.max(a, b) : Math.min(a, b)
}
