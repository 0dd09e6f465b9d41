import { type FoldRules, isFault, type Row } from './excursion.ts'

/**
 * What one placement knows of each instant of its scope: a value, or nothing (domain page 2.3 items 2 to 4). The same
 * cleaning, hold and gaps as the judging fold, without limits: for the rules that need values themselves, stability
 * budget and mean kinetic temperature. Stretches come in order and touch; one pass, no memory of what was.
 */
export type Stretch =
  | ({ readonly kind: 'value' } & Span & Between)
  | ({ readonly kind: 'gap'; readonly before: Span | null; readonly after: Span | null } & Between)
  /** Not longer than maxGapMs and before the first value: neither value nor gap. */
  | ({ readonly kind: 'lead_in' } & Between)

/** Lowest and highest corrected value of an instant, milli-degrees; two where it contradicts itself. */
export type Span = { readonly min: number; readonly max: number }
export type Between = { readonly fromAt: number; readonly toAt: number }

/** What it takes of the fold's rules: scope, hold, calibration and range. */
export type TimelineRules = Pick<FoldRules, 'fromAt' | 'toAt' | 'nominalMs' | 'maxGapMs' | 'correct' | 'range'>

/**
 * The stretches of one placement, ended at `endAt` as `finish` ends its fold. Rows ascend, lie in the scope and not
 * after `endAt`; those of one instant may come in any order. The last value may hold for no time at all: it is the
 * newest one known.
 */
export function* timeline(rules: TimelineRules, rows: Iterable<Row>, endAt: number): Generator<Stretch, void> {
  const toAt = Math.max(rules.fromAt, Math.min(endAt, rules.toAt))
  let last: Instant | null = null
  for (const instant of instants(rules, rows)) {
    if (last === null) yield* leadIn(rules, instant)
    else yield* held(rules, last, { at: instant.at, span: instant })
    last = instant
  }
  if (last !== null) yield* held(rules, last, { at: toAt, span: null })
  else if (toAt > rules.fromAt) yield { kind: 'gap', fromAt: rules.fromAt, toAt, before: null, after: null }
}

type Instant = Span & { readonly at: number }

function* leadIn({ fromAt, maxGapMs }: TimelineRules, { at, min, max }: Instant): Generator<Stretch, void> {
  if (at - fromAt > maxGapMs) yield { kind: 'gap', fromAt, toAt: at, before: null, after: { min, max } }
  else if (at > fromAt) yield { kind: 'lead_in', fromAt, toAt: at }
}

type Next = { at: number; span: Span | null }

function* held(rules: TimelineRules, { at, min, max }: Instant, next: Next): Generator<Stretch, void> {
  const untilAt = next.at - at <= rules.maxGapMs ? next.at : Math.min(next.at, at + rules.nominalMs)
  yield { kind: 'value', fromAt: at, toAt: untilAt, min, max }
  const after = next.span && { min: next.span.min, max: next.span.max }
  if (untilAt < next.at) yield { kind: 'gap', fromAt: untilAt, toAt: next.at, before: { min, max }, after }
}

/** Rows of one instant as one, faults left out. */
function* instants(rules: TimelineRules, rows: Iterable<Row>): Generator<Instant, void> {
  let open: Instant | null = null
  for (const { at, milliC: raw } of rows) {
    if (raw === null || isFault(raw, rules)) continue
    const milliC = rules.correct(at, raw)
    if (open !== null && open.at === at) {
      open = { at, min: Math.min(open.min, milliC), max: Math.max(open.max, milliC) }
      continue
    }
    if (open !== null) yield open
    open = { at, min: milliC, max: milliC }
  }
  if (open !== null) yield open
}
