/** The order of day, month and year where all are numbers. */
export const DATE_ORDERS = ['dmy', 'mdy', 'ymd'] as const
export type DateOrder = (typeof DATE_ORDERS)[number]

/**
 * A time as a file writes it. `localMs` is what the clock showed, as if it were UTC; `offsetMs` is set where the text
 * itself states the offset, `zone` where it names a zone in letters (`CET`).
 */
export type WrittenTime = { localMs: number; offsetMs: number | null; zone: string | null }

/** A date of three numbers, of which only their order says which is which. */
export type NumericDate = { numbers: [number, number, number]; digits: number; separator: string; timeMs: number }

/** Longer than any time a logger prints. */
const MAX_TIME_CHARS = 60

/**
 * Reads a time with its date: ISO 8601 and its relatives, `31.12.2026 23:59`, `12/31/26 11:59:00 PM`, `31-Dec-2026
 * 23:59`, `Thu Dec 31 23:59:00 CET 2026`, `20261231235900`, seconds or milliseconds since 1970. `order` rules for dates
 * of three numbers that do not begin with four digits; null leaves those unread. Null for anything else, and for dates
 * that do not exist.
 */
export function readTime(text: string, order: DateOrder | null): WrittenTime | null {
  if (text.length < 8 || text.length > MAX_TIME_CHARS) return null
  const code = text.charCodeAt(0)
  if (code >= 0x30 && code <= 0x39) return readYearFirst(text) ?? readNumeric(text, order) ?? readRest(text)
  return readRest(text)
}

const TIME = String.raw`(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,9}))?)?(?:\s*([ap])\.?\s?m\b\.?)?`
const ZONE = String.raw`(?:\s*(Z|(?:UTC|GMT)?\s?[+-]\d\d?(?::?\d\d)?|[A-Z]{2,5})\b)?`
const BETWEEN = String.raw`(?:T|,?\s+)`

const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d\d?)\2(\d\d?)(?:${BETWEEN}${TIME}${ZONE})?$`, 'i')
const NUMERIC = new RegExp(String.raw`^(\d\d?)([-/.])(\d\d?)\2(\d{4}|\d\d)(?:${BETWEEN}${TIME}${ZONE})?$`, 'i')

function readYearFirst(text: string): WrittenTime | null {
  const found = YEAR_FIRST.exec(text)
  if (found === null) return null
  const [, year, , month, day] = found
  return written({ year: Number(year), month: Number(month), day: Number(day) }, clockOf(found, 5), found[10])
}

function readNumeric(text: string, order: DateOrder | null): WrittenTime | null {
  const found = order === null ? null : NUMERIC.exec(text)
  if (found === null || order === null) return null
  const date = dateIn(order, [Number(found[1]), Number(found[3]), Number(found[4])], found[4]?.length ?? 0)
  return date === null ? null : written(date, clockOf(found, 5), found[10])
}

/** The parts of a date of three numbers, for the decision on their order; null for a text of another form. */
export function numericDate(text: string): NumericDate | null {
  const found = text.length > MAX_TIME_CHARS ? null : NUMERIC.exec(text)
  if (found === null) return null
  const timeMs = clockOf(found, 5)
  if (timeMs === null) return null
  const numbers: [number, number, number] = [Number(found[1]), Number(found[3]), Number(found[4])]
  return { numbers, digits: found[4]?.length ?? 0, separator: found[2] ?? '', timeMs }
}

/** What such a date means in an order, as epoch milliseconds of its clock; null where it is no date. */
export function inOrder({ numbers, digits, timeMs }: NumericDate, order: DateOrder): number | null {
  const date = dateIn(order, numbers, digits)
  return date === null ? null : (written(date, timeMs, undefined)?.localMs ?? null)
}

type CalendarDate = { year: number; month: number; day: number }

function dateIn(order: DateOrder, numbers: readonly number[], yearDigits: number): CalendarDate | null {
  const [a = 0, b = 0, c = 0] = numbers
  switch (order) {
    case 'dmy':
      return { day: a, month: b, year: fullYear(c, yearDigits) }
    case 'mdy':
      return { month: a, day: b, year: fullYear(c, yearDigits) }
    case 'ymd':
      return yearDigits === 4 ? null : { year: fullYear(a, 2), month: b, day: c }
  }
}

/** Loggers of this field are younger than 1970. */
function fullYear(year: number, digits: number): number {
  if (digits === 4) return year
  return year < 70 ? 2000 + year : 1900 + year
}

const MONTH = String.raw`([a-zäûéè]{3,9})\.?`
const WEEKDAY = String.raw`(?:[a-z]{2,9}\.?,?\s+)?`
const YEAR = String.raw`(\d{4}|\d\d)`
const DAY_MONTH = new RegExp(
  String.raw`^${WEEKDAY}(\d\d?)\.?[-/\s]\s*${MONTH}[-/,\s]\s*${YEAR}(?:${BETWEEN}${TIME}${ZONE})?$`,
  'i',
)
const MONTH_DAY = new RegExp(
  String.raw`^${WEEKDAY}${MONTH}[-\s](\d\d?)[-,\s]\s*${YEAR}(?:${BETWEEN}${TIME}${ZONE})?$`,
  'i',
)
const UNIX_DATE = new RegExp(String.raw`^${WEEKDAY}${MONTH}\s+(\d\d?)\s+${TIME}(?:\s+([A-Z]{1,5}))?\s+(\d{4})$`, 'i')
const COMPACT = /^(\d{4})(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)?$/
const SINCE_1970 = /^(?:\d{10}|\d{13})$/

function readRest(text: string): WrittenTime | null {
  if (SINCE_1970.test(text)) {
    return { localMs: Number(text) * (text.length === 10 ? 1000 : 1), offsetMs: 0, zone: null }
  }
  const compact = COMPACT.exec(text)
  if (compact !== null) {
    const [, year, month, day, hour, minute, second = '0'] = compact
    const timeMs = clock({ hour: Number(hour), minute: Number(minute), second: Number(second), ms: 0 })
    return written({ year: Number(year), month: Number(month), day: Number(day) }, timeMs, undefined)
  }
  return readMonthName(text)
}

function readMonthName(text: string): WrittenTime | null {
  const dayMonth = DAY_MONTH.exec(text)
  if (dayMonth !== null) {
    const [, day, month = '', year = ''] = dayMonth
    const date = { day: Number(day), month: monthOf(month), year: fullYear(Number(year), year.length) }
    return written(date, clockOf(dayMonth, 4), dayMonth[9])
  }
  const monthDay = MONTH_DAY.exec(text)
  if (monthDay !== null) {
    const [, month = '', day, year = ''] = monthDay
    const date = { day: Number(day), month: monthOf(month), year: fullYear(Number(year), year.length) }
    return written(date, clockOf(monthDay, 4), monthDay[9])
  }
  const unix = UNIX_DATE.exec(text)
  if (unix === null) return null
  const [, month = '', day] = unix
  return written({ day: Number(day), month: monthOf(month), year: Number(unix[9]) }, clockOf(unix, 3), unix[8])
}

/** English, German, French and Spanish month names by their first letters. */
const MONTHS = [
  /^(jan|ene)/,
  /^(feb|fév|fev)/,
  /^(mar|mär|mrz|mae)/,
  /^(apr|avr|abr)/,
  /^(may|mai)/,
  /^(jun|juin)/,
  /^(jul|juil)/,
  /^(aug|aoû|aou|ago)/,
  /^sep/,
  /^(oct|okt)/,
  /^nov/,
  /^(dec|dez|déc|dic)/,
] as const

function monthOf(name: string): number {
  const lower = name.toLowerCase()
  return MONTHS.findIndex((pattern) => pattern.test(lower)) + 1
}

/** The time of day in five groups from `first` on; midnight where there is none, null where it cannot be. */
function clockOf(found: RegExpExecArray, first: number): number | null {
  const [hour, minute, second = '0', fraction = '', half] = found.slice(first, first + 5)
  if (hour === undefined) return 0
  const ms = Number(fraction.padEnd(3, '0').slice(0, 3))
  return clock({ hour: Number(hour), minute: Number(minute), second: Number(second), ms, half })
}

type Clock = { hour: number; minute: number; second: number; ms: number; half?: string | undefined }

function clock({ hour, minute, second, ms, half }: Clock): number | null {
  if (minute > 59 || second > 59 || (half === undefined ? hour > 23 : hour < 1 || hour > 12)) return null
  const hours = half === undefined ? hour : (hour % 12) + (/p/i.test(half) ? 12 : 0)
  return ((hours * 60 + minute) * 60 + second) * 1000 + ms
}

const TIME_ALONE = new RegExp(`^${TIME}${ZONE}$`, 'i')

/** A time of day in a column of its own; milliseconds since midnight and the rest of `WrittenTime`. */
export function readTimeOfDay(text: string): { timeMs: number; zone: string | undefined } | null {
  if (text.length > MAX_TIME_CHARS || !text.includes(':')) return null
  const found = TIME_ALONE.exec(text)
  const timeMs = found === null ? null : clockOf(found, 1)
  return timeMs === null ? null : { timeMs, zone: found?.[6] }
}

/** Whether a text is a date without a time. */
export function isDateAlone(text: string): boolean {
  if (text.includes(':') || text.length > MAX_TIME_CHARS) return false
  const padded = `${text} 00:00`
  return DATE_ALONE.test(text) || DATE_ORDERS.some((order) => readTime(padded, order) !== null)
}

const DATE_ALONE = /^(?:19|20)\d{6}$/

function written(date: CalendarDate, timeMs: number | null, zone: string | undefined): WrittenTime | null {
  const { year, month, day } = date
  if (timeMs === null || month < 1 || month > 12 || day < 1 || day > 31) return null
  const midnight = Date.UTC(year, month - 1, day)
  // the 31st of a short month does not come back
  if (new Date(midnight).getUTCDate() !== day) return null
  const offsetMs = zone === undefined ? null : offsetOf(zone)
  return { localMs: midnight + timeMs, offsetMs, zone: offsetMs === null ? (zone?.toUpperCase() ?? null) : null }
}

/** `Z`, `UTC`, `GMT`, `+0200`, `UTC+2`, `GMT-06:00` as milliseconds ahead of UTC; null where letters name a zone. */
export function offsetOf(text: string): number | null {
  if (/^(?:Z|UTC|GMT)$/i.test(text)) return 0
  const [, sign, hours, minutes = '0'] = /^(?:UTC|GMT)?\s?([+-])(\d\d?)(?::?(\d\d))?$/i.exec(text) ?? []
  if (hours === undefined || Number(hours) > 14 || Number(minutes) > 59) return null
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
