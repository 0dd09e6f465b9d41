import { describe, expect, test } from 'vitest'
import type { BudgetScale } from '../../src/domain/budget-bands.ts'
import type { Exposure, Usage } from '../../src/domain/exposure.ts'
import { joinedSilence, type Silence, silenceOf, type UnitLife, unitBudget } from '../../src/domain/unit-budget.ts'

const SCALE: BudgetScale = {
  labelLowMilliC: 2000,
  labelHighMilliC: 8000,
  budgetBands: [
    { id: 'COOL', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: 100 },
    { id: 'WARM', aboveMilliC: 15_000, uptoMilliC: 25_000, allowedMs: 50 },
  ],
}
const use = (band: string, consumedMs: number, presumedMs = 0): Usage => ({ band, consumedMs, presumedMs })
const SEEN: Exposure = { usage: [], unobserved: [], current: null }
const NONE: Silence = { ms: 0, presumed: [] }
const life = (used: Usage[], here: Partial<Exposure> = {}, silence = NONE): UnitLife => ({
  before: { used, earlierUse: 'declared', silence },
  here: { ...SEEN, ...here },
})

test('earlier use and use here are shown apart, and judged together', () => {
  const found = unitBudget(SCALE, life([use('COOL', 60, 5), use('COOL', 10)], { usage: [use('COOL', 31, 1)] }))
  expect(found.state).toBe('exceeded')
  expect(found.bands[0]).toMatchObject({
    ...{ consumedMs: 101, presumedMs: 6, remainingMs: 0, bestMs: 0, worstMs: 0 },
    ...{ earlier: { consumedMs: 70, presumedMs: 5 }, here: { consumedMs: 31, presumedMs: 1 } },
  })
})

test.each<[string, UnitLife, string, string, string]>([
  ['all seen', life([use('COOL', 10)]), 'within', 'within', 'within'],
  ['silence here', life([], { unobserved: [silent(0, 60, [])] }), 'within', 'within', 'exceeded'],
  ['silence on an earlier ride', life([], {}, { ms: 60, presumed: [] }), 'within', 'within', 'exceeded'],
  [
    'silences that are too long only together',
    life([], { unobserved: [silent(0, 30, [])] }, { ms: 30, presumed: [] }),
    'within',
    'within',
    'exceeded',
  ],
  ['presumed time', life([use('WARM', 40, 20)]), 'presumed_exceeded', 'within', 'exceeded'],
])('at best and at worst: %s', (_what, of, state, best, worst) => {
  // below the label and beyond 25 nothing is allowed: so any silence at all exceeds at worst
  expect(unitBudget(SCALE, of)).toMatchObject({ state, best, worst })
})

function silent(fromAt: number, toAt: number, presumed: Usage[]) {
  return { fromAt, toAt, before: null, after: null, presumed }
}

describe('presumed silence', () => {
  test('is not added again to the band it is presumed in', () => {
    const presumed = [use('COOL', 0, 40)]
    const here = { usage: presumed, unobserved: [silent(0, 60, presumed)] }
    const earlier = { ms: 60, presumed }
    for (const of of [life([], here), life(presumed, {}, earlier)]) {
      const [cool] = unitBudget(SCALE, of).bands
      expect([cool?.remainingMs, cool?.bestMs, cool?.worstMs]).toEqual([60, 100, 40])
    }
  })

  test('silences add up, per band', () => {
    const one = silenceOf([silent(10, 30, [use('COOL', 0, 5)]), silent(50, 60, [use('WARM', 0, 2), use('COOL', 0, 1)])])
    expect(joinedSilence([one, { ms: 5, presumed: [use('WARM', 0, 3)] }])).toEqual({
      ms: 35,
      presumed: [use('COOL', 0, 6), use('WARM', 0, 5)],
    })
  })
})

test('a profile without bands has no budget, whatever was used', () => {
  const found = unitBudget({ ...SCALE, budgetBands: [] }, life([use('COOL', 1)]))
  expect(found).toMatchObject({ state: 'none', best: 'none', worst: 'none', bands: [], leaving: null })
})
