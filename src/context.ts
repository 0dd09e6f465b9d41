import type { Logger } from 'pino'
import type { Database } from '../db/connect.ts'
import type { Judges } from './domain/judge-versions.ts'
import type { HeldReading, ParsedMessage, ParsedObservation, ParsedReading, ReceivedMessage } from './domain/message.ts'
import type { Decoding, Uplink } from './domain/uplink.ts'
import type { Metrics } from './metrics.ts'

/**
 * What every action is given first: the database, the log, the clock and the rules of this installation.
 * `now` is epoch milliseconds; it is the only clock of the service, so the demo can scale it and tests can set it.
 */
export type Ctx = {
  db: Database
  log: Logger
  now: () => number
  metrics: Metrics
  /** The behaviours of the judging engine: the current one judges, the older ones replay. */
  judges: Judges
  /** The codecs of the MQTT door, so that a kept message can go through it again when a person releases it. */
  parseMessage: (received: Omit<ReceivedMessage, 'parsed'>) => ParsedMessage
  /** Whether other processes may get messages of the same sensors: a shared subscription. */
  sharesMessages: boolean
  /** The decoders of LoRaWAN devices: which of them reads an uplink, only the register of sensors knows. */
  decodeUplink: (uplink: Uplink, decoding: Decoding, receivedAt: number) => DecodedUplink
  /** Whether a shipment may be sealed on a profile marked as example: only embedded backends (trial runs) allow it. */
  exampleProfiles: 'allowed' | 'refused'
  /** From which the keys are made that stamp the heads of ledgers; null: nothing is stamped. */
  stampSecret: string | null
}

/** What an uplink measured; or why its bytes cannot be read. */
export type DecodedUplink =
  | { readings: ParsedReading[]; observations: ParsedObservation[]; held: HeldReading[] }
  | { wrong: string }

/** Fails loudly where the program itself is wrong; never for bad input, which is refused by value. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}
