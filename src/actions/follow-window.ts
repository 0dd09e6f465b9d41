import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at, atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { SERVICE } from '../domain/actor.ts'
import { audit } from './audit.ts'
import { supersede } from './correct-placement.ts'
import { markForJudging } from './judge.ts'

/** How the custody events moved the judging window; instants in epoch milliseconds, null: not packed, still open. */
export type WindowChange = {
  packedAt: number | null
  closedAt: number | null
  before: { packedAt: number | null; closedAt: number | null }
}

/**
 * Ends the placements that follow the window where it ends (`opened` ends placements), or reopens them when a
 * correction moved it, and marks the shipment for judging from the oldest instant that is judged differently. A sensor
 * that rides with another shipment by then keeps its end. The caller holds the locks of the sensors and the shipment.
 */
export async function followWindow(
  tx: Tx,
  ctx: Ctx,
  input: { shipmentId: number; change: WindowChange; seq: number },
): Promise<void> {
  const { shipmentId, change } = input
  const moved = await placementsToMove(tx, shipmentId, change.closedAt)
  await supersede(
    tx,
    moved.map((placement) => placement.id),
    ctx.now(),
  )
  if (moved.length > 0) {
    await tx
      .insertInto('placement')
      .values(
        moved.map(({ id, superseded_at: _old, ...placement }) => ({
          ...placement,
          from_at: at(placement.from_at),
          to_at: atOrNull(change.closedAt),
          corrects_id: id,
          reason: `the window of the shipment moved with custody event ${input.seq}`,
          known_at: at(ctx.now()),
        })),
      )
      .execute()
    await audit(
      tx,
      SERVICE,
      moved.map((placement) => ({
        at: ctx.now(),
        action: 'placement_followed_window',
        subjectKind: 'shipment',
        subjectId: shipmentId,
        before: { placementId: placement.id, toAt: placement.to_at },
        after: { toAt: change.closedAt },
        reason: `custody event ${input.seq}`,
      })),
    )
  }
  await markForJudging(tx, [{ shipmentId, fromAt: oldestDifference(change) }])
}

async function placementsToMove(tx: Tx, shipmentId: number, closedAt: number | null) {
  const end = closedAt === null ? sql`'infinity'::timestamptz` : at(closedAt)
  return tx
    .selectFrom('placement')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .where('superseded_at', 'is', null)
    .where('until_window_end', '=', true)
    .where(sql<boolean>`coalesce(to_at, 'infinity') <> ${end} and from_at < ${end}`)
    .where(
      sql<boolean>`not exists (select 1 from placement o where o.id <> placement.id
        and o.sensor_id = placement.sensor_id and o.channel = placement.channel and o.superseded_at is null
        and o.role <> 'ambient' and placement.role <> 'ambient'
        and tstzrange(o.from_at, o.to_at) && tstzrange(placement.from_at, ${end}))`,
    )
    .execute()
}

/** A moved start judges everything again; a moved end only what lies after the earlier of both. */
function oldestDifference({ packedAt, closedAt, before }: WindowChange): number {
  if (packedAt !== before.packedAt) return 0
  return Math.min(closedAt ?? Number.MAX_SAFE_INTEGER, before.closedAt ?? Number.MAX_SAFE_INTEGER)
}
