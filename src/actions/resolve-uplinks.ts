import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { ReceivedMessage } from '../domain/message.ts'
import type { Undecoded, Uplink } from '../domain/uplink.ts'
import { decodingOf, type LorawanRegistration } from './lorawan-registration.ts'

/**
 * Finds the sensors of the LoRaWAN uplinks in a batch and decodes them the way they are registered, before the
 * transaction that records them. What nobody can read yet stays as it is and says why: it is kept for a person. One
 * query per batch, and none for a batch without uplinks.
 */
export async function resolveUplinks(
  ctx: Ctx,
  messages: readonly ReceivedMessage[],
): Promise<readonly ReceivedMessage[]> {
  if (!messages.some(({ parsed }) => parsed.uplink !== undefined)) return messages
  const devEuis = new Set(messages.flatMap(({ parsed }) => parsed.uplink?.devEui ?? []))
  const registrations = await loadRegistrations(ctx.db.kysely, [...devEuis])
  return messages.map((message) => {
    const { uplink } = message.parsed
    return uplink === undefined ? message : resolved(ctx, { message, uplink }, registrations.get(uplink.devEui))
  })
}

async function loadRegistrations(
  db: Pick<Tx, 'selectFrom'>,
  devEuis: readonly string[],
): Promise<Map<string, LorawanRegistration & { sensorId: number }>> {
  const rows = await db
    .selectFrom('lorawan_registration')
    .select(['sensor_id', 'dev_eui', 'decoder', 'fields'])
    .where(sql<boolean>`dev_eui = any(${devEuis}::text[])`)
    .where('superseded_at', 'is', null)
    .execute()
  return new Map(rows.map((row) => [row.dev_eui, { sensorId: row.sensor_id, ...decodingOf(row) }]))
}

type Waiting = { message: ReceivedMessage; uplink: Uplink }

function resolved(
  ctx: Ctx,
  { message, uplink }: Waiting,
  registration: (LorawanRegistration & { sensorId: number }) | undefined,
): ReceivedMessage {
  if (isEmpty(uplink)) return withoutReadings(message, registration?.sensorId ?? null)
  if (registration === undefined) return waiting(message, { sensorId: null, undecoded: unknownDevice(uplink) })
  const { sensorId, decoder, fields } = registration
  if (decoder === null) return waiting(message, { sensorId, undecoded: noDecoder(sensorId) })
  const decoded = ctx.decodeUplink(uplink, { decoder, fields }, message.receivedAt)
  if ('wrong' in decoded) {
    const detail = `${decoded.wrong}; name the right decoder of sensor ${sensorId}, then release this message`
    return waiting(message, { sensorId, undecoded: { reason: 'NOT_DECODED', detail } })
  }
  return { ...message, parsed: { sensorId, seq: uplink.seq, ...decoded, problem: null } }
}

/** Commands between the device and the network: nothing is measured, but its frame counter counts them. */
function isEmpty({ bytes, decoded }: Uplink): boolean {
  return bytes.length === 0 && decoded === null
}

function withoutReadings(message: ReceivedMessage, sensorId: number | null): ReceivedMessage {
  const { seq } = message.parsed
  return { ...message, parsed: { sensorId, seq, readings: [], observations: [], held: [], problem: null } }
}

function waiting(message: ReceivedMessage, why: { sensorId: number | null; undecoded: Undecoded }): ReceivedMessage {
  return { ...message, parsed: { ...message.parsed, ...why } }
}

function unknownDevice({ devEui }: Uplink): Undecoded {
  const detail = `no sensor has the DevEUI ${devEui}: register it with its sensor, then release this message`
  return { reason: 'UNKNOWN_DEVICE', detail }
}

function noDecoder(sensorId: number): Undecoded {
  const detail = `sensor ${sensorId} has no decoder: name one, then release this message`
  return { reason: 'NO_DECODER', detail }
}
