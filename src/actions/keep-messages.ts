import { formatDistanceStrict } from 'date-fns'
import { instants, int8s, texts } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import type { ReceivedMessage } from '../domain/message.ts'
import { isoInstant } from '../domain/units.ts'
import { audit, type Deed } from './audit.ts'
import type { Gathered } from './gather-readings.ts'
import { knownOf } from './known-sensors.ts'
import type { ToStore } from './store-readings.ts'

/** What a batch leaves for a person: its messages, the sensors that exist, and the conflicts it stored. */
type Met = { messages: readonly ReceivedMessage[]; gathered: Gathered; conflicts: readonly ToStore[] }

/**
 * Keeps with raw bytes what a person must look at: rejected (cannot be read, wholly or in part), held (implausible
 * clock, archived month), quarantined (unknown sensor). Each, and each conflict, leaves an audit row in the same
 * transaction.
 */
export async function keepMessages(run: Recording, ctx: Ctx, met: Met): Promise<void> {
  const unusual = met.messages.filter((message) => !isPlain(message, met.gathered))
  const kept = unusual.flatMap((message) => reasonsToKeep(message, met.gathered).map((why) => ({ message, why })))
  const now = ctx.now()
  const ids = await insertKept(run, kept, now)
  const deeds: Deed[] = [
    ...kept.map(({ message, why }, index) => ({
      at: now,
      action: `message_${why.outcome}`,
      subjectKind: 'message',
      subjectId: ids[index] ?? '',
      after: { topic: message.topic, reason: why.reason },
    })),
    ...met.conflicts.map((conflict) => ({
      at: now,
      action: 'reading_conflict',
      subjectKind: 'sensor',
      subjectId: conflict.sensorId,
      after: { channel: conflict.channel, at: new Date(conflict.at).toISOString() },
    })),
  ]
  await audit(run.tx, { kind: 'service', id: 'ingest', organisationId: null, role: null, requestId: null }, deeds)
  for (const { why } of kept) ctx.metrics.messages.inc({ outcome: why.outcome })
  ctx.metrics.messages.inc({ outcome: 'readings' }, met.messages.length - kept.length)
}

type Why = { outcome: 'rejected' | 'held' | 'quarantined'; reason: string; detail: string }

/** Nearly every message is understood in full and of a known sensor: it leaves nothing for a person. */
function isPlain({ parsed }: ReceivedMessage, gathered: Gathered): boolean {
  const { problem, held, undecoded, archived, sensorId } = parsed
  if (problem !== null || held.length > 0 || undecoded !== undefined || archived !== undefined) return false
  return sensorId !== null && knownOf(gathered, sensorId) !== undefined
}

function reasonsToKeep(message: ReceivedMessage, gathered: Gathered): Why[] {
  const { parsed } = message
  const { problem, held, sensorId, archived } = parsed
  const whys: Why[] = []
  if (problem !== null) whys.push({ outcome: 'rejected', ...problem })
  if (parsed.undecoded !== undefined) return [...whys, { outcome: 'quarantined', ...parsed.undecoded }]
  const unknown = sensorId !== null && knownOf(gathered, sensorId) === undefined
  const measured = parsed.readings.length + parsed.observations.length + held.length + (archived?.count ?? 0)
  if (unknown && measured > 0) {
    const detail = `no sensor ${sensorId} is registered: register it, then release this message`
    return [...whys, { outcome: 'quarantined', reason: 'UNKNOWN_SENSOR', detail }]
  }
  if (held.length > 0) whys.push({ outcome: 'held', reason: 'IMPLAUSIBLE_CLOCK', detail: clockDetail(message) })
  if (archived !== undefined) whys.push({ outcome: 'held', reason: 'MONTH_ARCHIVED', detail: archivedDetail(archived) })
  return whys
}

function archivedDetail({ count, months }: NonNullable<ReceivedMessage['parsed']['archived']>): string {
  return `${count} value(s) of ${months.join(', ')}, which is archived: restore the archive, then release this message`
}

/** How far off the clock seems, in words a person can act on. */
function clockDetail({ parsed, receivedAt }: ReceivedMessage): string {
  const [first] = parsed.held
  if (first === undefined) return ''
  const off = formatDistanceStrict(first.at, receivedAt)
  const where = `${off} ${first.at > receivedAt ? 'after' : 'before'} receipt`
  return `${parsed.held.length} reading(s) with an implausible time, the first at ${isoInstant(first.at)}, ${where}`
}

async function insertKept(run: Recording, kept: { message: ReceivedMessage; why: Why }[], now: number) {
  if (kept.length === 0) return []
  const messages = kept.map(({ message }) => message)
  const { rows } = await run.client.query<{ id: number }>({
    name: 'keep_messages',
    text: `insert into kept_message (outcome, reason, detail, topic, content_type, payload, sensor_id, received_at,
        dev_eui, known_at)
      select outcome, reason, detail, topic, content_type, decode(payload, 'hex'), sensor_id, received_at, dev_eui,
        $10::timestamptz
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
        $8::timestamptz[], $9::text[]) with ordinality
        as k(outcome, reason, detail, topic, content_type, payload, sensor_id, received_at, dev_eui, ord)
      order by ord
      returning id`,
    values: [
      texts(kept.map(({ why }) => why.outcome)),
      texts(kept.map(({ why }) => why.reason)),
      texts(kept.map(({ why }) => why.detail)),
      texts(messages.map(({ topic }) => storable(topic))),
      texts(messages.map(({ contentType }) => contentType && storable(contentType))),
      texts(messages.map(({ payload }) => Buffer.from(payload).toString('hex'))),
      int8s(messages.map(({ parsed }) => parsed.sensorId)),
      instants(messages.map(({ receivedAt }) => receivedAt)),
      texts(messages.map(({ parsed }) => parsed.uplink?.devEui ?? null)),
      new Date(now).toISOString(),
    ],
  })
  return rows.map((row) => row.id)
}

/** Postgres text holds no NUL; a topic or a sensor's own text may. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD')
}
