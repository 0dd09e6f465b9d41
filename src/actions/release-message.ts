import type { Tx } from '../../db/connect.ts'
import { recording } from '../../db/recording.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { type HeldReading, isObservation, type ParsedMessage, type ReceivedMessage } from '../domain/message.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { EARLIEST_AT, isoInstant, LATEST_AT } from '../domain/units.ts'
import { audit } from './audit.ts'
import { judgePending } from './judge.ts'
import { inOpenMonths } from './open-months.ts'
import { recordApart } from './record-messages.ts'
import { resolveUplinks } from './resolve-uplinks.ts'
import { canSeeMessage } from './visibility.ts'

/**
 * Sends a held or quarantined message through the door again because a person says its readings are to count, with the
 * reason. A held reading keeps its time: it is stored as the sensor stated it. Readings stored before are duplicates.
 * Refused: `not_found`, `not_allowed`, `already_released`, `archived` (its month is), and as `invalid` what was
 * rejected, a sensor that is unknown still, and times outside of 2001 to 2200: a clock that was never set says nothing
 * about when.
 */
export async function releaseMessage(
  ctx: Ctx,
  actor: Actor,
  input: { messageId: number; reason: string },
): Promise<{ readings: number; outcome: 'recorded' } | Refusal> {
  const no = denied(actor, 'release_messages')
  if (no !== null) return no
  const found = await loadMessage(ctx, actor, input.messageId)
  if (isRefusal(found)) return found
  const parsed = unheld(found.parsed)
  const measured = [...parsed.readings, ...parsed.observations]
  const impossible = measured.find(({ at: measuredAt }) => measuredAt < EARLIEST_AT || measuredAt >= LATEST_AT)
  if (impossible !== undefined) {
    return refuse('invalid', `A reading of ${isoInstant(impossible.at)} cannot be: set the sensor's clock.`)
  }
  const released: ReceivedMessage = { ...found, parsed }
  const recorded = await inOpenMonths(ctx.db, [released], async (storable) => {
    const archived = storable[0]?.parsed.archived
    if (archived !== undefined) return refuseArchived(archived.months)
    return recording(ctx.db, async (run) => {
      const refusal = await claim(run.tx, actor, { ...input, readings: measured.length, now: ctx.now() })
      return refusal ?? recordApart(run, ctx, storable)
    })
  })
  if (isRefusal(recorded)) return recorded
  if (recorded.unjudged) await judgePending(ctx)
  return { readings: measured.length, outcome: 'recorded' }
}

function refuseArchived(months: readonly string[]): Refusal {
  return refuse(
    'archived',
    `It has values of ${months.join(', ')}, which is archived: have the archive restored first.`,
  )
}

/** What was held counts like the rest, at the time its sensor stated; what could not be read stays kept. */
function unheld(parsed: ParsedMessage): ParsedMessage {
  const readings = [...parsed.readings]
  const observations = [...parsed.observations]
  for (const held of parsed.held) {
    const { index: _index, ...found }: HeldReading = held
    if (isObservation(found)) observations.push(found)
    else readings.push(found)
  }
  return { ...parsed, readings, observations, held: [], problem: null }
}

async function loadMessage(ctx: Ctx, actor: Actor, messageId: number): Promise<ReceivedMessage | Refusal> {
  const row = await ctx.db.kysely
    .selectFrom('kept_message')
    .selectAll('kept_message')
    .where('id', '=', messageId)
    .where((eb) => canSeeMessage(actor, eb))
    .executeTakeFirst()
  if (row === undefined) return refuse('not_found', `There is no message ${messageId}.`)
  if (row.outcome === 'rejected') {
    return refuse('invalid', 'A rejected message cannot be read: repair the sensor, and have it send again.')
  }
  const received = {
    topic: row.topic,
    payload: row.payload,
    receivedAt: row.received_at,
    contentType: row.content_type,
    retained: false,
  }
  const [message] = await resolveUplinks(ctx, [{ ...received, parsed: ctx.parseMessage(received) }])
  if (message === undefined) throw new Error('a message was lost on its way through the register')
  const { parsed } = message
  if (parsed.undecoded !== undefined) return refuse('invalid', `Not yet: ${parsed.undecoded.detail}.`)
  if (!(await isKnown(ctx, parsed.sensorId))) {
    return refuse(
      'invalid',
      `Sensor ${parsed.sensorId} is not registered: register it before its messages are released.`,
    )
  }
  return message
}

async function isKnown(ctx: Ctx, sensorId: number | null): Promise<boolean> {
  if (sensorId === null) return false
  const row = await ctx.db.kysely.selectFrom('sensor').select('id').where('id', '=', sensorId).executeTakeFirst()
  return row !== undefined
}

type Claim = { messageId: number; reason: string; readings: number; now: number }

/** Who released it and why, in the transaction that records the readings; a second release is refused. */
async function claim(tx: Tx, actor: Actor, { messageId, reason, readings, now }: Claim): Promise<Refusal | null> {
  const inserted = await tx
    .insertInto('kept_message_release')
    .values({ kept_message_id: messageId, reason, readings, known_at: at(now) })
    .onConflict((conflict) => conflict.doNothing())
    .returning('kept_message_id')
    .execute()
  if (inserted.length === 0) return refuse('already_released', `Message ${messageId} was released already.`)
  const after = { readings }
  await audit(tx, actor, [
    { at: now, action: 'message_released', subjectKind: 'message', subjectId: messageId, after, reason },
  ])
  return null
}
