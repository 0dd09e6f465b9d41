import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFailure } from '../../src/domain/gs1-field.ts'
import { parseScan } from '../../src/domain/gs1-scan.ts'
import {
  compareLabel,
  type ExpectedUnit,
  type LabelPart,
  type LabelRead,
  type LabelReads,
  labelRead,
} from '../../src/domain/identity.ts'

const NOW = Date.UTC(2026, 2, 2)
const GTIN = '09521321001237'
const BAG: ExpectedUnit = {
  gtin: GTIN,
  serial: 'BAG-0007',
  din: null,
  lot: 'LOT7A',
  coi: 'COI-7F3K-0001',
  expiresAt: Date.parse('2027-12-31T23:59:59+01:00'),
}
const ORDER: ExpectedUnit = { ...BAG, serial: null, lot: null, expiresAt: null }
const offsets = { manufacturerMin: 60, placeMin: 60 }

function scan(raw: string): LabelPart {
  const read = parseScan(raw, NOW)
  if (isFailure(read)) throw new Error(read.detail)
  return { kind: 'scan', scan: read }
}

const label = (raw: string, coi: string | null = 'COI-7F3K-0001') =>
  labelRead([scan(raw), ...(coi === null ? [] : [{ kind: 'coi', text: coi, isTyped: false } as const])])

const GOOD = label(`(01)${GTIN}(17)271231(10)LOT7A(21)BAG-0007`)
const both = (first: LabelRead, second = first): LabelReads => ({ first, second: { read: second, isBlind: true } })
const compared = (reads: LabelReads, over: { shipment?: ExpectedUnit; order?: ExpectedUnit | null } = {}) =>
  compareLabel(reads, { shipment: BAG, order: ORDER, offsets, ...over })

/** `result: field against whom` of everything that differs, or the open points. */
function said(comparison: ReturnType<typeof compared>): string {
  const differs = comparison.differs.map(({ field, person, against }) => `${field} ${person} ${against}`)
  return `${comparison.result}: ${[...differs, ...comparison.open].join(', ')}`
}

test('everything read twice and equal is a match', () =>
  expect(compared(both(GOOD))).toEqual({ result: 'match', differs: [], open: [], typed: false }))

describe('one field that differs is a mismatch, and is named', () => {
  test.each<[string, LabelRead, string]>([
    ['lot', label(`(01)${GTIN}(17)271231(10)LOT7B(21)BAG-0007`), 'lot first shipment'],
    ['serial', label(`(01)${GTIN}(17)271231(10)LOT7A(21)BAG-0008`), 'serial first shipment'],
    ['expiry', label(`(01)${GTIN}(17)271230(10)LOT7A(21)BAG-0007`), 'expiry first shipment'],
    [
      'chain of identity',
      label(`(01)${GTIN}(17)271231(10)LOT7A(21)BAG-0007`, 'COI-7F3K-0002'),
      'coi first shipment, coi first order',
    ],
    ['product', label('(01)09506000134352(17)271231(10)LOT7A(21)BAG-0007'), 'gtin first shipment, gtin first order'],
  ])('%s', (_field, read, expected) => {
    const result = said(compareLabel({ first: read, second: null }, { shipment: BAG, order: ORDER, offsets }))
    expect(result).toBe(`mismatch: ${expected}, no_second_person`)
  })
  test('with what was expected and what was found', () => {
    const wrong = label(`(01)${GTIN}(17)271230(10)LOT7B(21)BAG-0007`)
    expect(compared(both(wrong)).differs.filter(({ person }) => person === 'first')).toMatchObject([
      { field: 'lot', expected: 'LOT7A', found: 'LOT7B' },
      { field: 'expiry', expected: '2027-12-31T22:59:59.000Z', found: '2027-12-30' },
    ])
  })
  test('also where the shipment agrees and the order does not', () =>
    expect(said(compared(both(GOOD), { order: { ...ORDER, coi: 'COI-9' } }))).toBe(
      'mismatch: coi first order, coi second order',
    ))
  test('also where only the second person sees it', () =>
    expect(said(compared(both(GOOD, label(`(01)${GTIN}(17)271231(10)LOT7B(21)BAG-0007`))))).toBe(
      'mismatch: lot second shipment, lot between_people other_person',
    ))
  test('also where nothing was expected of the field, and two people read different things', () => {
    const nameless = { ...BAG, lot: null, expiresAt: null }
    const other = label(`(01)${GTIN}(17)271230(10)LOT7B(21)BAG-0007`)
    expect(said(compared(both(GOOD, other), { shipment: nameless }))).toBe(
      'mismatch: lot between_people other_person, expiry between_people other_person',
    )
  })
  test('also where one label says two things', () => {
    const double = labelRead([scan(`(01)${GTIN}(21)BAG-0007`), scan('(01)09521321001237(10)LOT7A(21)BAG-0009')])
    expect(compared(both(double)).differs).toContainEqual(
      expect.objectContaining({ field: 'serial', found: 'BAG-0009' }),
    )
  })
})

test('a scanner that leaves out separators is suspected, and the label stays a mismatch', () => {
  const { result, differs } = compared(both(label(`]d201${GTIN}1727123110LOT7A21BAG-0007`)))
  expect(result).toBe('mismatch')
  expect(differs[0]).toMatchObject({ field: 'lot', found: 'LOT7A21BAG-0007', maybe: 'separator_lost' })
  const other = compared(both(label(`]d201${GTIN}1727123110LOT7AX\u001d21BAG-0007`)))
  expect(other.differs[0]).toMatchObject({ field: 'lot', found: 'LOT7AX', maybe: null })
})

describe('unverified is what is not proven', () => {
  test.each<[string, LabelReads, { order?: ExpectedUnit | null }, string]>([
    ['nothing read', { first: null, second: null }, {}, 'not_read, no_second_person'],
    ['no second person', { first: GOOD, second: null }, {}, 'no_second_person'],
    [
      'a second person who saw the first result',
      { first: GOOD, second: { read: GOOD, isBlind: false } },
      {},
      'second_person_saw_the_first',
    ],
    ['no order', both(GOOD), { order: null }, 'no_order'],
    [
      'a chain of identity that was not read',
      both(label(`(01)${GTIN}(21)BAG-0007`, null)),
      {},
      'coi, second_identifier',
    ],
    [
      'one identifier only',
      both(labelRead([{ kind: 'coi', text: 'COI-7F3K-0001', isTyped: false }])),
      {},
      'second_identifier, gtin',
    ],
    ['a field of the order that was not read', both(GOOD), { order: { ...ORDER, din: 'G123489654321' } }, 'din'],
  ])('%s', (_what, reads, over, expected) => expect(said(compared(reads, over))).toBe(`unverified: ${expected}`))
})

describe('two independent identifiers', () => {
  const allogeneic: ExpectedUnit = { ...BAG, coi: null }
  const donation: ExpectedUnit = { ...BAG, gtin: null, serial: null, lot: null, din: 'G123489654321', expiresAt: null }
  test('are GTIN, serial and lot where there is no chain of identity yet', () => {
    const order = { ...allogeneic, expiresAt: null }
    const read = label(`(01)${GTIN}(10)LOT7A(21)BAG-0007`, null)
    expect(said(compared(both(read), { shipment: allogeneic, order }))).toBe('match: ')
    const noLot = label(`(01)${GTIN}(21)BAG-0007`, null)
    expect(said(compared(both(noLot), { shipment: allogeneic, order: { ...order, lot: null } }))).toBe(
      'unverified: second_identifier',
    )
    const noSerial = label(`(01)${GTIN}(10)LOT7A`, null)
    expect(said(compared(both(noSerial), { shipment: allogeneic, order: { ...order, serial: null } }))).toBe(
      'unverified: second_identifier',
    )
  })
  test('are not chain of identity and lot: neither tells one bag from another', () => {
    const lotOnly = label(`(01)${GTIN}(10)LOT7A`)
    expect(said(compared(both(lotOnly)))).toBe('unverified: second_identifier')
  })
  test('are donation number and chain of identity', () => {
    const read = labelRead([scan('=G12348965432100'), { kind: 'coi', text: ' COI-7F3K-0001 ', isTyped: false }])
    expect(said(compared(both(read), { shipment: donation, order: donation }))).toBe('match: ')
  })
})

test('typing is allowed, flagged, and checked like everything', () => {
  const typed = labelRead([
    { kind: 'typed', field: 'gtin', text: ' 9521321001237' },
    { kind: 'typed', field: 'serial', text: 'BAG-0007' },
    { kind: 'typed', field: 'lot', text: 'LOT7A' },
    { kind: 'coi', text: 'COI-7F3K-0001', isTyped: true },
    { kind: 'typed_expiry', expiry: { date: '2027-12-31', time: null } },
  ])
  expect(compared(both(typed))).toMatchObject({ result: 'match', typed: true })
  expect(compared(both(GOOD, typed))).toMatchObject({ result: 'match', typed: true })
  expect(labelRead([{ kind: 'typed', field: 'din', text: 'g1234 89-654321' }]).values.din).toEqual(['G123489654321'])
})

test('whatever is read, nothing but what was expected is a match', () => {
  const text = fc.constantFrom('LOT7A', 'LOT7B', 'BAG-0007', 'BAG-0008', GTIN, 'COI-7F3K-0001', 'COI-9')
  const some = fc.array(text, { maxLength: 2 })
  const read = fc.record({
    values: fc.record({ gtin: some, serial: some, din: some, lot: some, coi: some }),
    expiries: fc.array(fc.constantFrom({ date: '2027-12-31', time: null }, { date: '2027-12-30', time: null }), {
      maxLength: 1,
    }),
    isTyped: fc.boolean(),
  })
  fc.assert(
    fc.property(read, read, (first, second) => {
      const { result } = compared(both(first, second))
      const isRight = ({ values, expiries }: LabelRead) =>
        values.gtin.every((one) => one === BAG.gtin) &&
        values.serial.every((one) => one === BAG.serial) &&
        values.lot.every((one) => one === BAG.lot) &&
        values.coi.every((one) => one === BAG.coi) &&
        expiries.every(({ date }) => date === '2027-12-31')
      const isWhole = ({ values }: LabelRead) => [values.coi, values.gtin, values.serial].every((one) => one.length > 0)
      if (result === 'match') expect([first, second].every((one) => isRight(one) && isWhole(one))).toBe(true)
      if ([first, second].some((one) => !isRight(one))) expect(result).toBe('mismatch')
    }),
    { numRuns: 2000 },
  )
})
