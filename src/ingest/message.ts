import type { MessageProblem, ParsedMessage, ReceivedMessage, RejectReason } from '../domain/message.ts'
import { parseUplink } from './lorawan/parse-uplink.ts'
import { readUplinkTopic, type UplinkTopic } from './lorawan/uplink-topic.ts'
import { parseNativeJson } from './native-json.ts'
import { quoted } from './quoted.ts'
import { parseSenmlJson } from './senml.ts'
import { parseSenmlCbor } from './senml-cbor.ts'

/** A message's envelope: what the broker said about it. `receivedAt` is epoch milliseconds of the service's clock. */
export type Envelope = { prefix: string; receivedAt: number; contentType?: string | null; retained: boolean }

/** The bytes of one message turned into readings; `sensorId` is the topic's. */
export type Codec = (payload: Uint8Array, receivedAt: number) => Omit<ParsedMessage, 'sensorId'>

/** 2,000 readings of about 100 bytes, with room to spare; a device with more sends several messages. */
export const MAX_MESSAGE_BYTES = 256 * 1024

/** The formats by the topic's ending after `readings`; a new format is a file and a line here. */
const CODEC_BY_ENDING: ReadonlyMap<string, Codec> = new Map([
  ['', parseNativeJson],
  ['/senml', parseSenmlJson],
  ['/senml-cbor', parseSenmlCbor],
])

/** The formats by MQTT 5 content type, for topics that end with `readings`. */
const CODEC_BY_CONTENT_TYPE: ReadonlyMap<string, Codec> = new Map([
  ['application/json', parseNativeJson],
  ['application/senml+json', parseSenmlJson],
  ['application/senml+cbor', parseSenmlCbor],
])

/**
 * Topic and bytes to readings (design page section 5: `{prefix}/{sensorId}/readings`; beside it the topics of LoRaWAN
 * network servers, `lorawan/uplink-topic.ts`). Never throws: what cannot be
 * read comes back as `problem`, for the rejected messages.
 */
export function parseMessage(topic: string, payload: Uint8Array, envelope: Envelope): ParsedMessage {
  const target = readTopic(topic, envelope.prefix)
  if (target === null) {
    const uplink = readUplinkTopic(topic)
    if (uplink !== null) return parseNetwork(uplink, payload, envelope)
    const expected = `${envelope.prefix}/{sensor id}/readings`
    return nothing(null, 'TOPIC_SHAPE', `the topic is ${quoted(topic)}: publish to ${expected}, the id in decimal`)
  }
  const { sensorId, ending } = target
  const unfit = unfitness(payload, envelope)
  if (unfit !== null) return nothing(sensorId, unfit.reason, unfit.detail)
  const codec = codecFor(ending, envelope.contentType ?? null)
  if (codec === undefined) {
    const format = quoted(envelope.contentType ?? `readings${ending}`)
    return nothing(sensorId, 'UNSUPPORTED_FORMAT', `format ${format} is not read: send application/json to …/readings`)
  }
  const { seq, readings, observations, held, problem } = codec(payload, envelope.receivedAt)
  return { sensorId, seq, readings, observations, held, problem }
}

/** The same on a topic of a LoRaWAN network server. */
function parseNetwork(topic: UplinkTopic, payload: Uint8Array, envelope: Envelope): ParsedMessage {
  const unfit = topic.event === 'up' ? unfitness(payload, envelope) : null
  return unfit === null ? parseUplink(topic, payload) : nothing(null, unfit.reason, unfit.detail)
}

function unfitness(payload: Uint8Array, { retained }: Envelope): MessageProblem | null {
  if (retained) {
    const detail = 'a retained message is not a new reading: publish without the retain flag'
    return { reason: 'RETAINED', detail }
  }
  if (payload.length <= MAX_MESSAGE_BYTES) return null
  const detail = `the message has ${payload.length} bytes: send at most ${MAX_MESSAGE_BYTES}, in several messages`
  return { reason: 'TOO_LARGE', detail }
}

/** Parses a message and keeps what a rejected one is kept with: topic, bytes, times, content type. */
export function receiveMessage(topic: string, payload: Uint8Array, envelope: Envelope): ReceivedMessage {
  const parsed = parseMessage(topic, payload, envelope)
  const { receivedAt, retained, contentType = null } = envelope
  if (parsed.problem === null) return { topic, payload, receivedAt, contentType, retained, parsed }
  const printable = { topic: withoutNul(topic), contentType: contentType === null ? null : withoutNul(contentType) }
  return { ...printable, payload, receivedAt, retained, parsed }
}

/** The subscription of the door: every sensor, every format. */
export function readingsFilter(prefix: string): string {
  return `${prefix}/+/readings/#`
}

/** Whether a topic lies below `readingsFilter`, so that its messages are stored before they are acked. */
export function isReadingsTopic(topic: string, prefix: string): boolean {
  return endOfId(topic, prefix) > 0
}

const READINGS = '/readings'

/** Where the segment between prefix and `readings` ends; -1 in a topic of another shape. */
function endOfId(topic: string, prefix: string): number {
  if (!topic.startsWith(prefix) || topic[prefix.length] !== '/') return -1
  const slash = topic.indexOf('/', prefix.length + 1)
  if (slash < 0 || !topic.startsWith(READINGS, slash)) return -1
  const behind = topic[slash + READINGS.length]
  return behind === undefined || behind === '/' ? slash : -1
}

/** The sensor id of a topic segment or user name: decimal, no sign, no leading zero (7 and 007 would be one sensor). */
export function readSensorId(text: string): number | null {
  const { length } = text
  if (length === 0 || length > MAX_ID_DIGITS || text.charCodeAt(0) === ZERO) return null
  let id = 0
  for (let index = 0; index < length; index++) {
    const digit = text.charCodeAt(index) - ZERO
    if (digit < 0 || digit > 9) return null
    id = id * 10 + digit
  }
  return Number.isSafeInteger(id) ? id : null
}

const ZERO = 0x30
/** 2^53 has sixteen. */
const MAX_ID_DIGITS = 16

function readTopic(topic: string, prefix: string): { sensorId: number; ending: string } | null {
  const slash = endOfId(topic, prefix)
  if (slash < 0) return null
  const sensorId = readSensorId(topic.slice(prefix.length + 1, slash))
  return sensorId === null ? null : { sensorId, ending: topic.slice(slash + READINGS.length) }
}

function codecFor(ending: string, contentType: string | null): Codec | undefined {
  if (ending !== '' || contentType === null) return CODEC_BY_ENDING.get(ending)
  const [mediaType = ''] = contentType.split(';')
  return CODEC_BY_CONTENT_TYPE.get(mediaType.trim().toLowerCase())
}

function nothing(sensorId: number | null, reason: RejectReason, detail: string): ParsedMessage {
  const problem: MessageProblem = { reason, detail }
  return { sensorId, seq: null, readings: [], observations: [], held: [], problem }
}

/** MQTT forbids U+0000 in texts, not every broker checks it, and PostgreSQL cannot store it. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}
