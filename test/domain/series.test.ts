import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bucket, bucketsOf, type Cell, gridOf, widened } from '../../src/domain/series.ts'

const HOLD = { nominalMs: 15, maxGapMs: 30 }
const EXPECTED = { fromAt: 1000, toAt: 3000 }

/** Cells of a width from values in order, as the database bins them; no cell is longer than a value holds. */
function cellsOf(values: readonly { at: number; milliC: number | null }[], widthMs: number, originAt: number): Cell[] {
  const bins = Map.groupBy(values, ({ at }) => originAt + Math.floor((at - originAt) / widthMs) * widthMs)
  return [...bins].map(([at, all]) => {
    const valid = all.flatMap(({ at: instant, milliC }) => (milliC === null ? [] : [{ instant, milliC }]))
    const least = (list: number[]) => (list.length === 0 ? null : Math.min(...list))
    const most = (list: number[]) => (list.length === 0 ? null : Math.max(...list))
    return {
      at,
      values: valid.length,
      faults: all.length - valid.length,
      lowestMilliC: least(valid.map(({ milliC }) => milliC)),
      highestMilliC: most(valid.map(({ milliC }) => milliC)),
      firstAt: least(valid.map(({ instant }) => instant)),
      lastAt: most(valid.map(({ instant }) => instant)),
      gapMs: 0,
    }
  })
}

/** The same answer millisecond by millisecond, from the hold rule alone. */
function plainly(values: readonly { at: number; milliC: number | null }[], { fromAt, toAt }: Bucket): Bucket {
  const valid = values.filter(({ milliC }) => milliC !== null)
  const inside = values.filter(({ at }) => at >= fromAt && at < toAt)
  const lows = inside.flatMap(({ milliC }) => milliC ?? [])
  const end = Math.max(EXPECTED.toAt, valid.at(-1)?.at ?? 0)
  let gapMs = 0
  for (let ms = fromAt; ms < toAt; ms++) {
    if (ms < EXPECTED.fromAt || ms >= end) continue
    const before = valid.findLast(({ at }) => at <= ms)
    const next = valid.find(({ at }) => at > ms)?.at ?? end
    const since = before?.at ?? EXPECTED.fromAt
    const holds = next - since <= HOLD.maxGapMs || (before !== undefined && ms < since + HOLD.nominalMs)
    if (!holds) gapMs++
  }
  const extremes = lows.length === 0 ? [null, null] : [Math.min(...lows), Math.max(...lows)]
  const [lowestMilliC = null, highestMilliC = null] = extremes
  return {
    fromAt,
    toAt,
    values: lows.length,
    faults: inside.length - lows.length,
    lowestMilliC,
    highestMilliC,
    gapMs,
  }
}

const measured = fc
  .uniqueArray(
    fc.record({
      at: fc.integer({ min: EXPECTED.fromAt, max: EXPECTED.toAt + 20 }),
      milliC: fc.option(fc.integer({ min: -90, max: 90 }), { freq: 8 }),
    }),
    { selector: ({ at }) => at, maxLength: 120 },
  )
  .map((values) => values.sort((a, b) => a.at - b.at))

describe('a series', () => {
  test('says of every stretch what its values and the hold rule say, however few points it has', () => {
    fc.assert(
      fc.property(measured, fc.integer({ min: 1, max: 300 }), fc.boolean(), (values, points, kept) => {
        const unit = kept ? { originMs: 60, longestMs: 60 } : { originMs: 1, longestMs: HOLD.maxGapMs }
        const grid = gridOf({ fromAt: EXPECTED.fromAt, toAt: EXPECTED.toAt + 100 }, points, unit)
        const fine = cellsOf(values, kept ? 30 : Math.min(grid.widthMs, HOLD.maxGapMs), grid.fromAt)
        const cells = kept ? widened(fine, 60, HOLD) : fine
        const buckets = bucketsOf(cells, EXPECTED, { grid, hold: HOLD })
        expect(buckets).toEqual(buckets.map((bucket) => plainly(values, bucket)))
        // nothing lies in what is not said
        expect(buckets.reduce((sum, bucket) => sum + bucket.values + bucket.faults, 0)).toBe(values.length)
        const whole = plainly(values, {
          ...grid,
          values: 0,
          faults: 0,
          lowestMilliC: null,
          highestMilliC: null,
          gapMs: 0,
        })
        expect(buckets.reduce((sum, bucket) => sum + bucket.gapMs, 0)).toBe(whole.gapMs)
      }),
    )
  })

  test('has at most as many stretches as points, which cover the time asked for', () => {
    const span = fc.record({ fromAt: fc.integer({ min: 0, max: 1e9 }), lengthMs: fc.integer({ min: 0, max: 1e9 }) })
    fc.assert(
      fc.property(
        span,
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 1e7 }),
        (asked, points, longestMs) => {
          const toAt = asked.fromAt + asked.lengthMs
          const grid = gridOf({ fromAt: asked.fromAt, toAt }, points, { originMs: 1, longestMs })
          expect(grid.fromAt).toBe(asked.fromAt)
          expect(grid.toAt).toBeGreaterThanOrEqual(toAt)
          expect((grid.toAt - grid.fromAt) / grid.widthMs).toBeLessThanOrEqual(points)
          expect(grid.widthMs <= longestMs || grid.widthMs % longestMs === 0).toBe(true)
        },
      ),
    )
  })

  test('without any value is a gap as long as one was expected', () => {
    const grid = gridOf(EXPECTED, 4, { originMs: 1, longestMs: 30 })
    const buckets = bucketsOf([], { fromAt: 1200, toAt: 1800 }, { grid, hold: HOLD })
    expect(buckets.reduce((sum, { gapMs }) => sum + gapMs, 0)).toBe(600)
    expect(bucketsOf([], { fromAt: 1200, toAt: 1100 }, { grid, hold: HOLD })).toEqual([])
  })
})
