import type { ObservationUnit } from './quantity.ts'
import type { UnitCode } from './units.ts'

/**
 * What a LoRaWAN device sent, as its network server published it: not understood before the device is known. `at` is
 * when the network received it (epoch milliseconds), stated inside the message, so a redelivery measures nothing new;
 * `seq` the frame counter, which begins again when the device joins again.
 */
export type Uplink = {
  /** 16 hexadecimal digits, lower case. */
  devEui: string
  fPort: number
  bytes: Uint8Array
  /** What the network server's own formatter made of the bytes; null where there is none. */
  decoded: unknown
  at: number
  seq: number
}

/** Why an uplink waits for a person: `detail` says what to do. */
export type Undecoded = { reason: UndecodedReason; detail: string }

export type UndecodedReason =
  /** no sensor is registered with this DevEUI */
  | 'UNKNOWN_DEVICE'
  /** its sensor is, and nothing says how its bytes are read */
  | 'NO_DECODER'
  /** the named decoder cannot read them */
  | 'NOT_DECODED'

/** How the bytes of devices are read; `decoded` takes what the network server's formatter made of them. */
export const DECODERS = [
  'cayenne_lpp',
  'dragino_lht52',
  'dragino_lht65n',
  'elsys',
  'milesight_em300_th',
  'milesight_em500_pt100',
  'decoded',
] as const
export type DecoderName = (typeof DECODERS)[number]

/**
 * A field of the network server's decoded payload: where it stands (JSON pointer, RFC 6901), and what it measures.
 * Values that mean a fault of the device are named in `faults`.
 */
export type DecodedField = {
  pointer: string
  channel: string
  unit: UnitCode | ObservationUnit
  faults: string[]
}

/** How a sensor's uplinks are read; `fields` only for `decoded`. */
export type Decoding = { decoder: DecoderName; fields: readonly DecodedField[] }
