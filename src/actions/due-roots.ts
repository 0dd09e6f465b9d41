import type { ExpressionBuilder } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { loadLedger } from './custody-ledger.ts'
import { openReReview } from './late-truth.ts'
import { lockShipments } from './locks.ts'
import { appendReadingsRoot } from './readings-roots.ts'
import { stampHead } from './stamps.ts'

/**
 * What follows where an evaluation that somebody relied on was superseded, each shipment in a transaction of its own;
 * after the transaction that stored it, so that recording hashes and compares nothing: the new one is rooted and
 * stamped, and where it says otherwise a re-review is opened. `only` restricts it to one shipment. Returns how many
 * there were.
 */
export async function appendDueRoots(ctx: Ctx, only: number | null = null): Promise<number> {
  let [count, lastId] = [0, 0]
  for (;;) {
    const shipmentId = await nextDue(ctx, only, lastId)
    if (shipmentId === null) return count
    lastId = shipmentId
    if (await transaction(ctx.db, (tx) => appendDue(tx, ctx, shipmentId))) count++
  }
}

async function nextDue(ctx: Ctx, only: number | null, afterId: number): Promise<number | null> {
  let query = ctx.db.kysely.selectFrom('shipment').select('id').where(isDue).where('id', '>', afterId)
  if (only !== null) query = query.where('id', '=', only)
  return (await query.orderBy('id').limit(1).executeTakeFirst())?.id ?? null
}

/** Something is due; one that waits for judging is rooted when that is done. */
function isDue(eb: ExpressionBuilder<Tables, 'shipment'>) {
  return eb.and([eb.or([eb('root_due', '=', true), eb('review_due', '=', true)]), eb('judge_from', 'is', null)])
}

/** False where another process has done it meanwhile. */
async function appendDue(tx: Tx, ctx: Ctx, shipmentId: number): Promise<boolean> {
  await lockShipments(tx, [shipmentId])
  const found = await tx
    .selectFrom('shipment')
    .select(['root_due', 'review_due'])
    .where('id', '=', shipmentId)
    .where(isDue)
    .executeTakeFirst()
  if (found === undefined) return false
  if (found.root_due) await rootReadings(tx, ctx, shipmentId)
  if (found.review_due) await openReReview(tx, ctx, shipmentId)
  return true
}

async function rootReadings(tx: Tx, ctx: Ctx, shipmentId: number): Promise<void> {
  const ledger = await loadLedger(tx, shipmentId)
  const { head } = await appendReadingsRoot(tx, ctx, { shipmentId, ledger })
  if (head.seq > ledger.head.seq) await stampHead(tx, ctx, { shipmentId, head })
}
