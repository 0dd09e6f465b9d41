import { sql } from 'kysely'
import { transaction } from '../../db/connect.ts'
import { at, atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { gapsOf, nextResendAt, RETELL_MS, type SeqRange } from '../domain/sequence.ts'
import { multirange, ranges } from './store-sequences.ts'

/** What a sensor's downlink shall ask for from now on; an empty list asks for nothing more. */
export type ResendRequest = { sensorId: number; missing: SeqRange[]; attempt: number }

/** Sensors in one call; the rest is due in the next. */
const MOST_PER_CALL = 500

/**
 * The downlinks that must change now: missing messages are asked for when they have been missing for a while, again
 * with longer pauses, and no more after some attempts; what is filled is taken back. Each counts as asked once it is
 * published and noted so; until then it is due again after a while, as after a crash or where the broker went away:
 * the downlink is desired state, so publishing it twice does no harm.
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
    const ids = rows.map((row) => row.sensor_id)
    if (ids.length === 0) return []
    await tx
      .updateTable('sensor_sequence')
      .set({ resend_due_at: at(now + RETELL_MS) })
      .where('sensor_id', 'in', ids)
      .execute()
    return rows.map((row) => {
      const missing = gapsOf(ranges(row.seen))
      return { sensorId: row.sensor_id, missing, attempt: missing.length === 0 ? 0 : row.attempts + 1 }
    })
  })
}

/**
 * Notes what downlinks ask for since they were published. Where other numbers are missing by now, this was not asked
 * for them: what they are due for stands.
 */
export async function noteAsked(ctx: Ctx, requests: readonly ResendRequest[]): Promise<void> {
  const now = ctx.now()
  for (const { sensorId, missing, attempt } of requests) {
    const told = sql<string>`${multirange(missing)}::int8multirange`
    const nextAt = missing.length === 0 ? null : nextResendAt(now, attempt)
    const isStill = sql<boolean>`sequence_gaps(seen) = ${told}`
    await ctx.db.kysely
      .updateTable('sensor_sequence')
      .set({
        asked: sql<string>`nullif(${told}, '{}')`,
        attempts: sql<number>`case when ${isStill} then ${attempt} else attempts end`,
        resend_due_at: sql<number>`case when ${isStill} then ${atOrNull(nextAt)}::timestamptz
          else coalesce(resend_due_at, ${at(now)}::timestamptz) end`,
      })
      .where('sensor_id', '=', sensorId)
      .execute()
  }
}
