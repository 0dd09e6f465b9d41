import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addUsage, type Budget, budgetOf, timeLeft } from '../../src/domain/budget.ts'
import { bandProblems } from '../../src/domain/budget-bands.ts'
import { outlook } from '../../src/domain/budget-outlook.ts'
import type { Unobserved, Usage } from '../../src/domain/exposure.ts'
import type { BudgetBand } from '../../src/domain/profile.ts'

const BANDS: BudgetBand[] = [
  { id: 'FREEZE', aboveMilliC: null, uptoMilliC: 0, allowedMs: 0 },
  { id: 'COOL', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: 100 },
  { id: 'WARM', aboveMilliC: 15_000, uptoMilliC: 30_000, allowedMs: 40 },
]
const SCALE = { labelLowMilliC: 2000, labelHighMilliC: 8000, budgetBands: BANDS }

const use = (band: string, consumedMs: number, presumedMs = 0): Usage => ({ band, consumedMs, presumedMs })
const budget = (...used: Usage[]) => budgetOf(BANDS, used, 'declared')
const band = (given: Budget, id: string) => given.bands.find((one) => one.id === id)

describe('states', () => {
  test.each([
    [[], 'within'],
    [[use('COOL', 100)], 'within'],
    [[use('COOL', 101)], 'exceeded'],
    [[use('COOL', 60, 40)], 'within'],
    [[use('COOL', 60, 41)], 'presumed_exceeded'],
    [[use('COOL', 101, 50)], 'exceeded'],
    [[use('COOL', 60, 41), use('WARM', 41)], 'exceeded'],
    [[use('FREEZE', 1)], 'exceeded'],
    [[use('FREEZE', 0, 1)], 'presumed_exceeded'],
    [[use('NO_BAND', 1)], 'exceeded'],
    [[use('a band of another profile', 0, 1)], 'presumed_exceeded'],
    [[use('a band of another profile', 0)], 'within'],
  ])('%j: %s', (used, state) => expect(budget(...used).state).toBe(state))

  test('no budget is none, whatever was used', () => {
    const none = budgetOf([], [use('COOL', 5)], 'not_declared')
    expect(none).toMatchObject({ state: 'none', bands: [], fractionSum: null, fractionSumWithPresumed: null })
    expect(timeLeft(none, { band: 'COOL' })).toBeNull()
  })
  test('whether earlier use was declared is said beside the state', () =>
    expect(budgetOf(BANDS, [], 'not_declared')).toMatchObject({ state: 'within', earlierUse: 'not_declared' }))
})

test.each([
  [49, 0, null],
  [50, 0, 50],
  [20, 30, 50],
  [79, 0, 50],
  [80, 0, 80],
  [79, 1, 80],
  [500, 0, 80],
])('%s of 100 consumed and %s presumed: warning %s', (consumedMs, presumedMs, warning) =>
  expect(band(budget(use('COOL', consumedMs, presumedMs)), 'COOL')?.warning).toBe(warning),
)

test('shares add up, with and without presumed time; forbidden bands have none', () => {
  const { fractionSum, fractionSumWithPresumed, bands } = budget(use('COOL', 50, 25), use('WARM', 20), use('FREEZE', 9))
  expect([fractionSum, fractionSumWithPresumed]).toEqual([1, 1.25])
  expect(bands.find(({ id }) => id === 'FREEZE')?.warning).toBeNull()
})

test.each([
  [{ band: 'COOL' }, { band: 'COOL', leftMs: 40 }],
  [{ band: 'WARM' }, { band: 'WARM', leftMs: 40 }],
  [{ band: 'FREEZE' }, { band: 'FREEZE', leftMs: 0 }],
  [{ band: 'NO_BAND' }, { band: 'NO_BAND', leftMs: 0 }],
  [{ band: null }, null],
  [null, null],
])('at %j there is %j left', (current, left) => expect(timeLeft(budget(use('COOL', 50, 10)), current)).toEqual(left))

describe('laws', () => {
  const usage = fc.record({
    band: fc.constantFrom('FREEZE', 'COOL', 'WARM', 'NO_BAND'),
    consumedMs: fc.nat(120),
    presumedMs: fc.nat(120),
  })
  const usages = fc.array(usage, { maxLength: 6 })
  const remaining = ({ bands }: Budget) => Object.fromEntries(bands.map(({ id, remainingMs }) => [id, remainingMs]))

  test('what was inherited and what is used here is used together, in any order', () =>
    fc.assert(
      fc.property(usages, usages, (inherited, here) => {
        const bySource = budget(...addUsage(inherited), ...addUsage(here))
        expect(new Set(bySource.bands)).toEqual(new Set(budget(...here, ...inherited).bands))
        expect(bySource.state).toBe(budget(...here, ...inherited).state)
      }),
    ))
  test('presumed time never raises what remains, and more use never improves the state', () =>
    fc.assert(
      fc.property(usages, usages, (before, more) => {
        const [less, after] = [budget(...before), budget(...before, ...more)]
        for (const { id, remainingMs } of less.bands) expect(remaining(after)[id]).toBeLessThanOrEqual(remainingMs)
        const order = ['within', 'presumed_exceeded', 'exceeded']
        expect(order.indexOf(after.state)).toBeGreaterThanOrEqual(order.indexOf(less.state))
        const certain = before.map((one) => ({ ...one, presumedMs: 0 }))
        for (const { id, remainingMs } of less.bands) {
          expect(remainingMs).toBeLessThanOrEqual(remaining(budget(...certain))[id] ?? Number.POSITIVE_INFINITY)
        }
      }),
    ))
})

describe('outlook over time nobody saw', () => {
  const at = (milliC: number) => ({ min: milliC, max: milliC })
  const silence = (over: Partial<Unobserved> = {}): Unobserved => ({
    fromAt: 0,
    toAt: 60,
    before: at(5000),
    after: null,
    presumed: [],
    ...over,
  })
  const rows = (unobserved: Unobserved[], reach: { milliCPerMinute: number } | null, ...used: Usage[]) => {
    const { best, worst, bands } = outlook(SCALE, budget(...used), { unobserved, reach })
    return `${best} to ${worst}: ${bands.map(({ id, bestMs, worstMs }) => `${id} ${bestMs}-${worstMs}`).join(', ')}`
  }
  test('nothing unseen changes nothing', () =>
    expect(rows([], null, use('COOL', 30))).toBe('within to within: FREEZE 0-0, COOL 70-70, WARM 40-40'))
  test('without a known rate every band is possible, each for itself', () =>
    expect(rows([silence()], null, use('COOL', 30))).toBe('within to exceeded: FREEZE 0-0, COOL 70-10, WARM 40-0'))
  test('a rate keeps out what cannot be reached', () => {
    const slow = { milliCPerMinute: 4_000_000 }
    // 4 degrees in these 60 ms: from 6.5 to between 2.5 and 10.5
    expect(rows([silence({ before: at(6500) })], slow)).toBe('within to within: FREEZE 0-0, COOL 100-40, WARM 40-40')
    expect(rows([silence({ after: at(5000) })], slow)).toBe('within to within: FREEZE 0-0, COOL 100-100, WARM 40-40')
    expect(rows([silence({ after: at(9000) })], slow)).toBe('within to within: FREEZE 0-0, COOL 100-40, WARM 40-40')
    expect(rows([silence({ before: null })], slow)).toBe('within to exceeded: FREEZE 0-0, COOL 100-40, WARM 40-0')
  })
  test('what lies between and beyond the bands is forbidden there too', () => {
    // 0 to 2 degrees has no band
    const cooling = { milliCPerMinute: 3_001_000 }
    expect(rows([silence()], cooling)).toMatch(/^within to exceeded/)
    expect(rows([silence({ toAt: 59 })], cooling)).toMatch(/^within to within/)
  })
  test('presumed time is gone at best, and counts once at worst', () => {
    const presumed = [use('COOL', 0, 60)]
    expect(rows([silence({ before: at(9000), presumed })], null, use('COOL', 60, 60))).toBe(
      'within to exceeded: FREEZE 0-0, COOL 40-0, WARM 40-0',
    )
    const exact = [silence({ toAt: 30, before: at(9000), presumed: [use('COOL', 0, 30)] })]
    expect(rows(exact, { milliCPerMinute: 0 }, use('COOL', 60, 30))).toBe(
      'within to within: FREEZE 0-0, COOL 40-10, WARM 40-40',
    )
  })
  test('certain excess stays, no budget stays none', () => {
    expect(rows([silence()], null, use('WARM', 41))).toMatch(/^exceeded to exceeded/)
    expect(outlook(SCALE, budgetOf([], [], 'declared'), { unobserved: [silence()], reach: null })).toEqual({
      best: 'none',
      worst: 'none',
      bands: [],
    })
  })
})

describe('bands that cannot be charged exclusively', () => {
  const one = (id: string, aboveMilliC: number | null, uptoMilliC: number | null) => ({
    id,
    aboveMilliC,
    uptoMilliC,
    allowedMs: 1,
  })
  test.each([
    [BANDS, []],
    [[one('A', 8000, 15_000), one('B', 15_000, null), one('C', 0, 2000), one('D', null, 0)], []],
    [[one('A', 8000, 15_000), one('B', 14_999, null)], ['budget bands A and B overlap']],
    [[one('A', 7999, 15_000)], ['budget band A lies not wholly outside the label range']],
    [[one('A', null, 2001)], ['budget band A lies not wholly outside the label range']],
    [[one('A', null, null)], ['budget band A lies not wholly outside the label range']],
  ])('%j', (budgetBands, expected) =>
    expect(bandProblems({ ...SCALE, budgetBands }).map((problem) => problem.split(':')[0])).toEqual(expected),
  )
  test('a label without a low limit has no low bands', () =>
    expect(bandProblems({ ...SCALE, labelLowMilliC: null })).toHaveLength(1))
})
