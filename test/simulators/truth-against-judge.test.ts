import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EXAMPLE_LIMITS, type Limits } from '../../simulators/limits.ts'
import { combinedTruthOf, type TruthPlacement, truthOf } from '../../simulators/truth.ts'
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

test('two methods, one answer, also for two sensors of which one leaves and one joins', () => {
  const required = fc.constantFrom(1, 2)
  fc.assert(
    fc.property(readings, readings, fc.nat({ max: 600 }), fc.nat({ max: 600 }), required, (...given) => {
      const [first, second, leavesMinutes, joinsMinutes, requiredSensors] = given
      const limits = { ...EXAMPLE_LIMITS.fridge, requiredSensors }
      const span = { fromAt: FROM_AT, toAt: FROM_AT + 700 * MINUTE_MS, closed: true }
      const placements = [
        { fromAt: FROM_AT, toAt: FROM_AT + (leavesMinutes + 1) * MINUTE_MS, samples: samplesFrom(first) },
        { fromAt: FROM_AT + joinsMinutes * MINUTE_MS, toAt: Number.POSITIVE_INFINITY, samples: samplesFrom(second) },
      ]
      const truth = combinedTruthOf(limits, { ...span, gridMs: MINUTE_MS }, placements)
      expect(truth).toEqual(judgedTogether(limits, span, placements))
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

type Span = { fromAt: number; toAt: number; closed: boolean }

function judged(limits: Limits, span: Span, samples: readonly Sample[]) {
  return judgedTogether(limits, span, [{ fromAt: span.fromAt, toAt: Number.POSITIVE_INFINITY, samples }])
}

function judgedTogether(
  limits: Limits & { requiredSensors?: number },
  span: Span,
  placements: readonly TruthPlacement[],
) {
  const judgement = judgeWhole(
    profile(limits),
    span,
    placements.map(({ samples: rows, fromAt, toAt }) => ({
      role: 'product',
      fromAt,
      toAt,
      rows,
      sensor: PLAIN_SENSOR,
    })),
  )
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

function profile(limits: Limits & { requiredSensors?: number }): Profile {
  return {
    requiredSensors: 1,
    ...limits,
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
