import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { numbers } from './load-rows.ts'

/**
 * Takes the judging lock of shipments in order of id, for whatever changes how they are judged: what recording
 * processes remember of them holds no longer.
 */
export async function lockShipments(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await sql`select id from shipment where id = any(${numbers(ids)}::bigint[]) order by id for no key update`.execute(tx)
  await raiseRevisions(tx, ids)
}

/** The same for shipments whose lock is held. */
export async function raiseRevisions(tx: Tx, ids: readonly number[]): Promise<void> {
  await sql`update shipment set revision = revision + 1 where id = any(${numbers(ids)}::bigint[])`.execute(tx)
}

/**
 * Locks sensors in order of id against recording while their placements or certificates change; always before
 * shipments. Recording holds them `for key share`, which this waits for and which waits for this.
 */
export async function lockSensors(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await sql`select id from sensor where id = any(${numbers(ids)}::bigint[]) order by id for update`.execute(tx)
  await sql`update sensor set revision = revision + 1 where id = any(${numbers(ids)}::bigint[])`.execute(tx)
}
