import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { isTransient } from '../../db/connection-error.ts'
import { anyOf, at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Assessment, assess } from '../domain/assess.ts'
import { forgetFrom } from './checkpoints.ts'
import { appendDueRoots } from './due-roots.ts'
import { type Folded, type FoldWork, foldPlacements } from './fold-placements.ts'
import { loadFacts, type ShipmentFacts } from './judging-facts.ts'
import { numbers } from './load-rows.ts'
import { raiseRevisions } from './locks.ts'
import { type EvaluationHead, loadHeads, storeEvaluations } from './store-evaluations.ts'

/** Readings judged in one transaction; more follow in transactions of their own, so that the door is never blocked. */
export const MAX_ROWS_PER_TRANSACTION = 20_000

/** Oldest changed instant per placement, of shipments that the caller has locked (`locks.ts`, `lock-concerned.ts`). */
export type Changes = { shipmentIds: readonly number[]; changedFromAt: ReadonlyMap<number, number> }

/**
 * Judges locked shipments after their readings changed: folds each placement from its newest usable checkpoint,
 * combines, and stores a new evaluation version where the content changed. What exceeds the budget is left for
 * `judgePending`: `shipment.judge_from` then names the oldest unjudged instant, and no evaluation is stored for that
 * shipment. One whose readings are archived is not judged at all: it waits until they are restored.
 */
export async function judge(tx: Tx, ctx: Ctx, changes: Changes): Promise<Judging> {
  if (changes.shipmentIds.length === 0) return NOTHING_JUDGED
  const found = await loadFacts(tx, changes.shipmentIds, ctx.judges.current)
  const facts = found.filter(({ archives }) => archives.length === 0)
  const archived = found.filter(({ archives }) => archives.length > 0)
  await postponeArchived(tx, archived, changes.changedFromAt)
  const works = facts.flatMap((shipment) => worksOf(shipment, changes.changedFromAt))
  const { folded, rows } = await foldPlacements(tx, works, { budget: MAX_ROWS_PER_TRANSACTION, write: true })
  ctx.metrics.judged.inc(rows)
  const foldedOf = new Map(folded.map((fold) => [fold.placement.id, fold]))
  const outcomes = facts.map((shipment) => outcome(shipment, foldedOf))
  await updateJudgeFrom(tx, outcomes)
  const done = outcomes.filter((one) => one.unjudgedFromAt === null)
  const heads = await loadHeads(
    tx,
    done.map(({ shipment }) => shipment.shipmentId),
  )
  const judged = done.map(({ shipment, folded: folds }) => {
    const head = heads.get(shipment.shipmentId) ?? null
    return { shipment, folded: folds, head, assessment: assess(shipment, folds, 'stored') }
  })
  const stored = await storeEvaluations(tx, ctx, judged)
  for (const one of judged) one.head = stored.get(one.shipment.shipmentId) ?? one.head
  return { unjudged: done.length < outcomes.length, judged, archived: archived.map(({ shipmentId }) => shipmentId) }
}

/**
 * What judging left: whether some shipment waits for more, those that wait for an archive, and the others as they
 * stand.
 */
export type Judging = { unjudged: boolean; judged: Judged[]; archived: number[] }

const NOTHING_JUDGED: Judging = { unjudged: false, judged: [], archived: [] }

export type Judged = { shipment: ShipmentFacts; folded: Folded[]; assessment: Assessment; head: EvaluationHead | null }

/** The change is known to this transaction only, so what was folded after it must not be continued from. */
async function postponeArchived(
  tx: Tx,
  archived: readonly ShipmentFacts[],
  changedFromAt: ReadonlyMap<number, number>,
): Promise<void> {
  const changes = archived.flatMap(({ shipmentId, placements }) => {
    const fromAt = Math.min(...placements.map(({ id }) => changedFromAt.get(id) ?? Number.POSITIVE_INFINITY))
    return fromAt === Number.POSITIVE_INFINITY ? [] : [{ shipmentId, fromAt }]
  })
  if (changes.length === 0) return
  await forgetFrom(tx, changes)
  await markForJudging(tx, changes)
}

/** Marks shipments for judging because an input other than a reading changed; the caller holds their locks. */
export async function markForJudging(
  tx: Tx,
  changes: readonly { shipmentId: number; fromAt: number }[],
): Promise<void> {
  if (changes.length === 0) return
  await sql`update shipment s set judge_from = least(s.judge_from, to_timestamp(w.from_ms / 1000.0))
    from unnest(${numbers(changes.map(({ shipmentId }) => shipmentId))}::bigint[],
      ${numbers(changes.map(({ fromAt }) => fromAt))}::bigint[]) as w(shipment, from_ms)
    where s.id = w.shipment`.execute(tx)
}

/**
 * The same where one shipment's judging must not stop the others or the recording itself: a shipment whose judging
 * fails is marked, said loudly, and judged again by whoever asks for it. Failures that a new attempt mends are thrown.
 */
export async function judgeOrPostpone(tx: Tx, ctx: Ctx, changes: Changes): Promise<Judging> {
  if (changes.shipmentIds.length === 0) return NOTHING_JUDGED
  const together = await attempt(tx, () => judge(tx, ctx, changes))
  if (!('error' in together)) return together
  const judged: Judged[] = []
  const archived: number[] = []
  for (const shipmentId of changes.shipmentIds) {
    const alone = await attempt(tx, () => judge(tx, ctx, { ...changes, shipmentIds: [shipmentId] }))
    if (!('error' in alone)) {
      judged.push(...alone.judged)
      archived.push(...alone.archived)
      continue
    }
    ctx.log.error({ err: alone.error, shipmentId }, 'Judging failed; its readings are stored and wait for judging')
    const fromAt = Math.min(...changes.changedFromAt.values())
    // the change is known to this transaction only, so what was folded after it must not be continued from
    await forgetFrom(tx, [{ shipmentId, fromAt }])
    await markForJudging(tx, [{ shipmentId, fromAt }])
  }
  return { unjudged: true, judged, archived }
}

/** Runs work in a savepoint: a failure undoes it and comes back as a value; a transient one is thrown. */
export async function attempt<T>(tx: Tx, work: () => Promise<T>): Promise<T | { error: unknown }> {
  await sql`savepoint attempt`.execute(tx)
  try {
    const result = await work()
    await sql`release savepoint attempt`.execute(tx)
    return result
  } catch (error) {
    if (isTransient(error)) throw error
    await sql`rollback to savepoint attempt`.execute(tx)
    return { error }
  }
}

/**
 * Judges shipments that are marked, each in transactions of its own until it is done; returns how many were finished.
 * Other processes' shipments are skipped, not waited for; one that fails, or waits for an archive, does not hold up the
 * rest. `only` restricts it to one shipment, waits for its lock, and throws what fails. At the end what was relied on
 * and superseded is rooted, and compared with what was known.
 */
export async function judgePending(ctx: Ctx, only: number | null = null): Promise<number> {
  const passed: number[] = []
  let finished = 0
  for (;;) {
    const step = await transaction(ctx.db, (tx) => judgeNext(tx, ctx, { only, passed }))
    if (step === null) {
      await appendDueRoots(ctx, only)
      return finished
    }
    if (step.outcome === 'done') finished++
    if (step.outcome === 'done' || step.outcome === 'more') continue
    passed.push(step.shipmentId)
    if (!('error' in step)) continue
    if (only !== null) throw step.error
    ctx.log.error({ err: step.error, shipmentId: step.shipmentId }, 'Judging failed; the shipment goes on waiting')
  }
}

type Step =
  | { shipmentId: number; outcome: 'more' | 'done' | 'archived' }
  | { shipmentId: number; outcome: 'failed'; error: unknown }

async function judgeNext(
  tx: Tx,
  ctx: Ctx,
  which: { only: number | null; passed: readonly number[] },
): Promise<Step | null> {
  const { only, passed } = which
  let query = tx.selectFrom('shipment').select('id').where('judge_from', 'is not', null)
  if (only !== null) query = query.where('id', '=', only)
  if (passed.length > 0) query = query.where('id', 'not in', [...passed])
  const locked = query.orderBy('id').limit(1).forNoKeyUpdate()
  const found = await (only === null ? locked.skipLocked() : locked).executeTakeFirst()
  if (found === undefined) return null
  // of one that waits the row is the lock: nobody judges it from memory
  await raiseRevisions(tx, [found.id])
  const changes = { shipmentIds: [found.id], changedFromAt: new Map() }
  const judged = await attempt(tx, () => judge(tx, ctx, changes))
  if ('error' in judged) return { shipmentId: found.id, outcome: 'failed', error: judged.error }
  if (judged.archived.length > 0) return { shipmentId: found.id, outcome: 'archived' }
  return { shipmentId: found.id, outcome: judged.unjudged ? 'more' : 'done' }
}

/** Also of a shipment that is not packed: nothing of it is judged, but the newest reading of its sensors is served. */
export function worksOf(shipment: ShipmentFacts, changedFromAt: ReadonlyMap<number, number>): FoldWork[] {
  return shipment.placements.map((placement) => ({
    placement,
    levels: shipment.profile.levels.length,
    changedFromAt: changedFromAt.get(placement.id) ?? Number.POSITIVE_INFINITY,
  }))
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
    await tx.updateTable('shipment').set({ judge_from: null }).where('id', '=', anyOf(ids)).execute()
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
