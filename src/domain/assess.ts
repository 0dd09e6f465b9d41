import { type CalibrationProblem, calibrationProblem } from './calibration.ts'
import type { Combined, JudgedSpan } from './combine.ts'
import { DIFFERS, type FoldState, type Interval } from './excursion.ts'
import type { PlacementFacts, ShipmentFacts } from './judging-facts.ts'
import type { PlacementJudgement } from './placement-judgement.ts'

/** A shipment's judgement with what it rests on. `combined` is null while nothing was packed. */
export type Assessment = {
  shipment: ShipmentFacts
  span: JudgedSpan | null
  combined: Combined | null
  sensors: SensorAssessment[]
  /** Null: made from the readings. Else they are archived, and this is what was judged before. */
  archived: StoredJudgement | null
}

/** A stored evaluation that stands in for readings that are archived. */
export type StoredJudgement = {
  archives: readonly string[]
  /** Null: it was never judged. */
  version: number | null
  reasons: readonly string[]
  /** Something it is judged by has changed since. */
  waits: boolean
}

export type SensorAssessment = {
  placement: PlacementFacts
  /** The newest reading, corrected: two values where it contradicts itself. */
  last: { at: number; lowestMilliC: number; highestMilliC: number } | null
  /** Why its calibration cannot carry a verdict; null when it can. */
  calibration: CalibrationProblem | null
  /** Identical values for hours where the model shows noise. */
  suspect: boolean
  /** What the live stream saw out of limits and the memory that was read out lacks, in order of time; raw values. */
  differing: Differing[]
}

export type Differing = { at: number; milliC: number }

/** A placement's fold: the state after its last reading, and all intervals closed before. */
export type Folded = { placement: PlacementFacts; state: FoldState; intervals: Interval[] }

/** Identical values for longer than this, where the sensor shows noise, are suspicious (domain page 2.3 item 2). */
export const SUSPECT_AFTER_MS = 6 * 3_600_000

/**
 * Stage 2 and what goes with it. An open window is judged to its horizon, the latest instant of its product readings,
 * in what is stored; `until` a given instant it is extended to that, where silence shows. A closed window ends where it
 * ends.
 */
export function assess(shipment: ShipmentFacts, folded: readonly Folded[], until: number | 'stored'): Assessment {
  const span = spanOf(shipment, folded, until)
  const judged = folded.map((fold) => (span === null ? null : judgementOf(fold, span)))
  const sensors = folded.map((fold, index) => sensorAssessment(shipment, fold, judged[index] ?? null))
  if (span === null) return { shipment, span, combined: null, sensors, archived: null }
  const combined = shipment.judge.combine(
    span,
    shipment.profile,
    judged.flatMap((judgement) => judgement ?? []),
  )
  return { shipment, span, combined, sensors, archived: null }
}

/** Null where the placement has no time in common with what is judged. */
function judgementOf({ placement, state, intervals }: Folded, span: JudgedSpan): PlacementJudgement | null {
  const { rules } = placement
  if (rules.fromAt >= rules.toAt || rules.fromAt > span.toAt) return null
  return placement.judge.finish(state, rules, { endAt: span.toAt, earlier: intervals })
}

function spanOf(shipment: ShipmentFacts, folded: readonly Folded[], until: number | 'stored'): JudgedSpan | null {
  if (shipment.window === null) return null
  const { fromAt, toAt } = shipment.window
  if (toAt !== Number.POSITIVE_INFINITY) return { fromAt, toAt, closed: true }
  const horizon = Math.max(fromAt, ...folded.flatMap(({ state }) => state.open?.at ?? []))
  return { fromAt, toAt: until === 'stored' ? horizon : Math.max(until, horizon), closed: false }
}

function sensorAssessment(
  shipment: ShipmentFacts,
  { placement, state, intervals }: Folded,
  judgement: PlacementJudgement | null,
): SensorAssessment {
  const { certificates, calibrationId, doubts, noisy } = placement
  const judged = judgement && { fromAt: judgement.fromAt, toAt: judgement.toAt, profile: shipment.profile, doubts }
  return {
    placement,
    last: state.open && { at: state.open.at, lowestMilliC: state.open.min, highestMilliC: state.open.max },
    calibration: judged && calibrationProblem(certificates, calibrationId, judged),
    suspect: noisy && (judgement?.longestFlatMs ?? 0) > SUSPECT_AFTER_MS,
    differing: placement.readouts.length === 0 ? [] : intervals.flatMap(differingOf),
  }
}

function differingOf({ kind, fromAt, extreme }: Interval): Differing[] {
  return kind === DIFFERS && extreme !== null ? [{ at: fromAt, milliC: extreme }] : []
}
