import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addUsage } from '../../src/domain/budget.ts'
import { type Exposure, expose } from '../../src/domain/exposure.ts'
import { placedRows } from '../../src/domain/placed-rows.ts'
import type { BudgetBand } from '../../src/domain/profile.ts'
import { MINUTE } from '../support/limits.ts'
import { exposePlainly } from './plain-exposure.ts'
import { GRID_MS, type RandomCase, randomCase } from './random-case.ts'

const HOUR = 60 * MINUTE

/** Bands over the temperatures that random cases are made of, some left out, some with a hole. */
const randomBands = fc.subarray<BudgetBand>([
  { id: 'FREEZE', aboveMilliC: null, uptoMilliC: 0, allowedMs: 0 },
  { id: 'COLD', aboveMilliC: 0, uptoMilliC: 2000, allowedMs: 12 * HOUR },
  { id: 'COOL', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: 72 * HOUR },
  { id: 'RT', aboveMilliC: 15_000, uptoMilliC: 30_000, allowedMs: 24 * HOUR },
  { id: 'HOT', aboveMilliC: 30_000, uptoMilliC: null, allowedMs: 0 },
])
const budgetCase = fc
  .tuple(randomCase, randomBands)
  .map(
    ([given, budgetBands]): RandomCase => ({ ...given, profile: { ...given.profile, guardBand: 'none', budgetBands } }),
  )

function whole({ profile, span, placements }: RandomCase, within = span as { fromAt: number; toAt: number }): Exposure {
  return expose(profile, placedRows(profile, span, placements), { span, within })
}

const sorted = (usage: Exposure['usage']) =>
  addUsage(usage)
    .filter(({ consumedMs, presumedMs }) => consumedMs + presumedMs > 0)
    .sort((a, b) => (a.band < b.band ? -1 : 1))

describe('laws', () => {
  test('agrees with a reckoning that asks every minute what the words of the domain page say', () =>
    fc.assert(
      fc.property(budgetCase, (given) => {
        const plain = exposePlainly(given.profile, given.span, { placements: given.placements, gridMs: GRID_MS })
        const { usage, unobserved } = whole(given)
        const expected = Object.keys({ ...plain.consumed, ...plain.presumed }).map((band) => ({
          band,
          consumedMs: plain.consumed[band] ?? 0,
          presumedMs: plain.presumed[band] ?? 0,
        }))
        expect(sorted(usage)).toEqual(sorted(expected))
        expect(unobserved.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)).toBe(plain.unobservedMs)
      }),
      { numRuns: 4000 },
    ))
  test('the parts of a window, split at any instant, add up to the whole', () =>
    fc.assert(
      fc.property(budgetCase, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
        const { fromAt, toAt } = given.span
        const splitAt = Math.round(fromAt + (toAt - fromAt) * share)
        const parts = [whole(given, { fromAt, toAt: splitAt }), whole(given, { fromAt: splitAt, toAt })]
        expect(sorted(parts.flatMap(({ usage }) => usage))).toEqual(sorted(whole(given).usage))
        const unseen = (one: Exposure) => one.unobserved.reduce((sum, gap) => sum + gap.toAt - gap.fromAt, 0)
        expect(parts.reduce((sum, part) => sum + unseen(part), 0)).toBe(unseen(whole(given)))
      }),
      { numRuns: 1000 },
    ))
  test('the order of readings and of placements changes nothing', () =>
    fc.assert(
      fc.property(budgetCase, (given) => {
        const reversed = given.placements.toReversed().map((one) => ({ ...one, rows: one.rows.toReversed() }))
        expect(whole({ ...given, placements: reversed })).toEqual(whole(given))
      }),
      { numRuns: 1000 },
    ))
  test('repeated readings change nothing', () =>
    fc.assert(
      fc.property(budgetCase, (given) => {
        const repeated = given.placements.map((one) => ({ ...one, rows: [...one.rows, ...one.rows] }))
        expect(whole({ ...given, placements: repeated })).toEqual(whole(given))
      }),
      { numRuns: 500 },
    ))
  test('presumed time in a silence is never more than the silence', () =>
    fc.assert(
      fc.property(budgetCase, (given) => {
        for (const { fromAt, toAt, presumed } of whole(given).unobserved) {
          const sum = presumed.reduce((total, one) => total + one.presumedMs, 0)
          expect(sum).toBeLessThanOrEqual(toAt - fromAt)
        }
      }),
      { numRuns: 500 },
    ))
})
