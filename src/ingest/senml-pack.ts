import type { MessageProblem, ParsedMessage, RejectReason } from '../domain/message.ts'
import { toMilliC } from '../domain/units.ts'
import { type Decimal, decimalOf, decimalText, sumOf, truncated } from './decimal.ts'
import { observed } from './observing.ts'
import { quoted } from './quoted.ts'
import { READ_UNITS, type SenmlUnit, senmlUnit } from './senml-units.ts'
import {
  DEFAULT_CHANNEL,
  emptyFound,
  type Found,
  firstOf,
  isChannel,
  isObject,
  isProblem,
  MAX_READINGS_PER_MESSAGE,
  nothingBut,
  take,
  takeObservation,
  tooMany,
} from './taking.ts'

/**
 * A SenML pack (RFC 8428 section 4), read from JSON or CBOR, to readings. Base fields hold from their record on. Units
 * are those of the tables below. The channel is what stands behind the last `:` or `/` of base name and name, where
 * that is a channel name, else `probe`, or the name of what else is measured; the sensor is the topic's. Times must be
 * absolute.
 */
export function readPack(pack: unknown, receivedAt: number): Omit<ParsedMessage, 'sensorId'> {
  if (!Array.isArray(pack)) return nothingBut(shape('the body is no list of SenML records'))
  if (pack.length > MAX_READINGS_PER_MESSAGE) return nothingBut(tooMany(pack.length))
  const found = emptyFound(receivedAt)
  const problems: MessageProblem[] = []
  let base = NO_BASE
  for (let index = 0; index < pack.length; index++) {
    const record: unknown = pack[index]
    if (!isObject(record)) problems.push(fault(index, 'READING_SHAPE', ' is no record'))
    else {
      // a base field nobody can read would give every later record another meaning
      const next = baseFrom(record, base, index)
      if (isProblem(next)) return nothingBut(next)
      base = next
      const problem = isBaseOnly(record) ? null : takeRecord(record, { base, index, found })
      if (problem !== null) problems.push(problem)
    }
  }
  const { readings, observations, held } = found
  const empty = readings.length + observations.length + held.length + problems.length === 0
  if (empty) return nothingBut({ reason: 'NO_READINGS', detail: 'the pack has no measurement: send at least one' })
  return { seq: null, readings, observations, held, problem: firstOf(problems) }
}

type Base = { name: string; time: Decimal; unit: unknown; value: Decimal | null }

const ZERO: Decimal = { units: 0n, scale: 0 }
const NO_BASE: Base = { name: '', time: ZERO, unit: undefined, value: null }
/** RFC 8428 section 4.4; a later version may mean something else by the same fields. */
const NEWEST_VERSION = 10

/** The base that holds from this record on; base sums concern no temperature. */
function baseFrom(record: Record<string, unknown>, base: Base, index: number): Base | MessageProblem {
  const demanded = Object.keys(record).find((label) => label.endsWith('_'))
  if (demanded !== undefined) {
    return fault(index, 'NOT_UNDERSTOOD', ` must be read with ${quoted(demanded)}, which is not known here`)
  }
  const { bver, bn, bt, bu, bv } = record
  if (bver !== undefined && (typeof bver !== 'number' || !Number.isInteger(bver) || bver < 1)) {
    return shape(`records[${index}].bver is no version number`)
  }
  if (bver !== undefined && bver > NEWEST_VERSION) {
    return fault(index, 'NOT_UNDERSTOOD', `.bver is ${bver}: versions up to ${NEWEST_VERSION} are read`)
  }
  if (bn !== undefined && typeof bn !== 'string') return shape(`records[${index}].bn is no text`)
  if (bu !== undefined && typeof bu !== 'string') return shape(`records[${index}].bu is no text`)
  const time = bt === undefined ? base.time : numberOf(bt)
  if (time === null) return shape(`records[${index}].bt is no number`)
  const value = bv === undefined ? base.value : numberOf(bv)
  if (bv !== undefined && value === null) return shape(`records[${index}].bv is no number`)
  return { name: bn ?? base.name, time, unit: bu ?? base.unit, value }
}

/** What a record must have at least one of to measure anything; a base value alone might be meant as a value. */
const MEASURING = ['n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut', 'bv'] as const

/** Many devices send their base fields ahead, in a record that measures nothing. */
function isBaseOnly(record: Record<string, unknown>): boolean {
  return Object.keys(record).length > 0 && MEASURING.every((label) => record[label] === undefined)
}

type Place = { base: Base; index: number; found: Found }

/** Puts one record's reading into `found`, or says what is wrong with it. */
function takeRecord(record: Record<string, unknown>, { base, index, found }: Place): MessageProblem | null {
  const value = readValue(record, base, index)
  if (isProblem(value)) return value
  const unit = readUnit(record.u ?? base.unit, index)
  if (isProblem(unit)) return unit
  const { n = '' } = record
  if (typeof n !== 'string') return fault(index, 'READING_SHAPE', '.n is no text')
  const time = readTime(record.t, base.time, index)
  if (isProblem(time)) return time
  const channel = channelOf(base.name + n)
  if ('quantity' in unit) {
    const said = { text: value.text, unit: unit.unit, unitText: unit.text, channel, time }
    takeObservation(found, index, observed(said, unit.quantity))
    return null
  }
  const temperature = toMilliC(value.text, unit.temperature)
  const exact = time.exact && temperature?.exact === true
  const raw = exact ? null : `${value.text} ${unit.text} ${time.text}`
  take(found, index, { at: time.at, channel: channel ?? DEFAULT_CHANNEL, milliC: temperature?.milliC ?? null, raw })
  return null
}

/** The longest text `toMilliC` reads. */
const MAX_VALUE_CHARS = 40

/** A value as decimal text; of a device's NaN or infinity the name, which is a fault. */
function readValue(record: Record<string, unknown>, base: Base, index: number): { text: string } | MessageProblem {
  for (const label of ['vs', 'vb', 'vd']) {
    if (record[label] !== undefined) {
      return fault(index, 'VALUE_SHAPE', `.${label} is no measurement: send a number as v`)
    }
  }
  const { v } = record
  if (v === undefined) return fault(index, 'VALUE_MISSING', '.v is missing: send a number')
  if (typeof v === 'number' && !Number.isFinite(v)) return { text: String(v) }
  const value = numberOf(v)
  if (value === null) return fault(index, 'VALUE_SHAPE', '.v is no number')
  const text = typeof v === 'number' && base.value === null ? String(v) : decimalText(sumOf(value, base.value ?? ZERO))
  if (text.length > MAX_VALUE_CHARS) return fault(index, 'VALUE_SHAPE', `.v has more than ${MAX_VALUE_CHARS} digits`)
  return { text }
}

function readUnit(unit: unknown, index: number): (SenmlUnit & { text: string }) | MessageProblem {
  const known = senmlUnit(unit)
  if (known !== undefined) return { ...known, text: String(unit) }
  if (unit === undefined) return fault(index, 'UNIT_MISSING', ` has no unit: send u or bu, ${READ_UNITS}`)
  const shown = typeof unit === 'string' ? quoted(unit) : 'no text'
  return fault(index, 'UNIT_UNKNOWN', `.u is ${shown}: send ${READ_UNITS}`)
}

/** RFC 8428 section 4.5.3: smaller times, about 1978 as Unix time, are seconds from now. */
const ABSOLUTE_FROM_S = 2n ** 28n
/** Beyond the four-digit years of ISO 8601. */
const LATEST_S = BigInt(Date.UTC(10_000, 0, 1) / 1000)
const MS_SCALE = 3
/** More fraction digits than float noise leaves behind; a limit so that no text grows without bound. */
const MAX_TIME_SCALE = 40

type Instant = { at: number; exact: boolean; text: string }

function readTime(t: unknown, baseTime: Decimal, index: number): Instant | MessageProblem {
  const offset = t === undefined ? ZERO : numberOf(t)
  if (offset === null) return fault(index, 'NOT_A_TIME', '.t is no number of seconds')
  const time = sumOf(baseTime, offset)
  const whole = truncated(time, 0).units
  if (whole < ABSOLUTE_FROM_S) {
    const why = 'is relative to now, and a redelivery would become a second reading: send bt or t as Unix time'
    return fault(index, 'TIME_RELATIVE', `: its time ${why}`)
  }
  if (time.scale > MAX_TIME_SCALE) return fault(index, 'NOT_A_TIME', `: its time has over ${MAX_TIME_SCALE} decimals`)
  if (whole >= LATEST_S) return fault(index, 'NOT_A_TIME', ': its time lies after the year 9999')
  const { units, exact } = truncated(time, MS_SCALE)
  return { at: Number(units), exact, text: decimalText(time) }
}

/** A device URN (RFC 9039) that ends with the device's own number names the device, and no channel of it. */
const DEVICE_ONLY = /^urn:dev:(?:mac|ow|org|os|ops):[^:/]*$/

/** The channel a name ends with; null where it names none. */
function channelOf(name: string): string | null {
  if (DEVICE_ONLY.test(name)) return null
  const last = name.slice(Math.max(name.lastIndexOf(':'), name.lastIndexOf('/')) + 1)
  return isChannel(last) ? last : null
}

/** JSON's numbers, CBOR's integers beyond a double, and CBOR's decimal fractions; null for anything else. */
function numberOf(value: unknown): Decimal | null {
  if (typeof value === 'number' || typeof value === 'bigint') return decimalOf(value)
  return isDecimal(value) ? value : null
}

function isDecimal(value: unknown): value is Decimal {
  return isObject(value) && typeof value.units === 'bigint' && typeof value.scale === 'number'
}

function shape(detail: string): MessageProblem {
  return { reason: 'ENVELOPE_SHAPE', detail }
}

function fault(index: number, reason: RejectReason, detail: string): MessageProblem {
  return { reason, detail: `records[${index}]${detail}` }
}
