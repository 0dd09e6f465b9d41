import { decimal, i16, shownHex, u8, u16, u32 } from './bytes.ts'
import { type Decoded, type Measurement, now, stamped } from './measurement.ts'

/**
 * Dragino LHT65N, temperature and humidity with an external probe (the vendor's user manual sections 2.4 and 2.6.5, and
 * decoder v1.5.6 in dragino/dragino-end-node-decoder). The external sensor is `probe`, the built-in one `internal`.
 *
 *   port 2, 11 bytes    battery 2 | internal 2 | humidity 2 | status and sensor type 1 | external 4
 *   the same, type 9, A external 2 | internal 2 | humidity 2 | status and sensor type 1 | Unix time 4
 *   status bit 6 or 7   entries out of its memory, 11 bytes each, laid out as the line before: asked for, or sent again
 *   port 5              device status with the battery
 */
export function decodeDraginoLht65n(bytes: Uint8Array, fPort: number): Decoded {
  if (fPort === STATUS_PORT) return bytes.length === STATUS_BYTES ? { measured: [battery(u16(bytes, 5))] } : not(bytes)
  if (bytes.length < ENTRY_BYTES || (fPort !== LIVE_PORT && fPort !== MEMORY_PORT)) return not(bytes)
  if ((u8(bytes, 6) & FROM_MEMORY) === 0) return fPort === LIVE_PORT ? live(bytes) : not(bytes)
  return fPort === LIVE_PORT || isMemory(bytes) ? memory(bytes) : not(bytes)
}

const LIVE_PORT = 2
const MEMORY_PORT = 3
const STATUS_PORT = 5
const STATUS_BYTES = 7
const ENTRY_BYTES = 11
/** Bit 6: the answer to a poll; bit 7: sent again because nobody confirmed it. */
const FROM_MEMORY = 0xc0
/** 327.67 degrees: nothing is connected. */
const NOT_CONNECTED = 0x7fff
/** By the type of the external sensor: which are thermometers, which carry a time stamp, which frames tell an id. */
const THERMOMETERS: readonly number[] = [1, 2, 9, 10, 11, 12]
const TIME_STAMPED: readonly number[] = [9, 10]
const LIGHT = 5
const WITH_HUMIDITY = 11
const WITHOUT_INTERNAL: readonly number[] = [0x0e, 0x0f, 0x10, 0x20]

function not(bytes: Uint8Array): Decoded {
  return { wrong: `no frame of an LHT65N: ${shownHex(bytes)}` }
}

function live(bytes: Uint8Array): Decoded {
  const type = u8(bytes, 6)
  if (TIME_STAMPED.includes(type)) return { measured: entry(bytes, 0) }
  const measured = [battery(u16(bytes, 0) & 0x3fff)]
  if (!WITHOUT_INTERNAL.includes(type)) measured.push(...internal(bytes, 0))
  measured.push(...external(type, bytes, 7))
  if (type === WITH_HUMIDITY) measured.push(now('humidity_probe', 'P1', decimal(u16(bytes, 9) & 0xfff, 1)))
  return { measured }
}

/** Where there was nothing in the time asked for it answers 11 zeros. */
function memory(bytes: Uint8Array): Decoded {
  if (bytes.length % ENTRY_BYTES !== 0) return not(bytes)
  const measured: Measurement[] = []
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    if (bytes.subarray(at, at + ENTRY_BYTES).some((byte) => byte !== 0)) measured.push(...entry(bytes, at))
  }
  return { measured }
}

/** Port 3 also carries lists of temperatures without any time, told apart by what would be their time stamps. */
function isMemory(bytes: Uint8Array): boolean {
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const unixS = u32(bytes, at + 7)
    if (unixS !== 0 && (unixS < TIME_S.from || unixS >= TIME_S.to)) return false
  }
  return true
}

/** Temperatures from -55 to 125 degrees, read as the first half of a time stamp, lie outside of 2001 to 2072. */
const TIME_S = { from: 978_307_200, to: 0xc000_0000 }

function entry(bytes: Uint8Array, at: number): Measurement[] {
  const type = u8(bytes, at + 6) & 0x0f
  return stamped([...external(type, bytes, at), ...internal(bytes, at)], u32(bytes, at + 7))
}

function internal(bytes: Uint8Array, at: number): Measurement[] {
  return [
    now('internal', 'CEL', temperature(bytes, at + 2)),
    // the four bits above it are the battery's state, or reserved
    now('humidity', 'P1', decimal(u16(bytes, at + 4) & 0xfff, 1)),
  ]
}

function external(type: number, bytes: Uint8Array, at: number): Measurement[] {
  if (THERMOMETERS.includes(type)) return [now('probe', 'CEL', temperature(bytes, at))]
  return type === LIGHT ? [now('light', 'LUX', decimal(u16(bytes, at), 0))] : []
}

function temperature(bytes: Uint8Array, at: number): string | null {
  return u16(bytes, at) === NOT_CONNECTED ? null : decimal(i16(bytes, at), 2)
}

function battery(milliV: number): Measurement {
  return now('battery_voltage', '2Z', decimal(milliV, 0))
}
