import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { takeBetween } from '../../src/domain/between.ts'
import { emptyState, type FoldState, feed, type Row } from '../../src/domain/excursion.ts'
import { foldRules, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'

const RULES = foldRules(FRIDGE, PLAIN_SENSOR, { fromAt: T0, toAt: Number.POSITIVE_INFINITY })

function folded(rows: readonly Row[]): FoldState {
  const state = emptyState(FRIDGE.levels.length)
  feed(state, RULES, rows)
  return state
}

/** Every quarter of an hour, with silent ones, most of them in range and seldom the same twice. */
const journey = fc
  .array(
    fc.record({
      missing: fc.integer({ min: 0, max: 9 }).map((roll) => (roll === 0 ? 2 : roll === 1 ? 1 : 0)),
      milliC: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 3000, max: 3020 }) },
        { weight: 1, arbitrary: fc.constantFrom(null, 1000, 9000, 16_000, 200_000) },
      ),
    }),
    { minLength: 4, maxLength: 30 },
  )
  .map((steps) => {
    let at = T0
    return steps.map(({ missing, milliC }): Row => {
      at += (1 + missing) * 15 * MINUTE
      return { at, milliC }
    })
  })

const late = fc.record({
  after: fc.integer({ min: 0, max: 27 }),
  minutes: fc.integer({ min: 1, max: 14 }),
  milliC: fc.constantFrom(3005, 3010, 5000, 7999, 8000, 8001, 1999, null, 200_000),
})

describe('a value that comes late between two others', () => {
  test('leaves the state that feeding all in order leaves, or is left to be fed', () => {
    let taken = 0
    fc.assert(
      fc.property(journey, late, (rows, { after, minutes, milliC }) => {
        const [before, next] = [rows[after], rows[after + 1]]
        fc.pre(before !== undefined && next !== undefined)
        const row = { at: before.at + minutes * MINUTE, milliC }
        const state = folded(rows)
        const asBefore = folded(rows)
        if (takeBetween([state], RULES, { before, row, after: next })) {
          taken++
          expect(state).toEqual(folded([...rows, row].toSorted((a, b) => a.at - b.at)))
        } else expect(state).toEqual(asBefore)
      }),
      { numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(200)
  })

  const calm = { before: 3000, own: 3002, after: 3001, minutes: 15, isLast: false }
  test.each([
    ['in range, among neighbours in range', {}, true],
    ['of which the later one is out of limits', { after: 9000 }, true],
    ['of which the earlier one is out of limits', { before: 9000 }, false],
    ['out of limits itself', { own: 8001 }, false],
    ['at the limit', { own: 8000 }, true],
    ['a fault', { own: null }, false],
    ['beside a fault', { before: null }, false],
    ['the same as the one before', { own: 3000 }, false],
    ['the same as the one after', { own: 3001 }, false],
    ['inside of a stretch of identical ones', { after: 3000 }, false],
    ['within the longest allowed gap', { minutes: 30 }, true],
    ['before an instant that is not decided yet', { isLast: true }, false],
    ['in a gap', { minutes: 31 }, false],
  ])('%s: taken %#', (_, given, expected) => {
    const { before, own, after, minutes, isLast } = { ...calm, ...given }
    const [first, second, last] = [T0, T0 + minutes * MINUTE, T0 + (minutes + 15) * MINUTE]
    const row = { at: first + MINUTE, milliC: own }
    const rows = [
      { at: first, milliC: before },
      { at: second, milliC: after },
      { at: last, milliC: 3003 },
    ]
    const [earlier, later] = rows
    if (earlier === undefined || later === undefined) throw new Error('there are three')
    expect(takeBetween([folded(isLast ? rows.slice(0, 2) : rows)], RULES, { before: earlier, row, after: later })).toBe(
      expected,
    )
  })
})
