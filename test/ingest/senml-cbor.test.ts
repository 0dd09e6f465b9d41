import { encode, Tagged } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParsedMessage } from '../../src/domain/message.ts'
import { parseMessage } from '../../src/ingest/message.ts'
import { MAX_DEPTH } from '../../src/ingest/read-json.ts'
import { MAX_READINGS_PER_MESSAGE } from '../../src/ingest/taking.ts'
import { expectSound } from '../support/sound.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const AT = Date.UTC(2026, 2, 2, 9, 55)
const AT_S = AT / 1000
const TOPIC = 'unbroken/v1/42/readings/senml-cbor'
const ENVELOPE = { prefix: 'unbroken/v1', receivedAt: RECEIVED_AT, retained: false }

/** RFC 8428 table 4. */
const LABELS = {
  bver: -1,
  bn: -2,
  bt: -3,
  bu: -4,
  bv: -5,
  bs: -6,
  n: 0,
  u: 1,
  v: 2,
  vs: 3,
  vb: 4,
  s: 5,
  t: 6,
  ut: 7,
  vd: 8,
}
type Fields = Partial<Record<keyof typeof LABELS, unknown>>

const parse = (bytes: Uint8Array): ParsedMessage => parseMessage(TOPIC, bytes, ENVELOPE)
const hex = (text: string): ParsedMessage => parse(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const labelled = (fields: Fields) =>
  new Map(
    Object.entries(LABELS).flatMap(([name, label]) => (name in fields ? [[label, Reflect.get(fields, name)]] : [])),
  )
const pack = (...records: Fields[]): ParsedMessage => parse(encode(records.map(labelled)))

/** The example of RFC 8428 section 6, byte by byte: a voltage and six currents in the seconds before. */
const RFC_EXAMPLE =
  `87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120050067766f6c74616765
01615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cccccccccccda300
6763757272656e74062202fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999999999999aa3
006763757272656e74060002fb3ffb333333333333`.replaceAll('\n', '')

test('the example of RFC 8428 section 6 is understood: a voltage, and electric currents, which are not read', () => {
  const parsed = hex(RFC_EXAMPLE)
  expect(parsed.readings).toEqual([])
  expect(parsed.problem?.reason).toBe('UNIT_UNKNOWN')
  expect(parsed.problem?.detail).toMatch(/records\[1\].u is "A".*records\[2\].u is "A".*and 3 more/)
  expect(parsed.observations).toMatchObject([{ channel: 'voltage', quantity: 'battery_voltage', value: 120_100 }])
})

test('the same example in kelvin gives every value and every time to the millisecond', () => {
  // "A" and "V", each the text after its label (23 and 01), become "K"
  const parsed = hex(RFC_EXAMPLE.replace('236141', '23614b').replace('016156', '01614b'))
  expect(parsed.problem).toBeNull()
  expect(parsed.readings.map(({ channel, at, milliC }) => [channel, at, milliC])).toEqual([
    ['voltage', 1276020076001, -153_050],
    ...[1.2, 1.3, 1.4, 1.5, 1.6, 1.7].map((v, index) => [
      'current',
      1276020071001 + index * 1000,
      Math.round(v * 1000) - 273_150,
    ]),
  ])
})

describe('numbers are read as their device meant them', () => {
  test.each([
    ['integer', '05', 5000, null],
    ['negative integer', '38bc', -189_000, null],
    ['half float', 'f94500', 5000, null],
    ['double 8.04', 'fb4020147ae147ae14', 8040, null],
    ['single float, whose digits beyond the eighth say nothing', 'fa40833333', 4100, '4.099999904632568'],
    ['decimal fraction -189.5', 'c48220390766', -189_500, null],
    ['decimal fraction 5e1', 'c4820105', 50_000, null],
    ['decimal fraction of more digits than are kept', 'c482231a000c3509', 80_001, '80.0009'],
    ['not a number: a fault of the sensor', 'f97e00', null, 'NaN'],
    ['infinity: a fault of the sensor', 'f97c00', null, 'Infinity'],
    ['an integer beyond every temperature', '1b7fffffffffffffff', null, '9223372036854775807'],
  ])('%s', (_name, value, milliC, raw) => {
    // [{6: AT_S, 1: "Cel", 2: value}]
    const parsed = hex(`81 a3 06 1a${AT_S.toString(16)} 01 63 43656c 02 ${value}`)
    expect(parsed.problem).toBeNull()
    expect(parsed.readings).toEqual([
      { at: AT, channel: 'probe', milliC, raw: raw === null ? null : `${raw} Cel ${AT_S}` },
    ])
  })
})

describe('a faulty record is named, and the good ones count', () => {
  const good = { t: AT_S, u: 'Cel', v: 5 }
  test.each([
    ['a time before now', { t: -5, u: 'Cel', v: 5 }, 'TIME_RELATIVE'],
    ['a time that is no number', { t: Number.NaN, u: 'Cel', v: 5 }, 'NOT_A_TIME'],
    ['bytes as the unit', { t: AT_S, u: Buffer.from('Cel'), v: 5 }, 'UNIT_UNKNOWN'],
    ['a string value', { t: AT_S, u: 'Cel', vs: '5' }, 'VALUE_SHAPE'],
    ['a data value', { t: AT_S, u: 'Cel', vd: Buffer.from('5') }, 'VALUE_SHAPE'],
    ['a map as the value', { t: AT_S, u: 'Cel', v: new Map([['units', 5]]) }, 'VALUE_SHAPE'],
    ['null', { t: AT_S, u: 'Cel', v: null }, 'VALUE_SHAPE'],
  ])('%s', (_name, record, reason) => {
    const parsed = pack(good, record, { ...good, n: 'lid' })
    expect(parsed.readings.map(({ channel }) => channel)).toEqual(['probe', 'lid'])
    expect(parsed.problem?.reason).toBe(reason)
  })

  test('names as text are no labels', () => {
    expect(parse(encode([{ t: AT_S, u: 'Cel', v: 5 }])).problem?.reason).toBe('VALUE_MISSING')
  })
})

describe('a faulty pack has no readings and a reason', () => {
  const time = AT_S.toString(16)
  test.each([
    ['no bytes', '', 'NOT_CBOR'],
    ['JSON', Buffer.from('[{"v":5}]').toString('hex'), 'NOT_CBOR'],
    ['CBOR cut off', `81 a3 06 1a${time} 01 63 4365`, 'NOT_CBOR'],
    ['something behind the pack', `81 a3 06 1a${time} 01 63 43656c 02 05 00`, 'NOT_CBOR'],
    ['a stream of indefinite length', `9f a3 06 1a${time} 01 63 43656c 02 05 ff`, 'NOT_CBOR'],
    ['a text of indefinite length', `81 a3 06 1a${time} 01 7f 63 43656c ff 02 05`, 'NOT_CBOR'],
    ['a record of indefinite length', `81 bf 06 1a${time} 01 63 43656c 02 05 ff`, 'NOT_CBOR'],
    ['a label twice', `81 a4 06 1a${time} 01 63 43656c 02 05 02 06`, 'NOT_CBOR'],
    ['a label twice, once longer', `81 a4 06 1a${time} 01 63 43656c 02 05 1802 06`, 'NOT_CBOR'],
    ['a length in more bytes than it needs', `9801 a3 06 1a${time} 01 63 43656c 02 05`, 'NOT_CBOR'],
    ['undefined', `81 a3 06 1a${time} 01 63 43656c 02 f7`, 'NOT_CBOR'],
    ['a tag nobody knows', `81 a3 06 c11a${time} 01 63 43656c 02 05`, 'NOT_CBOR'],
    ['a decimal fraction of three', `81 a3 06 1a${time} 01 63 43656c 02 c483200505`, 'NOT_CBOR'],
    [
      'a decimal fraction with an exponent that would fill the memory',
      `81 a3 06 1a${time} 01 61 4b 02 c4821a3b9aca0005`,
      'NOT_CBOR',
    ],
    ['a list that says it has four thousand million records', '9a ffffffff 05', 'NOT_CBOR'],
    ['a level too deep', `${'81'.repeat(MAX_DEPTH + 1)}05`, 'TOO_DEEP'],
    ['a hundred thousand levels', '81'.repeat(100_000), 'TOO_DEEP'],
    ['a hundred thousand tags', 'c4'.repeat(100_000), 'TOO_DEEP'],
    ['a number', '05', 'ENVELOPE_SHAPE'],
    ['one record alone', `a3 06 1a${time} 01 63 43656c 02 05`, 'ENVELOPE_SHAPE'],
    ['an empty list', '80', 'NO_READINGS'],
    ['a version of the future', `81 a4 20 0b 06 1a${time} 01 63 43656c 02 05`, 'NOT_UNDERSTOOD'],
    ['a field that must be understood', `81 a4 62 785f 05 06 1a${time} 01 63 43656c 02 05`, 'NOT_UNDERSTOOD'],
  ])('%s', (_name, bytes, reason) => {
    const parsed = hex(bytes)
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

  test('too many records', () => {
    const parsed = pack(...Array(MAX_READINGS_PER_MESSAGE + 1).fill({ v: 5 }))
    expect(parsed.problem?.reason).toBe('TOO_MANY_READINGS')
  })

  test('but a value as deep as a message may be leaves the other readings alone', () => {
    const deep = (levels: number): unknown => (levels === 0 ? 5 : [deep(levels - 1)])
    // the list and the record are two levels
    const parsed = pack({ t: AT_S, u: 'Cel', v: 5 }, { t: AT_S, u: 'Cel', v: deep(MAX_DEPTH - 2) })
    expect(parsed.readings).toHaveLength(1)
    expect(parsed.problem?.reason).toBe('VALUE_SHAPE')
  })
})

test('the content type tells the format where the topic does not', () => {
  const envelope = { ...ENVELOPE, contentType: 'application/senml+cbor' }
  const body = encode([labelled({ t: AT_S, u: 'Cel', v: 5 })])
  expect(parseMessage('unbroken/v1/42/readings', body, envelope)).toMatchObject({
    problem: null,
    readings: [{ at: AT }],
  })
})

describe('whatever arrives', () => {
  const RUNS = { numRuns: 3000 }

  test('any milli-degree at any millisecond comes through exactly, as a float or as a decimal fraction', () => {
    const milli = fc.integer({ min: -273_150, max: 1_000_000 })
    const ms = fc.integer({ min: Date.UTC(2001, 0), max: RECEIVED_AT })
    fc.assert(
      fc.property(milli, ms, fc.boolean(), (milliC, at, asFraction) => {
        const [v, t] = [milliC, at].map((whole) => (asFraction ? new Tagged(4, [-3, whole]) : whole / 1000))
        const bytes = encode([labelled({ t, u: 'Cel', v })])
        expect(parse(bytes).readings).toEqual([{ at, channel: 'probe', milliC, raw: null }])
      }),
      RUNS,
    )
  })

  test('bytes never throw and always leave a row somewhere', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectSound(parse(bytes), RECEIVED_AT)),
      RUNS,
    )
  })

  test('a good pack with bytes changed never throws', () => {
    const good = encode([
      labelled({ bn: 'a:', bt: AT_S, bu: 'Cel', n: 'lid', v: 5.25, bver: 10 }),
      labelled({ t: -1.5, v: 7 }),
    ])
    const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Uint8Array.from(good)
        for (const { at, byte } of changes) bytes[at] = byte
        expectSound(parse(bytes), RECEIVED_AT)
      }),
      RUNS,
    )
  })
})
