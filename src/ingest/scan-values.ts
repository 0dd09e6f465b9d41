import type { Scan } from './native-json-scan.ts'

/*
 * Numbers and instants read from the bytes of JSON, as `toMilliC` and `parseInstant` of the domain read their texts,
 * for the shapes that need neither rounding nor an error text. Every function leaves the place behind what it read.
 */

const ZERO = 0x30
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const QUOTE = 0x22
const COLON = 0x3a
const NULL = Buffer.from('null')

/** More digits would need care with 2^53. */
const MAX_WHOLE_DIGITS = 15

/** A whole number from 0 on; -1 for anything else. */
export function scanWhole(s: Scan): number {
  const start = s.at
  let value = 0
  for (let digit = digitAt(s.bytes, s.at); digit >= 0; digit = digitAt(s.bytes, s.at)) {
    value = value * 10 + digit
    s.at++
  }
  const digits = s.at - start
  const leadingZero = digits > 1 && s.bytes[start] === ZERO
  return digits === 0 || digits > MAX_WHOLE_DIGITS || leadingZero || continuesNumber(s) ? -1 : value
}

const MAX_CELSIUS_DIGITS = 4
const MAX_FRACTION_DIGITS = 3
/** Absolute zero and the upper end of the column, as `toMilliC` has them. */
const LOWEST_MILLI_C = -273_150
const HIGHEST_MILLI_C = 1_000_000

/** Degrees Celsius as exact milli-degrees, or null for JSON's null; NaN for anything else. */
export function scanCelsius(s: Scan): number | null {
  if (s.bytes[s.at] === NULL[0]) return scanNull(s)
  const negative = s.bytes[s.at] === MINUS
  if (negative) s.at++
  const start = s.at
  let value = 0
  for (let digit = digitAt(s.bytes, s.at); digit >= 0; digit = digitAt(s.bytes, s.at)) {
    value = value * 10 + digit
    s.at++
  }
  const digits = s.at - start
  if (digits === 0 || digits > MAX_CELSIUS_DIGITS || (digits > 1 && s.bytes[start] === ZERO)) return Number.NaN
  const milliC = s.bytes[s.at] === POINT ? scanFraction(s, value) : value * 1000
  const signed = negative ? 0 - milliC : milliC
  return continuesNumber(s) || signed < LOWEST_MILLI_C || signed > HIGHEST_MILLI_C ? Number.NaN : signed
}

function scanFraction(s: Scan, whole: number): number {
  s.at++
  let value = whole
  let digits = 0
  for (let digit = digitAt(s.bytes, s.at); digit >= 0; digit = digitAt(s.bytes, s.at)) {
    value = value * 10 + digit
    digits++
    s.at++
  }
  if (digits === 0 || digits > MAX_FRACTION_DIGITS) return Number.NaN
  return digits === 3 ? value : digits === 2 ? value * 10 : value * 100
}

function scanNull(s: Scan): number | null {
  for (let index = 0; index < NULL.length; index++) if (s.bytes[s.at + index] !== NULL[index]) return Number.NaN
  s.at += NULL.length
  return null
}

/** A point or an exponent behind the digits. */
function continuesNumber({ bytes, at }: Scan): boolean {
  const byte = bytes[at]
  return byte === POINT || byte === 0x65 || byte === 0x45
}

/** `"YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)"` with at most three digits of a fraction, to epoch milliseconds; or NaN. */
export function scanInstant(s: Scan): number {
  const { bytes, at } = s
  const isShaped =
    bytes[at] === QUOTE &&
    bytes[at + 5] === MINUS &&
    bytes[at + 8] === MINUS &&
    bytes[at + 11] === 0x54 &&
    bytes[at + 14] === COLON &&
    bytes[at + 17] === COLON
  if (!isShaped) return Number.NaN
  const dayMs = scanDay(bytes, at + 1)
  const hour = pair(bytes, at + 12)
  const minute = pair(bytes, at + 15)
  const second = pair(bytes, at + 18)
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN
  s.at = at + 20
  const fraction = bytes[s.at] === POINT ? scanFraction(s, 0) : 0
  const offsetMs = scanOffset(s)
  if (bytes[s.at++] !== QUOTE) return Number.NaN
  return dayMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction - offsetMs
}

/** The day that was read last, by the eight digits of its date: readings come in runs of the same day. */
let lastDate = -1
let lastDayMs = 0

function scanDay(bytes: Uint8Array, at: number): number {
  const year = pair(bytes, at) * 100 + pair(bytes, at + 2)
  const month = pair(bytes, at + 5)
  const day = pair(bytes, at + 8)
  const date = (year * 100 + month) * 100 + day
  if (date === lastDate) return lastDayMs
  // years before 1000 Date.UTC would move into the 20th century; they are somebody else's fault to describe
  if (!(year >= 1000 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN
  const ms = Date.UTC(year, month - 1, day)
  if (new Date(ms).getUTCMonth() !== month - 1) return Number.NaN
  lastDate = date
  lastDayMs = ms
  return ms
}

const Z = 0x5a
/** Offsets run to 14:00 (domain page section 5.3). */
const MAX_OFFSET_MINUTES = 14 * 60

function scanOffset(s: Scan): number {
  const { bytes, at } = s
  const sign = bytes[at]
  if (sign === Z) {
    s.at++
    return 0
  }
  if ((sign !== PLUS && sign !== MINUS) || bytes[at + 3] !== COLON) return Number.NaN
  const minutes = pair(bytes, at + 4)
  const offset = pair(bytes, at + 1) * 60 + minutes
  if (!(minutes <= 59 && offset <= MAX_OFFSET_MINUTES)) return Number.NaN
  s.at = at + 6
  return (sign === MINUS ? -offset : offset) * 60_000
}

function pair(bytes: Uint8Array, at: number): number {
  const tens = digitAt(bytes, at)
  const ones = digitAt(bytes, at + 1)
  return tens < 0 || ones < 0 ? Number.NaN : tens * 10 + ones
}

/** The digit at a place, or -1. */
function digitAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  return byte !== undefined && byte >= ZERO && byte <= 0x39 ? byte - ZERO : -1
}
