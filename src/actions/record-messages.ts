import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { ReceivedMessage } from '../domain/message.ts'
import { judgeOrPostpone } from './judge.ts'
import { keepMessages } from './keep-messages.ts'
import { numbers } from './load-rows.ts'
import { ensurePartitions } from './partitions.ts'
import { bounds, SOURCE, type StoredChange, storeReadings, type ToStore } from './store-readings.ts'

/**
 * Records a batch of received messages in one transaction and judges the shipments they concern. When it returns, every
 * message has a row somewhere: readings, conflicts, or the message itself kept for a person. Only then may the door
 * ack.
 *
 *   lock sensors (key share) → insert readings → keep conflicts → lock shipments (no key update) → batch row → judge
 *
 * READ COMMITTED, each step its own statement, so that concurrent recorders see each other. Sensors are locked before
 * shipments everywhere; whatever changes a placement locks the sensor `for update`, so a placement being made while its
 * readings arrive is seen either here or there.
 */
export async function recordMessages(ctx: Ctx, messages: readonly ReceivedMessage[]): Promise<{ unjudged: boolean }> {
  await ensurePartitions(ctx.db, instantsOf(messages))
  const recorded = await transaction(ctx.db, (tx) => recordIn(tx, ctx, messages))
  ctx.metrics.readings.inc({ outcome: 'stored' }, recorded.stored)
  ctx.metrics.readings.inc({ outcome: 'duplicate' }, recorded.duplicates)
  ctx.metrics.readings.inc({ outcome: 'conflict' }, recorded.conflicts)
  return { unjudged: recorded.unjudged }
}

/** The instants of all readings of a batch, for `ensurePartitions`. */
export function instantsOf(messages: readonly ReceivedMessage[]): number[] {
  return messages.flatMap(({ parsed }) => parsed.readings.map((reading) => reading.at))
}

/** `unjudged`: more readings than one transaction judges; `judgePending` goes on. */
type Recorded = { stored: number; duplicates: number; conflicts: number; unjudged: boolean }

/** The same inside a transaction of the caller, whose partitions exist. */
export async function recordIn(tx: Tx, ctx: Ctx, messages: readonly ReceivedMessage[]): Promise<Recorded> {
  const known = await lockSensors(tx, messages)
  const batchId = await nextBatchId(tx)
  const ofKnown = messages.filter(({ parsed }) => parsed.sensorId !== null && known.has(parsed.sensorId))
  const readings = ofKnown.flatMap((message) => toStore(message))
  const stored = await storeReadings(tx, batchId, readings)
  await keepMessages(tx, ctx, { messages, known, conflicts: stored.conflicts })
  const changes = await lockConcernedShipments(tx, [...stored.inserted, ...stored.conflicts])
  await tx
    .insertInto('batch')
    .values({
      id: batchId,
      known_at: at(ctx.now()),
      messages: messages.length,
      readings: stored.inserted.length,
      duplicates: stored.duplicates,
      conflicts: stored.conflicts.length,
    })
    .execute()
  const { unjudged } = await judgeOrPostpone(tx, ctx, changes)
  const { inserted, conflicts, duplicates } = stored
  return { stored: inserted.length, duplicates, conflicts: conflicts.length, unjudged }
}

/** Locks the sensors that exist against changes of their placements; returns their ids. */
async function lockSensors(tx: Tx, messages: readonly ReceivedMessage[]): Promise<Set<number>> {
  const ids = [...new Set(messages.flatMap(({ parsed }) => parsed.sensorId ?? []))]
  if (ids.length === 0) return new Set()
  const result = await sql<{ id: number }>`
    select id from sensor where id = any(${numbers(ids)}::bigint[]) order by id for key share`.execute(tx)
  return new Set(result.rows.map((row) => row.id))
}

/** The id of the next batch row, which is written after the readings that name it. */
export async function nextBatchId(tx: Tx): Promise<number> {
  const result = await sql<{ id: number }>`select nextval('batch_id_seq') as id`.execute(tx)
  const [row] = result.rows
  if (row === undefined) throw new Error('the sequence of batches gave no number')
  return row.id
}

function toStore({ parsed, receivedAt, payload }: ReceivedMessage): ToStore[] {
  const sensorId = parsed.sensorId
  if (sensorId === null) return []
  return parsed.readings.map((reading) => ({
    ...reading,
    sensorId,
    seq: parsed.seq,
    receivedAt,
    payload,
    source: SOURCE.live,
  }))
}

/**
 * Locks the shipments whose product placements hold a changed instant, in order of id, and gives per placement the
 * oldest one. Locked after the insert: locking before it makes two recording processes no faster than one.
 */
async function lockConcernedShipments(tx: Tx, changes: readonly StoredChange[]) {
  const changedFromAt = new Map<number, number>()
  if (changes.length === 0) return { shipmentIds: [], changedFromAt }
  const [oldest, newest] = bounds(changes)
  const placements = await tx
    .selectFrom('placement')
    .select(['id', 'sensor_id', 'channel', 'shipment_id', 'from_at', 'to_at'])
    .where(sql<boolean>`sensor_id = any(${numbers([...new Set(changes.map(({ sensorId }) => sensorId))])}::bigint[])`)
    .where('superseded_at', 'is', null)
    .where('role', 'in', ['product', 'product_backup'])
    // a sensor has a hundred journeys behind it, and a batch concerns the last one
    .where(sql<boolean>`from_at <= ${newest}::timestamptz and coalesce(to_at, 'infinity') > ${oldest}::timestamptz`)
    .execute()
  const placementsOf = Map.groupBy(placements, (placement) => `${placement.sensor_id}/${placement.channel}`)
  const shipmentIds = new Set<number>()
  for (const change of changes) {
    for (const placement of placementsOf.get(`${change.sensorId}/${change.channel}`) ?? []) {
      const inside = placement.from_at <= change.at && (placement.to_at === null || change.at < placement.to_at)
      if (!inside) continue
      shipmentIds.add(placement.shipment_id)
      changedFromAt.set(placement.id, Math.min(change.at, changedFromAt.get(placement.id) ?? change.at))
    }
  }
  const ids = [...shipmentIds].sort((a, b) => a - b)
  await lockShipments(tx, ids)
  return { shipmentIds: ids, changedFromAt }
}

/** Takes the judging lock of shipments in order of id. */
export async function lockShipments(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await sql`select id from shipment where id = any(${numbers(ids)}::bigint[]) order by id for no key update`.execute(tx)
}
