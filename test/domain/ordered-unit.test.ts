import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LabelRead } from '../../src/domain/identity.ts'
import { type OrderedUnit, orderedUnit, packedAsOrdered } from '../../src/domain/ordered-unit.ts'

const NONE: OrderedUnit = { gtin: null, serial: null, din: null, lot: null }
const bag = (serial: string | null, lot: string | null = 'L1'): OrderedUnit => ({ ...NONE, serial, lot })

function read(serial: string): LabelRead {
  return { values: { gtin: [], serial: [serial], din: [], lot: [], coi: [] }, expiries: [], isTyped: false }
}

function serialOf(expected: readonly OrderedUnit[], packed: OrderedUnit, reads: readonly LabelRead[] = []) {
  return orderedUnit({ coi: 'COI-1', expected }, packed, reads).serial
}

describe('of the entries of an order a bag is compared with', () => {
  test('the one that names it, wherever it stands', () => {
    const entries = [bag('B1'), bag('B2'), bag('B3')]
    for (const expected of [entries, entries.toReversed()]) expect(serialOf(expected, bag('B2'))).toBe('B2')
  })
  test('the one that contradicts least, where none names it: what differs is then told', () =>
    expect(serialOf([bag('B1', 'L2'), bag('B3', 'L1')], bag('B9', 'L1'))).toBe('B3'))
  test('one that says nothing before one that contradicts', () =>
    expect(serialOf([bag('B1'), bag(null, null)], bag('B9'))).toBeNull())
  test('the one that was read, where the packing list does not tell them apart', () =>
    expect(serialOf([bag('B1'), bag('B2')], bag(null), [read('B2')])).toBe('B2'))
  test('the one of the packing list, whatever was read: a wrong bag stays wrong', () =>
    expect(serialOf([bag('B1'), bag('B2')], bag('B1'), [read('B2')])).toBe('B1'))
})

test('an order without entries says its chain of identity only; it never says an expiry', () =>
  expect(orderedUnit({ coi: 'COI-1', expected: [] }, bag('B1'), [read('B1')])).toEqual({
    ...NONE,
    coi: 'COI-1',
    expiresAt: null,
  }))

test('an entry that names the bag exactly is found among any others, in any order', () => {
  const text = fc.option(fc.constantFrom('X', 'Y', 'Z'))
  const entry = fc.record({ gtin: text, serial: text, din: text, lot: text })
  const whole = fc.record({
    gtin: fc.constantFrom('X', 'Y'),
    serial: fc.constantFrom('X', 'Y'),
    din: fc.constantFrom('X', 'Y'),
    lot: fc.constantFrom('X', 'Y'),
  })
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), whole, fc.nat(), (others, packed, place) => {
      const expected = others.toSpliced(place % (others.length + 1), 0, packed)
      expect(orderedUnit({ coi: null, expected }, packed, [])).toEqual({ ...packed, coi: null, expiresAt: null })
    }),
  )
})

describe('a packing list answers its order', () => {
  const order = { coi: 'COI-1', expected: [bag('B1'), bag('B2')] }
  test.each<[string, Parameters<typeof packedAsOrdered>[1], string]>([
    ['wholly', { coi: 'COI-1', units: [bag('B2'), bag('B1')] }, 'match'],
    ['in part: the rest is in another box', { coi: 'COI-1', units: [bag('B2')] }, 'match'],
    ['with another bag', { coi: 'COI-1', units: [bag('B3')] }, 'mismatch'],
    ['with another lot', { coi: 'COI-1', units: [bag('B1', 'L2')] }, 'mismatch'],
    ['with too many bags', { coi: 'COI-1', units: [bag('B1'), bag('B2'), bag(null)] }, 'mismatch'],
    ['for another patient', { coi: 'COI-2', units: [bag('B1')] }, 'mismatch'],
    ['without its chain of identity', { coi: null, units: [bag('B1')] }, 'unverified'],
  ])('%s', (_how, packed, expected) => expect(packedAsOrdered(order, packed)).toBe(expected))
  test('or has none, and is unverified', () =>
    expect(packedAsOrdered(null, { coi: 'COI-1', units: [] })).toBe('unverified'))
  test('that names neither bags nor chain of identity, whatever is packed', () =>
    expect(packedAsOrdered({ coi: null, expected: [] }, { coi: 'COI-1', units: [bag('B1')] })).toBe('match'))
})
