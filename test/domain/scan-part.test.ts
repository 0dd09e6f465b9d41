import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFailure } from '../../src/domain/gs1-field.ts'
import { labelReadOf, readPart, type ScanPart, symbologyOf } from '../../src/domain/scan-part.ts'

const NOW = Date.UTC(2026, 2, 2)
const GS = '\u001d'
const CODE = `01095213210012371727123110LOT7A${GS}21BAG-0007`

function scanned(raw: string, of: 'label' | 'coi' | 'container' | 'logger' = 'label', symbology: string | null = null) {
  return { entry: 'scanned', of, raw, symbology } as const
}

function typed(of: Extract<ScanPart, { entry: 'typed' }>['of'], raw: string): ScanPart {
  return { entry: 'typed', of, raw, symbology: null }
}

describe('one label, however the scanner sends it, is read the same', () => {
  const plain = labelReadOf([scanned(`]d2${CODE}`)], NOW)
  test.each([
    ['with the identifier of GS1-128', `]C1${CODE}`, null],
    ['with the identifier of a QR code', `]Q3${CODE}`, null],
    ['with the identifier beside the text', CODE, ']d2'],
    ['with FNC1 at the beginning', `]d2${GS}${CODE}`, null],
    ['with FNC1 at the end', `]d2${CODE}${GS}`, null],
    ['with FNC1 written as a word', CODE.replace(GS, '{GS}'), null],
    ['with FNC1 as a picture', CODE.replace(GS, '\u241d'), null],
    ['with FNC1 after a value of fixed length too', `]d20109521321001237${GS}1727123110LOT7A${GS}21BAG-0007`, null],
    ['with the name of a format that is none of AIM', CODE, 'data_matrix'],
    ['with Enter behind it', `${CODE}\r\n`, null],
    ['as people read it', '(01)09521321001237(17)271231(10)LOT7A(21)BAG-0007', null],
    ['as a link', 'https://id.gs1.org/01/09521321001237/10/LOT7A/21/BAG-0007?17=271231', null],
  ])('%s', (_how, raw, symbology) => expect(labelReadOf([scanned(raw, 'label', symbology)], NOW)).toEqual(plain))

  test('also in two codes, in any order', () => {
    const halves = [scanned('010952132100123710LOT7A'), scanned(`]d2010952132100123721BAG-0007${GS}17271231`)]
    for (const parts of [halves, halves.toReversed()]) {
      const { values, expiries } = labelReadOf(parts, NOW)
      expect(values).toMatchObject({ serial: ['BAG-0007'], lot: ['LOT7A'] })
      expect(new Set(values.gtin)).toEqual(new Set(['09521321001237']))
      expect(expiries).toEqual([{ date: '2027-12-31', time: null }])
    }
  })
})

describe('what cannot be read says what to do, and adds nothing', () => {
  test.each<[string, ScanPart, string]>([
    ['nothing', scanned(''), 'EMPTY'],
    ['a code that was cut off', scanned(']d2010952132100123'), 'LENGTH'],
    ['a code of something else', scanned('5901234123450X'), 'UNKNOWN_CODE'],
    ['a misread digit', scanned('(01)09521321001238(21)BAG-0007'), 'CHECK_DIGIT'],
    ['bytes that are no text', scanned('\u0000\ud800'), 'UNKNOWN_CODE'],
    ['a chain of identity without text', scanned(']d1 ', 'coi'), 'EMPTY'],
    ['a logger without text', scanned(' ', 'logger'), 'EMPTY'],
    ['a mistyped GTIN', typed('gtin', '09521321001238'), 'CHECK_DIGIT'],
    ['a mistyped donation number', typed('din', 'G1234 89 654321 Z'), 'CHECK_CHARACTER'],
    ['a day that is none', typed('expiry', '2027-02-30'), 'DATE'],
    ['nothing typed', typed('lot', '  '), 'EMPTY'],
  ])('%s', (_what, part, problem) => {
    expect(readPart(part, NOW)).toMatchObject({ problem, detail: expect.stringMatching(/^.{10,}\.$/s) })
    expect(Object.values(labelReadOf([part], NOW).values).flat()).toEqual([])
  })

  test('whatever it is, reading never throws', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.option(fc.string()), (raw, symbology) => {
        for (const of of ['label', 'coi', 'container', 'logger'] as const) {
          const read = readPart(scanned(raw, of, symbology), NOW)
          expect(isFailure(read) || read.kind !== undefined).toBe(true)
        }
      }),
    ))
})

describe('typed fields', () => {
  test.each<[ScanPart, object]>([
    [typed('gtin', ' 9521321001237'), { gtin: ['09521321001237'] }],
    [typed('din', 'g1234 89 654321 y'), { din: ['G123489654321'] }],
    [typed('din', 'G123489654321'), { din: ['G123489654321'] }],
    [typed('lot', 'LOT7A '), { lot: ['LOT7A'] }],
    [typed('coi', ' COI-1'), { coi: ['COI-1'] }],
    [typed('label', '(01)09521321001237(21)B1'), { gtin: ['09521321001237'], serial: ['B1'] }],
  ])('%j', (part, values) => expect(labelReadOf([part], NOW)).toMatchObject({ values, isTyped: true }))

  test.each([
    ['271231', '2027-12-31', null],
    ['270200', '2027-02-28', null],
    ['2027-12-31', '2027-12-31', null],
    ['2027-12-31T14:30', '2027-12-31', '14:30'],
  ])('an expiry typed as %s', (raw, date, time) =>
    expect(labelReadOf([typed('expiry', raw)], NOW).expiries).toEqual([{ date, time }]),
  )

  test('beside a scanned code flag the whole reading', () => {
    expect(labelReadOf([scanned(CODE), typed('coi', 'COI-1')], NOW).isTyped).toBe(true)
    expect(labelReadOf([scanned(CODE), scanned('COI-1', 'coi')], NOW).isTyped).toBe(false)
  })
})

test('the code of the chain of identity is opaque: only what scanners add is taken off', () => {
  for (const raw of ['COI-1', ']Q1COI-1', 'COI-1\r\n']) {
    expect(labelReadOf([scanned(raw, 'coi')], NOW).values.coi).toEqual(['COI-1'])
  }
  expect(labelReadOf([scanned('&:0123', 'coi')], NOW).values.coi).toEqual(['&:0123'])
})

test('the symbology is told wherever the scanner put it', () => {
  expect([scanned(`]d2${CODE}`), scanned(CODE, 'label', ']C1'), scanned(CODE)].map(symbologyOf)).toEqual([
    ']d2',
    ']C1',
    null,
  ])
})
