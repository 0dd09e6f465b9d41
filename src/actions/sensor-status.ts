import type { Tx } from '../../db/connect.ts'
import type { Assessment, SensorAssessment } from '../domain/assess.ts'
import type { CalibrationProblem } from '../domain/calibration.ts'
import type { SeqRange } from '../domain/sequence.ts'
import type { NewestObservation } from './newest-observations.ts'
import { type Standing, stood } from './standing.ts'

/** How a sensor channel that rides with a shipment stands; epoch milliseconds and milli-degrees. */
export type SensorStatus = {
  placementId: number
  sensorId: number
  channel: string
  role: string
  fromAt: number
  toAt: number | null
  /** The newest temperature; null also where the role is not judged. */
  last: SensorAssessment['last']
  /** The newest of each other quantity that the sensor observed while it rode here. */
  observations: readonly NewestObservation[]
  /** Null where its messages bear no sequence numbers. */
  sequence: SequenceStatus | null
  certificate: { id: number; certificate: string; dueAt: number } | null
  calibration: CalibrationProblem | null
}

/** What the sequence numbers of a sensor's messages say (domain page 2.8: missing is loss, a restart a reset). */
export type SequenceStatus = {
  restarts: number
  missing: SeqRange[]
  missingSinceAt: number | null
  /** How often missing messages were asked for since none was missing last. */
  asked: number
}

/** What is known of the sensors beside their readings, each as of now. */
export type AroundSensors = {
  newest: ReadonlyMap<number, NewestObservation[]>
  sequences: ReadonlyMap<number, SequenceStatus>
}

/** The placements of a shipment: those that are judged, then those that are not, each in order of id. */
export function sensorStatuses(
  assessment: Assessment,
  others: readonly OtherPlacement[],
  { newest, sequences }: AroundSensors,
): SensorStatus[] {
  return [...assessment.sensors.map(judgedStatus), ...others].map((sensor) => ({
    ...sensor,
    observations: newest.get(sensor.placementId) ?? [],
    sequence: sequences.get(sensor.sensorId) ?? null,
  }))
}

/** A placement of a role that is not judged. */
export type OtherPlacement = Omit<SensorStatus, 'observations' | 'sequence'>

function judgedStatus({ placement, last, calibration }: SensorAssessment): OtherPlacement {
  const named = placement.certificates.find((certificate) => certificate.id === placement.calibrationId)
  const lastAt = last?.at ?? placement.fromAt
  const certificate = named ?? placement.certificates.findLast(({ calibratedAt }) => calibratedAt <= lastAt)
  return {
    placementId: placement.id,
    sensorId: placement.sensorId,
    channel: placement.channel,
    role: placement.role,
    fromAt: placement.fromAt,
    toAt: placement.toAt === Number.POSITIVE_INFINITY ? null : placement.toAt,
    last,
    certificate: certificate ?? null,
    calibration,
  }
}

/** The placements of roles that are not judged. */
export async function loadOthers(tx: Tx, shipmentId: number, knownAt: Standing = 'now'): Promise<OtherPlacement[]> {
  const rows = await tx
    .selectFrom('placement')
    .select(['id', 'sensor_id', 'channel', 'role', 'from_at', 'to_at'])
    .where('shipment_id', '=', shipmentId)
    .where(stood('placement', knownAt))
    .where('role', 'not in', ['product', 'product_backup'])
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    placementId: row.id,
    sensorId: row.sensor_id,
    channel: row.channel,
    role: row.role,
    fromAt: row.from_at,
    toAt: row.to_at,
    last: null,
    certificate: null,
    calibration: null,
  }))
}
