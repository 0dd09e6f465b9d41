import type { Quantity } from './quantity.ts'
import type { Undecoded, Uplink } from './uplink.ts'

/** Why a message, or a reading of it, is kept as rejected; stable, public. */
export const REJECT_REASONS = [
  /** the topic is not `{prefix}/{sensorId}/readings` */
  'TOPIC_SHAPE',
  /** the topic's ending or the content type names a format this version does not read */
  'UNSUPPORTED_FORMAT',
  /** a copy the broker kept for late subscribers: not a new reading */
  'RETAINED',
  'TOO_LARGE',
  'NOT_UTF8',
  'NOT_JSON',
  /** not CBOR, or an encoding of it that leaves open what was meant */
  'NOT_CBOR',
  'TOO_DEEP',
  /** a key stands twice in one object, so nobody can say which value was meant */
  'DUPLICATE_KEY',
  /** not an object with a list of readings, or `seq` or `sentAt` have another shape */
  'ENVELOPE_SHAPE',
  /** the message demands a version or a field that this service does not know */
  'NOT_UNDERSTOOD',
  'NO_READINGS',
  'TOO_MANY_READINGS',
  'READING_SHAPE',
  'UNIT_MISSING',
  'UNIT_UNKNOWN',
  /** several quantities have this unit, and the channel does not say which was measured */
  'QUANTITY_UNCLEAR',
  'CHANNEL_SHAPE',
  'TIME_MISSING',
  'NO_OFFSET',
  'NOT_A_TIME',
  /** a time before now, not an instant: a redelivery would become a second reading */
  'TIME_RELATIVE',
  'VALUE_MISSING',
  'VALUE_SHAPE',
  /** the message was understood, and the database refused its data for good */
  'NOT_STORABLE',
  /** made up by the network server's own test tool */
  'SIMULATED',
] as const
export type RejectReason = (typeof REJECT_REASONS)[number]

/** What is wrong with a message: the first reason, and one line for the person who has to repair the device. */
export type MessageProblem = { readonly reason: RejectReason; readonly detail: string }

/**
 * One reading as the door understood it. `at` is the device's time in epoch milliseconds; `milliC` is null for a fault
 * (the device said null, or a value no sensor can have). `raw` is `value unit at` as the device sent them, kept where
 * the canonical form lost something (rounded value, truncated time, impossible value), else null.
 */
export type ParsedReading = { at: number; channel: string; milliC: number | null; raw: string | null }

/**
 * The same of a channel that measures something else: `value` is a whole number in the quantity's scale
 * (`quantity.ts`), null for a fault.
 */
export type ParsedObservation = {
  at: number
  channel: string
  quantity: Quantity
  value: number | null
  raw: string | null
}

/** One whose time is implausible: `index` is its place in the message, counted from 0. */
export type HeldReading = (ParsedReading | ParsedObservation) & { index: number }

/** Tells an observation from a reading. */
export function isObservation(found: ParsedReading | ParsedObservation): found is ParsedObservation {
  return 'quantity' in found
}

/**
 * A message after the door. What it measured stands in exactly one of four places: `readings` (temperatures),
 * `observations` (all else), `held` (a person looks at the clock first), or named by `problem`; or it is counted as
 * `archived`. With a problem the whole message is kept as rejected; what is good in it counts. `sensorId` is null when
 * the topic names none, `seq` when the device sent none.
 */
export type ParsedMessage = {
  sensorId: number | null
  seq: number | null
  readings: readonly ParsedReading[]
  observations: readonly ParsedObservation[]
  held: readonly HeldReading[]
  problem: MessageProblem | null
  /** Only while it is not decoded: what a LoRaWAN device sent; nothing else stands here then. */
  uplink?: Uplink
  /** Only of an uplink that waits for a person. */
  undecoded?: Undecoded
  /** Only where something was taken out because its month is archived: how much, and which months. */
  archived?: { readonly count: number; readonly months: readonly string[] }
}

/** A message as it came in and as it was understood; `receivedAt` is epoch milliseconds of the service's clock. */
export type ReceivedMessage = {
  topic: string
  payload: Uint8Array
  receivedAt: number
  contentType: string | null
  retained: boolean
  parsed: ParsedMessage
}
