import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyState, type FoldState, feed, type Interval, type Row, snapshot } from '../../src/domain/excursion.ts'
import { foldRules, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { finish } from '../../src/domain/placement-judgement.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { check } from './excursion-table.ts'
import { randomProfile, randomRows } from './random-case.ts'

describe('hold', () => {
  test('a reading holds until the next one when that is maxGap away, a millisecond more is a gap', () => {
    const next = (at: string) => `10:00 5\n ${at} 5`
    check(`${next('10:30')}\n status: in_range\n gaps:\n covered: 45`)
    check(`${next('10:30:00.001')}\n status: indeterminate\n gaps: 10:15-10:30:00.001\n covered: 30`)
  })
  test('a reading too far from the next holds for one interval, and the rest is a gap', () =>
    void check('10:00 5\n 11:00 5\n gaps: 10:15-11:00\n covered: 30\n status: indeterminate\n complete: no'))
  test('the last reading holds to the end of a window that is near, else for one interval', () => {
    check('window 10:00 10:30\n 10:00 5\n gaps:\n covered: 30\n status: in_range\n complete: yes')
    check('window 10:00 10:30:00.001\n 10:00 5\n gaps: 10:15-10:30:00.001\n covered: 15')
  })
  test('a hold never reaches past the next reading, however long the interval', () =>
    void check(`every 15 gap 5
      10:00 9
      10:10 5
      window 10:00 10:20
      H1: 10:00-10:10
      gaps:
      covered: 20`))
  test('a lead-in of maxGap is neither value nor gap, a millisecond more is a gap', () => {
    const first = (from: string) => `window ${from} 10:45\n 10:30 5`
    check(`${first('10:00')}\n gaps:\n covered: 15\n status: in_range`)
    check(`${first('9:59:59.999')}\n gaps: 09:59:59.999-10:30\n covered: 15\n status: indeterminate`)
  })
  test('a window without any reading is a gap, however short', () => {
    check('window 10:00 10:01\n sensor product 10:00-\n gaps: 10:00-10:01\n status: indeterminate\n until: never')
    check('window 10:00 10:01\n gaps: 10:00-10:01\n status: indeterminate\n complete: no')
  })
})

describe('clean', () => {
  test.each(['fault', '-270', '-271', '150', '999'])(
    '%s is a hole, not a value',
    (value) =>
      void check(`
      10:00 5
      10:15 ${value}
      10:30 ${value}
      10:45 5
      counts: 2 valid, 2 faults, 0 duplicates, 0 conflicts, 0 outside
      gaps: 10:15-10:45
      H2:
      L1:`),
  )
  test('a value just inside the fault codes is a temperature', () =>
    void check(`
      level H > 100 single 0 critical
      10:00 149.999
      10:15 -269.999
      counts: 2 valid, 0 faults, 0 duplicates, 0 conflicts, 0 outside
      H: 10:00-10:15`))
  test('a value at either end of the range of the sensor is saturated, whatever its correction', () =>
    void check(`
      sensor product 10:00- +0.3 -40..60
      10:00 -40
      10:15 60
      10:30 59.999
      10:45 -39.999
      counts: 2 valid, 2 faults, 0 duplicates, 0 conflicts, 0 outside
      H2 out: 10:30 to 10:30 worst 60.299`))
  test('an equal value at an instant is dropped, a different one is kept and the worse counts per level', () =>
    void check(`
      10:00 5
      10:15 5
      10:15 9
      10:15 5
      10:15 1
      10:15 9
      10:30 5
      counts: 3 valid, 0 faults, 2 duplicates, 2 conflicts, 0 outside
      H1: 10:15-10:30
      L1: 10:15-10:30
      H1 out: 10:15 to 10:15 worst 9
      L1 out: 10:15 to 10:15 worst 1`))
  test('a fault beside a value at an instant leaves the value, and a repeated fault is a duplicate', () =>
    void check(`
      10:00 fault
      10:00 5
      10:00 fault
      10:15 fault
      10:15 150
      counts: 1 valid, 3 faults, 1 duplicates, 0 conflicts, 0 outside
      status: in_range`))
  test('what lies outside window or placement is counted and not judged', () =>
    void check(`
      window 10:00 11:00
      sensor product 10:00-10:45
      9:59 30
      10:00 5
      10:30 5
      10:45 30
      11:00 30
      counts: 2 valid, 0 faults, 0 duplicates, 0 conflicts, 3 outside
      H2:
      gaps: 10:45-11:00`))
})

describe('compare', () => {
  test('exactly at the limit is in range, a milli-degree beyond is out', () => {
    check('10:00 8\n 10:15 2\n status: in_range\n H1:\n L1:')
    check('10:00 8.001\n 10:15 1.999\n status: excursion_below_alarm\n H1: 10:00-10:15\n L1: 10:15-10:30')
  })
  test('the correction comes before the limit', () => {
    check('sensor product 10:00- +0.3\n 10:00 7.7\n status: in_range')
    check('sensor product 10:00- +0.3\n 10:00 7.701\n status: excursion_below_alarm')
  })
  test('a guard band moves the limits inward on both sides', () => {
    check('sensor product 10:00- guard=0.5\n 10:00 7.5\n 10:15 2.5\n status: in_range')
    check('sensor product 10:00- guard=0.5\n 10:00 7.501\n 10:15 2.499\n H1: 10:00-10:15\n L1: 10:15-10:30')
  })
})

describe('gaps', () => {
  test('a gap between good readings is unknown, never in range', () =>
    void check('10:00 5\n 11:00 5\n H1:\n H1 alarm: none\n gaps: 10:15-11:00\n status: indeterminate'))
  test.each([
    ['before', '10:00 9\n 11:00 5', '10:00-11:00'],
    ['after', '10:00 5\n 11:00 9', '10:15-11:15'],
    ['on both sides', '10:00 9\n 11:00 9', '10:00-11:15'],
  ])(
    'a gap next to an out reading %s is presumed out',
    (_side, readings, event) =>
      void check(`${readings}\n H1: ${event}\n L1:\n gaps: 10:15-11:00\n status: indeterminate`),
  )
  test('presumed time is kept apart and only makes a presumed alarm', () =>
    void check(`
      10:00 9
      11:00 9
      11:15 5
      H1 time: 30 + 45
      H1 alarm: presumed 10:30
      H1 out: 10:00 to 11:00 worst 9
      status: indeterminate`))
  test('a confirmed alarm wins over a presumed one that is earlier', () =>
    void check(`
      10:00 9
      11:00 9
      11:15 9
      11:30 5
      H1 alarm: confirmed 11:30
      status: alarm major
      complete: no
      gaps: 10:15-11:00`))
  test('a long lead-in before an out reading and a silent end after one are presumed out', () =>
    void check(`
      window 10:00 12:00
      11:00 9
      H1: 10:00-12:00
      H1 time: 15 + 105
      gaps: 10:00-11:00, 11:15-12:00`))
  test('an out value that arrives late for an instant after a gap makes the gap presumed', () =>
    void check('10:00 5\n 11:00 5\n 11:00 9\n H1: 10:15-11:15'))
  test('a gap after two values of an instant is presumed by the worse of each side', () =>
    void check('10:00 9\n 10:00 1\n 11:00 5\n H1: 10:00-11:00\n L1: 10:00-11:00'))
})

describe('open windows', () => {
  test('the reading at the horizon counts: without allowance the alarm comes at once', () =>
    void check(`
      window 10:00 10:15 open
      10:00 5
      10:15 15.001
      status: alarm critical
      H2: 10:15-10:15 open
      H2 alarm: confirmed 10:15
      H2 time: 0 + 0
      H2 out: 10:15 to 10:15 worst 15.001
      H1: 10:15-10:15 open
      H1 alarm: none
      until: 10:15
      covered: 15
      gaps:`))
  test('the reading at the end of a closed window does not count', () =>
    void check('window 10:00 10:15\n 10:00 5\n 10:15 30\n status: in_range\n H2:\n until: 10:00'))
  test('a window that has just opened is judged by its one reading', () => {
    check('window 10:00 10:00 open\n 10:00 5\n status: in_range\n complete: yes\n covered: 0')
    check('window 10:00 10:00 open\n 10:00 0.5\n L1: 10:00-10:00 open\n status: excursion_below_alarm')
    check('window 10:00 10:00 open\n sensor product 10:00-\n status: indeterminate\n complete: no\n gaps:')
  })
  test('an event and a gap that reach the horizon are open, earlier ones are not', () => {
    check('window 10:00 10:45 open\n 10:00 9\n 10:15 5\n 10:30 9\n 10:45 9\n H1: 10:00-10:15, 10:30-10:45 open')
    check('window 10:00 11:30 open\n 10:00 5\n 10:45 5\n gaps: 10:15-10:45, 11:00-11:30 open')
    check('window 10:00 11:30\n 10:00 9\n 10:45 9\n gaps: 10:15-10:45, 11:00-11:30\n H1: 10:00-11:30')
  })
  test('a reading in range at the horizon ends the event there', () =>
    void check('window 10:00 10:15 open\n 10:00 9\n 10:15 5\n H1: 10:00-10:15 open\n H1 out: 10:00 to 10:00 worst 9'))
  test('a gap that an out reading at the horizon ends is presumed, and the event goes on', () =>
    void check(`
      window 10:00 11:00 open
      10:00 5
      11:00 9
      H1: 10:15-11:00 open
      H1 time: 0 + 45
      H1 out: 11:00 to 11:00 worst 9
      status: indeterminate`))
  test('a placement that ends at the horizon does not measure there', () =>
    void check(`
      window 10:00 10:15 open
      sensor product 10:00-10:15
      10:00 5
      10:15 30
      status: in_range
      counts: 1 valid, 0 faults, 0 duplicates, 0 conflicts, 1 outside`))
})

describe('continuing', () => {
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
  test('intervals are closed in order of their end, and those of a level are disjoint', () => {
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
  })
})
