import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParsedMessage } from '../../src/domain/message.ts'
import { isReadingsTopic, MAX_MESSAGE_BYTES, parseMessage, receiveMessage } from '../../src/ingest/message.ts'
import { MAX_DEPTH } from '../../src/ingest/read-json.ts'
import { MAX_READINGS_PER_MESSAGE } from '../../src/ingest/taking.ts'
import { expectSound } from '../support/sound.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const TOPIC = 'unbroken/v1/42/readings'
const ENVELOPE = { prefix: 'unbroken/v1', receivedAt: RECEIVED_AT, contentType: null, retained: false }

const parse = (body: string | Uint8Array, topic = TOPIC, envelope = {}): ParsedMessage =>
  parseMessage(topic, typeof body === 'string' ? Buffer.from(body) : body, { ...ENVELOPE, ...envelope })

const reading = (fields: string): string => `{"at":"2026-03-02T09:55:00Z","value":5,"unit":"CEL"${fields}}`
const AT = Date.UTC(2026, 2, 2, 9, 55)

test('the message of the contract becomes its reading', () => {
  const body = `{"seq":812,"sentAt":"2026-03-02T10:00:00Z",
    "readings":[{"at":"2026-03-02T09:55:00Z","channel":"probe","value":-189.5,"unit":"CEL"}]}`
  expect(parse(body)).toEqual({
    sensorId: 42,
    seq: 812,
    readings: [{ at: AT, channel: 'probe', milliC: -189_500, raw: null }],
    observations: [],
    held: [],
    problem: null,
  })
})

test.each([
  ['8.04', 'CEL', 8040, null],
  ['"8.0"', 'CEL', 8000, null],
  ['8.0005', 'CEL', 8001, '8.0005 CEL 2026-03-02T09:55:00Z'],
  ['-0.0005', 'CEL', -1, '-0.0005 CEL 2026-03-02T09:55:00Z'],
  ['"46.4"', 'FAH', 8000, null],
  ['46', 'FAH', 7778, '46 FAH 2026-03-02T09:55:00Z'],
  ['77.355', 'KEL', -195_795, null],
  ['850.0', 'CEL', 850_000, null],
  ['5e-7', 'CEL', 0, '5e-7 CEL 2026-03-02T09:55:00Z'],
  ['1e2', 'CEL', 100_000, null],
  ['null', 'CEL', null, null],
  ['2000', 'CEL', null, '2000 CEL 2026-03-02T09:55:00Z'],
  ['-300', 'CEL', null, '-300 CEL 2026-03-02T09:55:00Z'],
  ['1e400', 'CEL', null, 'Infinity CEL 2026-03-02T09:55:00Z'],
  ['"850000"', 'KEL', null, '850000 KEL 2026-03-02T09:55:00Z'],
])('value %s %s is stored as %s milli-degrees and keeps the text %s', (value, unit, milliC, raw) => {
  const body = `{"readings":[{"at":"2026-03-02T09:55:00Z","value":${value},"unit":"${unit}"}]}`
  expect(parse(body)).toMatchObject({ readings: [{ at: AT, channel: 'probe', milliC, raw }], problem: null })
})

test.each([
  ['2026-03-29T02:30:00+02:00', Date.UTC(2026, 2, 2, 10) + 26 * 86_400_000 + 52_200_000, 'held'],
  ['2026-03-02T10:55:00+01:00', AT, 'stored'],
  ['2026-03-02T10:05:00Z', RECEIVED_AT + 300_000, 'stored'],
  ['2026-03-02T10:05:00.001Z', RECEIVED_AT + 300_001, 'held'],
  ['2000-12-31T23:59:59Z', Date.UTC(2000, 11, 31, 23, 59, 59), 'held'],
  ['2001-01-01T00:00:00Z', Date.UTC(2001, 0, 1), 'stored'],
])('a reading of %s at instant %s is %s', (text, at, outcome) => {
  const parsed = parse(`{"readings":[{"at":"${text}","value":5,"unit":"CEL"}]}`)
  expect(parsed.problem).toBeNull()
  expect(parsed.readings.map((stored) => stored.at)).toEqual(outcome === 'stored' ? [at] : [])
  expect(parsed.held).toEqual(outcome === 'held' ? [{ index: 0, at, channel: 'probe', milliC: 5000, raw: null }] : [])
})

test('a time below the millisecond is truncated and its text kept', () => {
  const parsed = parse('{"readings":[{"at":"2026-03-02T09:55:00.123456Z","value":5,"unit":"CEL"}]}')
  expect(parsed.readings[0]).toEqual({
    at: AT + 123,
    channel: 'probe',
    milliC: 5000,
    raw: '5 CEL 2026-03-02T09:55:00.123456Z',
  })
})

test('held readings leave the others of their message in place', () => {
  const future = reading('').replace('09:55', '11:00')
  const parsed = parse(`{"readings":[${reading('')},${future},${reading(',"channel":"lid"')}]}`)
  expect(parsed.readings.map((stored) => stored.channel)).toEqual(['probe', 'lid'])
  expect(parsed.held).toMatchObject([{ index: 1, at: Date.UTC(2026, 2, 2, 11) }])
  expect(parsed.problem).toBeNull()
})

describe('a faulty reading is named, and the good ones count', () => {
  test.each([
    ['"at":"2026-03-02T09:55:00Z","value":5', 'UNIT_MISSING', 'readings[1].unit is missing: send "CEL"'],
    ['"at":"2026-03-02T09:55:00Z","value":5,"unit":"C"', 'UNIT_UNKNOWN', 'readings[1].unit is "C"'],
    ['"at":"2026-03-02T09:55:00Z","value":5,"unit":null', 'UNIT_UNKNOWN', 'readings[1].unit'],
    ['"value":5,"unit":"CEL"', 'TIME_MISSING', 'readings[1].at is missing'],
    ['"at":1772445300,"value":5,"unit":"CEL"', 'NOT_A_TIME', 'readings[1].at is a JSON number'],
    ['"at":"2026-03-02T09:55:00","value":5,"unit":"CEL"', 'NO_OFFSET', 'append "Z"'],
    ['"at":"2026-02-30T09:55:00Z","value":5,"unit":"CEL"', 'NOT_A_TIME', 'readings[1].at is "2026-02-30T09:55:00Z"'],
    ['"at":"2026-03-02T09:55:00Z","unit":"CEL"', 'VALUE_MISSING', 'readings[1].value is missing'],
    ['"at":"2026-03-02T09:55:00Z","value":"open","unit":"CEL"', 'VALUE_SHAPE', 'readings[1].value is "open"'],
    ['"at":"2026-03-02T09:55:00Z","value":"","unit":"CEL"', 'VALUE_SHAPE', 'readings[1].value is ""'],
    ['"at":"2026-03-02T09:55:00Z","value":true,"unit":"CEL"', 'VALUE_SHAPE', 'readings[1].value is a JSON boolean'],
    ['"at":"2026-03-02T09:55:00Z","value":"5,0","unit":"CEL"', 'VALUE_SHAPE', 'readings[1].value is "5,0"'],
    ['"at":"2026-03-02T09:55:00Z","value":5,"unit":"CEL","channel":"Lid"', 'CHANNEL_SHAPE', 'readings[1].channel'],
    ['"at":"2026-03-02T09:55:00Z","value":5,"unit":"CEL","channel":null', 'CHANNEL_SHAPE', 'readings[1].channel'],
  ])('{%s} is %s', (fields, reason, detail) => {
    const parsed = parse(`{"seq":1,"readings":[${reading('')},{${fields}},${reading(',"channel":"lid"')}]}`)
    expect(parsed.readings).toHaveLength(2)
    expect(parsed.seq).toBe(1)
    expect(parsed.problem?.reason).toBe(reason)
    expect(parsed.problem?.detail).toContain(detail)
  })

  test('the first three are named and the rest counted', () => {
    const parsed = parse(`{"readings":[1,2,3,4,${reading('')},5]}`)
    expect(parsed.readings).toHaveLength(1)
    expect(parsed.problem).toEqual({
      reason: 'READING_SHAPE',
      detail: 'readings[0] is no object; readings[1] is no object; readings[2] is no object; and 2 more',
    })
  })
})

describe('a faulty envelope has no readings and a reason', () => {
  const list = (count: number) => `{"readings":[${Array(count).fill(reading('')).join(',')}]}`
  const nested = (depth: number) => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)},"readings":[${reading('')}]}`
  test.each([
    ['an empty body', '', 'NOT_JSON'],
    ['no JSON', 'temp=5', 'NOT_JSON'],
    ['JSON cut off', list(1).slice(0, -1), 'NOT_JSON'],
    ['a bare number', '5', 'ENVELOPE_SHAPE'],
    ['a bare list', `[${reading('')}]`, 'ENVELOPE_SHAPE'],
    ['null', 'null', 'ENVELOPE_SHAPE'],
    ['no readings', '{"seq":1}', 'ENVELOPE_SHAPE'],
    ['an empty list', '{"readings":[]}', 'NO_READINGS'],
    ['a negative seq', `{"seq":-1,"readings":[${reading('')}]}`, 'ENVELOPE_SHAPE'],
    ['a seq beyond 2^53', `{"seq":9007199254740993,"readings":[${reading('')}]}`, 'ENVELOPE_SHAPE'],
    ['sentAt without offset', `{"sentAt":"2026-03-02T10:00:00","readings":[${reading('')}]}`, 'ENVELOPE_SHAPE'],
    ['one reading too many', list(MAX_READINGS_PER_MESSAGE + 1).replaceAll('"CEL"', '"K"'), 'TOO_MANY_READINGS'],
    ['a byte too many', `${list(1)}${' '.repeat(MAX_MESSAGE_BYTES - list(1).length + 1)}`, 'TOO_LARGE'],
    ['a level too deep', nested(MAX_DEPTH + 1), 'TOO_DEEP'],
    ['a hundred thousand levels', '['.repeat(100_000), 'TOO_DEEP'],
    ['a key twice', `{"readings":[${reading(',"value":9')}]}`, 'DUPLICATE_KEY'],
    ['a key twice, once escaped', `{"readings":[${reading(',"v\\u0061lue":9')}]}`, 'DUPLICATE_KEY'],
    ['two lists', `{"readings":[${reading('')}],"readings":[${reading('')}]}`, 'DUPLICATE_KEY'],
  ])('%s', (_name, body, reason) => {
    const parsed = parse(body)
    expect(parsed.problem?.reason).toBe(reason)
    expect({ ...parsed, problem: null }).toEqual({
      sensorId: 42,
      seq: null,
      readings: [],
      observations: [],
      held: [],
      problem: null,
    })
  })

  test.each([
    ['the readings a message may have', list(MAX_READINGS_PER_MESSAGE), MAX_READINGS_PER_MESSAGE],
    ['the bytes a message may have', `${list(1)}${' '.repeat(MAX_MESSAGE_BYTES - list(1).length)}`, 1],
    ['the levels a message may have', nested(MAX_DEPTH), 1],
    ['unknown fields with colons, quotes and braces in texts', `{"n":"a\\"b:{[,","readings":[${reading('')}]}`, 1],
    ['__proto__ as a field', `{"__proto__":{"seq":1},"readings":[${reading(',"__proto__":{"channel":"lid"}')}]}`, 1],
  ])('but %s are taken', (_name, body, count) => {
    const parsed = parse(body)
    expect(parsed.problem).toBeNull()
    expect(parsed.seq).toBeNull()
    expect(parsed.readings).toHaveLength(count)
    expect(parsed.readings[0]?.channel).toBe('probe')
  })

  test('bytes that are no UTF-8', () => {
    const bytes = Buffer.from(list(1))
    bytes[5] = 0xff
    expect(parse(bytes).problem?.reason).toBe('NOT_UTF8')
  })
})

test.each([
  ['unbroken/v1/42/readings', 42, null],
  ['unbroken/v1/9007199254740991/readings', 9007199254740991, null],
  ['unbroken/v1/9007199254740992/readings', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/042/readings', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/0/readings', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/-1/readings', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/probe/readings', null, 'TOPIC_SHAPE'],
  ['unbroken/v1//readings', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/42', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/42/status', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/42/readingsx', null, 'TOPIC_SHAPE'],
  ['unbroken/v2/42/readings', null, 'TOPIC_SHAPE'],
  ['', null, 'TOPIC_SHAPE'],
  ['unbroken/v1/42/readings/senml', 42, 'ENVELOPE_SHAPE'],
  ['unbroken/v1/42/readings/senml-cbor', 42, 'NOT_CBOR'],
  ['unbroken/v1/42/readings/xml', 42, 'UNSUPPORTED_FORMAT'],
  ['unbroken/v1/42/readings/', 42, 'UNSUPPORTED_FORMAT'],
])('topic %s names sensor %s, problem %s', (topic, sensorId, reason) => {
  const parsed = parse(`{"readings":[${reading('')}]}`, topic)
  expect(parsed.sensorId).toBe(sensorId)
  expect(parsed.problem?.reason ?? null).toBe(reason)
  expect(parsed.readings).toHaveLength(reason === null ? 1 : 0)
})

test.each([
  ['application/json', null],
  ['Application/JSON; charset=utf-8', null],
  ['application/senml+json', 'ENVELOPE_SHAPE'],
  ['application/senml+cbor', 'NOT_CBOR'],
  ['application/senml+xml', 'UNSUPPORTED_FORMAT'],
  ['text/plain', 'UNSUPPORTED_FORMAT'],
])('content type %s has problem %s', (contentType, reason) => {
  const parsed = parse(`{"readings":[${reading('')}]}`, TOPIC, { contentType })
  expect(parsed.problem?.reason ?? null).toBe(reason)
})

test('a retained message is not a new reading', () => {
  const parsed = parse(`{"readings":[${reading('')}]}`, TOPIC, { retained: true })
  expect(parsed).toMatchObject({ sensorId: 42, readings: [], problem: { reason: 'RETAINED' } })
})

test('what is kept of a rejected message holds no NUL, which PostgreSQL cannot store as text', () => {
  const message = receiveMessage('unbroken/v1/4\0/readings', Buffer.from('\0'), { ...ENVELOPE, contentType: 'a\0b' })
  expect([message.topic, message.contentType, message.parsed.problem?.detail].join().includes('\0')).toBe(false)
  expect(message.parsed.problem?.reason).toBe('TOPIC_SHAPE')
})

test('the embedded broker stores exactly the topics the subscription would bring', () => {
  expect(
    ['p/1/readings', 'p/x/readings', 'p//readings', 'p/1/readings/senml'].map((t) => isReadingsTopic(t, 'p')),
  ).toEqual([true, true, true, true])
  expect(
    ['p/1/status', 'p/readings', 'q/1/readings', 'pp/1/readings', 'p/1/readingsx', 'p/1/2/readings'].map((t) =>
      isReadingsTopic(t, 'p'),
    ),
  ).toEqual(Array(6).fill(false))
})

describe('whatever arrives', () => {
  const RUNS = { numRuns: 3000 }
  const sound = (parsed: ParsedMessage): void => expectSound(parsed, RECEIVED_AT)

  test('bytes on any topic never throw and always leave a row somewhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, tail) => {
        sound(parse(bytes))
        sound(parse(bytes, `unbroken/v1/${tail}`))
      }),
      RUNS,
    )
  })

  test('JSON of any shape never throws and always leaves a row somewhere', () => {
    const field = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('CEL', '2026-03-02T09:55:00Z', '5.0', 'probe'),
    )
    const item = fc.record({ at: field, value: field, unit: field, channel: field }, { requiredKeys: [] })
    const body = fc.record(
      { seq: field, sentAt: field, readings: fc.oneof(field, fc.array(item)) },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(body, fc.jsonValue()), (json) => sound(parse(JSON.stringify(json)))),
      RUNS,
    )
  })

  test('a contract message with one byte changed never throws', () => {
    const good = Buffer.from(`{"seq":1,"readings":[${reading(',"channel":"lid"')},${reading('')}]}`)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(good)
        bytes[at] = byte
        sound(parse(bytes))
      }),
      RUNS,
    )
  })

  test('every reading of a message is in exactly one place: stored, held, or a named problem', () => {
    const time = fc.constantFrom('2026-03-02T09:55:00Z', '2026-03-02T11:55:00Z', 'yesterday')
    const items = fc.array(fc.record({ at: time, value: fc.constant(5), unit: fc.constantFrom('CEL', 'C') }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(items, (readings) => {
        const parsed = parse(JSON.stringify({ readings }))
        const bad = readings.filter((item) => item.at === 'yesterday' || item.unit === 'C').length
        expect(parsed.readings.length + parsed.held.length + bad).toBe(readings.length)
        expect(parsed.problem === null).toBe(bad === 0)
      }),
      RUNS,
    )
  })
})
