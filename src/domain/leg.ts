import type { EffectiveEvent } from './custody-effective.ts'
import { type FoldRules, isFault, type Row } from './excursion.ts'

/** A part of the judging window in one pair of hands, `[fromAt, toAt)`. */
export type Leg = { readonly fromAt: number; readonly toAt: number; readonly holder: string | null }

/**
 * The legs of a journey: the window cut wherever somebody took over. Takes effective events in their order; custody
 * runs from the first event's organisation (domain page section 4.3).
 */
export function legsOf(events: readonly EffectiveEvent[], window: { fromAt: number; toAt: number }): Leg[] {
  const legs: Leg[] = []
  let [holder, fromAt] = [events[0]?.byOrg ?? null, window.fromAt]
  for (const { kind, at, byOrg } of events) {
    if (kind !== 'handover_accept') continue
    if (at > fromAt && at < window.toAt) {
      legs.push({ fromAt, toAt: at, holder })
      fromAt = at
    }
    if (at < window.toAt) holder = byOrg
  }
  return fromAt < window.toAt ? [...legs, { fromAt, toAt: window.toAt, holder }] : legs
}

/** A leg with what each product sensor showed in it. */
export type LegMeasures = Leg & { readonly sensors: readonly SensorMeasure[] }

export type SensorMeasure = Measure & {
  readonly sensorId: number
  readonly channel: string
  /** Placement and leg, intersected. */
  readonly fromAt: number
  readonly toAt: number
  /** The certificate that ruled its last instant; null: none. */
  readonly certificate: number | null
}

/** Corrected milli-degrees; null where nothing valid was measured. The mean is weighted by how long values held. */
export type Measure = {
  readonly lowestMilliC: number | null
  readonly highestMilliC: number | null
  readonly meanMilliC: number | null
  readonly values: number
  readonly faults: number
  readonly firstFaultAt: number | null
}

/** What it takes of the fold's rules: scope, hold, calibration and range. */
export type MeasureRules = Pick<FoldRules, 'fromAt' | 'toAt' | 'nominalMs' | 'maxGapMs' | 'correct' | 'range'>

/** A measure still being taken: rows come in ascending order, in as many pieces as one likes. */
export type Measuring = {
  readonly rules: MeasureRules
  open: { at: number; min: number; max: number } | null
  lastFaultAt: number | null
  lowest: number
  highest: number
  /** Sum of value times milliseconds: below 2^53 for any journey, so exact but for half milli-degrees. */
  weighted: number
  heldMs: number
  values: number
  faults: number
  firstFaultAt: number | null
}

/** A measure before any row. */
export function startMeasure(rules: MeasureRules): Measuring {
  return {
    rules,
    open: null,
    lastFaultAt: null,
    lowest: Number.POSITIVE_INFINITY,
    highest: Number.NEGATIVE_INFINITY,
    weighted: 0,
    heldMs: 0,
    values: 0,
    faults: 0,
    firstFaultAt: null,
  }
}

/**
 * Takes one row; what lies outside of the scope is passed over. An instant that contradicts itself counts once, with
 * the middle of its values in the mean. Faults are left out and counted, as the judging fold does (domain page 2.3).
 */
export function measureRow(state: Measuring, { at, milliC: raw }: Row): void {
  const { rules } = state
  if (at < rules.fromAt || at >= rules.toAt) return
  if (raw === null || isFault(raw, rules)) {
    if (state.lastFaultAt !== at) state.faults++
    state.lastFaultAt = at
    state.firstFaultAt ??= at
    return
  }
  const milliC = rules.correct(at, raw)
  state.lowest = Math.min(state.lowest, milliC)
  state.highest = Math.max(state.highest, milliC)
  if (state.open?.at === at) {
    state.open = { at, min: Math.min(state.open.min, milliC), max: Math.max(state.open.max, milliC) }
    return
  }
  hold(state, at)
  state.open = { at, min: milliC, max: milliC }
  state.values++
}

/** The measure of all rows taken; the last value holds to the end of the scope as far as the rules allow. */
export function measureOf(state: Measuring): Measure {
  const last = { ...state }
  hold(last, state.rules.toAt)
  const { values, faults, firstFaultAt } = state
  if (values === 0) return { lowestMilliC: null, highestMilliC: null, meanMilliC: null, values, faults, firstFaultAt }
  const { lowest: lowestMilliC, highest: highestMilliC } = state
  // a single value at the very end may hold for no time
  const mean = last.heldMs === 0 ? (lowestMilliC + highestMilliC) / 2 : last.weighted / last.heldMs
  return { lowestMilliC, highestMilliC, meanMilliC: Math.round(mean), values, faults, firstFaultAt }
}

/** Until the next value where that is near enough, else for one nominal interval (domain page 2.3 item 4). */
function hold(state: Measuring, nextAt: number): void {
  const { open, rules } = state
  if (open === null) return
  const apartMs = nextAt - open.at
  const heldMs = apartMs <= rules.maxGapMs ? apartMs : Math.min(apartMs, rules.nominalMs)
  state.heldMs += heldMs
  state.weighted += ((open.min + open.max) / 2) * heldMs
}
