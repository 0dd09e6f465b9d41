import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gs1CheckDigit } from '../../src/domain/gs1.ts'
import { expiryReadings, labelSaysInstant } from '../../src/domain/gs1-date.ts'
import { elementString, humanReadable, ssccElementString } from '../../src/domain/gs1-element.ts'
import { epcToLink, epcUrn, linkToEpc, parseEpcUrn } from '../../src/domain/gs1-epc.ts'
import { type Gs1Fields, isFailure } from '../../src/domain/gs1-field.ts'
import { digitalLink, instanceLink, parseDigitalLink } from '../../src/domain/gs1-link.ts'
import { parseScan } from '../../src/domain/gs1-scan.ts'

const NOW = Date.UTC(2026, 2, 2)
const SET_82 = [...'!"%&\'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz']

const digits = (length: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength: length, maxLength: length }).map((list) => list.join(''))
const checked = (length: number) => digits(length - 1).map((rest) => rest + gs1CheckDigit(rest))
const text = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...SET_82), minLength: 1, maxLength }).filter((value) => !/<GS>/i.test(value))

const day = fc.record({ yy: digits(2), mm: fc.integer({ min: 1, max: 12 }), dd: fc.integer({ min: 0, max: 28 }) })
const date = day.map(({ yy, mm, dd }) => yy + String(mm).padStart(2, '0') + String(dd).padStart(2, '0'))

/** One thing each, with everything that may stand beside it. */
const attributes = { '17': date, '240': text(30), '3103': digits(6), '4331': digits(6).map((value) => `${value}-`) }
const things: fc.Arbitrary<Gs1Fields> = fc.oneof(
  fc.record({ '00': checked(18), ...attributes }, { requiredKeys: ['00'] }),
  fc.record({ '01': checked(14), '10': text(20), '21': text(20), ...attributes }, { requiredKeys: ['01'] }),
  fc.record({ '414': checked(13), '254': text(20) }, { requiredKeys: ['414'] }),
  fc.record({ '417': checked(13) }),
  fc.record({ '8003': fc.tuple(checked(13), text(16)).map(([asset, serial]) => `0${asset}${serial}`) }),
  fc.record({ '8004': fc.tuple(digits(12), text(18)).map(([prefix, reference]) => prefix + reference) }),
)

function read(raw: string | { problem: string }): Gs1Fields {
  const scan = typeof raw === 'string' ? parseScan(raw, NOW) : raw
  if (!('fields' in scan)) throw new Error(JSON.stringify(scan))
  return scan.fields
}

describe('what is written is read back', () => {
  test('as an element string, with and without FNC1 in front', () =>
    fc.assert(
      fc.property(things, fc.constantFrom(']C1', ']d2', '\u001d'), (fields, prefix) => {
        expect(read(prefix + elementString(fields))).toEqual(fields)
      }),
    ))
  test('as people read it', () =>
    fc.assert(
      fc.property(things, (fields) => {
        expect(read(humanReadable(fields))).toEqual(fields)
      }),
    ))
  test('as a Digital Link of any domain', () =>
    fc.assert(
      fc.property(things, fc.constantFrom('https://id.gs1.org', 'https://s.example/a/'), (fields, base) => {
        expect(read(digitalLink(fields, base))).toEqual(fields)
      }),
    ))
  test('as an EPC URN, and between URN and link', () => {
    // an extension that is the single character 0 stands for none
    const nameable = things.filter((fields) => fields['254'] !== '0' && ('01' in fields ? '21' in fields : true))
    fc.assert(
      fc.property(nameable, fc.integer({ min: 6, max: 12 }), (fields, prefixLength) => {
        const instance = instanceLink(fields)
        const urn = epcUrn(fields, prefixLength)
        if (typeof urn !== 'string' || typeof instance !== 'string') throw new Error(JSON.stringify([urn, instance]))
        expect(epcToLink(urn)).toBe(instance)
        expect(linkToEpc(instance, prefixLength)).toBe(urn)
        expect(parseEpcUrn(urn)).toEqual({ fields: read(instance), prefixLength })
        expect(urn).toMatch(/^urn:epc:id:[a-z]+:\d+\.[^"&/<>?]*$/)
      }),
    )
  })
})

test('a box label holds its SSCC and nothing else', () => {
  expect(ssccElementString('195213210000000428')).toBe('00195213210000000428')
  expect(ssccElementString('195213210000000429')).toMatchObject({ problem: 'CHECK_DIGIT' })
})

test('values of predefined length come first, so that as few separators as possible are needed', () =>
  expect(elementString({ '21': 'BAG-0007', '01': '09521321001237', '10': 'LOT7A', '17': '271231' })).toBe(
    '01095213210012371727123110LOT7A\u001d21BAG-0007',
  ))

describe('one thing in an EPC list', () => {
  test.each([
    [{ '01': '09521321001237', '10': 'LOT7A', '21': 'B', '17': '271231' }, 'https://id.gs1.org/01/09521321001237/21/B'],
    [{ '00': '195213210000000428', '400': 'PO1' }, 'https://id.gs1.org/00/195213210000000428'],
    [{ '414': '9521321000049', '254': 'CRYO1' }, 'https://id.gs1.org/414/9521321000049/254/CRYO1'],
    [{ '414': '9521321000049' }, 'https://id.gs1.org/414/9521321000049'],
    [{ '8004': '9521321LOG/42' }, 'https://id.gs1.org/8004/9521321LOG%2F42'],
    [{ '01': '09521321001237', '10': 'LOT7A' }, 'NOT_AN_INSTANCE'],
    [{ '8003': '09521321000773' }, 'NOT_AN_INSTANCE'],
    [{ '10': 'LOT7A' }, 'NO_KEY'],
    [{ '01': '09521321001238', '21': 'B' }, 'CHECK_DIGIT'],
  ])('%j: %s', (fields, expected) => {
    const link = instanceLink(fields)
    expect(typeof link === 'string' ? link : link.problem).toBe(expected)
  })
  test('an own domain', () =>
    expect(instanceLink({ '417': '9521321000032' }, 'https://s.example/')).toBe('https://s.example/417/9521321000032'))
})

describe('what cannot be written says why', () => {
  const gtin = { '01': '09521321001237' }
  test.each([
    [epcUrn({ ...gtin, '21': 'A' }, 5), 'PREFIX_LENGTH'],
    [epcUrn({ ...gtin, '21': 'A' }, 13), 'PREFIX_LENGTH'],
    [epcUrn({ ...gtin, '21': 'A' }, Number.NaN), 'PREFIX_LENGTH'],
    [epcUrn({ '8004': '9521LOG42' }, 7), 'PREFIX_LENGTH'],
    [epcUrn({ '8004': '9521321' }, 7), 'PREFIX_LENGTH'],
    [epcUrn(gtin, 7), 'NOT_AN_INSTANCE'],
    [epcUrn({ '8003': '09521321000773' }, 7), 'NOT_AN_INSTANCE'],
    [epcUrn({ '10': 'A' }, 7), 'NO_KEY'],
    [epcUrn({ ...gtin, '21': 'ü' }, 7), 'CHARACTER'],
    [digitalLink({ '10': 'A' }), 'NO_KEY'],
    [digitalLink({ ...gtin, '00': '195213210000000428' }), 'CONTRADICTS'],
    [digitalLink(gtin, 'ftp://x.example'), 'MALFORMED_LINK'],
    [digitalLink(gtin, 'https://x.example?a=b'), 'MALFORMED_LINK'],
    [elementString({}), 'EMPTY'],
    [elementString({ '99999': 'A' }), 'UNKNOWN_AI'],
    [humanReadable({ '21': '\ud800' }), 'CHARACTER'],
    [parseEpcUrn('urn:epc:id:giai:9521321.LOG%ZZ'), 'UNKNOWN_CODE'],
    [parseEpcUrn('urn:epc:id:gdti:9521321.0000.1'), 'UNKNOWN_CODE'],
    [epcToLink('urn:nothing'), 'UNKNOWN_CODE'],
    [linkToEpc('https://x.example/', 7), 'NO_KEY'],
    [parseDigitalLink('not a link'), 'MALFORMED_LINK'],
  ])('%j: %s', (answer, problem) => expect(isFailure(answer) ? answer.problem : answer).toBe(problem))
})

describe('an expiry without zone has two readings', () => {
  const offsets = { manufacturerMin: -300, placeMin: 60 }
  test.each([
    [{ date: '2026-03-04', time: null }, '2026-03-04T22:59:59.999Z', '2026-03-05T04:59:59.999Z'],
    [{ date: '2026-03-04', time: '18:30' }, '2026-03-04T17:30:00.000Z', '2026-03-04T23:30:00.000Z'],
  ])('%j', (expiry, earliest, latest) => {
    const { earliestAt, latestAt } = expiryReadings(expiry, offsets)
    expect([earliestAt, latestAt].map((at) => new Date(at).toISOString())).toEqual([earliest, latest])
  })
  test.each([
    ['2026-03-04T23:59:59-05:00', null, true],
    ['2026-03-04T00:00:01+01:00', null, true],
    ['2026-03-05T00:00:00+01:00', null, true],
    ['2026-03-05T00:00:00.001-05:00', null, false],
    ['2026-03-03T23:59:59+01:00', null, false],
    ['2026-03-04T18:30:20+01:00', '18:30', true],
    ['2026-03-04T18:31:00+01:00', '18:30', false],
  ])('whether the label says %s, %s printed: %s', (instant, time, says) =>
    expect(labelSaysInstant({ date: '2026-03-04', time }, Date.parse(instant), offsets)).toBe(says),
  )
})
