import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { JudgedSpan } from '../../src/domain/combine.ts'
import { judgeWhole, PLAIN_SENSOR, type WholePlacement } from '../../src/domain/judge.ts'
import { kinetic, meetsUsp, mktOf, mktReason, storageClassOf, USP_CRITERIA } from '../../src/domain/mkt.ts'
import { placedRows } from '../../src/domain/placed-rows.ts'
import type { Profile } from '../../src/domain/profile.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { randomCase } from './random-case.ts'

const INFORMATIVE: Profile = { ...FRIDGE, mktPolicy: 'informative' }

function mkt(profile: Profile, span: JudgedSpan, placements: readonly WholePlacement[]) {
  const { coveredMs } = judgeWhole(profile, span, placements)
  return mktOf(profile, placedRows(profile, span, placements), { span, coveredMs })
}

/** A sensor measuring every quarter of an hour from `T0`, degrees or null for a missing reading. */
function sensor(degrees: readonly (number | null)[]): WholePlacement {
  const rows = degrees.flatMap((value, index) =>
    value === null ? [] : [{ at: T0 + index * 15 * MINUTE, milliC: value * 1000 }],
  )
  return { role: 'product', fromAt: T0, toAt: Number.POSITIVE_INFINITY, rows, sensor: PLAIN_SENSOR }
}

const quarters = (count: number): JudgedSpan => ({ fromAt: T0, toAt: T0 + count * 15 * MINUTE, closed: true })

describe('a shipment', () => {
  test('shows one decimal and keeps the rest', () => {
    const answer = mkt(INFORMATIVE, quarters(8), [sensor([5, 5, 5, 5, 5, 12, 5, 5])])
    expect(answer).toMatchObject({ shown: '6.3', blindTo: null })
    expect(answer.mktC).toBeCloseTo(6.26749, 5)
  })
  test('has the highest of its sensors, and never a mean of them', () => {
    const [cool, warm] = [sensor([4, 4, 4, 4]), sensor([7, 7, 7, 7])]
    expect(mkt(INFORMATIVE, quarters(4), [cool, warm])).toMatchObject({ mktC: 7 })
    expect(mkt(INFORMATIVE, quarters(4), [warm, cool])).toMatchObject({ mktC: 7 })
  })
  test('says that it cannot see a low excursion', () =>
    expect(mkt(INFORMATIVE, quarters(4), [sensor([5, 5, 1.9, 5])])).toMatchObject({ blindTo: 'LOW_EXCURSION' }))
  test('counts the higher of two values of one instant', () => {
    const double = sensor([5, 5])
    const rows = [...double.rows, { at: T0, milliC: 7000 }, { at: T0 + 15 * MINUTE, milliC: 7000 }]
    expect(mkt(INFORMATIVE, quarters(2), [{ ...double, rows }])).toMatchObject({ mktC: 7 })
  })
  test.each<[string, Partial<Profile>, (number | null)[], string]>([
    ['policy off', { mktPolicy: 'off' }, [5, 5, 5, 5], 'MKT_NOT_ALLOWED_BY_POLICY'],
    ['a frozen label', { labelHighMilliC: -60_000 }, [5, 5, 5, 5], 'MKT_NOT_APPLICABLE_FROZEN'],
    ['a cryogenic label', { labelHighMilliC: -150_000 }, [5, 5, 5, 5], 'MKT_NOT_APPLICABLE_FROZEN'],
    ['too many gaps', {}, [5, null, null, 5], 'MKT_WINDOW_INCOMPLETE'],
    ['no reading', { minCoveragePercent: 0 }, [], 'MKT_WINDOW_INCOMPLETE'],
    ['less than a day in the US', { mktPolicy: 'decision_support_US' }, [5, 5, 5, 5], 'MKT_WINDOW_INCOMPLETE'],
  ])('has none with %s', (_what, change, degrees, reason) =>
    expect(mkt({ ...INFORMATIVE, ...change }, quarters(4), [sensor(degrees)])).toEqual({ mktC: null, reason }),
  )
  test('has one after a day in the US', () => {
    const day = Array.from({ length: 96 }, () => 5)
    const us = { ...INFORMATIVE, mktPolicy: 'decision_support_US' } as const
    expect(mkt(us, quarters(96), [sensor(day)])).toMatchObject({ mktC: 5, usp: 'meets' })
    expect(mkt(us, quarters(96), [sensor(day), sensor([16, ...day.slice(1)])])).toMatchObject({ usp: 'fails' })
    expect(mkt(INFORMATIVE, quarters(96), [sensor(day)])).toMatchObject({ mktC: 5, usp: null })
  })
})

test.each([
  [94_999, 'MKT_WINDOW_INCOMPLETE'],
  [95_000, null],
])('%s of 100000 covered where 95 percent are asked: %s', (coveredMs, reason) =>
  expect(
    mktReason({
      storageClass: 'controlled_cold',
      isAllowed: true,
      coveredMs,
      windowMs: 100_000,
      minCoveragePercent: 95,
    }),
  ).toBe(reason),
)

test.each([
  [25_000, 'controlled_room'],
  [null, 'controlled_room'],
  [8000, 'controlled_cold'],
  [-15_000, 'frozen'],
  [-60_000, 'frozen'],
  [-120_000, 'cryogenic'],
] as const)('a label up to %s is %s', (labelHighMilliC, storageClass) =>
  expect(storageClassOf({ labelHighMilliC })).toBe(storageClass),
)

describe('USP criteria', () => {
  const cold = USP_CRITERIA.controlled_cold
  const HOUR = 60 * MINUTE
  test.each([
    ['exactly at the limits', [[8000, 24]], 2000, true],
    ['a milli-degree above the mean', [[8001, 24]], 2000, false],
    [
      'a moment above the highest',
      [
        [5000, 24],
        [15_001, 0.001],
      ],
      2000,
      false,
    ],
    [
      'exactly at the highest',
      [
        [5000, 24],
        [15_000, 0.001],
      ],
      2000,
      true,
    ],
    [
      'out for exactly a day',
      [
        [2000, 24 * 30],
        [8001, 24],
      ],
      2000,
      true,
    ],
    [
      'out a little longer',
      [
        [2000, 24 * 30],
        [8001, 24.001],
      ],
      2000,
      false,
    ],
    [
      'below the label',
      [
        [5000, 24],
        [1999, 1],
      ],
      2000,
      false,
    ],
    ['nothing measured', [], 2000, false],
  ] as const)('%s', (_what, list, low, expected) => {
    const held = list.map(([milliC, hours]) => ({ milliC, ms: hours * HOUR }))
    expect(meetsUsp(cold, held, low)).toBe(expected)
  })
})

describe('laws', () => {
  const held = fc.array(
    fc.record({ milliC: fc.integer({ min: -40_000, max: 60_000 }), ms: fc.integer({ min: 1, max: 1e9 }) }),
    { minLength: 1, maxLength: 20 },
  )
  test('a constant series gives the constant, to the last digit', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: -40_000, max: 60_000 }),
        fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1 }),
        (milliC, weights) => {
          expect(kinetic(weights.map((ms) => ({ milliC, ms })))?.mktC).toBe(milliC / 1000)
        },
      ),
    ))
  test('it lies between the arithmetic mean and the highest value', () =>
    fc.assert(
      fc.property(held, (list) => {
        const total = list.reduce((sum, { ms }) => sum + ms, 0)
        const mean = list.reduce((sum, { milliC, ms }) => sum + (milliC / 1000) * (ms / total), 0)
        const { mktC = Number.NaN, highestMilliC = 0 } = kinetic(list) ?? {}
        expect(mktC).toBeGreaterThanOrEqual(mean - 1e-9)
        expect(mktC).toBeLessThanOrEqual(highestMilliC / 1000)
      }),
    ))
  test('a reading held in two parts weighs as one', () =>
    fc.assert(
      fc.property(held, (list) => {
        const parts = list.flatMap(({ milliC, ms }) => [
          { milliC, ms: ms / 2 },
          { milliC, ms: ms / 2 },
        ])
        expect(kinetic(parts)?.mktC).toBeCloseTo(kinetic(list)?.mktC ?? Number.NaN, 9)
      }),
    ))
  test('a warmer reading never lowers it', () =>
    fc.assert(
      fc.property(held, fc.nat(5000), (list, warmerMilliC) => {
        const [first, ...rest] = list
        if (first === undefined) return
        const warmed = kinetic([{ ...first, milliC: first.milliC + warmerMilliC }, ...rest])
        expect(warmed?.mktC).toBeGreaterThanOrEqual((kinetic(list)?.mktC ?? 0) - 1e-9)
      }),
    ))
  test('repeated readings and the order of readings and sensors change nothing', () =>
    fc.assert(
      fc.property(randomCase, ({ profile, span, placements }) => {
        const lenient: Profile = { ...profile, mktPolicy: 'informative', minCoveragePercent: 0 }
        const repeated = placements
          .map((one) => ({ ...one, rows: [...one.rows, ...one.rows].toReversed() }))
          .toReversed()
        expect(mkt(lenient, span, repeated)).toEqual(mkt(lenient, span, placements))
      }),
      { numRuns: 500 },
    ))
})
