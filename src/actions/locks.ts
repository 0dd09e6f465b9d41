import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { numbers } from './load-rows.ts'
import { SENSOR_STRIPES, stripesOf } from './stripes.ts'

/**
 * Takes the judging lock of shipments, in order of id, for whatever changes how they are judged: what recording
 * processes remember of them holds no longer. The stripes before the rows, as who records does, and only of those whose
 * windows are open: of the others the rows alone are the lock.
 */
export async function lockShipments(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const open = await openOnes(tx, ids)
  await lockShipmentStripes(tx, stripesOf(open))
  await sql`select id from shipment where id = any(${numbers(ids)}::bigint[]) order by id for no key update`.execute(tx)
  // one was opened again meanwhile; should its stripe deadlock, the transaction is run again
  const before = new Set(stripesOf(open))
  await lockShipmentStripes(
    tx,
    stripesOf(await openOnes(tx, ids)).filter((stripe) => !before.has(stripe)),
  )
  await raiseRevisions(tx, ids)
}

async function openOnes(tx: Tx, ids: readonly number[]): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`select id from shipment
    where id = any(${numbers(ids)}::bigint[]) and (packed_at is null or closed_at is null)`.execute(tx)
  return rows.map(({ id }) => id)
}

async function lockShipmentStripes(tx: Tx, stripes: readonly number[]): Promise<void> {
  if (stripes.length === 0) return
  const these = sql`id = any(${numbers(stripes)}::smallint[])`
  await sql`select id from shipment_stripe where ${these} order by id for no key update`.execute(tx)
  await sql`update shipment_stripe set revision = revision + 1 where ${these}`.execute(tx)
}

/** Of shipments whose rows are locked and that no recording process judges from memory: waiting ones, for instance. */
export async function raiseRevisions(tx: Tx, ids: readonly number[]): Promise<void> {
  await sql`update shipment set revision = revision + 1 where id = any(${numbers(ids)}::bigint[])`.execute(tx)
}

/**
 * Locks sensors in order of id against recording while their placements or certificates change; always before
 * shipments. Recording holds their stripes together with others, which this waits for and which waits for this.
 */
export async function lockSensors(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const stripes = numbers(stripesOf(ids))
  const each = sql`unnest(${stripes}::int[]) as s(stripe)`
  await sql`select pg_advisory_xact_lock(${SENSOR_STRIPES}, stripe) from ${each}`.execute(tx)
  await sql`update sensor_stripe set revision = revision + 1 where id = any(${stripes}::smallint[])`.execute(tx)
  await sql`select id from sensor where id = any(${numbers(ids)}::bigint[]) order by id for update`.execute(tx)
  await sql`update sensor set revision = revision + 1 where id = any(${numbers(ids)}::bigint[])`.execute(tx)
}
