import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { demoJourneys } from '../../simulators/journeys.ts'
import type { Limits } from '../../simulators/limits.ts'
import { combinedTruthOf, truthOf } from '../../simulators/truth.ts'
import { expectedTruth } from '../../simulators/verdict.ts'

const SECOND_MS = 1000

describe('the oracle agrees with the published cases on', () => {
  const { profiles, cases } = publishedCases()
  // what lies between two seconds, and what the sensor's range adds, is not the oracle's
  const onTheGrid = cases.filter(({ readings }) => readings.every(({ at }) => at % SECOND_MS === 0))

  test('enough cases to mean something', () => expect(onTheGrid.length).toBeGreaterThanOrEqual(14))

  test.each(onTheGrid)('$id: $title', ({ profile, window, windowClosed, correctionMilliC, readings, expected }) => {
    const limits = profiles[profile]
    if (limits === undefined) throw new Error(`no profile ${profile}`)
    const samples = readings.map(({ at, milliC }) => ({
      at,
      milliC: milliC === null ? null : milliC + correctionMilliC,
    }))
    const truth = truthOf(limits, { ...window, closed: windowClosed, gridMs: SECOND_MS }, samples)
    expect(printed(truth)).toEqual(expected)
  })
})

describe('the oracle agrees with the published cases of several sensors on', () => {
  const { profiles, combined } = publishedCases()

  test('enough cases to mean something', () => expect(combined.length).toBeGreaterThanOrEqual(10))

  test.each(combined)('$id: $title', ({ profile, window, windowClosed, requiredSensors, placements, expected }) => {
    const limits = profiles[profile]
    if (limits === undefined) throw new Error(`no profile ${profile}`)
    const judged = placements.filter(({ role }) => role !== 'ambient')
    const span = { ...window, closed: windowClosed, gridMs: SECOND_MS }
    expect(printed(combinedTruthOf({ ...limits, requiredSensors }, span, judged))).toEqual(expected)
  })
})

describe('the stories of the demo end as told:', () => {
  test.each(demoJourneys())('$title', (journey) => {
    const truth = expectedTruth(journey, { startAt: Date.UTC(2026, 2, 2), seed: 7 }, Date.UTC(2026, 2, 3, 6, 0, 30))
    const { status, severity, complete } = journey.expected
    expect(truth).toMatchObject({ status, severity, complete })
  })

  test.each([1, 2, 3, 4, 5])('whatever the noise (seed %i)', (seed) => {
    const answers = demoJourneys().map((journey) => {
      const truth = expectedTruth(journey, { startAt: Date.UTC(2026, 2, 2), seed }, Date.UTC(2026, 2, 3, 6))
      return truth.status
    })
    expect(answers).toEqual(demoJourneys().map((journey) => journey.expected.status))
  })
})

function printed(truth: ReturnType<typeof truthOf>) {
  return {
    status: truth.status,
    severity: truth.severity,
    coveredS: truth.coveredMs / SECOND_MS,
    gaps: truth.gaps,
    levels: truth.levels.map(({ id, alarm, events, confirmedMs }) => ({ id, alarm, events, confirmedMs })),
  }
}

function publishedCases() {
  const text = readFileSync(new URL('../vectors/excursions.json', import.meta.url), 'utf8')
  return file.parse(JSON.parse(text))
}

const instant = z.string().transform((text) => Date.parse(text))
const seconds = z.number().transform((s) => Math.round(s * SECOND_MS))
const celsius = z.number().transform((c) => Math.round(c * 1000))

const level = z
  .object({
    id: z.string(),
    side: z.enum(['high', 'low']),
    limitC: celsius,
    mode: z.enum(['single', 'cumulative']),
    allowedS: seconds,
    severity: z.enum(['warning', 'major', 'critical']),
  })
  .transform(({ limitC, allowedS, ...rest }) => ({ ...rest, limitMilliC: limitC, allowedMs: allowedS }))

const limits = z.object({ nominalIntervalS: seconds, maxGapS: seconds, levels: z.array(level) }).transform(
  (given): Limits => ({
    name: '',
    labelLowMilliC: null,
    labelHighMilliC: null,
    nominalIntervalMs: given.nominalIntervalS,
    maxGapMs: given.maxGapS,
    levels: given.levels,
  }),
)

const expectedEvent = z
  .object({ start: instant, end: instant, confirmedS: seconds, presumedS: seconds })
  .transform(({ start, end, confirmedS, presumedS }) => ({
    startAt: start,
    endAt: end,
    confirmedMs: confirmedS,
    presumedMs: presumedS,
  }))

const expectedLevel = z
  .object({
    id: z.string(),
    totalConfirmedS: seconds,
    alarm: z.object({ state: z.enum(['none', 'confirmed', 'presumed']), at: instant.nullable() }),
    events: z.array(expectedEvent),
  })
  .transform(({ totalConfirmedS, ...rest }) => ({ ...rest, confirmedMs: totalConfirmedS }))

const window = z.object({ from: instant, to: instant }).transform(({ from, to }) => ({ fromAt: from, toAt: to }))
const readings = z.array(z.tuple([instant, celsius.nullable()]).transform(([at, milliC]) => ({ at, milliC })))

const publishedCase = z.object({
  id: z.string(),
  title: z.string(),
  profile: z.string(),
  window,
  windowClosed: z.boolean(),
  expected: z.object({
    status: z.string(),
    severity: z.string().nullable(),
    coveredS: z.number(),
    gaps: z.array(window),
    levels: z.array(expectedLevel),
  }),
})

const placement = z
  .object({ role: z.string(), from: instant, to: instant, readings })
  .transform(({ from, to, readings: samples, role }) => ({ role, fromAt: from, toAt: to, samples }))

const file = z.object({
  profiles: z.record(z.string(), limits),
  cases: z.array(
    publishedCase
      .extend({ calibrationCorrectionC: celsius.default(0), readings })
      .transform(({ calibrationCorrectionC, ...rest }) => ({ ...rest, correctionMilliC: calibrationCorrectionC })),
  ),
  combined: z.array(publishedCase.extend({ requiredSensors: z.int().default(1), placements: z.array(placement) })),
})
