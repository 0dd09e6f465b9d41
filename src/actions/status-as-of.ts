import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { upToAt } from '../domain/excursion.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { archivedMonths, refuseMonths } from './archived-months.ts'
import { lotsOfShipment } from './batch-facts.ts'
import { estimateContainer } from './container-status.ts'
import { loadCustody } from './custody-status.ts'
import { factsAsOf, headAsOf } from './facts-as-of.ts'
import type { PlacementFacts, ShipmentFacts } from './judging-facts.ts'
import { byPlacement, type NewestRow, newestObservationsOf } from './newest-observations.ts'
import { openReReviews } from './re-reviews.ts'
import { loadReadouts } from './readouts.ts'
import { foldKnown, knownRows, loadRecorded, type RecordedRow } from './recorded-rows.ts'
import { isSaidBy } from './said-by.ts'
import { loadOthers } from './sensor-status.ts'
import { type ShipmentStatus, statusOf } from './shipment-status.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { loadReceiptHash, type StatusFacts } from './status-facts.ts'

type AskedOf = { shipmentId: number; asOf: number }

/**
 * The answer that the service would have given at an instant: worked out anew from what was known by then, extended to
 * it, without any cache. What came in, was placed or corrected later is left out. Message numbers of sensors are
 * followed as of now only, and absent; so is what a receipt comes to, which its revisions tell. Refused: `not_found`,
 * also before the shipment existed; `in_the_future`; `archived`.
 */
export async function statusAsOf(ctx: Ctx, actor: Actor, asked: AskedOf): Promise<ShipmentStatus | Refusal> {
  const now = ctx.now()
  const { shipmentId, asOf } = asked
  const snapshot = ctx.db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (tx) => {
    const no = await refuseUnlessSeen(tx, actor, shipmentId)
    if (no !== null) return no
    if (asOf > now) {
      const what = `It is ${isoInstant(now)} now: nobody knows how shipment ${shipmentId} will stand later.`
      return refuse('in_the_future', what)
    }
    const head = await headAsOf(tx, shipmentId, asOf)
    const judge = ctx.judges.byVersion.get(head?.judge ?? ctx.judges.current.version) ?? ctx.judges.current
    const judging = await factsAsOf(tx, { shipmentId, knownAt: asOf, judge })
    if (judging === null) {
      return refuse('not_found', `Shipment ${shipmentId} did not exist at ${isoInstant(asOf)}: it was opened later.`)
    }
    const archived = (await archivedMonths(tx, 'reading')).filter(({ name }) => judging.archives.includes(name))
    return refuseMonths(archived) ?? answer(tx, { ...asked, judging, head, recomputedAt: now })
  })
}

type Answering = AskedOf & { judging: ShipmentFacts; head: StatusFacts['head']; recomputedAt: number }

async function answer(tx: Tx, { asOf, recomputedAt, ...known }: Answering): Promise<ShipmentStatus> {
  const { shipmentId } = known
  const facts = await statusFacts(tx, { ...known, asOf })
  const { rows } = await sql<{ newest: string | null }>`
    select ${newestObservationsOf(sql<number>`${shipmentId}::bigint`, asOf)} as newest`.execute(tx)
  const observed: NewestRow[] = JSON.parse(rows[0]?.newest ?? '[]')
  const around = { newest: byPlacement(observed), sequences: new Map() }
  const container = await estimateContainer(tx, { shipmentId, now: asOf, knownAt: asOf })
  return statusOf({ facts, ...around }, { now: asOf, recomputedAt, container, receipt: null })
}

async function statusFacts(tx: Tx, known: Omit<Answering, 'recomputedAt'>): Promise<StatusFacts> {
  const { shipmentId, asOf, judging, head } = known
  const recorded = await loadRecorded(tx, judging.placements)
  const isKnown = (row: RecordedRow) => row.knownAt <= asOf
  const folded = foldKnown(judging, recorded, isKnown)
  const sensorIds = judging.placements.map(({ sensorId }) => sensorId)
  // those too that lie outside of the window, for which a placement has no use
  const readouts = await loadReadouts(tx, sensorIds, asOf)
  const standing = (placement: PlacementFacts) =>
    knownRows(placement, recorded, isKnown).filter((row) =>
      isSaidBy(row, readouts.get(`${placement.sensorId}/${placement.channel}`) ?? []),
    )
  return {
    shipmentId,
    ...(await loadNamed(tx, judging)),
    judging,
    folded: folded.map((fold) => ({ ...fold, seenAt: upToAt(fold.state) })),
    archived: null,
    outOfWindow: countOutside(judging, standing),
    head: head && { version: head.version, contentSha256: head.contentSha256, inputsSha256: head.inputsSha256 },
    custody: await loadCustody(tx, shipmentId, asOf),
    others: await loadOthers(tx, shipmentId, asOf),
    lots: await lotsOfShipment(tx, shipmentId, asOf),
    reReviews: await openReReviews(tx, shipmentId, asOf),
    receiptSha256: await loadReceiptHash(tx, shipmentId, asOf),
  }
}

async function loadNamed(tx: Tx, { shipmentId, profileId }: ShipmentFacts) {
  const { reference } = await tx
    .selectFrom('shipment')
    .select('reference')
    .where('id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const profile = await tx
    .selectFrom('profile')
    .select(['id as profileId', 'version', 'name', 'example'])
    .where('id', '=', profileId)
    .executeTakeFirstOrThrow()
  const units = await tx
    .selectFrom('unit')
    .select(['id', 'code'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  return { reference, profile, units }
}

function countOutside(
  { window, placements }: ShipmentFacts,
  rowsOf: (placement: PlacementFacts) => readonly RecordedRow[],
): number {
  if (window === null) return 0
  const isOutside = ({ at, isFirst }: RecordedRow) => isFirst && (at < window.fromAt || at >= window.toAt)
  return placements.reduce((sum, placement) => sum + rowsOf(placement).filter(isOutside).length, 0)
}
