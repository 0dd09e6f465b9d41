import { sql } from 'kysely'
import { z } from 'zod'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type Listing, listing, type Page } from './page.ts'
import { canSeeMessage } from './visibility.ts'

export const MESSAGE_OUTCOMES = ['rejected', 'held', 'quarantined'] as const
export type MessageOutcome = (typeof MESSAGE_OUTCOMES)[number]

/** A message a person must look at: what came in, and why it was kept. */
export type KeptMessage = {
  id: number
  outcome: MessageOutcome
  reason: string
  detail: string
  topic: string
  contentType: string | null
  payloadBytes: number
  sensorId: number | null
  receivedAt: number
  release: { reason: string; readings: number; knownAt: number } | null
}

/** The kept messages the actor may see, newest first, without their bytes; `outcome` null lists all. */
export async function listMessages(
  ctx: Ctx,
  actor: Actor,
  asked: { outcome: MessageOutcome | null; page: Page },
): Promise<Listing<KeptMessage>> {
  let query = selectMessages(ctx, actor)
  if (asked.outcome !== null) query = query.where('outcome', '=', asked.outcome)
  if (asked.page.after !== null) query = query.where('id', '<', asked.page.after)
  const rows = await query
    .orderBy('id', 'desc')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows.map(message), asked.page.limit, ({ id }) => id)
}

/** One kept message with its raw bytes, if the actor may see it. */
export async function getMessage(
  ctx: Ctx,
  actor: Actor,
  id: number,
): Promise<(KeptMessage & { payload: Buffer }) | Refusal> {
  const row = await selectMessages(ctx, actor).select('kept_message.payload').where('id', '=', id).executeTakeFirst()
  if (row === undefined) return refuse('not_found', `There is no message ${id}.`)
  return { ...message(row), payload: row.payload }
}

function selectMessages(ctx: Ctx, actor: Actor) {
  return ctx.db.kysely
    .selectFrom('kept_message')
    .leftJoin('kept_message_release as r', 'r.kept_message_id', 'kept_message.id')
    .select(['id', 'outcome', 'kept_message.reason', 'detail', 'topic', 'content_type', 'sensor_id', 'received_at'])
    .select(sql<number>`octet_length(payload)`.as('payload_bytes'))
    .select(['r.reason as release_reason', 'r.readings as released_readings', 'r.known_at as released_at'])
    .where((eb) => canSeeMessage(actor, eb))
}

type Row = Awaited<ReturnType<ReturnType<typeof selectMessages>['executeTakeFirstOrThrow']>>

const outcome = z.enum(MESSAGE_OUTCOMES)

function message(row: Row): KeptMessage {
  return {
    id: row.id,
    outcome: outcome.parse(row.outcome),
    reason: row.reason,
    detail: row.detail,
    topic: row.topic,
    contentType: row.content_type,
    payloadBytes: row.payload_bytes,
    sensorId: row.sensor_id,
    receivedAt: row.received_at,
    release: release(row),
  }
}

function release(row: Row): KeptMessage['release'] {
  const { release_reason: reason, released_readings: readings, released_at: knownAt } = row
  return reason === null || readings === null || knownAt === null ? null : { reason, readings, knownAt }
}
