import type { Row } from './excursion.ts'

/**
 * Which readings of one sensor channel are judged where its memory was read out (domain page 2.8). The memory is the
 * original, live messages are copies of it:
 *
 *   live row        inside a read-out, matched      not judged: the memory says the same
 *                   inside, not matched, in range   not judged: the memory alone counts
 *                   inside, not matched, out        judged beside the memory, and reported: READOUT_DIFFERS
 *                   outside, matched                not judged: a copy just beyond the first or last memory row
 *                   outside, not matched            judged
 *   memory row      inside a read-out               judged
 *                   outside of every read-out       not judged: its record is not whole, or was taken back
 *
 * A live row is matched by a value of the memory at most half an interval and one resolution step away. Read-outs that
 * overlap speak together: their rows are united, so a later one hides nothing of an earlier one, and where they
 * contradict each other both values are rows and the worse one is judged. The result depends on what is given, not on
 * the order in which it arrived. `isOut`: beyond the limit of any level, after calibration.
 */
export function judgedRows({ live, memory, readouts, isOut }: Sources): JudgedRows {
  const whole = memory.filter((row) => readouts.some((readout) => isInside(readout, row.at)))
  const originals = whole.filter(hasValue).sort((a, b) => a.at - b.at)
  const differing: Row[] = []
  const beside = live.filter((row) => {
    if (isCopy(row, originals, readouts)) return false
    if (!readouts.some((readout) => isInside(readout, row.at))) return true
    const differs = row.milliC !== null && isOut(row)
    if (differs) differing.push(row)
    return differs
  })
  return { rows: [...whole, ...beside].sort(byTime), differing: differing.sort(byTime) }
}

/** Rows in any order; values are raw milli-degrees, null where the sensor reported a fault. */
export type Sources = {
  live: readonly Row[]
  memory: readonly Row[]
  readouts: readonly Readout[]
  isOut: (row: Row) => boolean
}

/**
 * A stretch of memory that was read out whole, both ends included. `intervalMs` is the logger's own step;
 * `resolutionMilliC` the smallest step of its printed values.
 */
export type Readout = { fromAt: number; toAt: number; intervalMs: number; resolutionMilliC: number }

/** What is judged, in order of time, and the live rows among it that the memory lacks. */
export type JudgedRows = { rows: Row[]; differing: Row[] }

function isInside({ fromAt, toAt }: Readout, at: number): boolean {
  return fromAt <= at && at <= toAt
}

type Value = { at: number; milliC: number }

function hasValue(row: Row): row is Value {
  return row.milliC !== null
}

/** Whether the memory holds the reading of a live row, by the measure of a read-out that holds it. */
function isCopy(row: Row, originals: readonly Value[], readouts: readonly Readout[]): boolean {
  const { at, milliC } = row
  if (milliC === null) return false
  return readouts.some((readout) => {
    const reach = readout.intervalMs / 2
    if (at < readout.fromAt - reach || at > readout.toAt + reach) return false
    for (let index = firstAtOrAfter(originals, at - reach); ; index++) {
      const original = originals[index]
      if (original === undefined || original.at > at + reach) return false
      const isNear = Math.abs(original.milliC - milliC) <= readout.resolutionMilliC
      if (isNear && isInside(readout, original.at)) return true
    }
  })
}

/** Index of the first row at an instant or after it; rows ascend. */
function firstAtOrAfter(rows: readonly Value[], at: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.at ?? at) < at) low = middle + 1
    else high = middle
  }
  return low
}

/** By time, then by value, faults last: the same rows are always in the same order. */
function byTime(a: Row, b: Row): number {
  return a.at - b.at || (a.milliC ?? Number.POSITIVE_INFINITY) - (b.milliC ?? Number.POSITIVE_INFINITY) || 0
}
