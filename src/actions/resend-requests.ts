import { sql } from 'kysely'
import { transaction } from '../../db/connect.ts'
import { at, atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { MAX_RESEND_ATTEMPTS, nextResendAt, RETELL_MS, type SeqRange } from '../domain/sequence.ts'
import { multirange, ranges } from './store-sequences.ts'

/**
 * What a sensor's downlink shall ask for from now on, under which attempt; an empty list asks for nothing more. Some of
 * the numbers were asked for `times` times only, with this one. `turn` tells it from every other request that was due.
 */
export type ResendRequest = { sensorId: number; missing: SeqRange[]; attempt: number; times: number; turn: number }

/** Sensors in one call; the rest is due in the next. */
const MOST_PER_CALL = 500

type DueRow = { sensorId: number; wanted: string; isFilled: boolean; turn: number; times: number }

/**
 * The downlinks that must change now: missing messages are asked for when they have been missing for a while, again
 * with longer pauses, each number so often and no more; when all is filled, the request is taken back. Each counts as
 * asked once it is published and noted so; until then it is due again after a while under the next attempt, as after a
 * crash or where the broker went away: the downlink is desired state, so publishing it twice does no harm. What may be
 * published stands in `asked` before, so that it is taken back in any case.
 */
export async function dueResendRequests(ctx: Ctx): Promise<ResendRequest[]> {
  const now = ctx.now()
  return transaction(ctx.db, async (tx) => {
    const { rows } = await sql<DueRow>`
      with due as (
        select sensor_id, sequence_gaps(seen) as gaps, asked_times from sensor_sequence
        where resend_due_at <= ${at(now)} order by resend_due_at limit ${MOST_PER_CALL} for update skip locked
      ), wanted as (
        select *, gaps - ${askedTimes(MAX_RESEND_ATTEMPTS)} as wanted from due
      )
      update sensor_sequence q
      set attempts = q.attempts + 1, asked = nullif(coalesce(q.asked, '{}') + wanted, '{}'),
        resend_due_at = case when wanted = '{}' and gaps <> '{}' then null else ${at(now + RETELL_MS)} end
      from wanted w where w.sensor_id = q.sensor_id
      returning w.sensor_id as "sensorId", w.wanted::text as wanted, w.gaps = '{}' as "isFilled", q.attempts as turn,
        (select count(*)::int + 1 from unnest(w.asked_times) as asked where w.wanted <@ asked) as times`.execute(tx)
    return rows
      .filter(({ wanted, isFilled }) => isFilled || wanted !== '{}')
      .map(({ sensorId, wanted, isFilled, turn, times }) => {
        return { sensorId, missing: ranges(wanted), attempt: isFilled ? 0 : turn, times, turn }
      })
  })
}

/** The numbers that were asked for so often. */
function askedTimes(times: number) {
  return sql`coalesce(asked_times[${sql.lit(times)}], '{}')`
}

/**
 * Notes what downlinks ask for since they were published, each if none was due since. What else is missing by now is
 * due as it was.
 */
export async function noteAsked(ctx: Ctx, requests: readonly ResendRequest[]): Promise<void> {
  const now = ctx.now()
  const counts = Array.from({ length: MAX_RESEND_ATTEMPTS }, (_, index) => index + 1)
  for (const { sensorId, missing, attempt, times, turn } of requests) {
    const told = sql`${multirange(missing)}::int8multirange`
    const gaps = sql`sequence_gaps(seen)`
    const nextAt = missing.length === 0 ? null : nextResendAt(now, times)
    const asked = counts.map((count) => {
      const before = count === 1 ? told : sql`${askedTimes(count - 1)} * ${told}`
      return sql`(${askedTimes(count)} + ${before}) * ${gaps}`
    })
    await ctx.db.kysely
      .updateTable('sensor_sequence')
      .set({
        asked: sql<string>`nullif(${told}, '{}')`,
        asked_times: sql<string>`array[${sql.join(asked)}]`,
        attempts: attempt,
        resend_due_at: sql<number>`case
          when ${gaps} = '{}' and ${told} <> '{}' then ${at(now)}::timestamptz
          when ${gaps} - ${askedTimes(MAX_RESEND_ATTEMPTS)} <@ ${told} then ${atOrNull(nextAt)}::timestamptz
          else coalesce(resend_due_at, ${at(now)}::timestamptz) end`,
      })
      .where('sensor_id', '=', sensorId)
      .where('attempts', '=', turn)
      .execute()
  }
}
