import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import { loadLedger } from './custody-ledger.ts'
import { appendReadingsRoot } from './readings-roots.ts'
import { stampHead } from './stamps.ts'

/**
 * Roots the readings of evaluations that superseded one somebody relied on, each in a transaction of its own; after
 * the transaction that stored them, so that recording hashes nothing. `only` restricts it to one shipment and waits for
 * its lock; else other processes' shipments are skipped. Returns how many there were.
 */
export async function appendDueRoots(ctx: Ctx, only: number | null = null): Promise<number> {
  for (let count = 0; ; count++) if (!(await transaction(ctx.db, (tx) => appendDue(tx, ctx, only)))) return count
}

async function appendDue(tx: Tx, ctx: Ctx, only: number | null): Promise<boolean> {
  // one that waits for judging is rooted when that is done
  let query = tx.selectFrom('shipment').select('id').where('root_due', '=', true).where('judge_from', 'is', null)
  if (only !== null) query = query.where('id', '=', only)
  const locked = query.orderBy('id').limit(1).forNoKeyUpdate()
  const found = await (only === null ? locked.skipLocked() : locked).executeTakeFirst()
  if (found === undefined) return false
  const ledger = await loadLedger(tx, found.id)
  const { head } = await appendReadingsRoot(tx, ctx, { shipmentId: found.id, ledger })
  if (head.seq > ledger.head.seq) await stampHead(tx, ctx, { shipmentId: found.id, head })
  return true
}
