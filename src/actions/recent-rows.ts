import { type FoldState, type Interval, type Row, snapshot, upToAt } from '../domain/excursion.ts'
import type { RunningFold } from './fold-placements.ts'

/**
 * The rows a fold took last, with the states before them: a late reading is mostly a few intervals late, and re-folds
 * these rows without asking the database for them.
 *
 *   base ──► rows … ──► middle ──► rows … ──► the fold's state
 *
 * As soon as enough rows stand after the middle it becomes the base, and the state as it is the middle.
 */
export type RecentRows = {
  base: Mark
  middle: Mark | null
  /** Of the rows since the base; two lists of numbers, since a list of rows takes three times the room. */
  readonly ats: number[]
  readonly values: (number | null)[]
}

/** A state between two instants, what was closed by then, and how many of the rows come before it. */
type Mark = { readonly state: FoldState; readonly intervals: number; readonly rows: number }

/**
 * Rows from one mark to the next: 32 to 64 are remembered, 8 to 16 hours of a reading every quarter of an hour, and
 * what slips in between them.
 */
const ROWS_PER_MARK = 32

/** Nothing taken yet, in a state to continue from. */
export function recentFrom(state: FoldState, intervals: number): RecentRows {
  return { base: { state: snapshot(state), intervals, rows: 0 }, middle: null, ats: [], values: [] }
}

/** Whether a mark is due as soon as the fold stands between two instants. */
export function isMarkDue({ ats, middle }: RecentRows): boolean {
  return ats.length - (middle?.rows ?? 0) >= ROWS_PER_MARK
}

/** Marks the state of a fold that stands between two instants and has handed over what it closed. */
export function mark({ recent, state, intervals }: RunningFold): void {
  const { middle, ats, values } = recent
  if (middle !== null) {
    recent.base = { ...middle, rows: 0 }
    ats.splice(0, middle.rows)
    values.splice(0, middle.rows)
  }
  recent.middle = { state: snapshot(state), intervals: intervals.length, rows: ats.length }
}

/** Remembers a row that the fold takes. */
export function remember({ ats, values }: RecentRows, { at, milliC }: Row): void {
  ats.push(at)
  values.push(milliC)
}

/** Whether rows, ascending and among those taken, come strictly after all others; false where they are too many. */
export function areLastOf({ base, ats }: RecentRows, rows: readonly Row[]): boolean {
  const [first] = rows
  const others = ats.length - rows.length
  const lastOther = others === 0 ? upToAt(base.state) : ats[others - 1]
  return first !== undefined && lastOther !== undefined && lastOther < first.at
}

/** Whether an instant lies among the rows, and none of them is of it. */
export function lacksInstant({ base, ats }: RecentRows, at: number): boolean {
  return at > upToAt(base.state) && at < (ats.at(-1) ?? at) && !ats.includes(at)
}

/**
 * Takes a late row between two of those that are remembered where it changes counts alone (`domain/between.ts`); false,
 * with nothing changed, where the fold has to go back.
 */
export function slipIn({ recent, state, placement }: RunningFold, row: Row): boolean {
  const { ats, values, middle } = recent
  const next = firstAfter(ats, row.at)
  const [before, after] = [rowOf(recent, next - 1), rowOf(recent, next)]
  // one value of an instant alone, or none: another may be the worse
  if (before === null || after === null || ats[next - 2] === before.at || ats[next + 1] === after.at) return false
  const isBeforeMiddle = middle !== null && next < middle.rows
  const states = isBeforeMiddle ? [middle.state, state] : [state]
  if (!placement.judge.takeBetween(states, placement.rules, { before, row, after })) return false
  ats.splice(next, 0, row.at)
  values.splice(next, 0, row.milliC)
  if (isBeforeMiddle) recent.middle = { ...middle, rows: middle.rows + 1 }
  return true
}

/** Late rows are mostly near the end. */
function firstAfter(ats: readonly number[], at: number): number {
  let next = ats.length
  while (next > 0 && (ats[next - 1] ?? 0) > at) next--
  return next
}

function rowOf({ ats, values }: RecentRows, index: number): Row | null {
  const at = ats[index]
  return at === undefined ? null : { at, milliC: values[index] ?? null }
}

/** Whether a fold can go back to before an instant: to a mark strictly earlier. */
export function canGoBack({ recent }: RunningFold, beforeAt: number): boolean {
  return markBefore(recent, beforeAt) !== null
}

/**
 * Takes a fold back to before the first of late rows. Answers what it has to take now, those rows among what it had
 * taken since then, and the intervals that it had closed since then.
 */
export function goBack(fold: RunningFold, late: readonly Row[]): { rows: Row[]; reopened: Interval[] } {
  const { recent, intervals } = fold
  const to = markBefore(recent, late[0]?.at ?? Number.NEGATIVE_INFINITY)
  if (to === null) throw new Error('a fold was taken back further than it remembers')
  const ats = recent.ats.splice(to.rows)
  const values = recent.values.splice(to.rows)
  if (to === recent.base) recent.middle = null
  fold.state = snapshot(to.state)
  return { rows: merged(ats, values, late), reopened: intervals.splice(to.intervals) }
}

function markBefore({ base, middle }: RecentRows, at: number): Mark | null {
  if (middle !== null && at > upToAt(middle.state)) return middle
  return at > upToAt(base.state) ? base : null
}

/** Both ascend; of one instant either may come first. */
function merged(ats: readonly number[], values: readonly (number | null)[], late: readonly Row[]): Row[] {
  const rows: Row[] = []
  let next = 0
  for (const [index, at] of ats.entries()) {
    for (let row = late[next]; row !== undefined && row.at < at; row = late[++next]) rows.push(row)
    rows.push({ at, milliC: values[index] ?? null })
  }
  return [...rows, ...late.slice(next)]
}
