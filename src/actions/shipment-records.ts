import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Profile } from '../domain/profile.ts'
import type {
  RecordedAlarm,
  RecordedEntry,
  RecordedEvaluation,
  RecordedSensor,
  RecordedSite,
  RecordedUnit,
  ShipmentRecord,
} from '../domain/shipment-record.ts'
import { ledgerEvent, READINGS_ROOT } from './custody-ledger.ts'
import { loadProfiles } from './judging-facts.ts'
import { numbers } from './load-rows.ts'
import { organisationKey } from './organisations.ts'

/**
 * What is on record about shipments, in order of id: one statement per table, whatever their number. What sensors
 * showed in each leg is not in it: see `measure-legs.ts`. Who may see them is the caller's to ask.
 */
export async function loadShipmentRecords(tx: Tx, shipmentIds: readonly number[]): Promise<ShipmentRecord[]> {
  if (shipmentIds.length === 0) return []
  const shipments = await loadShipments(tx, shipmentIds)
  const unitsOf = Map.groupBy(await loadUnits(tx, shipmentIds), ({ shipmentId }) => shipmentId)
  const sitesOf = Map.groupBy(await loadSites(tx, shipmentIds), ({ shipmentId }) => shipmentId)
  const ledgerOf = Map.groupBy(await loadLedgers(tx, shipmentIds), ({ shipmentId }) => shipmentId)
  const placementsOf = Map.groupBy(await loadPlacements(tx, shipmentIds), ({ shipment_id }) => shipment_id)
  const evaluationsOf = Map.groupBy(await loadEvaluations(tx, shipmentIds), ({ shipmentId }) => shipmentId)
  return shipments.map((shipment) => {
    const placements = placementsOf.get(shipment.id) ?? []
    return {
      shipment: {
        id: shipment.id,
        reference: shipment.reference,
        sscc: shipment.sscc,
        coi: shipment.coi,
        senderOrg: organisationKey({ id: shipment.sender_id, gln: shipment.sender_gln }),
        consigneeOrg: organisationKey({ id: shipment.consignee_id, gln: shipment.consignee_gln }),
      },
      container: shipment.container_id === null ? null : { id: shipment.container_id, grai: shipment.grai },
      units: (unitsOf.get(shipment.id) ?? []).map(({ unit }) => unit),
      sites: (sitesOf.get(shipment.id) ?? []).map(({ site }) => site),
      sensors: sensorsOf(placements),
      ledger: (ledgerOf.get(shipment.id) ?? []).map(({ entry }) => entry),
      placements: placements.map((row) => ({
        id: row.id,
        sensorId: row.sensor_id,
        channel: row.channel,
        role: row.role,
        fromAt: row.from_at,
        toAt: row.to_at,
        correctsId: row.corrects_id,
        knownAt: row.known_at,
        supersededAt: row.superseded_at,
      })),
      evaluations: (evaluationsOf.get(shipment.id) ?? []).map(({ evaluation }) => evaluation),
    }
  })
}

function sensorsOf(placements: Awaited<ReturnType<typeof loadPlacements>>): RecordedSensor[] {
  const sensors = new Map<number, RecordedSensor>()
  for (const { sensor_id: id, serial, known_at } of placements) {
    sensors.set(id, { id, serial, knownAt: Math.min(known_at, sensors.get(id)?.knownAt ?? known_at) })
  }
  return [...sensors.values()]
}

async function loadShipments(tx: Tx, ids: readonly number[]) {
  return tx
    .selectFrom('shipment')
    .innerJoin('organisation as sender', 'sender.id', 'shipment.organisation_id')
    .innerJoin('organisation as consignee', 'consignee.id', 'shipment.consignee_id')
    .leftJoin('container', 'container.id', 'shipment.container_id')
    .select(['shipment.id', 'shipment.reference', 'shipment.sscc', 'shipment.coi', 'shipment.container_id'])
    .select(['sender.id as sender_id', 'sender.gln as sender_gln'])
    .select(['consignee.id as consignee_id', 'consignee.gln as consignee_gln', 'container.grai'])
    .where('shipment.id', 'in', [...ids])
    .orderBy('shipment.id')
    .execute()
}

async function loadUnits(tx: Tx, ids: readonly number[]): Promise<{ shipmentId: number; unit: RecordedUnit }[]> {
  const rows = await tx
    .selectFrom('unit')
    .select(['shipment_id', 'code', 'gtin', 'serial', 'din'])
    .where('shipment_id', 'in', [...ids])
    .orderBy('id')
    .execute()
  return rows.map(({ shipment_id: shipmentId, ...unit }) => ({ shipmentId, unit }))
}

async function loadSites(tx: Tx, ids: readonly number[]): Promise<{ shipmentId: number; site: RecordedSite }[]> {
  const rows = await tx
    .selectFrom('shipment_party')
    .innerJoin('site', 'site.organisation_id', 'shipment_party.organisation_id')
    .innerJoin('organisation', 'organisation.id', 'site.organisation_id')
    // an organisation can have several roles in a shipment
    .distinct()
    .select(['shipment_party.shipment_id', 'site.id', 'site.name', 'site.gln', 'site.time_zone', 'site.known_at'])
    .select(['organisation.id as organisation_id', 'organisation.gln as organisation_gln'])
    .where('shipment_party.shipment_id', 'in', [...ids])
    .orderBy('site.id')
    .execute()
  return rows.map((row) => ({
    shipmentId: row.shipment_id,
    site: {
      id: row.id,
      org: organisationKey({ id: row.organisation_id, gln: row.organisation_gln }),
      name: row.name,
      gln: row.gln,
      timeZone: row.time_zone,
      knownAt: row.known_at,
    },
  }))
}

async function loadLedgers(tx: Tx, ids: readonly number[]): Promise<{ shipmentId: number; entry: RecordedEntry }[]> {
  const rows = await tx
    .selectFrom('custody_event')
    .select(['shipment_id', 'seq', 'record', 'hash'])
    .where('shipment_id', 'in', [...ids])
    .where('kind', '<>', READINGS_ROOT)
    .orderBy('shipment_id')
    .orderBy('seq')
    .execute()
  return rows.map((row) => ({
    shipmentId: row.shipment_id,
    entry: { event: ledgerEvent(row), hash: row.hash },
  }))
}

async function loadPlacements(tx: Tx, ids: readonly number[]) {
  return tx
    .selectFrom('placement')
    .innerJoin('sensor', 'sensor.id', 'placement.sensor_id')
    .selectAll('placement')
    .select('sensor.serial')
    .where('placement.shipment_id', 'in', [...ids])
    .orderBy('placement.id')
    .execute()
}

type EvaluationRow = {
  shipment_id: number
  version: number
  profile_id: number
  status: string
  complete: boolean
  content_sha256: string
  inputs_sha256: string
  known_at: number
  span: unknown
  alarms: unknown
  placements: unknown
}

type Evaluated = { shipmentId: number; evaluation: RecordedEvaluation }

/** Without their events and gaps, which can be many. */
async function loadEvaluations(tx: Tx, ids: readonly number[]): Promise<Evaluated[]> {
  const { rows } = await sql<EvaluationRow>`
    select e.shipment_id, e.version, e.profile_id, e.status, e.complete, e.content_sha256, e.inputs_sha256, e.known_at,
      e.content->'window' as span, e.inputs->'placements' as placements,
      (select jsonb_agg(jsonb_build_object('level', l.value->'id', 'alarm', l.value->'alarm') order by l.ordinality)
        from jsonb_array_elements(e.content->'levels') with ordinality l) as alarms
    from evaluation e where e.shipment_id = any(${numbers(ids)}::bigint[])
    order by e.shipment_id, e.version`.execute(tx)
  const profiles = await loadProfiles(tx, [...new Set(rows.map((row) => row.profile_id))])
  return rows.map((row) => ({
    shipmentId: row.shipment_id,
    evaluation: {
      version: row.version,
      knownAt: row.known_at,
      contentSha256: row.content_sha256,
      inputsSha256: row.inputs_sha256,
      profileId: row.profile_id,
      status: row.status,
      complete: row.complete,
      window: span.parse(row.span),
      alarms: alarmsOf(row, profiles.get(row.profile_id)),
      placements: judged.parse(row.placements),
      legs: null,
    },
  }))
}

function alarmsOf({ alarms }: EvaluationRow, profile: Profile | undefined): RecordedAlarm[] {
  return (storedAlarms.parse(alarms) ?? []).map(({ level, alarm }) => ({
    level,
    severity: profile?.levels.find(({ id }) => id === level)?.severity ?? null,
    alarm,
  }))
}

const instant = z.int()
const span = z.object({ fromAt: instant, toAt: instant.nullable() }).nullable()
const storedAlarms = z
  .array(
    z.object({
      level: z.string(),
      alarm: z.union([
        z.object({ state: z.literal('none') }),
        z.object({ state: z.enum(['confirmed', 'presumed']), at: instant }),
      ]),
    }),
  )
  .nullable()
const judged = z.array(
  z.object({
    sensorId: z.int(),
    channel: z.string(),
    fromAt: instant,
    toAt: instant.nullable(),
    certificates: z.array(z.int()),
    namedCertificate: z.int().nullable(),
    readouts: z.array(z.int()).default([]),
  }),
)
