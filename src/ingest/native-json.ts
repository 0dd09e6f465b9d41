import type { MessageProblem, ParsedMessage, RejectReason } from '../domain/message.ts'
import { isObservationUnit, OBSERVATION_UNITS, type ObservationUnit } from '../domain/quantity.ts'
import { isUnitCode, parseInstant, toMilliC } from '../domain/units.ts'
import { scanNativeJson } from './native-json-scan.ts'
import { isUnclear, observe } from './observing.ts'
import { quoted } from './quoted.ts'
import { readJson } from './read-json.ts'
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

/** More digits than any sensor sends, and the longest text `toMilliC` reads. */
const MAX_VALUE_CHARS = 40

/**
 * The native JSON of design page section 5 to readings. Never throws. A fault of the envelope leaves no readings; a
 * faulty reading is named in `problem` and the others count. Fields the format does not know are ignored.
 * What nearly every device sends is scanned (0.5 µs per reading, as much as JSON.parse alone), the rest is read here.
 */
export function parseNativeJson(payload: Uint8Array, receivedAt: number): Omit<ParsedMessage, 'sensorId'> {
  return scanNativeJson(payload, receivedAt) ?? readNativeJson(payload, receivedAt)
}

/** The same for any message, through its text and its tree (2 µs per reading): what is wrong with it, too. */
export function readNativeJson(payload: Uint8Array, receivedAt: number): Omit<ParsedMessage, 'sensorId'> {
  const body = readJson(payload)
  if (isProblem(body)) return nothingBut(body)
  const envelope = readEnvelope(body.json)
  if (isProblem(envelope)) return nothingBut(envelope)
  const found = emptyFound(receivedAt)
  const problems: MessageProblem[] = []
  for (let index = 0; index < envelope.items.length; index++) {
    const problem = takeReading(envelope.items[index], index, found)
    if (problem !== null) problems.push(problem)
  }
  const { readings, observations, held } = found
  return { seq: envelope.seq, readings, observations, held, problem: firstOf(problems) }
}

/** Shape only: nothing is decided by `sentAt`, and parsing it would cost as much as parsing a reading's time. */
const SENT_AT = /^\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.,]{0,16}(?:Z|[+-]\d\d:?\d\d)$/

function readEnvelope(body: unknown): { seq: number | null; items: readonly unknown[] } | MessageProblem {
  if (!isObject(body)) return shape('the body is no object: send {"readings":[…]}')
  const { seq = null, sentAt, readings } = body
  if (seq !== null && !isSequence(seq)) return shape('seq is no whole number from 0 to 9007199254740991')
  if (sentAt !== undefined && (typeof sentAt !== 'string' || !SENT_AT.test(sentAt))) {
    return shape('sentAt is no ISO 8601 time with offset, as in "2026-03-02T10:00:00Z"')
  }
  if (!Array.isArray(readings)) return shape('readings is no list: send {"readings":[…]}')
  if (readings.length === 0) return { reason: 'NO_READINGS', detail: 'readings is empty: send at least one' }
  if (readings.length > MAX_READINGS_PER_MESSAGE) return tooMany(readings.length)
  return { seq, items: readings }
}

function shape(detail: string): MessageProblem {
  return { reason: 'ENVELOPE_SHAPE', detail }
}

/** Puts one reading into `found`, or says what is wrong with it. */
function takeReading(item: unknown, index: number, found: Found): MessageProblem | null {
  if (!isObject(item)) return fault(index, 'READING_SHAPE', ' is no object')
  const { at, channel = DEFAULT_CHANNEL, value, unit } = item
  if (!isUnitCode(unit)) {
    return isObservationUnit(unit) ? takeOther(item, unit, { index, found }) : unitFault(index, unit)
  }
  if (!isChannel(channel)) return channelFault(index)
  if (typeof at !== 'string') return timeFault(index, at === undefined ? 'TIME_MISSING' : 'NOT_A_TIME', at)
  const time = parseInstant(at)
  if (typeof time === 'string') return timeFault(index, time, at)
  const text = valueText(value)
  if (text === null) return valueFault(index, value)
  const temperature = value === null ? null : toMilliC(text, unit)
  const exact = time.exact && (temperature === null ? value === null : temperature.exact)
  const raw = exact ? null : `${text} ${unit} ${at}`
  take(found, index, { at: time.at, channel, milliC: temperature === null ? null : temperature.milliC, raw })
  return null
}

/** The same for a unit other than temperature; without a channel it is named after what the unit measures. */
function takeOther(
  item: Record<string, unknown>,
  unit: ObservationUnit,
  { index, found }: { index: number; found: Found },
): MessageProblem | null {
  const { at, channel = null, value } = item
  if (channel !== null && !isChannel(channel)) return channelFault(index)
  if (typeof at !== 'string') return timeFault(index, at === undefined ? 'TIME_MISSING' : 'NOT_A_TIME', at)
  const time = parseInstant(at)
  if (typeof time === 'string') return timeFault(index, time, at)
  const text = valueText(value)
  if (text === null) return valueFault(index, value)
  const seen = observe({ text: value === null ? null : text, unit, channel, time: { ...time, text: at } })
  if (isUnclear(seen)) return fault(index, 'QUANTITY_UNCLEAR', seen.unclear)
  takeObservation(found, index, seen)
  return null
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/**
 * The decimal text of a value, `null` for the fault a device reports itself; null when it is neither.
 * A JSON number prints back as the shortest text of the same double: 8.04 is "8.04".
 */
function valueText(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  if (value === null) return 'null'
  return typeof value === 'string' && value.length <= MAX_VALUE_CHARS && DECIMAL.test(value) ? value : null
}

function isSequence(seq: unknown): seq is number {
  return typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0
}

/** UN/ECE Recommendation 20 codes. */
const ACCEPTED = `"CEL", "FAH" or "KEL" for a temperature, else one of ${OBSERVATION_UNITS}`

function unitFault(index: number, unit: unknown): MessageProblem {
  if (unit === undefined) return fault(index, 'UNIT_MISSING', `.unit is missing: send ${ACCEPTED}`)
  return fault(index, 'UNIT_UNKNOWN', `.unit is ${shown(unit)}: send ${ACCEPTED}`)
}

function channelFault(index: number): MessageProblem {
  return fault(index, 'CHANNEL_SHAPE', '.channel: send a-z, 0-9 and _, beginning with a letter, at most 32')
}

function timeFault(index: number, reason: 'TIME_MISSING' | 'NO_OFFSET' | 'NOT_A_TIME', at: unknown): MessageProblem {
  if (reason === 'TIME_MISSING') return fault(index, reason, '.at is missing: send an ISO 8601 time with offset')
  const missing = reason === 'NO_OFFSET' ? 'without an offset: append "Z" or "+hh:mm"' : 'no ISO 8601 time with offset'
  return fault(index, reason, `.at is ${shown(at)}, ${missing}`)
}

function valueFault(index: number, value: unknown): MessageProblem {
  if (value === undefined) return fault(index, 'VALUE_MISSING', '.value is missing: send a number, or null for a fault')
  return fault(index, 'VALUE_SHAPE', `.value is ${shown(value)}: send a number, decimal text, or null for a fault`)
}

function fault(index: number, reason: RejectReason, detail: string): MessageProblem {
  return { reason, detail: `readings[${index}]${detail}` }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quoted(value) : Array.isArray(value) ? 'a list' : `a JSON ${typeof value}`
}
