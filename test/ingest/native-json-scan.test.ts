import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readNativeJson } from '../../src/ingest/native-json.ts'
import { scanNativeJson } from '../../src/ingest/native-json-scan.ts'

const NOW = Date.UTC(2026, 2, 2, 10)

const scan = (text: string) => scanNativeJson(Buffer.from(text), NOW)
const read = (text: string) => readNativeJson(Buffer.from(text), NOW)

/** Numbers as devices write them, right and wrong ones. */
const value = fc.oneof(
  { weight: 30, arbitrary: fc.integer({ min: -2000, max: 1600 }).map((tenths) => (tenths / 10).toFixed(1)) },
  { weight: 3, arbitrary: fc.integer({ min: -280_000, max: 1_100_000 }).map((milli) => (milli / 1000).toFixed(3)) },
  fc.constantFrom(
    '5',
    '-0',
    '-0.0',
    '0',
    '05',
    '5.',
    '.5',
    '5.1234',
    '1e1',
    '1E+2',
    'null',
    '"5.1"',
    '1000',
    '-273.15',
  ),
  fc.constantFrom('1000.001', '-273.151', '99999', '5.10', '5.100', 'true', '+5', '--5', '5-', ''),
)
const instant = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .date({ min: new Date(0), max: new Date(NOW + 1e9), noInvalidDate: true })
      .map((date) => date.toISOString()),
  },
  fc.constantFrom('2026-03-02T09:55:00Z', '2026-03-02T09:55:00+01:00', '2026-03-02T09:55:00-0100', '2026-03-02T09:55Z'),
  fc.constantFrom('2026-02-29T09:55:00Z', '2024-02-29T09:55:00Z', '2026-13-01T00:00:00Z', '2026-03-02T24:00:00Z'),
  fc.constantFrom(
    '2026-03-02T09:55:00',
    '2026-03-02 09:55:00Z',
    '2026-03-02T09:55:00.1234Z',
    '2026-03-02T09:55:00.12Z',
  ),
  fc.constantFrom(
    '2026-03-02T09:55:00+14:00',
    '2026-03-02T09:55:00+14:01',
    '0099-01-01T00:00:00Z',
    '2026-03-02T09:60:00Z',
  ),
)
const space = fc.constantFrom('', '', '', ' ', '\n', '\t ', '\r\n')

/** A member of a reading, its key right or wrong. */
const member = fc.oneof(
  { weight: 4, arbitrary: instant.map((text) => `"at":"${text}"`) },
  { weight: 4, arbitrary: value.map((text) => `"value":${text}`) },
  { weight: 4, arbitrary: fc.constantFrom('"unit":"CEL"', '"unit":"CEL"', '"unit":"FAH"', '"unit":"cel"', '"unit":1') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('"channel":"probe"', '"channel":"lid_2"', '"channel":"Lid"', '"channel":"p\\u0072obe"'),
  },
  fc.constantFrom('"note":"x"', '"at2":1', '"value ":5', '"va\\u006cue":5', 'value:5'),
)
const reading = fc
  .tuple(instant, value, fc.option(member), fc.shuffledSubarray([0, 1, 2, 3], { minLength: 3 }), space)
  .map(([at, text, extra, order, gap]) => {
    const members = [`"at":${gap}"${at}"`, `"value":${text}`, '"unit":"CEL"', extra ?? '"channel":"probe"']
    return `{${order.map((index) => members[index]).join(`${gap},${gap}`)}}`
  })
const seq = fc.constantFrom(
  '"seq":812',
  '"seq":813',
  '"seq":814',
  '"seq":0',
  '"seq":-1',
  '"seq":1.5',
  '"seq":007',
  '"seq":9007199254740991',
  '"seq":null',
  '"seq":"1"',
)
const message = fc
  .tuple(fc.array(reading, { maxLength: 4 }), fc.option(seq), fc.option(instant), space, fc.boolean())
  .map(([readings, number, sentAt, gap, first]) => {
    const body = `"readings":${gap}[${readings.join(`,${gap}`)}]`
    const others = [number, sentAt === null ? null : `"sentAt":"${sentAt}"`].filter((part) => part !== null)
    return `${gap}{${(first ? [...others, body] : [body, ...others]).join(',')}${gap}}${gap}`
  })

describe('the scan of the usual shape', () => {
  test('reads a usual message itself', () => {
    const usual =
      '{"seq":812,"sentAt":"2026-03-02T09:59:00Z","readings":[{"at":"2026-03-02T09:55:00Z","channel":"probe",'
    expect(
      scan(`${usual}"value":-189.5,"unit":"CEL"},{"value":null,"unit":"CEL","at":"2026-03-02T09:56:00.250+01:00"}]}`),
    ).toEqual({
      seq: 812,
      readings: [
        { at: Date.UTC(2026, 2, 2, 9, 55), channel: 'probe', milliC: -189_500, raw: null },
        { at: Date.UTC(2026, 2, 2, 8, 56, 0, 250), channel: 'probe', milliC: null, raw: null },
      ],
      observations: [],
      held: [],
      problem: null,
    })
  })

  test('says what the general reader says, or leaves the message to it', () => {
    let scanned = 0
    fc.assert(
      fc.property(message, (text) => {
        const found = scan(text)
        if (found === null) return
        scanned += 1
        expect(found).toEqual(read(text))
      }),
      { numRuns: 20_000 },
    )
    // or the law would hold of nothing
    expect(scanned).toBeGreaterThan(200)
  })

  test('says the same of any damage to a usual message', () => {
    const usual =
      '{"seq":812,"readings":[{"at":"2026-03-02T09:55:00.000Z","channel":"probe","value":5.35,"unit":"CEL"}]}'
    const damage = fc.record({
      from: fc.nat(usual.length),
      remove: fc.nat(3),
      insert: fc.string({
        unit: fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '0', '5', '.', 'e', '-', ' ', 'a', '\\', 'Z', '+'),
        maxLength: 3,
      }),
    })
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 2 }), (damages) => {
        const text = damages.reduce(
          (damaged, { from, remove, insert }) => damaged.slice(0, from) + insert + damaged.slice(from + remove),
          usual,
        )
        const found = scan(text)
        if (found !== null) expect(found).toEqual(read(text))
      }),
      { numRuns: 20_000 },
    )
  })

  test('any bytes: never a fault of its own', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const found = scanNativeJson(bytes, NOW)
        if (found !== null) expect(found).toEqual(readNativeJson(bytes, NOW))
      }),
      { numRuns: 3000 },
    )
  })
})
