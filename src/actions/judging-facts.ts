import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { anyOf } from '../../db/tables.ts'
import { AS_FOUND, type AsFound, type Certificate, doubtsOf } from '../domain/calibration.ts'
import { JUDGES, type Judge } from '../domain/judge-versions.ts'
import { judgedPlacement, type PlacementFacts, type ShipmentFacts } from '../domain/judging-facts.ts'
import type { Profile } from '../domain/profile.ts'
import { type ArchivedMonth, archivedMonths, within } from './archived-months.ts'
import { loadReadouts, type StoredReadout } from './readouts.ts'
import { type Standing, stood } from './standing.ts'
import { storedPoints, storedProfile } from './stored-profile.ts'

export type { PlacementFacts, ShipmentFacts } from '../domain/judging-facts.ts'

/**
 * Whether memory was read out of any of its sensors. Which live readings are judged beside a memory is decided from the
 * stored rows: such a fold is not remembered, and for whoever remembers it everything that comes is like a late one.
 */
export function isReadOut({ placements }: ShipmentFacts): boolean {
  return placements.some(({ readouts }) => readouts.length > 0)
}

/** Loads the facts of shipments set-wise: one statement per table, whatever their number; to be judged by `judge`. */
export async function loadFacts(
  tx: Tx,
  shipmentIds: readonly number[],
  judge: Judge = JUDGES.current,
): Promise<ShipmentFacts[]> {
  const shipments = await tx
    .selectFrom('shipment')
    .select(['id', 'profile_id', 'packed_at', 'closed_at', 'judge_from'])
    .where('id', '=', anyOf(shipmentIds))
    .orderBy('id')
    .execute()
  const profiles = await loadProfiles(tx, [...new Set(shipments.map((shipment) => shipment.profile_id))])
  const rows = await loadPlacements(tx, shipmentIds)
  const rowsOf = Map.groupBy(rows, (row) => row.shipment_id)
  const sensorIds = [...new Set(rows.map((row) => row.sensor_id))]
  const certificates = await loadCertificates(tx, sensorIds)
  const readouts = await loadReadouts(tx, sensorIds)
  const archived = await archivedMonths(tx, 'reading')
  return shipments.map((shipment) => {
    const profile = profiles.get(shipment.profile_id)
    if (profile === undefined) throw new Error(`profile ${shipment.profile_id} of shipment ${shipment.id} is missing`)
    const window = windowOf(shipment, profile)
    const placements = (rowsOf.get(shipment.id) ?? []).map((row) =>
      placementFacts(row, { judge, profileId: shipment.profile_id, profile, window, certificates, readouts }),
    )
    return {
      shipmentId: shipment.id,
      judge,
      profileId: shipment.profile_id,
      profile,
      window,
      judgeFromAt: shipment.judge_from,
      placements,
      archives: archivesOf(placements, archived),
    }
  })
}

/** The archives that hold readings by which the placements are judged. */
export function archivesOf(placements: readonly PlacementFacts[], archived: readonly ArchivedMonth[]): string[] {
  const held = archived.filter((month) => placements.some(({ rules }) => within([month], rules).length > 0))
  return held.map(({ name }) => name)
}

/** The judging window by a shipment's events; null: not packed. */
export function windowOf(shipment: { packed_at: number | null; closed_at: number | null }, profile: Profile) {
  if (shipment.packed_at === null) return null
  const fromAt = shipment.packed_at + profile.loadingMs
  return { fromAt, toAt: shipment.closed_at === null ? Number.POSITIVE_INFINITY : Math.max(fromAt, shipment.closed_at) }
}

/** Profiles by id. */
export async function loadProfiles(tx: Tx, ids: readonly number[]): Promise<Map<number, Profile>> {
  if (ids.length === 0) return new Map()
  const rows = await tx
    .selectFrom('profile')
    .select(['id', 'definition'])
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.id, storedProfile(row.definition)]))
}

/** A placement with what is registered of its sensor. */
export type PlacementRow = Awaited<ReturnType<typeof loadPlacements>>[number]

/** The placements of judged roles, in order of id. */
export async function loadPlacements(tx: Tx, shipmentIds: readonly number[], knownAt: Standing = 'now') {
  return tx
    .selectFrom('placement')
    .innerJoin('sensor', 'sensor.id', 'placement.sensor_id')
    .select([
      'placement.id',
      'placement.shipment_id',
      'placement.sensor_id',
      'placement.channel',
      'placement.role',
      'placement.from_at',
      'placement.to_at',
      'placement.calibration_id',
      'sensor.range_low_milli_c',
      'sensor.range_high_milli_c',
      'sensor.noisy',
    ])
    .where('placement.shipment_id', '=', anyOf(shipmentIds))
    .where(stood('placement', knownAt))
    .where('placement.role', 'in', ['product', 'product_backup'])
    .orderBy('placement.id')
    .execute()
}

export type CertificateRow = Certificate & { sensorId: number; channel: string; asFound: AsFound | null }

/** How a laboratory found a sensor, as stored. */
export function storedAsFound(text: string | null): AsFound | null {
  return AS_FOUND.find((found) => found === text) ?? null
}

/** The certificates of sensors that are in force, or were, ascending by date, by `sensorId/channel`. */
export async function loadCertificates(
  db: Pick<Tx, 'selectFrom'>,
  sensorIds: readonly number[],
  which: Standing | { ids: readonly number[] } = 'now',
): Promise<Map<string, CertificateRow[]>> {
  if (sensorIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('calibration')
    .select(['id', 'sensor_id', 'channel', 'calibrated_at', 'due_at', 'certificate', 'uncertainty_milli_c', 'points'])
    .select('as_found')
    .where('sensor_id', '=', anyOf(sensorIds))
    .where((eb) => (typeof which === 'object' ? eb('id', 'in', [0, ...which.ids]) : stood('calibration', which)))
    .orderBy(sql`calibrated_at, id`)
    .execute()
  const certificates = rows.map((row) => ({
    id: row.id,
    sensorId: row.sensor_id,
    channel: row.channel,
    certificate: row.certificate,
    calibratedAt: row.calibrated_at,
    dueAt: row.due_at,
    uncertaintyMilliC: row.uncertainty_milli_c,
    asFound: storedAsFound(row.as_found),
    points: storedPoints(row.points),
  }))
  return Map.groupBy(certificates, ({ sensorId, channel }) => `${sensorId}/${channel}`)
}

/** What a placement is judged by, beside its own row. */
export type Around = {
  judge: Judge
  profileId: number
  profile: Profile
  window: ShipmentFacts['window']
  certificates: Map<string, CertificateRow[]>
  readouts: Map<string, StoredReadout[]>
}

/** A placement as it is judged. */
export function placementFacts(row: PlacementRow, { certificates, readouts, ...around }: Around): PlacementFacts {
  const [low, high] = [row.range_low_milli_c, row.range_high_milli_c]
  const channel = `${row.sensor_id}/${row.channel}`
  const ofChannel = certificates.get(channel) ?? []
  const sensor = {
    id: row.id,
    sensorId: row.sensor_id,
    channel: row.channel,
    role: row.role,
    fromAt: row.from_at,
    toAt: row.to_at ?? Number.POSITIVE_INFINITY,
    calibrationId: row.calibration_id,
    noisy: row.noisy,
    range: low === null || high === null ? null : { low, high },
  }
  return judgedPlacement(sensor, {
    ...around,
    certificates: ofChannel,
    doubtsIn: (time) => doubtsOf(ofChannel, time),
    readouts: readouts.get(channel) ?? [],
  })
}
