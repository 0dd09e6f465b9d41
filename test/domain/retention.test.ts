import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hasPassed,
  type Kept,
  longerOf,
  type ProductRetention,
  RECORD_CLASSES,
  RETENTION_RULES,
  type RetentionFacts,
  retentionOf,
  unplacedRetention,
} from '../../src/domain/retention.ts'

const day = (text: string) => Date.parse(`${text}T00:00:00Z`)
const years = (count: number): ProductRetention['years'] => ({
  readings: count,
  observations: count,
  messages: count,
  custody: count,
  evaluations: count,
  audit: count,
})

/** Packed, opened a day later, its bags expire a year later. */
const ENDED: RetentionFacts = {
  packedAt: day('2026-03-01'),
  closedAt: day('2026-03-02'),
  lastKnownAt: day('2026-03-03'),
  lastExpiryAt: day('2027-03-01'),
  everyExpiryKnown: true,
  product: null,
}

function told(kept: Kept): string {
  return `${kept.rule} ${kept.until === null ? kept.why : new Date(kept.until).toISOString().slice(0, 10)}`
}

test.each<[string, Partial<RetentionFacts>, string]>([
  ['thirty years after the expiry of the product', {}, 'EU_ATMP 2057-03-01'],
  ['the last of its units counts', { lastExpiryAt: day('2028-02-29') }, 'EU_ATMP 2058-03-01'],
  ['a journey that goes on has no end', { closedAt: null }, 'EU_GDP NOT_ENDED'],
  ['a unit without expiry leaves it open', { everyExpiryKnown: false }, 'EU_ATMP EXPIRY_UNKNOWN'],
  ['no unit at all leaves it open', { lastExpiryAt: null }, 'EU_ATMP EXPIRY_UNKNOWN'],
  ['never packed: nothing has to end', { packedAt: null, closedAt: null }, 'EU_ATMP 2057-03-01'],
  ['the product may lengthen', { product: { years: years(40), shelfLifeYears: null } }, 'PRODUCT 2067-03-01'],
  ['and never shorten', { product: { years: years(1), shelfLifeYears: null } }, 'EU_ATMP 2057-03-01'],
  [
    'its shelf life stands for an expiry that is not stated',
    { everyExpiryKnown: false, product: { years: years(30), shelfLifeYears: 5 } },
    'EU_ATMP 2061-03-02',
  ],
  [
    'but not for a stated one that is later',
    { everyExpiryKnown: false, lastExpiryAt: day('2040-01-01'), product: { years: years(30), shelfLifeYears: 5 } },
    'EU_ATMP 2070-01-01',
  ],
  [
    'without an end the shelf life says nothing',
    { closedAt: null, lastExpiryAt: null, product: { years: years(30), shelfLifeYears: 5 } },
    'EU_ATMP NOT_ENDED',
  ],
  [
    'long after an early expiry, what was recorded last counts',
    { lastExpiryAt: day('1990-01-01') },
    'US_1271_CREATION 2036-03-03',
  ],
])('readings of a shipment: %s', (_name, change, expected) => {
  expect(told(retentionOf({ ...ENDED, ...change }, 'readings')[0])).toBe(expected)
})

describe('the longest rule wins', () => {
  test('each rule says its own, with its source, the longest first', () => {
    expect(retentionOf(ENDED, 'custody').map(told)).toEqual([
      'EU_ATMP 2057-03-01',
      'US_1271_PRODUCT 2037-03-01',
      'US_1271_CREATION 2036-03-03',
      'US_DSCSA 2032-03-02',
      'EU_GDP 2031-03-02',
      'US_600_MANUFACTURE 2031-03-01',
      'US_211 2028-03-01',
      'US_600_EXPIRY 2027-09-01',
    ])
    expect(new Set(retentionOf(ENDED, 'readings').map(({ rule }) => rule))).not.toContain('US_DSCSA')
    for (const { source } of RETENTION_RULES) expect(source).not.toBe('')
  })

  test('a class that the product names is lengthened alone', () => {
    const product = { years: { ...years(30), readings: 50 }, shelfLifeYears: null }
    const longest = RECORD_CLASSES.map((one) => told(retentionOf({ ...ENDED, product }, one)[0]))
    expect(longest).toEqual(['PRODUCT 2077-03-01', ...Array(5).fill('EU_ATMP 2057-03-01')])
  })

  test('whatever the facts, nothing of the list keeps longer than its first', () => {
    const instant = fc.integer({ min: day('2001-01-01'), max: day('2190-01-01') })
    const facts = fc.record({
      packedAt: fc.option(instant),
      closedAt: fc.option(instant),
      lastKnownAt: instant,
      lastExpiryAt: fc.option(instant),
      everyExpiryKnown: fc.boolean(),
      product: fc.option(
        fc.record({ years: fc.integer({ min: 0, max: 100 }).map(years), shelfLifeYears: fc.option(fc.nat(20)) }),
      ),
    })
    fc.assert(
      fc.property(facts, fc.constantFrom(...RECORD_CLASSES), fc.integer({ min: 0, max: 9e12 }), (given, one, now) => {
        const [longest, ...others] = retentionOf(given, one)
        for (const other of others) {
          expect(longerOf(other, longest).until).toBe(longest.until)
          if (hasPassed(longest, now)) expect(hasPassed(other, now)).toBe(true)
        }
      }),
    )
  })
})

test('what never rode with a shipment is kept ten years from when it was received', () => {
  expect(told(unplacedRetention(day('2026-04-01')))).toBe('US_1271_CREATION 2036-04-01')
})

test('a retention has passed at its instant, and never without an end', () => {
  const until = day('2057-03-01')
  const kept: Kept = { rule: 'r', source: 's', until }
  expect([hasPassed(kept, until - 1), hasPassed(kept, until)]).toEqual([false, true])
  expect(hasPassed({ rule: 'r', source: 's', until: null, why: 'NOT_ENDED' }, Number.MAX_SAFE_INTEGER)).toBe(false)
})
