import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Recording } from '../../db/recording.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { forgetFrom } from './checkpoints.ts'
import { markForJudging } from './judge.ts'
import { lockShipments } from './locks.ts'
import { sayAgain } from './said-by.ts'
import { insertObservations, type ObservationToStore } from './store-observations.ts'
import { byKey, divide, storeReadings, type ToStore } from './store-readings.ts'

/** A batch of one sensor's memory. */
export type ReadoutBatch = {
  sensorId: number
  importId: number
  readings: readonly ToStore[]
  observations: readonly ObservationToStore[]
  /** Stretches that are judged otherwise from now on, whatever is stored: the last batch makes the memory whole. */
  whole: readonly Stretch[]
}

/** What became of it; `shipmentIds`: the shipments that wait for judging because of it. */
export type RecordedReadout = {
  /** Of the readings. */
  stored: number
  duplicates: number
  conflicts: number
  /** How many of the observations were new. */
  observations: number
  shipmentIds: number[]
}

/**
 * Stores one batch of what was read out and marks the shipments it concerns for judging; the only place where a
 * read-out meets the recording of readings. Judged once, after the last batch: every part of a long file would else
 * leave an evaluation version that the next one replaces. Locks sensor before shipments, as every recorder does.
 */
export async function recordReadout(
  run: Recording,
  { ctx, actor }: { ctx: Ctx; actor: Actor },
  { sensorId, importId, readings, observations, whole }: ReadoutBatch,
): Promise<RecordedReadout> {
  const { tx } = run
  await sql`select id from sensor where id = ${sensorId} for key share`.execute(tx)
  const batchId = await nextBatchId(tx)
  // nothing is known of what is stored: each key is looked for
  const unknown = { newest: () => Number.POSITIVE_INFINITY, lacks: () => false }
  const divided = divide(readings.toSorted(byKey), unknown)
  const { inserted, conflicts, duplicates } = await storeReadings(run, batchId, divided)
  const stored = new Set([...inserted, ...conflicts])
  await sayAgain(tx, { sensorId, importId, batchId, readings: readings.filter((reading) => !stored.has(reading)) })
  const observed = await insertObservations(tx, batchId, observations)
  const now = ctx.now()
  await audit(
    tx,
    actor,
    conflicts.map((conflict) => ({
      at: now,
      action: 'reading_conflict',
      subjectKind: 'sensor',
      subjectId: sensorId,
      after: { channel: conflict.channel, at: isoInstant(conflict.at), importId },
    })),
  )
  const shipmentIds = await markStretches(tx, sensorId, [...stretchesOf([...inserted, ...conflicts]), ...whole])
  await tx
    .insertInto('batch')
    .values({
      id: batchId,
      // behind the lock: what is rooted meanwhile must not come to know it afterwards
      known_at: at(ctx.now()),
      messages: 0,
      readings: inserted.length,
      duplicates,
      conflicts: conflicts.length,
      import_id: importId,
    })
    .execute()
  return { stored: inserted.length, duplicates, conflicts: conflicts.length, observations: observed, shipmentIds }
}

async function nextBatchId(tx: Tx): Promise<number> {
  const { rows } = await sql<{ id: number }>`select nextval('batch_id_seq') as id`.execute(tx)
  const [row] = rows
  if (row === undefined) throw new Error('the sequence of batches gave no number')
  return row.id
}

/** A stretch of one channel's time, both ends included. */
export type Stretch = { channel: string; fromAt: number; toAt: number }

function stretchesOf(changes: readonly ToStore[]): Stretch[] {
  const stretches = new Map<string, Stretch>()
  for (const { channel, at: changedAt } of changes) {
    const before = stretches.get(channel) ?? { channel, fromAt: changedAt, toAt: changedAt }
    const fromAt = Math.min(before.fromAt, changedAt)
    stretches.set(channel, { channel, fromAt, toAt: Math.max(before.toAt, changedAt) })
  }
  return [...stretches.values()]
}

/**
 * Locks and marks the shipments on which channels of a sensor ride during some stretches, each from the first instant
 * of the stretch that lies in its placement; returns their ids. Once in a transaction: of locks taken by turns others
 * take the second first. All that was folded of them is forgotten: a row of the memory decides about live rows around
 * it, and the change is known to this transaction only.
 */
export async function markStretches(tx: Tx, sensorId: number, stretches: readonly Stretch[]): Promise<number[]> {
  if (stretches.length === 0) return []
  const placements = await tx
    .selectFrom('placement')
    .select(['channel', 'shipment_id', 'from_at', 'to_at'])
    .where('sensor_id', '=', sensorId)
    .where('superseded_at', 'is', null)
    .where('role', 'in', ['product', 'product_backup'])
    .execute()
  const marks = new Map<number, number>()
  for (const { channel, shipment_id: shipmentId, from_at: fromAt, to_at: toAt } of placements) {
    for (const stretch of stretches) {
      const isConcerned =
        stretch.channel === channel && fromAt <= stretch.toAt && (toAt ?? Number.POSITIVE_INFINITY) > stretch.fromAt
      if (!isConcerned) continue
      const from = Math.max(fromAt, stretch.fromAt)
      marks.set(shipmentId, Math.min(from, marks.get(shipmentId) ?? from))
    }
  }
  const ids = [...marks.keys()].sort((a, b) => a - b)
  await lockShipments(tx, ids)
  await forgetFrom(
    tx,
    ids.map((shipmentId) => ({ shipmentId, fromAt: 0 })),
  )
  await markForJudging(
    tx,
    [...marks].map(([shipmentId, fromAt]) => ({ shipmentId, fromAt })),
  )
  return ids
}
