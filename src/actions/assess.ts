import { type CalibrationProblem, calibrationProblem } from '../domain/calibration.ts'
import { type Combined, combine, type JudgedSpan } from '../domain/combine.ts'
import { finish } from '../domain/placement-judgement.ts'
import type { Folded } from './fold-placements.ts'
import type { PlacementFacts, ShipmentFacts } from './judging-facts.ts'

/** A shipment's judgement with what it rests on. `combined` is null while nothing was packed. */
export type Assessment = {
  shipment: ShipmentFacts
  span: JudgedSpan | null
  combined: Combined | null
  sensors: SensorAssessment[]
}

export type SensorAssessment = {
  placement: PlacementFacts
  /** The newest reading, corrected: two values where it contradicts itself. */
  last: { at: number; lowestMilliC: number; highestMilliC: number } | null
  /** Why its calibration cannot carry a verdict; null when it can. */
  calibration: CalibrationProblem | null
  /** Identical values for hours where the model shows noise. */
  suspect: boolean
}

/** Identical values for longer than this, where the sensor shows noise, are suspicious (domain page 2.3 item 2). */
const SUSPECT_AFTER_MS = 6 * 3_600_000

/**
 * Stage 2 and what goes with it. An open window is judged to its horizon, the latest instant of its product readings,
 * in what is stored; `until` a given instant it is extended to that, where silence shows. A closed window ends where it
 * ends.
 */
export function assess(shipment: ShipmentFacts, folded: readonly Folded[], until: number | 'stored'): Assessment {
  const span = spanOf(shipment, folded, until)
  const sensors = folded.map((fold) => sensorAssessment(shipment, fold, span))
  if (span === null) return { shipment, span, combined: null, sensors }
  const judged = folded
    .filter(({ placement }) => placement.rules.fromAt < placement.rules.toAt && placement.rules.fromAt <= span.toAt)
    .map((fold) => finish(fold.state, fold.placement.rules, { endAt: span.toAt, earlier: fold.intervals }))
  return { shipment, span, combined: combine(span, shipment.profile, judged), sensors }
}

function spanOf(shipment: ShipmentFacts, folded: readonly Folded[], until: number | 'stored'): JudgedSpan | null {
  if (shipment.window === null) return null
  const { fromAt, toAt } = shipment.window
  if (toAt !== Number.POSITIVE_INFINITY) return { fromAt, toAt, closed: true }
  const horizon = Math.max(fromAt, ...folded.flatMap(({ state }) => state.open?.at ?? []))
  return { fromAt, toAt: until === 'stored' ? horizon : Math.max(until, horizon), closed: false }
}

function sensorAssessment(shipment: ShipmentFacts, fold: Folded, span: JudgedSpan | null): SensorAssessment {
  const { placement, state } = fold
  const fromAt = placement.rules.fromAt
  const toAt = Math.max(fromAt, Math.min(placement.rules.toAt, span?.toAt ?? fromAt))
  const judged = { fromAt, toAt, profile: shipment.profile }
  const outside = placement.rules.fromAt >= placement.rules.toAt
  return {
    placement,
    last: state.open && { at: state.open.at, lowestMilliC: state.open.min, highestMilliC: state.open.max },
    calibration: outside ? null : calibrationProblem(placement.certificates, placement.calibrationId, judged),
    suspect: placement.noisy && state.longestFlatMs > SUSPECT_AFTER_MS,
  }
}
