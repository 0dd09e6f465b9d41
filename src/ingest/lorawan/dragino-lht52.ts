import { decimal, i16, shownHex, u8, u16, u32 } from './bytes.ts'
import { type Decoded, type Measurement, now, stamped } from './measurement.ts'

/**
 * Dragino LHT52, temperature and humidity with an external probe (the vendor's user manual section 2.4, and decoder in
 * dragino/dragino-end-node-decoder). The external sensor is `probe`, the built-in one `internal`; the device's own time
 * stamp counts. Its data log (port 3) is not read: the vendor leaves its layout open.
 *
 *   port 2, 11 bytes  internal 2 | humidity 2 | external 2 | sensor type 1 | Unix time 4
 *   port 4            the id of the probe
 *   port 5            device status with the battery
 */
export function decodeDraginoLht52(bytes: Uint8Array, fPort: number): Decoded {
  if (fPort === ID_PORT) return { measured: [] }
  if (fPort === STATUS_PORT && bytes.length === STATUS_BYTES) {
    return { measured: [now('battery_voltage', '2Z', decimal(u16(bytes, 5), 0))] }
  }
  if (fPort !== LIVE_PORT || bytes.length !== LIVE_BYTES) return { wrong: `no frame of an LHT52: ${shownHex(bytes)}` }
  const probe = u8(bytes, 6) === NO_PROBE ? [] : [temperature('probe', bytes, 4)]
  const humidity = now('humidity', 'P1', decimal(i16(bytes, 2), 1))
  return { measured: stamped([temperature('internal', bytes, 0), humidity, ...probe], u32(bytes, 7)) }
}

const LIVE_PORT = 2
const LIVE_BYTES = 11
const ID_PORT = 4
const STATUS_PORT = 5
const STATUS_BYTES = 7
/** Type of the external sensor where none belongs to the device. */
const NO_PROBE = 0
/** 327.67 degrees: nothing is connected. */
const NOT_CONNECTED = 0x7fff

function temperature(channel: string, bytes: Uint8Array, at: number): Measurement {
  return now(channel, 'CEL', u16(bytes, at) === NOT_CONNECTED ? null : decimal(i16(bytes, at), 2))
}
