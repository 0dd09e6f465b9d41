import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Status } from '../../src/domain/combine.ts'
import { isJudged, judgeWhole, type WholePlacement } from '../../src/domain/judge.ts'
import { SEVERITY_ORDER } from '../../src/domain/profile.ts'
import { FRIDGE, MINUTE } from '../support/limits.ts'
import { check } from './excursion-table.ts'
import { judgePlainly } from './plain-judge.ts'
import { GRID_MS, type RandomCase, randomCase } from './random-case.ts'

describe('judging a whole shipment', () => {
  test('agrees with a judge that asks every minute what the words of the domain page say', () => {
    fc.assert(
      fc.property(randomCase, ({ profile, span, placements }) => {
        const { perPlacement: _alone, dataUntilAt: _until, ...judged } = judgeWhole(profile, span, placements)
        expect(judged).toEqual(judgePlainly(profile, span, { placements, gridMs: GRID_MS }))
      }),
      { numRuns: 4000 },
    )
  })
  test('the order of readings and of placements changes nothing', () => {
    fc.assert(
      fc.property(randomCase, ({ profile, span, placements }) => {
        const reversed = placements.toReversed().map((one) => ({ ...one, rows: one.rows.toReversed() }))
        const { perPlacement, ...backwards } = judgeWhole(profile, span, reversed)
        const forwards = judgeWhole(profile, span, placements)
        expect({ ...backwards, perPlacement: perPlacement.toReversed() }).toEqual(forwards)
      }),
      { numRuns: 1000 },
    )
  })
  test('a repeated reading changes nothing but the count of duplicates', () => {
    fc.assert(
      fc.property(randomCase, fc.nat(), ({ profile, span, placements }, pick) => {
        const repeated = placements.map((one) => ({
          ...one,
          rows: [...one.rows, ...one.rows.filter((_row, index) => (index + pick) % 3 === 0)],
        }))
        const [once, again] = [placements, repeated].map((list) => judgeWhole(profile, span, list))
        expect(withoutCounts(again)).toEqual(withoutCounts(once))
      }),
      { numRuns: 1000 },
    )
  })
  test('one placement over the whole window is covered as the window is', () => {
    fc.assert(
      fc.property(randomCase, ({ profile, span, placements }) => {
        const [first] = placements
        if (first === undefined) return
        const whole = { ...first, role: 'product', fromAt: span.fromAt, toAt: Number.POSITIVE_INFINITY } as const
        const judged = judgeWhole({ ...profile, requiredSensors: 1 }, span, [whole])
        expect(judged.perPlacement[0]?.coveredMs).toBe(judged.coveredMs)
      }),
    )
  })
  test('events and gaps ascend, keep apart and lie in the window; covered and unknown time make up the window', () => {
    fc.assert(
      fc.property(randomCase, ({ profile, span, placements }) => {
        const judged = judgeWhole(profile, span, placements)
        const lists = judged.levels.map(({ events }) => events.map((one) => ({ fromAt: one.startAt, toAt: one.endAt })))
        for (const list of [judged.gaps, ...lists]) {
          for (const [index, { fromAt, toAt }] of list.entries()) {
            expect(fromAt).toBeGreaterThan(list[index - 1]?.toAt ?? span.fromAt - 1)
            expect(toAt).toBeGreaterThanOrEqual(fromAt)
            expect(toAt).toBeLessThanOrEqual(span.toAt)
          }
        }
        expect(judged.coveredMs + judged.unknownMs).toBe(span.toAt - span.fromAt)
        const gapMs = judged.gaps.reduce((total, { fromAt, toAt }) => total + toAt - fromAt, 0)
        expect(judged.unknownMs).toBeGreaterThanOrEqual(gapMs)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a gap is never good', () => {
  test('time further from any reading than a hold reaches lies in a gap, and the status is never in range', () => {
    fc.assert(
      fc.property(randomCase, (given) => {
        const judged = judgeWhole(given.profile, given.span, given.placements)
        const silent = silentCells(given)
        for (const at of silent) {
          expect(judged.gaps.some(({ fromAt, toAt }) => fromAt <= at && toAt >= at + GRID_MS)).toBe(true)
        }
        if (silent.length === 0) return
        expect(judged.complete).toBe(false)
        expect(judged.status).not.toBe('in_range')
        expect(judged.status).not.toBe('excursion_below_alarm')
      }),
      { numRuns: 1000 },
    )
  })
  test('taking readings within the limits away never leads to in range where it was not', () => {
    fc.assert(
      fc.property(randomCase, fc.nat({ max: 4 }), ({ profile, span, placements }, keep) => {
        const fewer = placements.map((one) => ({
          ...one,
          rows: one.rows.filter(({ milliC }, index) => milliC === null || !isGood(milliC) || index % 5 <= keep),
        }))
        if (judgeWhole(profile, span, placements).status === 'in_range') return
        expect(judgeWhole(profile, span, fewer).status).not.toBe('in_range')
      }),
      { numRuns: 1000 },
    )
  })
})

describe('worse readings', () => {
  test('a reading further beyond the limits never improves the status or its severity', () => {
    fc.assert(
      fc.property(randomCase, fc.nat(), fc.integer({ min: 1, max: 12_000 }), (given, pick, moreMilliC) => {
        const levels = given.profile.levels.filter(({ side }) => side === 'high')
        const profile = { ...given.profile, levels }
        const before = judgeWhole(profile, given.span, given.placements)
        const after = judgeWhole(profile, given.span, warmed(given.placements, pick, moreMilliC))
        expect(rank(after)).toBeGreaterThanOrEqual(rank(before))
        for (const [index, level] of after.levels.entries()) {
          expect(level.totalConfirmedMs).toBeGreaterThanOrEqual(before.levels[index]?.totalConfirmedMs ?? 0)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('placements', () => {
  test('only the temperature of the product is judged', () => {
    expect(['product', 'product_backup', 'ambient', 'lid', 'tilt', 'shock', 'weight'].filter(isJudged)).toEqual([
      'product',
      'product_backup',
    ])
    const { perPlacement } = check(`
      window 10:00 10:30
      sensor ambient 10:00-
      10:00 30
      sensor product 10:00-
      10:00 5
      status: in_range
      counts: 1 valid, 0 faults, 0 duplicates, 0 conflicts, 0 outside`)
    expect(perPlacement[0]).toBeNull()
    expect(perPlacement[1]).toMatchObject({ valid: 1, leadInMs: 0 })
  })
  test('a placement outside the window is not judged, and its readings are counted as outside', () =>
    void check(`
      window 10:00 10:30
      sensor product 10:00-
      10:00 5
      sensor product 10:30-11:00
      10:30 30
      status: in_range
      counts: 1 valid, 0 faults, 0 duplicates, 0 conflicts, 1 outside`))
  test('a profile without a guard band ignores the uncertainty of the sensor', () => {
    const span = { fromAt: 0, toAt: 15 * MINUTE, closed: true }
    const sensor = { correct: (_at: number, raw: number) => raw, range: null, guardBandMilliC: 500 }
    const placement = {
      role: 'product',
      fromAt: 0,
      toAt: 15 * MINUTE,
      rows: [{ at: 0, milliC: 7800 }],
      sensor,
    } as const
    expect(judgeWhole(FRIDGE, span, [placement]).status).toBe('in_range')
    expect(judgeWhole({ ...FRIDGE, guardBand: 'uncertainty' }, span, [placement]).status).toBe('excursion_below_alarm')
  })
})

function withoutCounts(judged: ReturnType<typeof judgeWhole> | undefined) {
  const perPlacement = judged?.perPlacement.map((one) => one && { ...one, duplicates: 0 })
  return { ...judged, perPlacement, duplicates: 0, outOfWindow: 0 }
}

/** Minutes of the window with no judged reading, fault or not, near enough to hold there or to end a lead-in. */
function silentCells({ profile, span, placements }: RandomCase): number[] {
  const reachMs = Math.max(profile.maxGapMs, profile.nominalIntervalMs)
  const times = placements.flatMap(({ role, rows }) => (isJudged(role) ? rows.map(({ at }) => at) : []))
  const cells = Array.from({ length: (span.toAt - span.fromAt) / GRID_MS }, (_, index) => span.fromAt + index * GRID_MS)
  return cells.filter((cell) => !times.some((at) => at >= cell - reachMs && at <= cell + GRID_MS + profile.maxGapMs))
}

function isGood(milliC: number): boolean {
  return milliC >= 3000 && milliC <= 7000
}

/** One reading warmer, still short of what counts as a fault. */
function warmed(placements: readonly WholePlacement[], pick: number, moreMilliC: number): WholePlacement[] {
  const count = placements.reduce((total, { rows }) => total + rows.length, 0)
  let left = count === 0 ? 0 : pick % count
  return placements.map((one) => ({
    ...one,
    rows: one.rows.map((row) =>
      left-- === 0 && row.milliC !== null && row.milliC > -40_000 && row.milliC < 40_000
        ? { ...row, milliC: row.milliC + moreMilliC }
        : row,
    ),
  }))
}

const STATUS_ORDER: Record<Status, number> = { in_range: 0, excursion_below_alarm: 1, indeterminate: 2, alarm: 3 }

function rank({ status, severity }: Pick<ReturnType<typeof judgeWhole>, 'status' | 'severity'>): number {
  return STATUS_ORDER[status] + (severity === null ? 0 : SEVERITY_ORDER[severity])
}
