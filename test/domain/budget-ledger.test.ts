import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addUsage } from '../../src/domain/budget.ts'
import {
  type BudgetCharge,
  type BudgetEntry,
  type BudgetSource,
  earlierUse,
  inheritance,
  ledgerUsage,
  postings,
} from '../../src/domain/budget-ledger.ts'
import type { Usage } from '../../src/domain/exposure.ts'

const evaluation = (shipmentId: number, version: number): BudgetSource => ({ kind: 'evaluation', shipmentId, version })
const declaration = (version: number): BudgetSource => ({ kind: 'declared', signature: `S${version}`, version })
const use = (band: string, consumedMs: number, presumedMs = 0): Usage => ({ band, consumedMs, presumedMs })

function posted(before: readonly BudgetEntry[], ...charges: BudgetCharge[]): BudgetEntry[] {
  const ledger = [...before]
  for (const charge of charges) {
    for (const posting of postings(ledger, charge)) ledger.push({ ...posting, id: ledger.length + 1 })
  }
  return ledger
}

const charge = (source: BudgetSource, ...used: Usage[]): BudgetCharge => ({ unit: 'BAG-1', source, used })
const net = (ledger: readonly BudgetEntry[], unit = 'BAG-1') =>
  ledgerUsage(ledger, { unit }).filter(({ consumedMs, presumedMs }) => consumedMs !== 0 || presumedMs !== 0)

test('a re-evaluation is a reversal of each entry and new ones', () => {
  const first = posted([], charge(evaluation(7, 1), use('COOL', 100, 20), use('WARM', 0)))
  expect(first).toMatchObject([{ id: 1, band: 'COOL', consumedMs: 100, presumedMs: 20, reverses: null }])
  const second = posted(first, charge(evaluation(7, 2), use('COOL', 120), use('WARM', 5)))
  expect(second.slice(1)).toMatchObject([
    { band: 'COOL', consumedMs: -100, presumedMs: -20, reverses: 1, source: { version: 2 } },
    { band: 'COOL', consumedMs: 120, presumedMs: 0, reverses: null },
    { band: 'WARM', consumedMs: 5, presumedMs: 0, reverses: null },
  ])
  expect(net(second)).toEqual([use('COOL', 120), use('WARM', 5)])
})

describe('nothing is posted', () => {
  const ledger = posted([], charge(evaluation(7, 2), use('COOL', 100)))
  test.each([
    ['twice', evaluation(7, 2), [use('COOL', 100)]],
    ['for a version that says the same', evaluation(7, 3), [use('COOL', 100), use('WARM', 0)]],
    ['for an older version', evaluation(7, 1), [use('COOL', 5)]],
    ['for a shipment that used nothing', evaluation(8, 1), [use('COOL', 0)]],
  ])('%s', (_what, source, used) => expect(postings(ledger, charge(source, ...used))).toEqual([]))
})

test('shipments, declarations and units have accounts of their own, and add up', () => {
  const ledger = posted(
    [],
    charge(declaration(1), use('COOL', 10)),
    charge(evaluation(7, 1), use('COOL', 100)),
    charge(evaluation(8, 1), use('COOL', 1, 1)),
    { unit: 'BAG-2', source: evaluation(7, 1), used: [use('COOL', 1000)] },
    charge(declaration(2), use('COOL', 20)),
  )
  expect(net(ledger)).toEqual([use('COOL', 121, 1)])
  expect(ledgerUsage(ledger, { unit: 'BAG-1', without: 7 })).toEqual([use('COOL', 21, 1)])
  expect(net(ledger, 'BAG-2')).toEqual([use('COOL', 1000)])
})

describe('earlier use', () => {
  test('is not declared until somebody signs a figure, also one of nothing', () => {
    expect(earlierUse([], 'BAG-1')).toBe('not_declared')
    expect(earlierUse(posted([], charge(evaluation(7, 1), use('COOL', 1))), 'BAG-1')).toBe('not_declared')
    expect(earlierUse(posted([], charge(declaration(1), use('COOL', 0))), 'BAG-1')).toBe('declared')
  })
  test('goes with a split, as far as it was declared, and follows later versions of it', () => {
    const parent: BudgetCharge[] = [
      { unit: 'LOT', source: declaration(1), used: [use('COOL', 10)] },
      { unit: 'LOT', source: evaluation(3, 1), used: [use('COOL', 30, 5)] },
    ]
    const ledger = posted([], ...parent)
    const split = posted(ledger, inheritance(ledger, { parent: 'LOT', child: 'BAG-1' }))
    expect(net(split)).toEqual([use('COOL', 40, 5)])
    expect(earlierUse(split, 'BAG-1')).toBe('declared')
    const later = posted(split, { unit: 'LOT', source: evaluation(3, 2), used: [use('COOL', 25)] })
    const again = posted(later, inheritance(later, { parent: 'LOT', child: 'BAG-1' }))
    expect(net(again)).toEqual([use('COOL', 35)])
    const undeclared = posted([], ...parent.slice(1))
    const bag = posted(undeclared, inheritance(undeclared, { parent: 'LOT', child: 'BAG-1' }))
    expect(earlierUse(bag, 'BAG-1')).toBe('not_declared')
  })
})

describe('laws', () => {
  const usages = fc.array(
    fc.record({ band: fc.constantFrom('COOL', 'WARM'), consumedMs: fc.nat(9), presumedMs: fc.nat(9) }),
    { maxLength: 3 },
  )
  const charges = fc
    .array(fc.tuple(fc.constantFrom(1, 2), usages), { maxLength: 8 })
    .map((list) => list.map(([shipment, used], version) => charge(evaluation(shipment, version), ...used)))

  test('the ledger says what the newest word of every source says, and a second posting adds nothing', () =>
    fc.assert(
      fc.property(charges, (list) => {
        const ledger = posted([], ...list)
        const newest = [1, 2].flatMap(
          (id) => list.findLast(({ source }) => source.kind === 'evaluation' && source.shipmentId === id)?.used ?? [],
        )
        const said = addUsage(newest).filter(({ consumedMs, presumedMs }) => consumedMs + presumedMs > 0)
        expect(new Set(net(ledger))).toEqual(new Set(said))
        for (const one of list) if (list.at(-1) === one) expect(postings(ledger, one)).toEqual([])
      }),
    ))
  test('every entry is reversed at most once, by one that takes back just as much', () =>
    fc.assert(
      fc.property(charges, (list) => {
        const ledger = posted([], ...list)
        const reversals = ledger.filter(({ reverses }) => reverses !== null)
        expect(new Set(reversals.map(({ reverses }) => reverses)).size).toBe(reversals.length)
        for (const { band, consumedMs, presumedMs, reverses } of reversals) {
          const entry = ledger.find(({ id }) => id === reverses)
          expect(entry).toMatchObject({ band, reverses: null })
          expect([consumedMs + (entry?.consumedMs ?? 1), presumedMs + (entry?.presumedMs ?? 1)]).toEqual([0, 0])
        }
      }),
    ))
})
