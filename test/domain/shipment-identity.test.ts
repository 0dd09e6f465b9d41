import { describe, expect, test } from 'vitest'
import { parseLocalExpiry } from '../../src/domain/gs1-date.ts'
import type { ExpectedUnit } from '../../src/domain/identity.ts'
import type { ScanPart } from '../../src/domain/scan-part.ts'
import { type IdentityFacts, identityOf, type LabelScan, receiptIdentity } from '../../src/domain/shipment-identity.ts'

const GTIN = '09521321001237'
const readAt = Date.parse('2026-03-02T10:00:00Z')
const offsets = { manufacturerMin: 60, placeMin: -300 }
const UNIT: ExpectedUnit = { gtin: GTIN, serial: 'B1', din: null, lot: null, coi: 'COI-1', expiresAt: null }

function scan(person: string, unitCode: string | null, ...texts: string[]): LabelScan {
  const parts = texts.map((raw): ScanPart => {
    return { entry: 'scanned', of: raw.startsWith('COI') ? 'coi' : 'label', raw, symbology: null }
  })
  return { person, unitCode, readAt, parts }
}

function facts(scans: readonly LabelScan[], unit: Partial<ExpectedUnit> = {}): IdentityFacts {
  return {
    units: new Map([
      ['BAG-1', { expected: { ...UNIT, ...unit }, offsets }],
      ['BAG-2', { expected: { ...UNIT, serial: 'B2' }, offsets }],
    ]),
    offsets,
    coi: 'COI-1',
    order: { coi: 'COI-1', expected: [] },
    box: { sscc: null, coi: 'COI-1', orderCoi: 'COI-1', container: null, loggers: [] },
    scans,
  }
}

const unitOf = (given: IdentityFacts, code: string, asOf = readAt) =>
  identityOf(given, asOf).units.find((unit) => unit.code === code)

describe('the labels of a shipment', () => {
  const scans = [
    scan('A', 'BAG-1', `(01)${GTIN}(21)B1`, 'COI-1'),
    scan('A', 'BAG-9', `(01)${GTIN}(21)B9`, 'COI-2'),
    scan('B', 'BAG-1', `(01)${GTIN}(21)B1`, 'COI-1'),
    scan('A', null, 'COI-2'),
    scan('A', null, 'COI-1'),
  ]
  test('are checked bag by bag, and a bag on no packing list is told apart', () => {
    const identity = identityOf(facts(scans), readAt)
    expect(identity.units.map(({ code, onPackingList, check }) => [code, onPackingList, check.result])).toEqual([
      ['BAG-1', true, 'match'],
      ['BAG-2', true, 'unverified'],
      ['BAG-9', false, 'mismatch'],
    ])
    expect(identity).toMatchObject({ unread: ['BAG-2'], unexpected: ['BAG-9'], boxReaders: ['A'] })
  })
  test('on the box the newest reading of each person is compared', () =>
    expect(identityOf(facts(scans), readAt).box.find(({ field }) => field === 'coi')?.result).toBe('match'))
  test('without an order nothing is verified', () =>
    expect(unitOf({ ...facts(scans), order: null }, 'BAG-1')?.check).toMatchObject({
      result: 'unverified',
      open: ['no_order'],
    }))
})

describe('the expiry', () => {
  const day = parseLocalExpiry('2026-03-01')
  const label = `(01)${GTIN}(21)B1(17)260301`
  test('is the sponsor’s instant where there is one, whatever the label prints', () => {
    const expiresAt = Date.parse('2026-03-01T23:59:59+01:00')
    const unit = unitOf(facts([scan('A', 'BAG-1', label)], { expiresAt }), 'BAG-1')
    expect(unit?.expiry).toEqual({ earliestAt: expiresAt, latestAt: expiresAt })
    expect(unit?.expiryFindings).toEqual(['EXPIRED'])
  })

  /** The day ends at 23:00Z by the manufacturer's clock, at 05:00Z of the next by that of the place. */
  test.each([
    ['2026-03-01T22:59:59.999Z', []],
    ['2026-03-01T23:00:00Z', ['EXPIRY_UNCLEAR']],
    ['2026-03-02T04:59:59.999Z', ['EXPIRY_UNCLEAR']],
    ['2026-03-02T05:00:00Z', ['EXPIRED']],
  ])('without zone is unclear between its readings: at %s', (asOf, findings) => {
    for (const given of [
      facts([], { expiresLocal: day }),
      facts([scan('A', 'BAG-1', label)]),
      facts([scan('A', 'BAG-1', label), scan('B', 'BAG-1', label.replace('260301', '260401'))]),
    ]) {
      expect(unitOf(given, 'BAG-1', Date.parse(asOf))?.expiryFindings).toEqual(findings)
    }
  })

  test('that nobody knows is unclear', () => {
    const unit = unitOf(facts([scan('A', 'BAG-1', `(01)${GTIN}(21)B1`)]), 'BAG-1')
    expect(unit).toMatchObject({ expiry: null, expiryFindings: ['EXPIRY_UNCLEAR'] })
  })

  test('entered as printed is compared with the label', () => {
    const given = facts([scan('A', 'BAG-1', label.replace('260301', '260302'))], { expiresLocal: day })
    expect(unitOf(given, 'BAG-1')?.check.differs).toContainEqual(
      expect.objectContaining({ field: 'expiry', against: 'shipment', expected: '2026-03-01', found: '2026-03-02' }),
    )
  })
})

test('a receipt is given the result of each bag, and what scanning says about container and logger', () => {
  const read = (of: 'container' | 'logger', raw: string): LabelScan => {
    return { person: 'A', unitCode: null, readAt, parts: [{ entry: 'scanned', of, raw, symbology: null }] }
  }
  const both = (code: string, serial: string) =>
    ['A', 'B'].map((by) => scan(by, code, `(01)${GTIN}(21)${serial}`, 'COI-1'))
  const given = facts([
    ...both('BAG-1', 'B1'),
    ...both('BAG-2', 'B1'),
    ...both('BAG-9', 'B9'),
    read('container', 'D-8'),
  ])
  const container = { serial: 'D-7', grai: null }
  const { units, box } = receiptIdentity(identityOf({ ...given, box: { ...given.box, container } }, readAt))
  expect([...units].map(([code, { identity }]) => `${code} ${identity}`)).toEqual([
    'BAG-1 match',
    'BAG-2 mismatch',
    'BAG-9 unverified',
  ])
  expect(box).toEqual({ unitsUnexpected: ['BAG-9'], isContainer: false, isLogger: null })
})
