import { decimal, i16le, u8, u32le } from './bytes.ts'
import { type Decoded, type Measurement, now, stamped } from './measurement.ts'
import { decodeMilesight, type MilesightFields } from './milesight.ts'

/**
 * Milesight EM300-TH, temperature and humidity (Milesight-IoT/SensorDecoders, em-series/em300-th/README.md). What it
 * sends again out of its memory carries the device's own time stamps.
 */
export function decodeMilesightEm300Th(bytes: Uint8Array): Decoded {
  return decodeMilesight(bytes, FIELDS)
}

const FIELDS: MilesightFields = new Map([
  [0x0367, { size: 2, read: (bytes: Uint8Array, at: number) => [temperature(bytes, at)] }],
  [0x0468, { size: 1, read: (bytes: Uint8Array, at: number) => [humidity(bytes, at)] }],
  /** time stamp, temperature, humidity, and a byte that is reserved */
  [
    0x20ce,
    {
      size: 8,
      read: (bytes: Uint8Array, at: number) =>
        stamped([temperature(bytes, at + 4), humidity(bytes, at + 6)], u32le(bytes, at)),
    },
  ],
])

function temperature(bytes: Uint8Array, at: number): Measurement {
  return now('probe', 'CEL', decimal(i16le(bytes, at), 1))
}

/** Half percents; what is above 120 % is no humidity and becomes a fault where it is converted. */
function humidity(bytes: Uint8Array, at: number): Measurement {
  return now('humidity', 'P1', decimal(u8(bytes, at) * 5, 1))
}
