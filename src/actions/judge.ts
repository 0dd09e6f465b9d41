import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Assessment, assess } from './assess.ts'
import { forgetFrom } from './checkpoints.ts'
import { type Folded, type FoldWork, foldPlacements } from './fold-placements.ts'
import { loadFacts, type ShipmentFacts } from './judging-facts.ts'
import { numbers } from './load-rows.ts'
import { storeEvaluations } from './store-evaluations.ts'

/** Readings judged in one transaction; more follow in transactions of their own, so that the door is never blocked. */
export const MAX_ROWS_PER_TRANSACTION = 20_000

/** Oldest changed instant per placement, of shipments whose rows the caller has locked (`for no key update`). */
export type Changes = { shipmentIds: readonly number[]; changedFromAt: ReadonlyMap<number, number> }

/**
 * Judges locked shipments after their readings changed: folds each placement from its newest usable checkpoint,
 * combines, and stores a new evaluation version where the content changed. What exceeds the budget is left for
 * `judgePending`: `shipment.judge_from` then names the oldest unjudged instant, and no evaluation is stored for that
 * shipment.
 */
export async function judge(tx: Tx, ctx: Ctx, changes: Changes): Promise<{ unjudged: boolean }> {
  if (changes.shipmentIds.length === 0) return { unjudged: false }
  const facts = await loadFacts(tx, changes.shipmentIds)
  const works = facts.flatMap((shipment) => worksOf(shipment, changes.changedFromAt))
  const { folded, rows } = await foldPlacements(tx, works, { budget: MAX_ROWS_PER_TRANSACTION, write: true })
  ctx.metrics.judged.inc(rows)
  const foldedOf = new Map(folded.map((fold) => [fold.placement.id, fold]))
  const outcomes = facts.map((shipment) => outcome(shipment, foldedOf))
  await updateJudgeFrom(tx, outcomes)
  const done = outcomes.filter((one) => one.unjudgedFromAt === null)
  await storeEvaluations(
    tx,
    ctx,
    done.map((one) => assess(one.shipment, one.folded, 'stored')),
  )
  return { unjudged: done.length < outcomes.length }
}

/** Marks shipments for judging because an input other than a reading changed; the caller holds their row locks. */
export async function markForJudging(
  tx: Tx,
  changes: readonly { shipmentId: number; fromAt: number }[],
): Promise<void> {
  if (changes.length === 0) return
  await forgetFrom(tx, changes)
  await sql`update shipment s set judge_from = least(s.judge_from, to_timestamp(w.from_ms / 1000.0))
    from unnest(${numbers(changes.map(({ shipmentId }) => shipmentId))}::bigint[],
      ${numbers(changes.map(({ fromAt }) => fromAt))}::bigint[]) as w(shipment, from_ms)
    where s.id = w.shipment`.execute(tx)
}

/**
 * Judges shipments that are marked, each in transactions of its own until it is done; returns how many were finished.
 * Other processes' shipments are skipped, not waited for. `only` restricts it to one shipment and waits for its lock.
 */
export async function judgePending(ctx: Ctx, only: number | null = null): Promise<number> {
  let finished = 0
  for (;;) {
    const step = await transaction(ctx.db, (tx) => judgeOne(tx, ctx, only))
    if (step === 'none') return finished
    if (step === 'done') finished++
  }
}

/** Assesses a shipment as of an instant without storing anything; the caller has seen that it is not marked. */
export async function assessAt(tx: Tx, shipmentId: number, now: number): Promise<Assessment | null> {
  const [facts] = await loadFacts(tx, [shipmentId])
  if (facts === undefined) return null
  const { folded } = await foldPlacements(tx, worksOf(facts, new Map()), { budget: READ_BUDGET, write: false })
  return assess(facts, folded, now)
}

/** A reader folds without limit what a missing cache leaves to fold. */
const READ_BUDGET = 100_000_000

async function judgeOne(tx: Tx, ctx: Ctx, only: number | null): Promise<'none' | 'more' | 'done'> {
  let query = tx.selectFrom('shipment').select('id').where('judge_from', 'is not', null)
  if (only !== null) query = query.where('id', '=', only)
  const locked = query.orderBy('id').limit(1).forNoKeyUpdate()
  const found = await (only === null ? locked.skipLocked() : locked).executeTakeFirst()
  if (found === undefined) return 'none'
  await judge(tx, ctx, { shipmentIds: [found.id], changedFromAt: new Map() })
  const after = await tx
    .selectFrom('shipment')
    .select('judge_from')
    .where('id', '=', found.id)
    .executeTakeFirstOrThrow()
  return after.judge_from === null ? 'done' : 'more'
}

/** Also of a shipment that is not packed: nothing of it is judged, but the newest reading of its sensors is served. */
function worksOf(shipment: ShipmentFacts, changedFromAt: ReadonlyMap<number, number>): FoldWork[] {
  return shipment.placements.map((placement) => {
    const changed = changedFromAt.get(placement.id)
    return {
      placement,
      levels: shipment.profile.levels.length,
      changedFromAt: changed ?? Number.POSITIVE_INFINITY,
      behind: changed !== undefined || shipment.judgeFromAt !== null,
    }
  })
}

type Outcome = { shipment: ShipmentFacts; folded: Folded[]; unjudgedFromAt: number | null }

function outcome(shipment: ShipmentFacts, foldedOf: ReadonlyMap<number, Folded>): Outcome {
  const folded = shipment.placements.flatMap((placement) => foldedOf.get(placement.id) ?? [])
  const unfolded = folded.flatMap((fold) => fold.unfoldedFromAt ?? [])
  return { shipment, folded, unjudgedFromAt: unfolded.length === 0 ? null : Math.min(...unfolded) }
}

async function updateJudgeFrom(tx: Tx, outcomes: readonly Outcome[]): Promise<void> {
  const judged = outcomes.filter((one) => one.unjudgedFromAt === null && one.shipment.judgeFromAt !== null)
  if (judged.length > 0) {
    const ids = judged.map((one) => one.shipment.shipmentId)
    await tx.updateTable('shipment').set({ judge_from: null }).where('id', 'in', ids).execute()
  }
  for (const one of outcomes) {
    if (one.unjudgedFromAt === null) continue
    await tx
      .updateTable('shipment')
      .set({ judge_from: at(one.unjudgedFromAt) })
      .where('id', '=', one.shipment.shipmentId)
      .execute()
  }
}
