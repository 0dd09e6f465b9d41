import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Assessment } from '../domain/assess.ts'
import { upToAt } from '../domain/excursion.ts'
import { JUDGES, type Judge } from '../domain/judge-versions.ts'
import { LATEST_AT } from '../domain/units.ts'
import { lotsOfShipment, type ShippedLot } from './batch-facts.ts'
import { type CustodyFacts, loadCustody } from './custody-status.ts'
import { type Folded, foldPlacements } from './fold-placements.ts'
import { worksOf } from './judge.ts'
import { loadFacts, type ShipmentFacts } from './judging-facts.ts'
import { numbers } from './load-rows.ts'
import { openReReviews, type ReReview } from './re-reviews.ts'
import { stands } from './said-by.ts'
import { loadOthers, type OtherPlacement } from './sensor-status.ts'
import { type EvaluationHead, loadHeads } from './store-evaluations.ts'
import { storedAssessment } from './stored-assessment.ts'

/** All that a shipment's status is answered from, but for the instant of asking. */
export type StatusFacts = {
  shipmentId: number
  reference: string
  profile: { profileId: number; version: number; name: string; example: boolean }
  judging: ShipmentFacts
  /** In the order of the judged placements. */
  folded: FoldedUntil[]
  /** Null: its readings are here. Else they are archived, nothing is folded, and this was judged while they were. */
  archived: Assessment | null
  /** Readings of the judged placements outside of the window: kept, shown grey, not judged. Null: archived. */
  outOfWindow: number | null
  head: EvaluationHead | null
  custody: CustodyFacts
  others: OtherPlacement[]
  units: { id: number; code: string }[]
  lots: ShippedLot[]
  /** What people relied on and came out otherwise, until somebody has looked again. */
  reReviews: ReReview[]
  /** Hash of the newest receipt; null: none was made. */
  receiptSha256: string | null
}

/** A fold with the newest instant of its placement that was looked at, judged or not. */
export type FoldedUntil = Folded & { seenAt: number }

/** A reader folds without limit what a missing cache leaves to fold. */
const READ_BUDGET = 100_000_000

/** Whether readings that a shipment is judged by are archived: then it is not judged, however long it waits. */
export async function isArchived(tx: Tx, shipmentId: number): Promise<boolean> {
  const [judging] = await loadFacts(tx, [shipmentId])
  return judging !== undefined && judging.archives.length > 0
}

/** Loads the facts of a shipment that exists and does not wait for judging, unless for an archive. */
export async function loadStatusFacts(tx: Tx, shipmentId: number, judge: Judge = JUDGES.current): Promise<StatusFacts> {
  const [judging] = await loadFacts(tx, [shipmentId], judge)
  if (judging === undefined) throw new Error(`shipment ${shipmentId} has no facts`)
  const archived = judging.archives.length > 0 ? await storedAssessment(tx, judging) : null
  const works = archived === null ? worksOf(judging, new Map()) : []
  const { folded } = await foldPlacements(tx, works, { budget: READ_BUDGET, write: false })
  const { shipment, units } = await loadPlain(tx, shipmentId)
  const heads = await loadHeads(tx, [shipmentId])
  const seenAt = await loadSeen(tx, folded)
  return {
    shipmentId,
    reference: shipment.reference,
    profile: {
      profileId: shipment.profile_id,
      version: shipment.version,
      name: shipment.name,
      example: shipment.example,
    },
    judging,
    folded: folded.map((fold) => ({
      ...fold,
      seenAt: Math.max(upToAt(fold.state), seenAt.get(fold.placement.id) ?? Number.NEGATIVE_INFINITY),
    })),
    archived,
    outOfWindow: archived === null ? await countOutside(tx, judging) : null,
    head: heads.get(shipmentId) ?? null,
    custody: await loadCustody(tx, shipmentId),
    others: await loadOthers(tx, shipmentId),
    units,
    lots: await lotsOfShipment(tx, shipmentId, LATEST_AT),
    reReviews: await openReReviews(tx, shipmentId),
    receiptSha256: await loadReceiptHash(tx, shipmentId, LATEST_AT),
  }
}

async function loadPlain(tx: Tx, shipmentId: number) {
  const shipment = await tx
    .selectFrom('shipment')
    .innerJoin('profile', 'profile.id', 'shipment.profile_id')
    .select(['shipment.reference', 'shipment.profile_id', 'profile.version', 'profile.name', 'profile.example'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const units = await tx
    .selectFrom('unit')
    .select(['id', 'code'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  return { shipment, units }
}

/** The newest stored live instant of each placement, in the window or not. */
async function loadSeen(tx: Tx, folded: readonly Folded[]): Promise<Map<number, number>> {
  if (folded.length === 0) return new Map()
  const result = await sql<{ id: number; seen: number | null }>`
    select p.id, (select max(r.measured_at) from reading r
      where r.sensor_id = p.sensor_id and r.channel = p.channel and r.source = 0
        and r.measured_at >= p.from_at and r.measured_at < coalesce(p.to_at, 'infinity')) as seen
    from placement p where p.id = any(${numbers(folded.map(({ placement }) => placement.id))}::bigint[])`.execute(tx)
  return new Map(result.rows.flatMap(({ id, seen }) => (seen === null ? [] : [[id, seen]])))
}

/** The hash of the newest receipt that was known at an instant; null: there was none. */
export async function loadReceiptHash(tx: Tx, shipmentId: number, knownAt: number): Promise<string | null> {
  const row = await tx
    .selectFrom('receipt')
    .select('record_sha256')
    .where('shipment_id', '=', shipmentId)
    .where('known_at', '<=', at(knownAt))
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.record_sha256 ?? null
}

async function countOutside(tx: Tx, { window, placements }: ShipmentFacts): Promise<number> {
  if (window === null || placements.length === 0) return 0
  const from = new Date(window.fromAt).toISOString()
  const to = Number.isFinite(window.toAt) ? new Date(window.toAt).toISOString() : 'infinity'
  const result = await sql<{ count: number }>`select count(*) as count
    from placement p join reading r on r.sensor_id = p.sensor_id and r.channel = p.channel
      and r.measured_at >= p.from_at and r.measured_at < coalesce(p.to_at, 'infinity')
    where p.id = any(${numbers(placements.map(({ id }) => id))}::bigint[])
      and (r.measured_at < ${from}::timestamptz or r.measured_at >= ${to}::timestamptz) and ${stands('r')}`.execute(tx)
  return result.rows[0]?.count ?? 0
}
