import type { ParsedMessage } from '../domain/message.ts'
import { scanCelsius, scanInstant, scanWhole } from './scan-values.ts'
import { DEFAULT_CHANNEL, type Found, isChannel, MAX_READINGS_PER_MESSAGE, take } from './taking.ts'

/**
 * The native JSON as nearly every device sends it, read in one pass over the bytes: no text, no tree, no regular
 * expression, a tenth of the general parser's time. Whatever is unusual (a fault of any kind, an escape, an unknown
 * field, a key twice, another unit, digits that are rounded) answers null, and `native-json.ts` reads the message anew
 * and says what is wrong. A test holds both to the same result.
 */
export function scanNativeJson(payload: Uint8Array, receivedAt: number): Omit<ParsedMessage, 'sensorId'> | null {
  const s: Scan = { bytes: payload, at: 0 }
  const found: Found = { receivedAt, readings: [], observations: [], held: [] }
  let seq: number | null = null
  let seen = 0
  if (!opens(s, LEFT_BRACE)) return null
  do {
    const key = scanKey(s)
    if (key === NO_KEY || (seen & key) !== 0) return null
    seen |= key
    if (key === SEQ) {
      seq = scanWhole(s)
      if (seq < 0) return null
    } else if (key === SENT_AT) {
      if (Number.isNaN(scanInstant(s))) return null
    } else if (key !== READINGS || !scanReadings(s, found)) return null
  } while (goesOn(s))
  if (!closes(s, RIGHT_BRACE) || (seen & READINGS) === 0) return null
  skipSpace(s)
  if (s.at !== payload.length) return null
  const { readings, held } = found
  return { seq, readings, observations: NONE, held: held.length === 0 ? NONE : held, problem: null }
}

/** One empty list for all messages that wait for their commit. */
const NONE: readonly never[] = []

/** A place in the bytes; a byte beyond their end is undefined and matches nothing. */
export type Scan = { readonly bytes: Uint8Array; at: number }

const LEFT_BRACE = 0x7b
const RIGHT_BRACE = 0x7d
const LEFT_BRACKET = 0x5b
const RIGHT_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a
const QUOTE = 0x22
const SPACE = 0x20

const NO_KEY = 0
const SEQ = 1
const SENT_AT = 2
const READINGS = 4
const AT = 8
const CHANNEL = 16
const VALUE = 32
const UNIT = 64

/** Keys with the quote behind them, so that no longer key is taken for one. */
const KEYS: readonly { key: number; text: Uint8Array }[] = [
  { key: AT, text: Buffer.from('at"') },
  { key: VALUE, text: Buffer.from('value"') },
  { key: UNIT, text: Buffer.from('unit"') },
  { key: CHANNEL, text: Buffer.from('channel"') },
  { key: SEQ, text: Buffer.from('seq"') },
  { key: READINGS, text: Buffer.from('readings"') },
  { key: SENT_AT, text: Buffer.from('sentAt"') },
]

/** A key and its colon, up to the value. */
function scanKey(s: Scan): number {
  skipSpace(s)
  if (s.bytes[s.at] !== QUOTE) return NO_KEY
  const first = s.bytes[s.at + 1]
  for (const { key, text } of KEYS) {
    if (text[0] !== first || !matches(s.bytes, s.at + 1, text)) continue
    s.at += 1 + text.length
    return opens(s, COLON) ? key : NO_KEY
  }
  return NO_KEY
}

function matches(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return true
}

function scanReadings(s: Scan, found: Found): boolean {
  if (!opens(s, LEFT_BRACKET)) return false
  let index = 0
  do {
    if (index === MAX_READINGS_PER_MESSAGE || !scanReading(s, index, found)) return false
    index++
  } while (goesOn(s))
  return closes(s, RIGHT_BRACKET)
}

const CELSIUS = Buffer.from('"CEL"')

function scanReading(s: Scan, index: number, found: Found): boolean {
  let at = Number.NaN
  let milliC: number | null = null
  let channel: string | null = DEFAULT_CHANNEL
  let seen = 0
  if (!opens(s, LEFT_BRACE)) return false
  do {
    const key = scanKey(s)
    if ((seen & key) !== 0) return false
    seen |= key
    if (key === AT) at = scanInstant(s)
    else if (key === VALUE) {
      milliC = scanCelsius(s)
      if (milliC !== null && Number.isNaN(milliC)) return false
    } else if (key === UNIT) {
      if (!matches(s.bytes, s.at, CELSIUS)) return false
      s.at += CELSIUS.length
    } else if (key === CHANNEL) channel = scanChannel(s)
    else return false
  } while (goesOn(s))
  const isWhole = (seen & (AT | VALUE | UNIT)) === (AT | VALUE | UNIT)
  if (!isWhole || channel === null || Number.isNaN(at) || !closes(s, RIGHT_BRACE)) return false
  take(found, index, { at, channel, milliC, raw: null })
  return true
}

const PROBE = Buffer.from(`"${DEFAULT_CHANNEL}"`)
/** Longer than any channel with its quotes. */
const MAX_CHANNEL_BYTES = 40

function scanChannel(s: Scan): string | null {
  if (matches(s.bytes, s.at, PROBE)) {
    s.at += PROBE.length
    return DEFAULT_CHANNEL
  }
  if (s.bytes[s.at] !== QUOTE) return null
  const end = s.bytes.indexOf(QUOTE, s.at + 1)
  if (end < 0 || end - s.at > MAX_CHANNEL_BYTES) return null
  const text = String.fromCharCode(...s.bytes.subarray(s.at + 1, end))
  s.at = end + 1
  return isChannel(text) ? text : null
}

/** Passes white space, the byte, and white space after it. */
function opens(s: Scan, byte: number): boolean {
  skipSpace(s)
  if (s.bytes[s.at] !== byte) return false
  s.at++
  skipSpace(s)
  return true
}

function closes(s: Scan, byte: number): boolean {
  skipSpace(s)
  return s.bytes[s.at++] === byte
}

/** Passes a comma; false where there is none. */
function goesOn(s: Scan): boolean {
  return opens(s, COMMA)
}

function skipSpace(s: Scan): void {
  let byte = s.bytes[s.at]
  // space, and the other white space of JSON: tab, line feed, carriage return
  while (byte !== undefined && byte <= SPACE && (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09)) {
    byte = s.bytes[++s.at]
  }
}
