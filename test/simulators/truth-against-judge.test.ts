import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXAMPLE_LIMITS, type Limits } from '../../simulators/limits.ts'
import { truthOf } from '../../simulators/truth.ts'
import { judgeWhole, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import type { Profile } from '../../src/domain/profile.ts'

const MINUTE_MS = 60_000
const FROM_AT = Date.UTC(2026, 2, 2)

/** Steps between readings around the interval (15 min) and the longest hold (45 min), values around every limit. */
const step = fc.constantFrom(1, 5, 15, 15, 15, 30, 44, 45, 46, 90)
const valueC = fc.constantFrom(-1, 0, 1.9, 2, 5, 5, 5, 8, 8.1, 9, 15.1, 25, 25.1, null)
const readings = fc.array(fc.record({ step, valueC, twice: fc.option(valueC) }), { maxLength: 40, size: 'max' })

test('two methods, one answer: the oracle and the judging engine agree on any series', () => {
  fc.assert(
    fc.property(readings, fc.nat({ max: 900 }), fc.boolean(), (steps, lengthMinutes, closed) => {
      const limits = EXAMPLE_LIMITS.fridge
      const samples = samplesFrom(steps)
      const span = { fromAt: FROM_AT, toAt: FROM_AT + (lengthMinutes + 1) * MINUTE_MS, closed }
      expect(truthOf(limits, { ...span, gridMs: MINUTE_MS }, samples)).toEqual(judged(limits, span, samples))
    }),
    { numRuns: 300 },
  )
})

type Step = { step: number; valueC: number | null; twice: number | null }
type Sample = { at: number; milliC: number | null }

/** The first readings lie before the window. */
function samplesFrom(steps: readonly Step[]): Sample[] {
  let at = FROM_AT - 30 * MINUTE_MS
  return steps.flatMap(({ step: minutes, valueC: first, twice }) => {
    at += minutes * MINUTE_MS
    const milliC = (celsius: number | null) => (celsius === null ? null : Math.round(celsius * 1000))
    return [{ at, milliC: milliC(first) }, ...(twice === null ? [] : [{ at, milliC: milliC(twice) }])]
  })
}

function judged(limits: Limits, span: { fromAt: number; toAt: number; closed: boolean }, rows: readonly Sample[]) {
  const placement = { role: 'product' as const, ...span, toAt: Number.POSITIVE_INFINITY, rows, sensor: PLAIN_SENSOR }
  const judgement = judgeWhole(profile(limits), span, [placement])
  const { status, severity, complete, gaps, levels, coveredMs, lowestMilliC, highestMilliC } = judgement
  return {
    status,
    severity,
    complete,
    gaps: gaps.map(({ fromAt, toAt }) => ({ fromAt, toAt })),
    levels: levels.map((level, index) => ({
      id: level.id,
      severity: limits.levels[index]?.severity,
      alarm: level.alarm.state === 'none' ? { state: 'none', at: null } : level.alarm,
      events: level.events.map(({ startAt, endAt, confirmedMs, presumedMs }) => ({
        startAt,
        endAt,
        confirmedMs,
        presumedMs,
      })),
      confirmedMs: level.totalConfirmedMs,
    })),
    coveredMs,
    instants: judgement.valid,
    lowestMilliC,
    highestMilliC,
  }
}

function profile(limits: Limits): Profile {
  return {
    ...limits,
    requiredSensors: 1,
    loadingMs: 0,
    guardBand: 'none',
    alertHysteresisMilliC: 0,
    mktPolicy: 'off',
    minCoveragePercent: 95,
    budgetBands: [],
    source: null,
    example: true,
  }
}
