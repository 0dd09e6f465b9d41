import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import type { Judge } from '../domain/judge-versions.ts'
import { archivedMonths } from './archived-months.ts'
import {
  archivesOf,
  loadCertificates,
  loadProfiles,
  type PlacementRow,
  placementFacts,
  type ShipmentFacts,
} from './judging-facts.ts'
import { loadNamedReadouts, type StoredReadout } from './readouts.ts'

/** The columns of a stored evaluation that say what it was made from. */
export type EvaluationInputs = Pick<
  Selectable<Tables['evaluation']>,
  'shipment_id' | 'profile_id' | 'window_from_at' | 'window_to_at' | 'inputs'
>

/**
 * The facts of a stored evaluation as it names them itself: limits, window, placements with their certificates and
 * read-outs, whatever became of these since. Null where it names something that is not there.
 */
export async function namedFacts(tx: Tx, stored: EvaluationInputs, judge: Judge): Promise<ShipmentFacts | null> {
  const named = inputs.parse(stored.inputs).placements
  const profile = (await loadProfiles(tx, [stored.profile_id])).get(stored.profile_id)
  const sensors = await loadSensors(tx, [...new Set(named.map(({ sensorId }) => sensorId))])
  const certificateIds = named.flatMap(({ certificates }) => certificates)
  const certificates = await loadCertificates(tx, [...sensors.keys()], { ids: certificateIds })
  const readouts = await loadNamedReadouts(
    tx,
    named.flatMap((placement) => placement.readouts),
  )
  if (profile === undefined) return null
  const window = windowOf(stored)
  const around = { judge, profileId: stored.profile_id, profile, window }
  const placements = named.flatMap((placement, index) => {
    const sensor = sensors.get(placement.sensorId)
    if (sensor === undefined) return []
    const of = `${placement.sensorId}/${placement.channel}`
    const ruling = (certificates.get(of) ?? []).filter(({ id }) => placement.certificates.includes(id))
    const read = readouts.filter(({ id }) => placement.readouts.includes(id))
    const facts = placementFacts(rowOf(placement, { ...sensor, id: index + 1, shipmentId: stored.shipment_id }), {
      ...around,
      certificates: new Map([[of, ruling]]),
      readouts: new Map<string, StoredReadout[]>([[of, read]]),
    })
    return { ...facts, doubts: placement.doubts }
  })
  const archives = archivesOf(placements, await archivedMonths(tx, 'reading'))
  const isWhole = placements.every(
    (placement, index) =>
      placement.certificates.length === named[index]?.certificates.length &&
      placement.readouts.length === named[index]?.readouts.length,
  )
  if (placements.length < named.length || !isWhole) return null
  return { shipmentId: stored.shipment_id, ...around, judgeFromAt: null, placements, archives }
}

function windowOf(stored: EvaluationInputs): ShipmentFacts['window'] {
  const { window_from_at: fromAt, window_to_at: toAt } = stored
  return fromAt === null ? null : { fromAt, toAt: toAt ?? Number.POSITIVE_INFINITY }
}

const inputs = z.object({
  placements: z.array(
    z.object({
      sensorId: z.int(),
      channel: z.string(),
      role: z.string(),
      fromAt: z.int(),
      toAt: z.int().nullable(),
      certificates: z.array(z.int()),
      namedCertificate: z.int().nullable(),
      readouts: z.array(z.int()).default([]),
      doubts: z.array(z.object({ certificateId: z.int(), fromAt: z.int().nullable(), toAt: z.int() })).default([]),
    }),
  ),
})

type Named = z.infer<typeof inputs>['placements'][number]
type SensorRow = { range_low_milli_c: number | null; range_high_milli_c: number | null; noisy: boolean }

async function loadSensors(tx: Tx, ids: readonly number[]): Promise<Map<number, SensorRow>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .selectFrom('sensor')
    .select(['id', 'range_low_milli_c', 'range_high_milli_c', 'noisy'])
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map(({ id, ...row }) => [id, row]))
}

function rowOf(named: Named, sensor: SensorRow & { id: number; shipmentId: number }): PlacementRow {
  const { id, shipmentId, ...registered } = sensor
  return {
    id,
    shipment_id: shipmentId,
    sensor_id: named.sensorId,
    channel: named.channel,
    role: named.role,
    from_at: named.fromAt,
    to_at: named.toAt,
    calibration_id: named.namedCertificate,
    ...registered,
  }
}
