import { isOut, type Side } from './profile.ts'

/**
 * Stage 1 of judging: one placement's readings folded into confirmed, presumed and gap intervals (domain page 2.3).
 *
 *   rows ─► feed ─► state ─► finish (placement-judgement.ts) ─► PlacementJudgement
 *             │       └─ snapshot: a checkpoint to continue from
 *             └─ closed intervals, in order
 *
 * What the fold knows after an instant: everything before the *open* instant is decided; the open instant itself is
 * not, because its hold depends on the next one, and neither is the gap before it, because another value at the open
 * instant may still be worse. So `feed(a ++ b)` equals `feed(b)` after `feed(a)`, also when `b` begins at the last
 * instant of `a`.
 *
 * Invariants: rows come in order of `at`; intervals are closed in order of their end; a level has at most one running
 * interval; no interval of a level overlaps another of that level.
 */
export function feed(state: FoldState, rules: FoldRules, rows: Iterable<Row>): void {
  for (const row of rows) take(state, rules, row)
}

/** Feeds one row; rows of one instant may come one after the other, in any order. */
export function take(state: FoldState, rules: FoldRules, row: Row): void {
  if (row.at < rules.fromAt || row.at >= rules.toAt) throw new Error('a row outside its scope was fed')
  if (isValue(row, rules)) takeValue(state, rules, row)
  else takeFault(state, row)
}

/** A stored value of an instant: raw milli-degrees; null where the sensor itself reported a fault. */
export type Row = { at: number; milliC: number | null }

/** What the fold needs of placement, profile and calibration; the limits are those of this sensor, with guard band. */
export type FoldRules = {
  /** Placement and window, intersected: `[fromAt, toAt)`; an open end is Infinity. */
  fromAt: number
  toAt: number
  nominalMs: number
  maxGapMs: number
  /** By level: `limits[n].level` is n. */
  limits: readonly { readonly level: number; readonly side: Side; readonly milliC: number }[]
  correct: (at: number, rawMilliC: number) => number
  /** The sensor's registered range in milli-degrees: at or beyond its ends the value is saturated, a fault. */
  range: { low: number; high: number } | null
}

export const GAP = 0
export const CONFIRMED = 1
export const PRESUMED = 2
/** A live value out of limits that the sensor's memory lacks: an instant, which decides nothing here. */
export const DIFFERS = 3
/** Level index of a gap and of a difference: they are the same for every level. */
export const ALL_LEVELS = -1

/**
 * A closed interval `[fromAt, toAt)` of one level (a gap or difference: of all); `lastOutAt` only where confirmed,
 * `extreme` there (corrected) and where it differs (raw).
 */
export type Interval = {
  level: number
  kind: typeof GAP | typeof CONFIRMED | typeof PRESUMED | typeof DIFFERS
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
  /** Per level the confirmed interval still growing. */
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
  /** The stretch of identical values that ends at the last decided instant, and the longest one so far. */
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
    flat: state.flat && { ...state.flat },
    running: state.running.map((interval) => interval && { ...interval }),
    closed: [],
  }
}

/** The latest instant fed, faults included; -Infinity before any. Only later rows may follow a stored state. */
export function upToAt(state: FoldState): number {
  return Math.max(state.open?.at ?? Number.NEGATIVE_INFINITY, state.fault?.at ?? Number.NEGATIVE_INFINITY)
}

/**
 * The state with nothing left undecided, for an end at `endAt`: the open instant held until then or for one nominal
 * interval, the rest a gap, every interval closed. Without any reading the whole scope is a gap (E20). The given state
 * is not changed; `closed` holds what was closed beside its own.
 */
export function ended(state: FoldState, rules: FoldRules, endAt: number): FoldState {
  const last = snapshot(state)
  decideOpen(last, rules, endAt)
  const gap = last.open === null ? { fromAt: rules.fromAt, before: null } : last.gap
  if (gap !== null) closeGap(last, { fromAt: gap.fromAt, toAt: endAt }, outs(rules, gap.before))
  for (const level of last.running.keys()) closeRunning(last, level)
  return last
}

/** Values no temperature sensor of this field means: open and short circuits, vendor codes (domain page 2.3 item 2). */
export const FAULT_LOW_MILLI_C = -270_000
export const FAULT_HIGH_MILLI_C = 150_000

/** Whether a raw value is a fault: an impossible one, or one at or beyond an end of the sensor's range. */
export function isFault(milliC: number, rules: Pick<FoldRules, 'range'>): boolean {
  if (milliC <= FAULT_LOW_MILLI_C || milliC >= FAULT_HIGH_MILLI_C) return true
  return rules.range !== null && (milliC <= rules.range.low || milliC >= rules.range.high)
}

type Value = { at: number; milliC: number }

function isValue(row: Row, rules: FoldRules): row is Value {
  return row.milliC !== null && !isFault(row.milliC, rules)
}

function takeFault(state: FoldState, row: Row): void {
  if (state.fault?.at !== row.at) state.fault = { at: row.at, values: [] }
  if (state.fault.values.includes(row.milliC)) {
    state.duplicates++
    return
  }
  state.fault.values.push(row.milliC)
  state.faults++
}

function takeValue(state: FoldState, rules: FoldRules, row: Value): void {
  const milliC = rules.correct(row.at, row.milliC)
  if (milliC < state.lowest) state.lowest = milliC
  if (milliC > state.highest) state.highest = milliC
  if (state.open?.at === row.at) {
    if (widen(state.open, row.milliC, milliC)) state.conflicts++
    else state.duplicates++
    return
  }
  if (state.open !== null) decideOpen(state, rules, row.at)
  else if (row.at - rules.fromAt > rules.maxGapMs) state.gap = { fromAt: rules.fromAt, before: null }
  open(state, { at: row.at, raw: row.milliC, milliC })
  state.valid++
}

/** The next open instant. In the place of the last one: a new object per reading costs a third of the fold. */
function open(state: FoldState, { at, raw, milliC }: { at: number; raw: number; milliC: number }): void {
  if (state.open === null) {
    state.open = { at, min: milliC, max: milliC, values: [raw] }
    return
  }
  state.open.at = at
  state.open.min = milliC
  state.open.max = milliC
  state.open.values.length = 1
  state.open.values[0] = raw
}

/** Another value at the open instant. A different one is a conflict: both ends are kept. False for a duplicate. */
function widen(open: OpenInstant, raw: number, milliC: number): boolean {
  if (open.values.includes(raw)) return false
  open.values.push(raw)
  open.min = Math.min(open.min, milliC)
  open.max = Math.max(open.max, milliC)
  return true
}

/** Decides the open instant: the gap before it, its hold until `nextAt`, and the gap that begins after the hold. */
function decideOpen(state: FoldState, rules: FoldRules, nextAt: number): void {
  const { open } = state
  if (open === null) return
  if (state.gap !== null) {
    // nobody knows what the sensor would have shown in the gap
    state.flat = null
    const [before, after] = [outs(rules, state.gap.before), outs(rules, open)]
    const presumed = after.map((isOutAfter, level) => isOutAfter || before[level] === true)
    closeGap(state, { fromAt: state.gap.fromAt, toAt: open.at }, presumed)
  }
  const held = nextAt - open.at <= rules.maxGapMs
  const heldUntilAt = held ? nextAt : Math.min(nextAt, open.at + rules.nominalMs)
  hold(state, rules, { at: open.at, min: open.min, max: open.max, heldUntilAt })
  flatten(state, open)
  if (state.first === null) state.first = { at: open.at, min: open.min, max: open.max }
  state.gap = held ? null : { fromAt: heldUntilAt, before: { min: open.min, max: open.max } }
}

type Held = Span & { at: number; heldUntilAt: number }

function hold(state: FoldState, rules: FoldRules, held: Held): void {
  state.coveredMs += held.heldUntilAt - held.at
  for (const { level, side, milliC } of rules.limits) {
    const worst = worstOf(side, held)
    if (!isOut(side, milliC, worst)) closeRunning(state, level)
    else extend(state, { level, side, worst }, held)
  }
}

/** Out time that follows out time is one interval. */
function extend(state: FoldState, out: { level: number; side: Side; worst: number }, held: Held): void {
  const { level, side, worst } = out
  const running = state.running[level] ?? null
  if (running === null) {
    const stretch = { fromAt: held.at, toAt: held.heldUntilAt }
    state.running[level] = { level, kind: CONFIRMED, ...stretch, lastOutAt: held.at, extreme: worst }
    return
  }
  running.toAt = held.heldUntilAt
  running.lastOutAt = held.at
  running.extreme = worse(side, running.extreme, worst)
}

/** An instant with different values ends a stretch of identical ones, whichever of them came first. */
function flatten(state: FoldState, { at, min, max }: Span & { at: number }): void {
  if (min !== max) state.flat = null
  else if (state.flat === null) state.flat = { sinceAt: at, milliC: min }
  else if (state.flat.milliC !== min) {
    state.flat.sinceAt = at
    state.flat.milliC = min
  } else state.longestFlatMs = Math.max(state.longestFlatMs, at - state.flat.sinceAt)
}

type Stretch = { fromAt: number; toAt: number }

/** A gap ends what was running; it is presumed out for the levels whose reading on either side is out. */
function closeGap(state: FoldState, gap: Stretch, presumed: boolean[]): void {
  state.gap = null
  if (gap.toAt <= gap.fromAt) return
  for (const level of state.running.keys()) closeRunning(state, level)
  state.closed.push(withoutValue(ALL_LEVELS, GAP, gap))
  for (const [level, isPresumed] of presumed.entries()) {
    if (isPresumed) state.closed.push(withoutValue(level, PRESUMED, gap))
  }
}

function closeRunning(state: FoldState, level: number): void {
  const running = state.running[level] ?? null
  if (running === null) return
  state.closed.push(running)
  state.running[level] = null
}

function withoutValue(level: number, kind: typeof GAP | typeof PRESUMED, { fromAt, toAt }: Stretch): Interval {
  return { level, kind, fromAt, toAt, lastOutAt: null, extreme: null }
}

/** For each level whether a span is out of its limit; nothing is out where nothing was measured. */
export function outs(rules: FoldRules, span: Span | null): boolean[] {
  return rules.limits.map(({ side, milliC }) => span !== null && isOut(side, milliC, worstOf(side, span)))
}

function worstOf(side: Side, span: Span): number {
  return side === 'high' ? span.max : span.min
}

/** The value further beyond a limit of that side. */
export function worse(side: Side, a: number | null, b: number): number {
  if (a === null) return b
  return side === 'high' ? Math.max(a, b) : Math.min(a, b)
}
