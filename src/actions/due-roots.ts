import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import { loadLedger } from './custody-ledger.ts'
import { openReReview } from './late-truth.ts'
import { appendReadingsRoot } from './readings-roots.ts'
import { stampHead } from './stamps.ts'

/**
 * What follows where an evaluation that somebody relied on was superseded, each shipment in a transaction of its own;
 * after the transaction that stored it, so that recording hashes and compares nothing: the new one is rooted and
 * stamped, and where it says otherwise a re-review is opened. `only` restricts it to one shipment and waits for its
 * lock; else other processes' shipments are skipped. Returns how many there were.
 */
export async function appendDueRoots(ctx: Ctx, only: number | null = null): Promise<number> {
  for (let count = 0; ; count++) if (!(await transaction(ctx.db, (tx) => appendDue(tx, ctx, only)))) return count
}

async function appendDue(tx: Tx, ctx: Ctx, only: number | null): Promise<boolean> {
  // one that waits for judging is rooted when that is done
  let query = tx
    .selectFrom('shipment')
    .select(['id', 'root_due', 'review_due'])
    .where((eb) => eb.or([eb('root_due', '=', true), eb('review_due', '=', true)]))
    .where('judge_from', 'is', null)
  if (only !== null) query = query.where('id', '=', only)
  const locked = query.orderBy('id').limit(1).forNoKeyUpdate()
  const found = await (only === null ? locked.skipLocked() : locked).executeTakeFirst()
  if (found === undefined) return false
  if (found.root_due) await rootReadings(tx, ctx, found.id)
  if (found.review_due) await openReReview(tx, ctx, found.id)
  return true
}

async function rootReadings(tx: Tx, ctx: Ctx, shipmentId: number): Promise<void> {
  const ledger = await loadLedger(tx, shipmentId)
  const { head } = await appendReadingsRoot(tx, ctx, { shipmentId, ledger })
  if (head.seq > ledger.head.seq) await stampHead(tx, ctx, { shipmentId, head })
}
