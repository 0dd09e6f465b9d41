import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { Judge } from '../domain/judge-versions.ts'
import { judgingWindow } from '../domain/window.ts'
import { archivedMonths } from './archived-months.ts'
import { loadLedger } from './custody-ledger.ts'
import {
  archivesOf,
  loadCertificates,
  loadPlacements,
  loadProfiles,
  placementFacts,
  type ShipmentFacts,
  windowOf,
} from './judging-facts.ts'
import { organisationKey } from './organisations.ts'
import { loadReadouts } from './readouts.ts'

/** The facts of a shipment as they were known at an instant; null: it did not exist then. */
export async function factsAsOf(
  tx: Tx,
  { shipmentId, knownAt, judge }: { shipmentId: number; knownAt: number; judge: Judge },
): Promise<ShipmentFacts | null> {
  const profileId = await pinnedProfile(tx, shipmentId, knownAt)
  const profile = profileId === null ? undefined : (await loadProfiles(tx, [profileId])).get(profileId)
  if (profileId === null || profile === undefined) return null
  const window = windowOf(await loadWindow(tx, shipmentId, knownAt), profile)
  const rows = await loadPlacements(tx, [shipmentId], knownAt)
  const sensorIds = [...new Set(rows.map((row) => row.sensor_id))]
  const certificates = await loadCertificates(tx, sensorIds, knownAt)
  const readouts = await loadReadouts(tx, sensorIds, knownAt)
  const around = { judge, profileId, profile, window, certificates, readouts }
  const placements = rows.map((row) => placementFacts(row, around))
  const archives = archivesOf(placements, await archivedMonths(tx, 'reading'))
  return { shipmentId, judge, profileId, profile, window, judgeFromAt: null, placements, archives }
}

/** The profile version that ruled at an instant; null before the shipment was opened. */
async function pinnedProfile(tx: Tx, shipmentId: number, knownAt: number): Promise<number | null> {
  const row = await tx
    .selectFrom('shipment_profile')
    .select('profile_id')
    .where('shipment_id', '=', shipmentId)
    .where('known_at', '<=', at(knownAt))
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.profile_id ?? null
}

/** When it was packed and its window closed, by the events known then. */
async function loadWindow(tx: Tx, shipmentId: number, knownAt: number) {
  const { events } = await loadLedger(tx, shipmentId, knownAt)
  const consignee = await tx
    .selectFrom('shipment')
    .innerJoin('organisation', 'organisation.id', 'shipment.consignee_id')
    .select(['organisation.id', 'organisation.gln'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const window = judgingWindow(effectiveEvents(events), { consigneeOrg: organisationKey(consignee), loadingMs: 0 })
  return {
    packed_at: window.state === 'not_packed' ? null : window.fromAt,
    closed_at: window.state === 'closed' ? window.toAt : null,
  }
}

/** The version of the evaluation that stood at an instant, with the judge that made it. */
export async function headAsOf(tx: Tx, shipmentId: number, knownAt: number) {
  const { rows } = await sql<{ version: number; contentSha256: string; inputsSha256: string; judge: number }>`
    select version, content_sha256 as "contentSha256", inputs_sha256 as "inputsSha256", judge_version as judge
    from evaluation where shipment_id = ${shipmentId} and known_at <= ${at(knownAt)}
    order by version desc limit 1`.execute(tx)
  return rows[0] ?? null
}
