import type { Tx } from '../../db/connect.ts'
import type { CalibrationProblem } from '../domain/calibration.ts'
import type { Assessment, SensorAssessment } from './assess.ts'
import { type NewestObservation, newestObservations } from './newest-observations.ts'

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
  certificate: { id: number; certificate: string; dueAt: number } | null
  calibration: CalibrationProblem | null
}

/** The placements of a shipment: those that are judged, then those that are not, each in order of id. */
export async function sensorStatuses(tx: Tx, assessment: Assessment): Promise<SensorStatus[]> {
  const { shipmentId } = assessment.shipment
  const newest = await newestObservations(tx, shipmentId)
  const judged = assessment.sensors.map(judgedStatus)
  const others = await loadOthers(tx, shipmentId)
  return [...judged, ...others].map((sensor) => ({ ...sensor, observations: newest.get(sensor.placementId) ?? [] }))
}

type Bare = Omit<SensorStatus, 'observations'>

function judgedStatus({ placement, last, calibration }: SensorAssessment): Bare {
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

async function loadOthers(tx: Tx, shipmentId: number): Promise<Bare[]> {
  const rows = await tx
    .selectFrom('placement')
    .select(['id', 'sensor_id', 'channel', 'role', 'from_at', 'to_at'])
    .where('shipment_id', '=', shipmentId)
    .where('superseded_at', 'is', null)
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
