import { anywhere } from './patterns.ts'
import { DATE_ORDERS, type DateOrder, inOrder, type NumericDate, numericDate, readTime } from './written-time.ts'

/** How the order of day and month was decided, for the person who checks it. */
export type OrderReason = 'answer' | 'title' | 'value beyond 12' | 'declared start' | 'order of rows' | 'even steps'

export type OrderDecision =
  | { order: DateOrder; because: OrderReason }
  /** Every order means the same instants, or no date of the file depends on it. */
  | { order: DateOrder | null; because: 'no difference' }
  /** More than one fits (or, after an answer, none). */
  | { open: DateOrder[]; example: string }

/**
 * Gathers what the rows of a file show about the order of day, month and year in dates of three numbers (`11/10/12`).
 * Decided by, in this order: a number that can be no month, the start the header declares, the only order in which the
 * rows ascend (or descend), the only one in which the step over midnight is the step within the day. Of two-digit
 * years only dates with dashes may begin with the year, or those that begin with a number beyond 31.
 */
export function orderEvidence(): OrderEvidence {
  const seen: Seen = {
    first: null,
    last: null,
    example: '',
    differs: false,
    changes: 0,
    withinDayMs: null,
    direction: 0,
    fits: new Map(),
  }
  return {
    take: (text) => takeDate(seen, text),
    isDecided: () => seen.fits.size === 1,
    decide: (declaredStart) => decide(seen, declaredStart),
  }
}

export type OrderEvidence = {
  take: (timeText: string) => void
  /** Only one order is left: more rows change nothing. */
  isDecided: () => boolean
  /** `declaredStart` as the header writes it, when its month has a name or its year stands first. */
  decide: (declaredStart: readonly string[]) => OrderDecision
}

/** What one order makes of the rows so far. */
type Fit = { firstMs: number; lastMs: number; forward: boolean; backward: boolean; even: number }

type Seen = {
  first: NumericDate | null
  last: NumericDate | null
  example: string
  /** Whether any date so far means different days in different orders. */
  differs: boolean
  /** Steps over midnight, and the last step within a day. */
  changes: number
  withinDayMs: number | null
  direction: number
  fits: Map<DateOrder, Fit>
}

function takeDate(seen: Seen, text: string): void {
  const date = numericDate(text)
  if (date === null) return
  if (seen.first === null) begin(seen, date, text)
  const changed = seen.last !== null && seen.last.numbers.join() !== date.numbers.join()
  if (changed) seen.changes++
  const meanings = new Set<number>()
  for (const [order, fit] of seen.fits) {
    const atMs = inOrder(date, order)
    if (atMs === null) {
      seen.fits.delete(order)
      continue
    }
    const stepMs = atMs - fit.lastMs
    fit.forward &&= stepMs >= 0
    fit.backward &&= stepMs <= 0
    if (changed && stepMs === seen.withinDayMs) fit.even++
    fit.lastMs = atMs
    meanings.add(atMs)
  }
  seen.differs ||= meanings.size > 1
  if (!changed && seen.last !== null) {
    seen.withinDayMs = date.timeMs - seen.last.timeMs
    seen.direction ||= Math.sign(seen.withinDayMs)
  }
  seen.last = date
}

function begin(seen: Seen, date: NumericDate, text: string): void {
  seen.first = date
  seen.example = text
  for (const order of DATE_ORDERS) {
    if (order === 'ymd' && !mayBeginWithYear(date)) continue
    const atMs = inOrder(date, order)
    if (atMs === null) continue
    seen.fits.set(order, { firstMs: atMs, lastMs: atMs, forward: true, backward: true, even: 0 })
  }
}

function mayBeginWithYear({ numbers, digits, separator }: NumericDate): boolean {
  return digits === 2 && (separator === '-' || numbers[0] > 31)
}

function decide(seen: Seen, declaredStart: readonly string[]): OrderDecision {
  const all = [...seen.fits]
  const [only, ...more] = all
  if (seen.first === null) return { order: null, because: 'no difference' }
  if (only === undefined) return { open: [], example: seen.example }
  if (more.length === 0) return { order: only[0], because: 'value beyond 12' }
  const starts = declaredStart.flatMap((text) => dayOf(text) ?? [])
  const declared = all.filter(([, { firstMs }]) => starts.includes(Math.floor(firstMs / DAY_MS)))
  if (declared[0] !== undefined && declared.length === 1) return { order: declared[0][0], because: 'declared start' }
  if (!seen.differs) return { order: only[0], because: 'no difference' }
  return byRows(seen, all)
}

function byRows(seen: Seen, all: readonly [DateOrder, Fit][]): OrderDecision {
  const ordered = all.filter(([, fit]) => (fit.forward && seen.direction >= 0) || (fit.backward && seen.direction <= 0))
  if (ordered[0] !== undefined && ordered.length === 1) return { order: ordered[0][0], because: 'order of rows' }
  const even = ordered.filter(([, fit]) => seen.changes > 0 && fit.even === seen.changes)
  if (even[0] !== undefined && even.length === 1) return { order: even[0][0], because: 'even steps' }
  return { open: (ordered.length > 0 ? ordered : all).map(([order]) => order), example: seen.example }
}

const DAY_MS = 86_400_000

/** The day of a date whose order is beyond doubt: a month with a name, or the year first. */
function dayOf(text: string): number | null {
  const read = readTime(text.trim(), null)
  return read === null ? null : Math.floor(read.localMs / DAY_MS)
}

const [DAY, MONTH, YEAR, BETWEEN] = ['d{1,2}', 'm{1,3}', 'y{2,4}', '[-/. ]']
const IN_LETTERS: readonly (readonly [order: DateOrder, letters: RegExp])[] = [
  ['dmy', anywhere(`\\b${DAY}${BETWEEN}${MONTH}${BETWEEN}${YEAR}`)],
  ['mdy', anywhere(`\\b${MONTH}${BETWEEN}${DAY}${BETWEEN}${YEAR}`)],
  ['ymd', anywhere(`\\b${YEAR}${BETWEEN}${MONTH}${BETWEEN}${DAY}`)],
]

/** The order a title or a header line prescribes: `DD/MM/YYYY`, `yyyy-MM-dd`; null where it says nothing. */
export function orderInTitle(title: string): DateOrder | null {
  return IN_LETTERS.find(([, letters]) => letters.test(title))?.[0] ?? null
}
