import { isOut, type Side } from './profile.ts'

/**
 * Temperatures and instants as they cross the door (domain page section 6): decimal text in, integer milli-degrees and
 * epoch milliseconds inside. Rounded once, half away from zero; never through a float product.
 */

/** UN/ECE Recommendation 20 codes of the temperature units the door accepts. */
export const UNIT_CODES = ['CEL', 'FAH', 'KEL'] as const
export type UnitCode = (typeof UNIT_CODES)[number]

/** Tells whether a text is a unit code the door accepts. */
export function isUnitCode(text: unknown): text is UnitCode {
  return text === 'CEL' || text === 'FAH' || text === 'KEL'
}

/** Coldest and hottest storable value: absolute zero, and the column's upper limit. */
const MIN_MILLI_C = -273_150
const MAX_MILLI_C = 1_000_000
/** More fraction digits than any sensor sends; a limit so that no input costs more than a few microseconds. */
const MAX_DECIMAL_CHARS = 40

/**
 * Decimal text in a unit to milli-degrees Celsius, rounded once, half away from zero.
 * `exact` is false when the number was rounded: the caller then keeps the text beside it.
 * Null when the text is no decimal number or lies outside -273.15 to 1000 degrees Celsius.
 */
export function toMilliC(text: string, unit: UnitCode): { milliC: number; exact: boolean } | null {
  const decimal = fixedPoint(text)
  if (decimal === null) return null
  const rounded = roundedMilliC(decimal, unit)
  return rounded.milliC < MIN_MILLI_C || rounded.milliC > MAX_MILLI_C ? null : rounded
}

type FixedPoint = { units: number; scale: number } | { units: bigint; scale: number }

/**
 * Decimal text as `units` x 10^-`scale`; null for what is no decimal number, or longer than a sensor sends. Up to 10
 * digits stay in a double exactly; more go through BigInt.
 */
export function fixedPoint(text: string): FixedPoint | null {
  if (text.length > MAX_DECIMAL_CHARS || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?$/.test(text)) return null
  const [mantissa = '', exponent = '0'] = text.split(/[eE]/)
  const point = mantissa.indexOf('.')
  const digits = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1)
  const scale = (point < 0 ? 0 : mantissa.length - point - 1) - Number(exponent)
  if (scale >= 0 && scale <= 6 && digits.length <= 10) return { units: Number(digits), scale }
  if (scale < 0) return { units: BigInt(digits) * 10n ** BigInt(-scale), scale: 0 }
  return { units: BigInt(digits), scale }
}

function roundedMilliC(value: FixedPoint, unit: UnitCode): { milliC: number; exact: boolean } {
  if (typeof value.units === 'number' && unit === 'CEL' && value.scale <= 3) {
    // + 0 turns the negative zero of "-0.0" into zero
    return { milliC: value.units * 10 ** (3 - value.scale) + 0, exact: true }
  }
  const units = BigInt(value.units)
  const one = 10n ** BigInt(value.scale)
  switch (unit) {
    case 'CEL':
      return inMilliC(divideRounded(units * 1000n, one))
    case 'KEL':
      return inMilliC(divideRounded(units * 1000n - 273_150n * one, one))
    case 'FAH':
      return inMilliC(divideRounded((units - 32n * one) * 5000n, 9n * one))
  }
}

function inMilliC({ rounded, exact }: { rounded: number; exact: boolean }): { milliC: number; exact: boolean } {
  return { milliC: rounded, exact }
}

/** A quotient as a whole number, rounded half away from zero; `denominator` is positive. */
export function divideRounded(numerator: bigint, denominator: bigint): { rounded: number; exact: boolean } {
  const magnitude = numerator < 0n ? -numerator : numerator
  const rounded = (2n * magnitude + denominator) / (2n * denominator)
  const signed = numerator < 0n ? -rounded : rounded
  return { rounded: Number(signed), exact: magnitude % denominator === 0n }
}

/**
 * Milli-degrees as people read them: one decimal, halves away from zero; more decimals only where fewer would print the
 * value on the other side of the limit than it was judged (domain page section 0 rule 12).
 * `limit` is the limit the value is shown beside, with its side; null shows one decimal.
 */
export function displayC(milliC: number, limit: { milliC: number; side: Side } | null): string {
  if (limit === null) return decimalText(roundTo(milliC, 1), 1)
  const out = isOut(limit.side, limit.milliC, milliC)
  for (const decimals of [1, 2]) {
    const shown = roundTo(milliC, decimals)
    if (isOut(limit.side, limit.milliC, shown) === out) return decimalText(shown, decimals)
  }
  return decimalText(milliC, 3)
}

/** Milli-degrees as the number of degrees that machines read: -189.5, 8, 8.04. */
export function exactC(milliC: number): number {
  return milliC / 1000
}

function roundTo(milliC: number, decimals: number): number {
  const step = 10 ** (3 - decimals)
  return (Math.sign(milliC) * Math.floor((Math.abs(milliC) + step / 2) / step) + 0) * step
}

function decimalText(milliC: number, decimals: number): string {
  const digits = String(Math.abs(milliC)).padStart(4, '0')
  const text = `${digits.slice(0, -3)}.${digits.slice(-3).slice(0, decimals)}`
  return milliC < 0 ? `-${text}` : text
}

/** ISO 8601 calendar date and time with an offset, the only form of time the doors take. */
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?(Z|[+-]\d\d:?\d\d)?$/

/**
 * ISO 8601 text to epoch milliseconds, truncated to the millisecond; `exact` is false when digits were dropped.
 * A time without offset is not an instant: `NO_OFFSET`.
 */
export function parseInstant(text: string): { at: number; exact: boolean } | 'NO_OFFSET' | 'NOT_A_TIME' {
  const parts = INSTANT.exec(text)
  if (parts === null) return 'NOT_A_TIME'
  const [, year, month, day, hour, minute, second = '0', fraction = '', offset] = parts
  const fields = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)]
  const millis = Number(fraction.padEnd(3, '0').slice(0, 3))
  const local = utc(fields, millis)
  if (local === null) return 'NOT_A_TIME'
  if (offset === undefined) return 'NO_OFFSET'
  const offsetMs = offsetMinutes(offset) * 60_000
  if (Number.isNaN(offsetMs)) return 'NOT_A_TIME'
  return { at: local - offsetMs, exact: !/[1-9]/.test(fraction.slice(3)) }
}

function utc(fields: readonly number[], millis: number): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields
  if (hour > 23 || minute > 59 || second > 59) return null
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, millis)
  const back = new Date(ms)
  // the 31st of a short month, and the years 0 to 99 that Date.UTC moves to the 20th century, do not come back
  return back.getUTCMonth() === month - 1 && back.getUTCFullYear() === year ? ms : null
}

/** Offsets run to 14:00 at most (domain page section 5.3). */
function offsetMinutes(offset: string): number {
  if (offset === 'Z') return 0
  const digits = offset.slice(1).replace(':', '')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  if (minutes > 14 * 60 || Number(digits.slice(2)) > 59) return Number.NaN
  return offset.startsWith('-') ? -minutes : minutes
}

/** Epoch milliseconds to ISO 8601 in UTC with milliseconds, as every door prints it. */
export function isoInstant(at: number): string {
  return new Date(at).toISOString()
}

/** How far ahead of receipt a reading may lie before a person must look at the clock. */
export const MAX_AHEAD_MS = 300_000
/** Nothing this project deals with was measured before; a clock that says so was never set. */
export const EARLIEST_AT = Date.UTC(2001, 0, 1)
/** Beyond any shelf life; the database's texts of instants have four digits for the year. */
export const LATEST_AT = Date.UTC(2200, 0, 1)

/** Whether a reading's time is stored or held as `implausible_clock` for a person (domain page section 6). */
export function clockOutcome(at: number, receivedAt: number): 'stored' | 'held' {
  return at > receivedAt + MAX_AHEAD_MS || at < EARLIEST_AT ? 'held' : 'stored'
}

/** Server and device time of one synchronisation of a sensor's clock, epoch milliseconds. */
export type ClockSync = { deviceAt: number; serverAt: number }

/** Device time corrected linearly between the synchronisations at start and read-out (vectors K1, K2). */
export function correctedAt(deviceAt: number, start: ClockSync, end: ClockSync): number {
  const startOffset = start.serverAt - start.deviceAt
  const drift = end.serverAt - end.deviceAt - startOffset
  const span = end.deviceAt - start.deviceAt
  return deviceAt + startOffset + (span === 0 ? 0 : Math.round((drift * (deviceAt - start.deviceAt)) / span))
}

/**
 * Covered share of a window in percent with three decimals, half away from zero; null for an empty window. Never 100
 * while anything is missing.
 */
export function coveragePercent(coveredMs: number, windowMs: number): number | null {
  if (windowMs <= 0) return null
  const percent = Math.round((coveredMs * 100_000) / windowMs) / 1000
  return coveredMs < windowMs ? Math.min(percent, 99.999) : percent
}
