import type { ObservationUnit } from '../../domain/quantity.ts'
import type { UnitCode } from '../../domain/units.ts'

/**
 * One value out of an uplink: `text` is decimal, null for a fault the device reports; `at` its own time stamp in epoch
 * milliseconds, null where the network's reception is all there is.
 */
export type Measurement = {
  channel: string
  unit: UnitCode | ObservationUnit
  text: string | null
  at: number | null
}

/** What a decoder found, or what is wrong, in words a person can act on. */
export type Decoded = { measured: Measurement[] } | { wrong: string }

/** Bytes of a frame to measurements. Pure; never throws, whatever the bytes. */
export type Decoder = (bytes: Uint8Array, fPort: number) => Decoded

/** Tells a failure from what was found. */
export function isWrong(decoded: Decoded): decoded is { wrong: string } {
  return 'wrong' in decoded
}

/** A value measured when the uplink was received. */
export function now(channel: string, unit: Measurement['unit'], text: string | null): Measurement {
  return { channel, unit, text, at: null }
}

/** The same values with the device's own time stamp, in seconds. */
export function stamped(measured: readonly Measurement[], unixS: number): Measurement[] {
  return measured.map((measurement) => ({ ...measurement, at: unixS * 1000 }))
}
