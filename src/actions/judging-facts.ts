import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { type Certificate, certificateAt, corrected, rulingCertificates } from '../domain/calibration.ts'
import type { FoldRules } from '../domain/excursion.ts'
import { foldRules, JUDGE_VERSION } from '../domain/judge.ts'
import type { Profile } from '../domain/profile.ts'
import type { Readout } from '../domain/readout.ts'
import { archivedMonths, within } from './archived-months.ts'
import { loadReadouts, type StoredReadout } from './readouts.ts'
import { storedPoints, storedProfile } from './stored-profile.ts'

/** All that decides a shipment's judgement, except its readings. */
export type ShipmentFacts = {
  shipmentId: number
  profileId: number
  profile: Profile
  /** Null: not packed. `toAt` is Infinity while the window is open. */
  window: { fromAt: number; toAt: number } | null
  judgeFromAt: number | null
  /** Judged roles only, in order of id. */
  placements: PlacementFacts[]
  /** Archives that hold readings it is judged by: it cannot be judged until they are restored. */
  archives: string[]
}

export type PlacementFacts = {
  id: number
  sensorId: number
  channel: string
  role: string
  fromAt: number
  toAt: number
  /** The certificate the placement names, and those that rule within placement and window, ascending by date. */
  calibrationId: number | null
  certificates: Certificate[]
  noisy: boolean
  /** What was read out of the sensor's memory within placement and window, in order of id; mostly nothing. */
  readouts: PlacedReadout[]
  /** Rules of the fold within placement and window. */
  rules: FoldRules
  /** Names everything a stored fold depends on beside readings; another one makes every checkpoint a miss. */
  fingerprint: string
}

/** A read-out as it rules a placement. */
export type PlacedReadout = Readout & Pick<StoredReadout, 'id' | 'importId'>

/**
 * Whether memory was read out of any of its sensors. Which live readings are judged beside a memory is decided from the
 * stored rows: such a fold is not remembered, and for whoever remembers it everything that comes is like a late one.
 */
export function isReadOut({ placements }: ShipmentFacts): boolean {
  return placements.some(({ readouts }) => readouts.length > 0)
}

/** Loads the facts of shipments set-wise: one statement per table, whatever their number. */
export async function loadFacts(tx: Tx, shipmentIds: readonly number[]): Promise<ShipmentFacts[]> {
  const shipments = await tx
    .selectFrom('shipment')
    .select(['id', 'profile_id', 'packed_at', 'closed_at', 'judge_from'])
    .where('id', 'in', [...shipmentIds])
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
      placementFacts(row, { profileId: shipment.profile_id, profile, window, certificates, readouts }),
    )
    return {
      shipmentId: shipment.id,
      profileId: shipment.profile_id,
      profile,
      window,
      judgeFromAt: shipment.judge_from,
      placements,
      archives: archived
        .filter((month) => placements.some(({ rules }) => within([month], rules).length > 0))
        .map(({ name }) => name),
    }
  })
}

function windowOf(shipment: { packed_at: number | null; closed_at: number | null }, profile: Profile) {
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

type PlacementRow = Awaited<ReturnType<typeof loadPlacements>>[number]

async function loadPlacements(tx: Tx, shipmentIds: readonly number[]) {
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
    .where('placement.shipment_id', 'in', [...shipmentIds])
    .where('placement.superseded_at', 'is', null)
    .where('placement.role', 'in', ['product', 'product_backup'])
    .orderBy('placement.id')
    .execute()
}

export type CertificateRow = Certificate & { sensorId: number; channel: string }

/** The certificates in force of sensors, ascending by date, by `sensorId/channel`. */
export async function loadCertificates(
  db: Pick<Tx, 'selectFrom'>,
  sensorIds: readonly number[],
): Promise<Map<string, CertificateRow[]>> {
  if (sensorIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('calibration')
    .select(['id', 'sensor_id', 'channel', 'calibrated_at', 'due_at', 'certificate', 'uncertainty_milli_c', 'points'])
    .where('sensor_id', 'in', [...sensorIds])
    .where('superseded_at', 'is', null)
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
    points: storedPoints(row.points),
  }))
  return Map.groupBy(certificates, ({ sensorId, channel }) => `${sensorId}/${channel}`)
}

type Around = {
  profileId: number
  profile: Profile
  window: ShipmentFacts['window']
  certificates: Map<string, CertificateRow[]>
  readouts: Map<string, StoredReadout[]>
}

function placementFacts(row: PlacementRow, around: Around): PlacementFacts {
  const toAt = row.to_at ?? Number.POSITIVE_INFINITY
  const scope = {
    fromAt: Math.max(row.from_at, around.window?.fromAt ?? row.from_at),
    toAt: Math.min(toAt, around.window?.toAt ?? Number.POSITIVE_INFINITY),
  }
  const [low, high] = [row.range_low_milli_c, row.range_high_milli_c]
  const named = row.calibration_id
  // one that rules nothing here (dated later, outdated before) must neither move a limit nor make a new version
  const ofChannel = around.certificates.get(`${row.sensor_id}/${row.channel}`) ?? []
  const certificates = rulingCertificates(ofChannel, named, scope)
  const readouts = (around.readouts.get(`${row.sensor_id}/${row.channel}`) ?? [])
    .filter((readout) => readout.fromAt < scope.toAt && readout.toAt >= scope.fromAt)
    .map((readout) => ({ ...readout, intervalMs: readout.intervalMs ?? around.profile.nominalIntervalMs }))
  const uncertainty = certificates.map((certificate) => certificate.uncertaintyMilliC)
  const rules = foldRules(
    around.profile,
    {
      correct: (at, raw) => corrected(certificateAt(certificates, named, at), raw),
      range: low === null || high === null ? null : { low, high },
      guardBandMilliC: Math.max(0, ...uncertainty),
    },
    scope,
  )
  const ids = certificates.map((certificate) => certificate.id)
  return {
    id: row.id,
    sensorId: row.sensor_id,
    channel: row.channel,
    role: row.role,
    fromAt: row.from_at,
    toAt,
    calibrationId: named,
    certificates,
    noisy: row.noisy,
    readouts,
    rules,
    fingerprint: [
      ...[JUDGE_VERSION, around.profileId, scope.fromAt, named ?? '', ...ids],
      ...readouts.map(({ id }) => `r${id}`),
    ].join(':'),
  }
}
