import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { BudgetState } from '../domain/budget.ts'
import { isRefusal } from '../domain/refusal.ts'
import { lockWithSensors } from './follow-ledger.ts'
import { judgePending } from './judge.ts'
import { budgetsOfShipment } from './shipment-budget.ts'
import { isArchived } from './status-facts.ts'
import { loadHeads } from './store-evaluations.ts'

/** Budgets of a shipment's units by code; where codes cannot tell bags apart nobody knows any. */
export type Budgets = ReadonlyMap<string, BudgetState>

/**
 * Runs a deed that stands on everything known about a shipment: judged to the last reading, budgets posted, the
 * shipment locked. What arrives in between is judged first, and the deed begins again.
 */
export async function decideOn<T>(ctx: Ctx, shipmentId: number, deed: (tx: Tx, budgets: Budgets) => Promise<T>) {
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const { version, budgets } = await settled(ctx, shipmentId)
    const done = await transaction(ctx.db, async (tx): Promise<{ value: T } | 'behind'> => {
      await lockWithSensors(tx, shipmentId)
      return (await isBehind(tx, shipmentId, version)) ? 'behind' : { value: await deed(tx, budgets) }
    })
    if (done !== 'behind') return done.value
  }
  throw new Error(`shipment ${shipmentId} changed ${MAX_ROUNDS} times while somebody decided about it`)
}

/** Readings come every minutes and judging takes milliseconds: more rounds are a fault. */
const MAX_ROUNDS = 20

/** The same for whoever only reads, in one snapshot. */
export async function readOn<T>(ctx: Ctx, shipmentId: number, read: (tx: Tx, budgets: Budgets) => Promise<T>) {
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const { version, budgets } = await settled(ctx, shipmentId)
    const snapshot = ctx.db.kysely.transaction().setIsolationLevel('repeatable read')
    const found = await snapshot.execute(
      async (tx): Promise<{ value: T } | 'behind'> =>
        (await isBehind(tx, shipmentId, version)) ? 'behind' : { value: await read(tx, budgets) },
    )
    if (found !== 'behind') return found.value
  }
  throw new Error(`shipment ${shipmentId} changed ${MAX_ROUNDS} times while it was read`)
}

async function settled(ctx: Ctx, shipmentId: number): Promise<{ version: number; budgets: Budgets }> {
  await judgePending(ctx, shipmentId)
  const found = await budgetsOfShipment(ctx, shipmentId)
  if (!isRefusal(found)) {
    return { version: found.evaluationVersion, budgets: new Map(found.units.map(({ code, state }) => [code, state])) }
  }
  const heads = await ctx.db.kysely.transaction().execute((tx) => loadHeads(tx, [shipmentId]))
  return { version: heads.get(shipmentId)?.version ?? 0, budgets: new Map() }
}

/** Whether something came since the budgets were worked out; what waits for an archive is not waited for. */
async function isBehind(tx: Tx, shipmentId: number, version: number): Promise<boolean> {
  const head = (await loadHeads(tx, [shipmentId])).get(shipmentId)
  if ((head?.version ?? 0) !== version) return true
  const row = await tx
    .selectFrom('shipment')
    .select('judge_from')
    .where('id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  return row.judge_from !== null && !(await isArchived(tx, shipmentId))
}
