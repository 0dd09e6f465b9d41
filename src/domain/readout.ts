import { type FoldRules, isFault, outs, type Row } from './excursion.ts'

/**
 * Which readings of one sensor channel are judged where its memory was read out (domain page 2.8). The memory is the
 * original, live messages are copies of it:
 *
 *   live row        inside a read-out, copy         not judged: the memory says the same
 *                   inside, no copy, in range       not judged: the memory alone counts
 *                   inside, no copy, out            judged beside the memory, and reported: READOUT_DIFFERS
 *                   outside, copy                   not judged: just beyond the first or last memory row
 *                   outside, no copy                judged
 *   memory row      inside a read-out               judged
 *                   outside of every read-out       not judged: its record is not whole, or was taken back
 *
 * Of the memory only those rows are given that some file says which was not taken back (`actions/said-by.ts`).
 *
 * A live row is a copy of a value of the memory at most half an interval and one resolution step away. Where that value
 * lies beyond the scope nothing within it says the same: such a row is judged if it is out or outside, and is no
 * difference. Read-outs that overlap speak together: their rows are united, so a later one hides nothing of an earlier
 * one, and where they contradict each other both values are rows and the worse one is judged. The result depends on
 * what is given, not on the order in which it arrived.
 */
export function judgedRows({ live, memory, readouts, scope, isOut }: Sources): JudgedRows {
  const stretches = merged(readouts)
  const originals = memory.filter(({ at }) => isHeld(stretches, at)).sort(byTime)
  const copied = copying(originals.filter(hasValue), readouts, scope)
  const differing: Row[] = []
  const beside = live.filter((row) => {
    if (!isWithin(scope, row.at)) return false
    if (!isHeld(stretches, row.at)) return copied(row) !== 'within'
    // most rows are in range, and need not be looked for
    if (!isOut(row)) return false
    const copy = copied(row)
    if (copy === null) differing.push(row)
    return copy !== 'within'
  })
  const whole = originals.filter(({ at }) => isWithin(scope, at))
  return { rows: [...whole, ...beside].sort(byTime), differing: differing.sort(byTime) }
}

/**
 * Rows in any order; values are raw milli-degrees, null where the sensor reported a fault. `scope` is what is judged,
 * `[fromAt, toAt)`; memory rows up to `reachOf` the read-outs beyond it are needed to know copies. `isOut`: beyond the
 * limit of any level, after calibration.
 */
export type Sources = Selection & { live: readonly Row[]; memory: readonly Row[] }

/** What decides which rows are judged, beside the rows. */
export type Selection = {
  readouts: readonly Readout[]
  scope: { fromAt: number; toAt: number }
  isOut: (row: Row) => boolean
}

/**
 * A stretch of memory that was read out whole, both ends included. `intervalMs` is the logger's own step;
 * `resolutionMilliC` the smallest step of its printed values.
 */
export type Readout = { fromAt: number; toAt: number; intervalMs: number; resolutionMilliC: number }

/** What is judged, in order of time, and the live rows among it that the memory lacks: the very rows given. */
export type JudgedRows = { rows: Row[]; differing: Row[] }

/** How far a row of the memory speaks for live ones, and so how far around a change another row may be judged. */
export function reachOf(readouts: readonly Readout[]): number {
  return readouts.reduce((reach, { intervalMs }) => Math.max(reach, Math.ceil(intervalMs / 2)), 0)
}

/** Whether a row is beyond a limit by the rules of its placement. */
export function isBeyond(rules: FoldRules): (row: Row) => boolean {
  return ({ at, milliC }) => {
    if (milliC === null || isFault(milliC, rules)) return false
    const value = rules.correct(at, milliC)
    return outs(rules, { min: value, max: value }).includes(true)
  }
}

/** A row with who said it. */
export type SourcedRow = Row & { isMemory: boolean }

/**
 * The same for a part of the rows, in order of time: all there are after `afterAt - reach` up to `completeToAt`.
 * Answers the judged rows after `afterAt`, up to where no row that is still to be read can change them.
 */
export function judgedPart(
  rows: readonly SourcedRow[],
  selection: Selection,
  { afterAt, completeToAt }: { afterAt: number; completeToAt: number },
): JudgedRows {
  const [live, memory]: [SourcedRow[], SourcedRow[]] = [[], []]
  for (const row of rows) (row.isMemory ? memory : live).push(row)
  const judged = judgedRows({ ...selection, live, memory })
  const decidedToAt = completeToAt - reachOf(selection.readouts)
  const isDecided = ({ at }: Row) => at > afterAt && at <= decidedToAt
  return { rows: judged.rows.filter(isDecided), differing: judged.differing.filter(isDecided) }
}

type Stretch = { fromAt: number; toAt: number }

/** The stretches of all read-outs, disjoint and ascending. */
function merged(readouts: readonly Readout[]): Stretch[] {
  const stretches: Stretch[] = []
  for (const { fromAt, toAt } of readouts.toSorted((a, b) => a.fromAt - b.fromAt)) {
    const last = stretches.at(-1)
    if (last !== undefined && fromAt <= last.toAt) last.toAt = Math.max(last.toAt, toAt)
    else stretches.push({ fromAt, toAt })
  }
  return stretches
}

function isHeld(stretches: readonly Stretch[], at: number): boolean {
  const next = firstIndex(stretches, (stretch) => stretch.fromAt > at)
  return at <= (stretches[next - 1]?.toAt ?? Number.NEGATIVE_INFINITY)
}

function isWithin({ fromAt, toAt }: Stretch, at: number): boolean {
  return fromAt <= at && at < toAt
}

type Value = { at: number; milliC: number }

function hasValue(row: Row): row is Value {
  return row.milliC !== null
}

/** Where the memory holds the reading of a live row, by the measure of a read-out that holds it; null: nowhere. */
function copying(originals: readonly Value[], readouts: readonly Readout[], scope: Stretch) {
  return ({ at, milliC }: Row): 'within' | 'beyond' | null => {
    if (milliC === null) return null
    let found: 'beyond' | null = null
    for (const { fromAt, toAt, intervalMs, resolutionMilliC } of readouts) {
      const reach = intervalMs / 2
      const [earliest, latest] = [Math.max(fromAt, at - reach), Math.min(toAt, at + reach)]
      let index = firstIndex(originals, (row) => row.at >= earliest)
      for (let row = originals[index]; row !== undefined && row.at <= latest; row = originals[++index]) {
        if (Math.abs(row.milliC - milliC) > resolutionMilliC) continue
        if (isWithin(scope, row.at)) return 'within'
        found = 'beyond'
      }
    }
    return found
  }
}

/** Index of the first entry that something holds of, where it holds of all that follow. */
function firstIndex<T>(list: readonly T[], holds: (entry: T) => boolean): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const entry = list[middle]
    if (entry === undefined || holds(entry)) high = middle
    else low = middle + 1
  }
  return low
}

/** By time, then by value, faults last: the same rows are always in the same order. */
function byTime(a: Row, b: Row): number {
  return a.at - b.at || (a.milliC ?? Number.POSITIVE_INFINITY) - (b.milliC ?? Number.POSITIVE_INFINITY) || 0
}
