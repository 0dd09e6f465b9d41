import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ParsedMessage } from '../../src/domain/message.ts'
import { MAX_MESSAGE_BYTES, parseMessage } from '../../src/ingest/message.ts'
import { MAX_READINGS_PER_MESSAGE } from '../../src/ingest/taking.ts'
import { expectSound } from '../support/sound.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const AT = Date.UTC(2026, 2, 2, 9, 55)
const AT_S = AT / 1000
const ENVELOPE = { prefix: 'unbroken/v1', receivedAt: RECEIVED_AT, retained: false }

function parse(pack: unknown): ParsedMessage {
  const body = typeof pack === 'string' ? pack : JSON.stringify(pack)
  return parseMessage('unbroken/v1/42/readings/senml', Buffer.from(body), ENVELOPE)
}

/** What a pack comes to, one line per reading: channel, instant since AT in ms, milli-degrees, raw text. */
function lines(parsed: ParsedMessage): string[] {
  return parsed.readings.map(({ channel, at, milliC, raw }) => `${channel} ${at - AT} ${milliC} ${raw ?? '='}`)
}

describe('the records of a pack are resolved one by one', () => {
  const cel = { t: AT_S, u: 'Cel' }
  test.each([
    ['one whole record', [{ n: 'urn:dev:ow:10e2073a01080063', ...cel, v: 23.1 }], ['probe 0 23100 =']],
    [
      'base time, unit and name hold on',
      [
        { bn: 'urn:dev:x:', bt: AT_S, bu: 'Cel', n: 'lid', v: 5 },
        { t: -60, v: 6 },
        { n: 'probe', t: -5, v: 7 },
      ],
      ['lid 0 5000 =', 'probe -60000 6000 =', 'probe -5000 7000 ='],
    ],
    [
      'a later base takes the place of the earlier',
      [
        { bt: AT_S, bu: 'Cel', v: 5 },
        { bt: AT_S - 10, bu: 'K', v: 77.355 },
        { t: 1, v: 78 },
      ],
      ['probe 0 5000 =', 'probe -10000 -195795 =', 'probe -9000 -195150 ='],
    ],
    ['the unit of a record before the base', [{ bt: AT_S, bu: 'K', u: 'Cel', v: -0.1 }], ['probe 0 -100 =']],
    [
      'a base value is added without float error',
      [
        { bt: AT_S, bu: 'Cel', bv: 0.1, v: 0.2 },
        { t: -1, v: -0.1 },
      ],
      ['probe 0 300 =', 'probe -1000 0 ='],
    ],
    ['times in decimal seconds, exactly', [{ bt: AT_S - 1.999, bu: 'Cel', t: 0.001, v: 5 }], ['probe -1998 5000 =']],
    [
      'what does not fit is truncated or rounded, and its text kept',
      [{ bt: AT_S, bu: 'Cel', t: 0.0015, v: 8.0005 }],
      [`probe 1 8001 8.0005 Cel ${AT_S}.0015`],
    ],
    ['a value no sensor can have is a fault', [{ ...cel, v: 2000 }], [`probe 0 null 2000 Cel ${AT_S}`]],
    [
      'base fields ahead of the measurements',
      [
        { bn: 'urn:dev:x:', bt: AT_S, bu: 'Cel', bver: 10, ver: 1 },
        { n: 'probe', v: 5 },
      ],
      ['probe 0 5000 ='],
    ],
    ['fields nobody knows', [{ ...cel, v: 5, ut: 60, s: 3, colour: 'red' }], ['probe 0 5000 =']],
  ])('%s', (_name, pack, expected) => {
    const parsed = parse(pack)
    expect(parsed.problem).toBeNull()
    expect(parsed.seq).toBeNull()
    expect(lines(parsed)).toEqual(expected)
  })
})

test.each([
  ['urn:dev:ow:10e2073a01080063', 'probe'],
  ['urn:dev:mac:a024befffe804ff1', 'probe'],
  ['urn:dev:ow:10e2073a01080063:lid', 'lid'],
  ['coap://[2001:db8::1]/sensors/neck_2', 'neck_2'],
  ['urn:dev:x:3303/0/5700', 'probe'],
  ['lid', 'lid'],
  ['Lid', 'probe'],
  ['urn:dev:x:', 'probe'],
  ['', 'probe'],
])('the name %s is of channel %s, whether whole or cut into base name and name', (name, channel) => {
  for (const cut of [0, Math.floor(name.length / 2), name.length]) {
    const parsed = parse([{ bn: name.slice(0, cut), n: name.slice(cut), bt: AT_S, u: 'Cel', v: 5 }])
    expect(parsed.readings).toMatchObject([{ channel }])
  }
})

describe('a faulty record is named, and the good ones count', () => {
  test.each([
    ['no time at all', { u: 'Cel', v: 5 }, 'TIME_RELATIVE', 'a redelivery would become a second reading'],
    ['a time before now', { t: -5, u: 'Cel', v: 5 }, 'TIME_RELATIVE', 'records[1]'],
    ['a time just below 2^28', { t: 2 ** 28 - 0.001, u: 'Cel', v: 5 }, 'TIME_RELATIVE', 'records[1]'],
    ['milliseconds instead of seconds', { t: AT, u: 'Cel', v: 5 }, 'NOT_A_TIME', 'after the year 9999'],
    ['a time with more digits than any clock', { bt: AT_S, t: 1e-200, u: 'Cel', v: 5 }, 'NOT_A_TIME', '40 decimals'],
    ['a time as text', { t: String(AT_S), u: 'Cel', v: 5 }, 'NOT_A_TIME', 'records[1].t'],
    ['no unit', { t: AT_S, v: 5 }, 'UNIT_MISSING', 'records[1] has no unit'],
    ['degrees Fahrenheit, which SenML has no unit for', { t: AT_S, u: 'degF', v: 41 }, 'UNIT_UNKNOWN', '"degF"'],
    ['the code of the native format', { t: AT_S, u: 'CEL', v: 5 }, 'UNIT_UNKNOWN', '"CEL"'],
    ['an electric current', { t: AT_S, u: 'A', v: 50 }, 'UNIT_UNKNOWN', '"A": send "Cel" or "K", else one of %RH'],
    ['no value', { t: AT_S, u: 'Cel' }, 'VALUE_MISSING', 'records[1].v'],
    ['a sum only', { t: AT_S, u: 'Cel', s: 5 }, 'VALUE_MISSING', 'records[1].v'],
    ['a base value only', { bv: 5, bu: 'Cel', bt: AT_S }, 'VALUE_MISSING', 'records[1].v'],
    ['a value as text', { t: AT_S, u: 'Cel', v: '5' }, 'VALUE_SHAPE', 'records[1].v'],
    ['null', { t: AT_S, u: 'Cel', v: null }, 'VALUE_SHAPE', 'records[1].v'],
    ['a string value', { t: AT_S, u: 'Cel', vs: 'warm' }, 'VALUE_SHAPE', 'records[1].vs'],
    ['a boolean value', { t: AT_S, n: 'open', vb: false }, 'VALUE_SHAPE', 'records[1].vb'],
    ['a data value', { t: AT_S, n: 'nfc', vd: 'aGkgCg' }, 'VALUE_SHAPE', 'records[1].vd'],
    ['a name that is no text', { n: 5, t: AT_S, u: 'Cel', v: 5 }, 'READING_SHAPE', 'records[1].n'],
    ['no record', 5, 'READING_SHAPE', 'records[1]'],
    ['an empty record', {}, 'VALUE_MISSING', 'records[1].v'],
  ])('%s', (_name, record, reason, detail) => {
    const good = { t: AT_S, u: 'Cel', v: 5 }
    const parsed = parse([good, record, { ...good, n: 'lid', bv: 0, bt: 0 }])
    expect(parsed.readings.map(({ channel }) => channel)).toEqual(['probe', 'lid'])
    expect(parsed.problem?.reason).toBe(reason)
    expect(parsed.problem?.detail).toContain(detail)
  })
})

describe('a faulty pack has no readings and a reason', () => {
  const good = { bt: AT_S, u: 'Cel', v: 5 }
  test.each([
    ['no list', good, 'ENVELOPE_SHAPE'],
    ['an empty list', [], 'NO_READINGS'],
    ['base fields only', [{ bn: 'x', bt: AT_S }], 'NO_READINGS'],
    ['a base name that is no text', [good, { ...good, bn: 5 }], 'ENVELOPE_SHAPE'],
    ['a base time that is no number', [good, { ...good, bt: 'now' }], 'ENVELOPE_SHAPE'],
    ['a base time beyond every number', `[{"bt":1e400,"u":"Cel","v":5}]`, 'ENVELOPE_SHAPE'],
    ['a base unit that is no text', [good, { ...good, bu: null }], 'ENVELOPE_SHAPE'],
    ['a base value that is no number', [good, { ...good, bv: '5' }], 'ENVELOPE_SHAPE'],
    ['a version that is no number', [good, { ...good, bver: '5' }], 'ENVELOPE_SHAPE'],
    ['a version of the future', [good, { ...good, bver: 11 }], 'NOT_UNDERSTOOD'],
    ['a field that must be understood', [good, { ...good, crs_: 1 }], 'NOT_UNDERSTOOD'],
    ['one record too many', Array(MAX_READINGS_PER_MESSAGE + 1).fill({ v: 5 }), 'TOO_MANY_READINGS'],
    ['a byte too many', JSON.stringify([good]).padEnd(MAX_MESSAGE_BYTES + 1), 'TOO_LARGE'],
    ['a key twice', `[{"bt":${AT_S},"u":"Cel","v":5,"v":9}]`, 'DUPLICATE_KEY'],
    ['JSON cut off', JSON.stringify([good]).slice(0, -1), 'NOT_JSON'],
  ])('%s', (_name, pack, reason) => {
    const parsed = parse(pack)
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

  test('but as many records as a message may have are taken', () => {
    expect(parse(Array(MAX_READINGS_PER_MESSAGE).fill(good)).readings).toHaveLength(MAX_READINGS_PER_MESSAGE)
  })
})

test.each([
  ['5.1.1 single data point', [{ n: 'urn:dev:ow:10e2073a01080063', u: 'Cel', v: 23.1 }], ['TIME_RELATIVE']],
  [
    '5.1.2 multiple data points',
    [
      { bn: 'urn:dev:ow:10e2073a01080063:', n: 'voltage', u: 'V', v: 120.1 },
      { n: 'current', u: 'A', v: 1.2 },
    ],
    ['TIME_RELATIVE'],
  ],
  [
    '5.1.3 multiple measurements, the last of them a temperature',
    [
      { bn: 'urn:dev:ow:10e2073a01080063', bt: 1.320067464e9, bu: '%RH', v: 20 },
      { u: 'lon', v: 24.30621 },
      { u: 'lat', v: 60.07965 },
      { t: 60, v: 20.3 },
      { u: 'Cel', t: 60, v: 21.5 },
    ],
    [null, 'probe', 1320067524000, 21500],
  ],
  [
    '5.1.4 resolved data',
    [{ n: 'urn:dev:ow:10e2073a01080063', u: 'Cel', t: 1.320067464e9, v: 23.1 }],
    [null, 'probe', 1320067464000, 23100],
  ],
  [
    '5.1.5 multiple data types',
    [
      { bn: 'urn:dev:ow:10e2073a01080063:', n: 'temp', u: 'Cel', v: 23.1 },
      { n: 'label', vs: 'Machine Room' },
      { n: 'open', vb: false },
      { n: 'nfc-reader', vd: 'aGkgCg' },
    ],
    ['TIME_RELATIVE'],
  ],
])('RFC 8428 %s', (_name, pack, expected) => {
  const { problem, readings } = parse(pack)
  const outcome = readings.flatMap(({ channel, at, milliC }) => [channel, at, milliC])
  expect([problem?.reason ?? null, ...outcome]).toEqual(expected)
})

test.each([
  [AT_S + 300 + 300, 'stored'],
  [AT_S + 300 + 300.001, 'held'],
  [978_307_199.999, 'held'],
  [978_307_200, 'stored'],
  [2 ** 28, 'held'],
])('a reading at %s seconds is %s', (t, outcome) => {
  const parsed = parse([{ t, u: 'Cel', v: 5 }])
  expect(parsed.problem).toBeNull()
  expect(parsed.readings).toHaveLength(outcome === 'stored' ? 1 : 0)
  expect(parsed.held.map(({ at }) => at)).toEqual(outcome === 'held' ? [Math.round(t * 1000)] : [])
})

test('the content type tells the format where the topic does not', () => {
  const envelope = { ...ENVELOPE, contentType: 'application/senml+json; charset=utf-8' }
  const body = Buffer.from(JSON.stringify([{ t: AT_S, u: 'Cel', v: 5 }]))
  expect(parseMessage('unbroken/v1/42/readings', body, envelope)).toMatchObject({
    problem: null,
    readings: [{ at: AT }],
  })
})

describe('whatever arrives', () => {
  const RUNS = { numRuns: 3000 }

  test('any milli-degree at any millisecond comes through exactly, however it is split over base and record', () => {
    const milli = fc.integer({ min: -273_150, max: 1_000_000 })
    const ms = fc.integer({ min: Date.UTC(2001, 0), max: RECEIVED_AT })
    const cut = fc.integer({ min: -86_400_000, max: 86_400_000 })
    fc.assert(
      fc.property(fc.record({ milliC: milli, bv: milli, at: ms, offset: cut }), ({ milliC, bv, at, offset }) => {
        const record = { bt: (at - offset) / 1000, t: offset / 1000, bv: bv / 1000, v: (milliC - bv) / 1000, u: 'Cel' }
        expect(parse([record]).readings).toEqual([{ at, channel: 'probe', milliC, raw: null }])
      }),
      RUNS,
    )
  })

  test('bytes and JSON of any shape never throw and always leave a row somewhere', () => {
    const field = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('Cel', AT_S, -5, 5, 'probe', 1e308, 1e-320))
    const names = ['bn', 'bt', 'bu', 'bv', 'bs', 'bver', 'n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut', 'x_']
    const record = fc.dictionary(fc.constantFrom(...names), field)
    const body = fc.oneof(fc.array(record), fc.jsonValue()).map((json) => Buffer.from(JSON.stringify(json)))
    fc.assert(
      fc.property(fc.oneof(body, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        expectSound(parseMessage('unbroken/v1/42/readings/senml', bytes, ENVELOPE), RECEIVED_AT)
      }),
      RUNS,
    )
  })

  test('a good pack with one byte changed never throws', () => {
    const good = Buffer.from(
      JSON.stringify([
        { bn: 'a:', bt: AT_S, bu: 'Cel', n: 'lid', v: 5.25 },
        { t: -1.5, v: 7 },
      ]),
    )
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(good)
        bytes[at] = byte
        expectSound(parseMessage('unbroken/v1/42/readings/senml', bytes, ENVELOPE), RECEIVED_AT)
      }),
      RUNS,
    )
  })
})
