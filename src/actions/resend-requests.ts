import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { gapsOf, nextResendAt, type SeqRange } from '../domain/sequence.ts'
import { multirange, ranges } from './store-sequences.ts'

/** What a sensor's downlink shall ask for from now on; an empty list asks for nothing more. */
export type ResendRequest = { sensorId: number; missing: SeqRange[]; attempt: number }

/** Sensors in one call; the rest is due in the next. */
const MOST_PER_CALL = 500

/**
 * The downlinks that must change now: missing messages are asked for when they have been missing for a while, again
 * with longer pauses, and no more after some attempts; what is filled is taken back. Each counts as asked once this
 * commits: the downlink is desired state, so publishing it twice, or later after a crash, does no harm.
 */
export async function dueResendRequests(ctx: Ctx): Promise<ResendRequest[]> {
  const now = ctx.now()
  return transaction(ctx.db, async (tx) => {
    const rows = await tx
      .selectFrom('sensor_sequence')
      .select(['sensor_id', 'seen', 'attempts'])
      .where('resend_due_at', '<=', at(now))
      .orderBy('resend_due_at')
      .limit(MOST_PER_CALL)
      .forUpdate()
      .skipLocked()
      .execute()
    const due = rows.map((row) => {
      const missing = gapsOf(ranges(row.seen))
      return { sensorId: row.sensor_id, missing, attempt: missing.length === 0 ? 0 : row.attempts + 1 }
    })
    for (const request of due) await noteAsked(tx, request, now)
    return due
  })
}

async function noteAsked(tx: Tx, { sensorId, missing, attempt }: ResendRequest, now: number): Promise<void> {
  const asks = missing.length > 0
  await tx
    .updateTable('sensor_sequence')
    .set({
      asked: asks ? sql<string>`${multirange(missing)}::int8multirange` : null,
      attempts: attempt,
      resend_due_at: atOrNull(asks ? nextResendAt(now, attempt) : null),
    })
    .where('sensor_id', '=', sensorId)
    .execute()
}
