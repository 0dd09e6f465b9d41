import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CONFIRMED,
  emptyState,
  type FoldState,
  feed,
  type Interval,
  type Row,
  snapshot,
} from '../../src/domain/excursion.ts'
import { foldRules, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { finish } from '../../src/domain/placement-judgement.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { randomProfile, randomRows } from './random-case.ts'

describe('continuing a fold', () => {
  const scope = { fromAt: T0, toAt: Number.POSITIVE_INFINITY }
  const END = T0 + 40 * MINUTE
  const inScope = (rows: readonly Row[]) => rows.filter(({ at }) => at >= T0 && at <= END).sort((a, b) => a.at - b.at)
  const judged = (state: FoldState, profile: Parameters<typeof foldRules>[0], earlier: Interval[] = []) =>
    finish(state, foldRules(profile, PLAIN_SENSOR, scope), { endAt: END, earlier })

  test('in two parts equals in one, also when the second begins at the last instant of the first', () => {
    fc.assert(
      fc.property(randomProfile, randomRows, fc.nat(), (profile, some, cut) => {
        const rows = inScope(some)
        const at = rows.length === 0 ? 0 : cut % (rows.length + 1)
        const rules = foldRules(profile, PLAIN_SENSOR, scope)
        const whole = emptyState(profile.levels.length)
        feed(whole, rules, rows)
        const first = emptyState(profile.levels.length)
        feed(first, rules, rows.slice(0, at))
        const earlier = first.closed.splice(0)
        const second = snapshot(first)
        feed(second, rules, rows.slice(at))
        expect(judged(second, profile, [...earlier, ...second.closed.splice(0)])).toEqual(
          judged(whole, profile, whole.closed.splice(0)),
        )
      }),
      { numRuns: 1000 },
    )
  })
  test('a snapshot is not changed by what follows, and finishing changes nothing', () => {
    fc.assert(
      fc.property(randomProfile, randomRows, fc.nat(), (profile, some, cut) => {
        const rows = inScope(some)
        const at = cut % (rows.length + 1)
        const rules = foldRules(profile, PLAIN_SENSOR, scope)
        const state = emptyState(profile.levels.length)
        feed(state, rules, rows.slice(0, at))
        const [taken, before] = [snapshot(state), structuredClone(snapshot(state))]
        judged(state, profile)
        expect(snapshot(state)).toEqual(before)
        feed(state, rules, rows.slice(at))
        expect(taken).toEqual(before)
      }),
    )
  })
  test('a snapshot in the middle of an excursion keeps its end, its last reading and its worst value', () => {
    const rules = foldRules(FRIDGE, PLAIN_SENSOR, scope)
    const state = emptyState(FRIDGE.levels.length)
    feed(
      state,
      rules,
      [0, 15].map((minute) => ({ at: T0 + minute * MINUTE, milliC: 9000 })),
    )
    const taken = snapshot(state)
    feed(
      state,
      rules,
      [16, 30, 45].map((minute) => ({ at: T0 + minute * MINUTE, milliC: 12_000 })),
    )
    expect(taken.running[0]).toMatchObject({ fromAt: T0, toAt: T0 + 15 * MINUTE, lastOutAt: T0, extreme: 9000 })
  })
  test('a snapshot at an instant of faults still knows them, and only them', () => {
    const rules = foldRules(FRIDGE, PLAIN_SENSOR, scope)
    const state = emptyState(FRIDGE.levels.length)
    feed(state, rules, [{ at: T0, milliC: null }])
    const taken = snapshot(state)
    feed(state, rules, [{ at: T0, milliC: 150_000 }])
    feed(
      taken,
      rules,
      [null, 150_000].map((milliC) => ({ at: T0, milliC })),
    )
    expect([taken.faults, taken.duplicates]).toEqual([2, 1])
  })
  test('the order of the values of one instant changes nothing', () => {
    const values = fc.uniqueArray(fc.constantFrom(5000, 9000, 1000, null), { minLength: 2, maxLength: 4 })
    fc.assert(
      fc.property(randomProfile, randomRows, values, (profile, some, instant) => {
        const rows = inScope(some)
        const at = T0 + 20 * MINUTE
        const results = [instant, instant.toReversed()].map((list) => {
          const added = list.map((milliC) => ({ at, milliC }))
          const state = emptyState(profile.levels.length)
          feed(state, foldRules(profile, PLAIN_SENSOR, scope), inScope([...added, ...rows]))
          return judged(state, profile, state.closed.splice(0))
        })
        expect(results[1]).toEqual(results[0])
      }),
    )
  })
  test('intervals are closed in order of their end, those of a level are disjoint, and no gap is empty', () => {
    fc.assert(
      fc.property(randomProfile, randomRows, (profile, some) => {
        const state = emptyState(profile.levels.length)
        feed(state, foldRules(profile, PLAIN_SENSOR, scope), inScope(some))
        const { intervals } = judged(state, profile, state.closed.splice(0))
        const ends = intervals.map(({ toAt }) => toAt)
        expect(ends).toEqual(ends.toSorted((a, b) => a - b))
        for (const own of Map.groupBy(intervals, ({ level }) => level).values()) {
          for (const [index, interval] of own.entries()) {
            expect(interval.fromAt).toBeGreaterThanOrEqual(own[index - 1]?.toAt ?? T0)
            if (interval.kind !== CONFIRMED) expect(interval.toAt).toBeGreaterThan(interval.fromAt)
          }
        }
      }),
    )
  })
  test('a row outside its scope is a fault of the caller', () => {
    const rules = foldRules(FRIDGE, PLAIN_SENSOR, { fromAt: T0, toAt: T0 + MINUTE })
    expect(() => feed(emptyState(3), rules, [{ at: T0 - 1, milliC: 5000 }])).toThrow('outside its scope')
    expect(() => feed(emptyState(3), rules, [{ at: T0 + MINUTE, milliC: 5000 }])).toThrow('outside its scope')
  })
})

describe('identical values', () => {
  const flatMs = (values: readonly (readonly [number, number])[]) => {
    const state = emptyState(3)
    const rules = foldRules(FRIDGE, PLAIN_SENSOR, { fromAt: T0, toAt: Number.POSITIVE_INFINITY })
    const rows = values.map(([minute, milliC]) => ({ at: T0 + minute * MINUTE, milliC }))
    feed(state, rules, rows)
    return finish(state, rules, { endAt: T0 + 200 * MINUTE, earlier: [] }).longestFlatMs / MINUTE
  }
  test('the longest stretch of one value runs from its first to its last reading', () => {
    expect(flatMs([])).toBe(0)
    expect(flatMs([[0, 5000]])).toBe(0)
    expect(
      flatMs([
        [0, 5000],
        [15, 5000],
        [30, 5000],
        [45, 5001],
        [60, 5001],
      ]),
    ).toBe(30)
    expect(
      flatMs([
        [0, 5001],
        [15, 5000],
        [30, 5000],
        [45, 5000],
        [60, 5000],
      ]),
    ).toBe(45)
  })
  test('an instant with two values ends the stretch, whichever came first', () => {
    expect(
      flatMs([
        [0, 5000],
        [15, 5000],
        [15, 6000],
        [30, 5000],
        [45, 5000],
      ]),
    ).toBe(15)
    expect(
      flatMs([
        [0, 5000],
        [15, 6000],
        [15, 5000],
        [30, 5000],
        [45, 5000],
      ]),
    ).toBe(15)
    // equal values on both sides of a gap say nothing of what lay between
    expect(
      flatMs([
        [0, 5000],
        [100, 5000],
        [115, 5000],
      ]),
    ).toBe(15)
  })
})
