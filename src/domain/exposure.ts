import { type BudgetScale, farther, NO_BAND, type Outside, outside } from './budget-bands.ts'
import { type Hole, type JudgedSpan, withoutPlacement } from './combine.ts'
import type { PlacedRows } from './placed-rows.ts'
import { type Between, type Span, type Stretch, type TimelineRules, timeline } from './timeline.ts'

/**
 * How long a shipment's product was in each band of its stability budget (domain page 2.6), from the rows of all its
 * product placements, in one pass over their time lines side by side.
 *
 *   rows ─► timeline ─┐
 *   rows ─► timeline ─┼─► at each instant the value farthest outside the label ─► consumedMs of its band
 *   rows ─► timeline ─┘   and, where only a gap lies farther out, the worse neighbour of it ─► presumedMs of its band
 *
 * An instant is charged to one band as consumed. Where another sensor is silent and its gap is presumed to lie still
 * farther out, the instant is charged there too, as presumed: a silent sensor takes nothing from what is certain, and
 * certain time takes nothing from what is presumed. Time without any placement is presumed as any gap is (2.4).
 */
export function expose(scale: BudgetScale, placements: readonly PlacedRows[], view: ExposureView): Exposure {
  const cursors = placements.filter(({ rules }) => isPlaced(rules, view)).map((one) => startCursor(scale, one, view))
  const tally = startTally(scale)
  const within = overlapOf(view.within ?? view.span, view.span)
  for (let at = view.span.fromAt; at < view.span.toAt; ) {
    const nextAt = nextBoundary(cursors, at, view.span.toAt)
    const state = stateAt(scale, cursors, at)
    const charged = overlapOf({ fromAt: at, toAt: nextAt }, within)
    charge(tally, state, lengthMs(charged))
    remember(tally, state, charged)
    for (const cursor of cursors) advance(scale, cursor, nextAt)
    at = nextAt
  }
  endUnseen(tally, null)
  for (const cursor of cursors) drain(scale, cursor)
  for (const hole of withoutPlacement(view.span, cursors)) chargeHole(scale, tally, { hole, within })
  return {
    usage: usageOf(scale, tally),
    unobserved: tally.unobserved.map(({ presumedMs, ...rest }) => ({
      ...rest,
      presumed: usageOf(scale, { consumedMs: [], presumedMs }).filter((one) => one.presumedMs > 0),
    })),
    current: currentOf(scale, cursors, view.span.toAt),
  }
}

/** What is judged, and the part of it that is charged: a unit that left earlier, a leg; absent: all of it. */
export type ExposureView = { readonly span: JudgedSpan; readonly within?: Between | undefined }

/** Time in one band, milliseconds; what is presumed is kept apart. */
export type Usage = { readonly band: string; readonly consumedMs: number; readonly presumedMs: number }

/** Time in which no sensor knew anything: the values known on either side, and what of it is presumed in which band. */
export type Unobserved = Between & {
  readonly before: Span | null
  readonly after: Span | null
  readonly presumed: readonly Usage[]
}

export type Exposure = {
  /** One per band of the profile in its order; `NO_BAND` last, where time was spent outside of all. */
  readonly usage: readonly Usage[]
  readonly unobserved: readonly Unobserved[]
  /** What the newest values at the end of the span say: null where nobody knows. */
  readonly current: { readonly band: string | null } | null
}

type Cursor = {
  stretches: Iterator<Stretch, void>
  stretch: Stretch | null
  /** What of the stretch lies outside the label. */
  out: Outside | null
  fromAt: number
  toAt: number
  first: BoundaryValue | null
  last: BoundaryValue | null
  /** How long the last value is known to hold. */
  until: number | null
}

type BoundaryValue = Span & { at: number }

/** Whether a placement has time in common with the span; a newest value may lie at its very end. */
function isPlaced(rules: TimelineRules, { span }: ExposureView): boolean {
  return rules.fromAt < rules.toAt && rules.fromAt <= span.toAt
}

function startCursor(scale: BudgetScale, { rules, rows }: PlacedRows, { span }: ExposureView): Cursor {
  const toAt = Math.max(rules.fromAt, Math.min(span.toAt, rules.toAt))
  const stretches = timeline(rules, rows, span.toAt)
  const known = { first: null, last: null, until: null }
  const cursor: Cursor = { stretches, stretch: null, out: null, fromAt: rules.fromAt, toAt, ...known }
  step(scale, cursor)
  advance(scale, cursor, span.fromAt)
  return cursor
}

function step(scale: BudgetScale, cursor: Cursor): void {
  const next = cursor.stretches.next()
  const stretch = next.done ? null : next.value
  cursor.stretch = stretch
  cursor.out = stretch === null ? null : outOf(scale, stretch)
  if (stretch?.kind !== 'value') return
  cursor.last = { at: stretch.fromAt, min: stretch.min, max: stretch.max }
  cursor.first ??= cursor.last
  cursor.until = stretch.toAt
}

/** A gap is charged as the neighbour that is farther out (2.6). */
function outOf(scale: BudgetScale, stretch: Stretch): Outside | null {
  switch (stretch.kind) {
    case 'value':
      return spanOut(scale, stretch)
    case 'gap':
      return farther(scale, spanOut(scale, stretch.before), spanOut(scale, stretch.after))
    case 'lead_in':
      return null
  }
}

function spanOut(scale: BudgetScale, span: Span | null): Outside | null {
  if (span === null) return null
  const low = outside(scale, span.min)
  return span.min === span.max ? low : farther(scale, low, outside(scale, span.max))
}

function advance(scale: BudgetScale, cursor: Cursor, at: number): void {
  while (cursor.stretch !== null && cursor.stretch.toAt <= at) step(scale, cursor)
}

/** The rest of a time line that ends with the span: a newest value may hold for no time. */
function drain(scale: BudgetScale, cursor: Cursor): void {
  advance(scale, cursor, Number.POSITIVE_INFINITY)
}

function nextBoundary(cursors: readonly Cursor[], at: number, endAt: number): number {
  let nextAt = endAt
  for (const { stretch } of cursors) {
    if (stretch === null) continue
    const boundary = stretch.fromAt > at ? stretch.fromAt : stretch.toAt
    if (boundary > at && boundary < nextAt) nextAt = boundary
  }
  return nextAt
}

type State = { values: Span | null; silent: boolean; confirmed: Outside | null; presumed: Outside | null }

/** What all placements together say about the instants from `at` to the next boundary. */
function stateAt(scale: BudgetScale, cursors: readonly Cursor[], at: number): State {
  const state: State = { values: null, silent: true, confirmed: null, presumed: null }
  for (const { stretch, out } of cursors) {
    if (stretch === null || stretch.fromAt > at || stretch.toAt <= at) continue
    if (stretch.kind === 'gap') state.presumed = farther(scale, state.presumed, out)
    else state.silent = false
    if (stretch.kind !== 'value') continue
    state.confirmed = farther(scale, state.confirmed, out)
    state.values = joined(state.values, stretch)
  }
  const { confirmed, presumed } = state
  const adds = presumed?.band !== confirmed?.band && farther(scale, confirmed, presumed) === presumed
  return adds ? state : { ...state, presumed: null }
}

function joined(a: Span | null, b: Span): Span {
  return a === null ? { min: b.min, max: b.max } : { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}

type Tally = {
  /** By index of the band; the last is `NO_BAND`. */
  consumedMs: number[]
  presumedMs: number[]
  unobserved: Unseen[]
  /** The unobserved time that still lasts, and the values known before it. */
  unseen: Unseen | null
  known: Span | null
}

type Unseen = { fromAt: number; toAt: number; before: Span | null; after: Span | null; presumedMs: number[] }

function startTally({ budgetBands }: BudgetScale): Tally {
  const none = () => [...budgetBands, NO_BAND].map(() => 0)
  return { consumedMs: none(), presumedMs: none(), unobserved: [], unseen: null, known: null }
}

function charge(tally: Tally, { confirmed, presumed }: Pick<State, 'confirmed' | 'presumed'>, ms: number): void {
  if (confirmed !== null) add(tally.consumedMs, confirmed, ms)
  if (presumed !== null) add(tally.presumedMs, presumed, ms)
}

function add(totals: number[], { band }: Outside, ms: number): void {
  totals[band] = (totals[band] ?? 0) + ms
}

function overlapOf(a: Between, b: Between): Between {
  const fromAt = Math.max(a.fromAt, b.fromAt)
  return { fromAt, toAt: Math.max(fromAt, Math.min(a.toAt, b.toAt)) }
}

function lengthMs({ fromAt, toAt }: Between): number {
  return toAt - fromAt
}

/** Keeps the time nobody saw, from the last value before it to the first one after it. */
function remember(tally: Tally, state: State, between: Between): void {
  if (state.silent && lengthMs(between) === 0) return
  if (state.silent) {
    tally.unseen ??= { ...between, before: tally.known, after: null, presumedMs: tally.presumedMs.map(() => 0) }
    tally.unseen.toAt = between.toAt
    if (state.presumed !== null) add(tally.unseen.presumedMs, state.presumed, lengthMs(between))
    return
  }
  endUnseen(tally, state.values)
  tally.known = state.values ?? tally.known
}

function endUnseen(tally: Tally, after: Span | null): void {
  if (tally.unseen !== null) tally.unobserved.push({ ...tally.unseen, after })
  tally.unseen = null
}

/** Time without placement is presumed as any gap is; its neighbours are known when all rows were seen. */
function chargeHole(
  scale: BudgetScale,
  tally: Tally,
  { hole, within }: { hole: Hole<BoundaryValue>; within: Between },
) {
  const outs = hole.neighbours.map((value) => spanOut(scale, value))
  const presumed = outs.reduce((worst, out) => farther(scale, worst, out), null)
  if (presumed === null) return
  const ms = lengthMs(overlapOf(hole, within))
  charge(tally, { confirmed: null, presumed }, ms)
  const unseen = tally.unobserved.find(({ fromAt, toAt }) => fromAt <= hole.fromAt && hole.toAt <= toAt)
  if (unseen !== undefined) add(unseen.presumedMs, presumed, ms)
}

function usageOf({ budgetBands }: BudgetScale, totals: Pick<Tally, 'consumedMs' | 'presumedMs'>): Usage[] {
  const usage = [...budgetBands.map(({ id }) => id), NO_BAND].map((band, index) => ({
    band,
    consumedMs: totals.consumedMs[index] ?? 0,
    presumedMs: totals.presumedMs[index] ?? 0,
  }))
  return usage.filter(({ band, consumedMs, presumedMs }) => band !== NO_BAND || consumedMs + presumedMs > 0)
}

function currentOf(scale: BudgetScale, cursors: readonly Cursor[], endAt: number): Exposure['current'] {
  const newest = cursors.flatMap(({ last, until }) => (last !== null && until === endAt ? [last] : []))
  if (newest.length === 0) return null
  const out = newest.map((value) => spanOut(scale, value)).reduce((worst, next) => farther(scale, worst, next), null)
  return { band: out === null ? null : (scale.budgetBands[out.band]?.id ?? NO_BAND) }
}
