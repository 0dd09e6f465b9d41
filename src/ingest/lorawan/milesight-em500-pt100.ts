import { decimal, i16le, u16le, u32le } from './bytes.ts'
import { type Decoded, type Measurement, now, stamped } from './measurement.ts'
import { decodeMilesight, type MilesightFields } from './milesight.ts'

/**
 * Milesight EM500-PT100, an industrial probe down to -200 degrees (Milesight-IoT/SensorDecoders,
 * em-series/em500-pt100/README.md). By the series' user guide FFFF says that measuring failed and FFFD that the value
 * lies outside of the range: faults, not -0.1 and -0.3 degrees.
 */
export function decodeMilesightEm500Pt100(bytes: Uint8Array): Decoded {
  return decodeMilesight(bytes, FIELDS)
}

const FIELDS: MilesightFields = new Map([
  [0x0367, { size: 2, read: (bytes: Uint8Array, at: number) => [temperature(bytes, at)] }],
  /** an alarm: temperature, its change, what kind of alarm */
  [0x83d7, { size: 5, read: (bytes: Uint8Array, at: number) => [temperature(bytes, at)] }],
  /** time stamp, temperature */
  [
    0x20ce,
    {
      size: 6,
      read: (bytes: Uint8Array, at: number) => stamped([temperature(bytes, at + 4)], u32le(bytes, at)),
    },
  ],
])

const FAULTS: readonly number[] = [0xffff, 0xfffd]

function temperature(bytes: Uint8Array, at: number): Measurement {
  return now('probe', 'CEL', FAULTS.includes(u16le(bytes, at)) ? null : decimal(i16le(bytes, at), 1))
}
