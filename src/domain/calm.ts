import { FAULT_HIGH_MILLI_C, FAULT_LOW_MILLI_C, type FoldRules, type FoldState, type Row, upToAt } from './excursion.ts'
import type { PlacementFacts } from './judging-facts.ts'
import { isCalm, type Quiet } from './quiet.ts'

/**
 * What most readings of a large fleet need of a quiet shipment, side by side: by placement within which bounds the next
 * reading changes nothing that the evaluation says, and the readings that were noted since. Their folds take them
 * together, later: a fold and all it refers to are far apart. A reading of one of 10,000 sensors took 2.2 times the
 * program's time of one of 1,000; with notes 1.35 times.
 * Nothing is decided here: with the notes a fold says what it would have said with each of them in turn.
 *
 *   number of notes (-1: it rests), folds │ id, last, gap, low, high, until │ … │ fold, instant, value │ …
 */
export type Calm = number[]

const [COUNT, FOLDS, HEAD] = [0, 1, 2]
const [ID, LAST_AT, MAX_GAP_MS, LOW, HIGH, UNTIL_AT, FIELDS] = [0, 1, 2, 3, 4, 5, 6]
const [FOLD, AT, MILLI_C, NOTE] = [0, 1, 2, 3]

/** Enough that a fold is seldom reached: 5.0 instead of 5.2 us per reading with half as many; 0.4 kB each. */
const NOTES_PER_FOLD = 16
/** With more at once a fold is worth reaching: to note them costs more than it saves. */
const MOST_AT_ONCE = 1
/** They are looked through for each reading. */
const MOST_FOLDS = 16

type Fold = { state: FoldState; placement: PlacementFacts }

/** The bounds of a shipment's placements, to which nothing keeps yet; null where they are too many. */
export function calmOf(placements: readonly PlacementFacts[]): Calm | null {
  if (placements.length > MOST_FOLDS) return null
  const notes = Array.from({ length: placements.length * NOTES_PER_FOLD * NOTE }, () => 0)
  return [0, placements.length, ...placements.flatMap(boundsOf), ...notes]
}

function boundsOf({ id, rules, certificates }: PlacementFacts): number[] {
  const corrections = certificates.flatMap(({ points }) => points.map((point) => Math.abs(point.correctionMilliC)))
  const { low, high } = valuesWithin(rules, Math.max(0, ...corrections))
  return [id, NOT_YET, rules.maxGapMs, low, high, NOT_YET]
}

/** No instant comes after it, or before it. */
const NOT_YET = Number.NaN

/** Whether so few readings came, by placement, that it is worth its while to note the next. */
export function areFew(rowsOf: ReadonlyMap<number, readonly Row[]>): boolean {
  for (const rows of rowsOf.values()) if (rows.length > MOST_AT_ONCE) return false
  return true
}

/** Nothing is noted until it goes on; what was noted, the folds have taken. */
export function rest(calm: Calm): void {
  calm[COUNT] = RESTS
}

const RESTS = -1

/** From where and until when readings keep to the bounds, after the folds have taken what was noted. */
export function goOnFrom(calm: Calm, folds: readonly Fold[], quiet: Quiet | null): void {
  calm[COUNT] = 0
  for (const [index, fold] of folds.entries()) {
    const at = HEAD + index * FIELDS
    const goesOn = quiet !== null && quiet !== 'not_packed' && staysCalm(fold, quiet.fromAt)
    calm[at + LAST_AT] = goesOn ? upToAt(fold.state) : NOT_YET
    calm[at + UNTIL_AT] = goesOn ? Math.min(quiet.untilAt, fold.placement.rules.toAt - 1) : NOT_YET
  }
}

/** A sensor that must not stand still is held against its values before: it has no bounds. */
function staysCalm({ state, placement: { rules, noisy } }: Fold, fromAt: number): boolean {
  const { open } = state
  return open !== null && open.at === upToAt(state) && open.at >= fromAt && !noisy && isCalm(state, rules)
}

/** Raw values that are no fault and in every limit, whichever of the corrections is theirs, rounded. */
function valuesWithin({ limits, range }: FoldRules, correction: number): { low: number; high: number } {
  const [lows, highs] = [[FAULT_LOW_MILLI_C + 1], [FAULT_HIGH_MILLI_C - 1]]
  if (range !== null) {
    lows.push(range.low + 1)
    highs.push(range.high - 1)
  }
  const margin = Math.ceil(correction) + 1
  for (const { side, milliC } of limits) {
    if (side === 'high') highs.push(milliC - margin)
    else lows.push(milliC + margin)
  }
  return { low: Math.max(...lows), high: Math.min(...highs) }
}

/**
 * Notes readings by placement, each list ascending, if all keep to the bounds and have room; else false, and the folds
 * are to take the notes of before and these: the bounds hold no longer.
 */
export function noteCalmly(calm: Calm, rowsOf: ReadonlyMap<number, readonly Row[]>): boolean {
  if (read(calm, COUNT) === RESTS || !areFew(rowsOf)) return false
  let to = endOf(calm)
  for (const [placementId, rows] of rowsOf) {
    const fold = foldOf(calm, placementId)
    if (fold === read(calm, FOLDS)) return false
    for (const row of rows) {
      if (to >= calm.length || !keepsTo(calm, HEAD + fold * FIELDS, row)) return false
      calm[HEAD + fold * FIELDS + LAST_AT] = row.at
      calm[to + FOLD] = fold
      calm[to + AT] = row.at
      calm[to + MILLI_C] = row.milliC ?? Number.NaN
      to += NOTE
    }
  }
  calm[COUNT] = (to - startOf(calm)) / NOTE
  return true
}

function foldOf(calm: Calm, placementId: number): number {
  const folds = read(calm, FOLDS)
  let fold = 0
  while (fold < folds && read(calm, HEAD + fold * FIELDS + ID) !== placementId) fold++
  return fold
}

/** Comparisons with what is not there are false. */
function keepsTo(calm: Calm, from: number, { at, milliC }: Row): boolean {
  const lastAt = read(calm, from + LAST_AT)
  const isNext = at > lastAt && at - lastAt <= read(calm, from + MAX_GAP_MS) && at <= read(calm, from + UNTIL_AT)
  return isNext && milliC !== null && milliC >= read(calm, from + LOW) && milliC <= read(calm, from + HIGH)
}

/** The readings that were noted for each fold, ascending. */
export function notesOf(calm: Calm): Row[][] {
  const notes = Array.from({ length: read(calm, FOLDS) }, (): Row[] => [])
  const end = endOf(calm)
  for (let from = startOf(calm); from < end; from += NOTE) {
    notes[read(calm, from + FOLD)]?.push({ at: read(calm, from + AT), milliC: read(calm, from + MILLI_C) })
  }
  return notes
}

function startOf(calm: Calm): number {
  return HEAD + read(calm, FOLDS) * FIELDS
}

function endOf(calm: Calm): number {
  return startOf(calm) + read(calm, COUNT) * NOTE
}

function read(calm: Calm, index: number): number {
  return calm[index] ?? Number.NaN
}
