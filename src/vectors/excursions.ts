import { z } from 'zod'
import { judgeWhole, PLAIN_SENSOR } from '../domain/judge.ts'
import type { Profile } from '../domain/profile.ts'
import { alertEpisodes, timings } from '../domain/timing.ts'
import { isoInstant } from '../domain/units.ts'
import { exactMilliC, instant } from '../fields.ts'
import { caseProfile, caseSchema, evaluateCase } from './case.ts'
import { difference } from './compare.ts'
import { type CaseResult, malformedFile } from './result.ts'

/** The version of the file this checker reads. */
export const schema = 'coldchain-vectors/excursions@2'

/**
 * Runs every case of `excursions.json`: single sensors, late upload, timing methods, several sensors, combined
 * placements.
 */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { profiles, cases, lateUpload, timingMethods, multiSensor, combined } = parsed.data
  return [
    ...cases.map((given) => result(given.id, given.expected, evaluateCase(given, profiles))),
    ...cases.flatMap((given) => alertResult(given, profiles)),
    ...lateUpload.phases.map((_, phase) => lateResult(lateUpload, phase, profiles)),
    timingResult(timingMethods),
    multiResult(multiSensor, profiles),
    ...combined.map((given) => result(given.id, given.expected, evaluateCase(given, profiles))),
  ]
}

const anyObject = z.record(z.string(), z.unknown())
const pairs = z.array(z.tuple([instant, exactMilliC])).transform((rows) => rows.map(([at, milliC]) => ({ at, milliC })))

const expectedCase = caseSchema.extend({
  expected: anyObject,
  alertHysteresisC: exactMilliC.optional(),
  expectedAlertEpisodes: z.array(anyObject).optional(),
})

const lateSchema = caseSchema.extend({
  phases: z.array(z.object({ add: caseSchema.shape.readings.unwrap(), expected: anyObject })),
})

const timingSchema = z.object({
  id: z.string(),
  readings: pairs,
  limitC: exactMilliC,
  side: z.enum(['high', 'low']),
  expected: anyObject,
})

const multiSchema = caseSchema.extend({
  sensors: z.array(
    z.object({ id: z.string(), role: z.enum(['product', 'product_backup', 'ambient']), readings: pairs }),
  ),
  expected: z.object({
    perSensorH1S: z.record(z.string(), z.number()),
    unionH1: anyObject,
    status: z.string(),
    severity: z.string().nullable(),
  }),
})

const fileSchema = z.object({
  profiles: z.record(z.string(), caseProfile),
  cases: z.array(expectedCase),
  lateUpload: lateSchema,
  timingMethods: timingSchema,
  multiSensor: multiSchema,
  combined: z.array(expectedCase),
})

type Profiles = Record<string, Profile>

function result(id: string, expected: unknown, actual: unknown): CaseResult {
  const message = difference(expected, actual)
  return message === null ? { id, ok: true } : { id, ok: false, message }
}

function alertResult(given: z.infer<typeof expectedCase>, profiles: Profiles): CaseResult[] {
  const level = profiles[given.profile]?.levels[0]
  if (given.expectedAlertEpisodes === undefined || level === undefined) return []
  const readings = (given.readings ?? []).flatMap(({ at, milliC }) => (milliC === null ? [] : [{ at, milliC }]))
  const limit = { side: level.side, milliC: level.limitMilliC }
  const episodes = alertEpisodes(readings, limit, given.alertHysteresisC ?? 0)
  const printed = episodes.map(({ fromAt, toAt }) => ({
    from: isoInstant(fromAt),
    to: toAt === null ? null : isoInstant(toAt),
  }))
  return [result(`${given.id} alert episodes`, given.expectedAlertEpisodes, printed)]
}

/** Phase by phase the readings grow; each phase is judged from all that had arrived by then. */
function lateResult(late: z.infer<typeof lateSchema>, phase: number, profiles: Profiles): CaseResult {
  const readings = late.phases.slice(0, phase + 1).flatMap(({ add }) => add)
  return result(
    `${late.id} version ${phase + 1}`,
    late.phases[phase]?.expected,
    evaluateCase({ ...late, readings }, profiles),
  )
}

function timingResult(given: z.infer<typeof timingSchema>): CaseResult {
  const timed = timings(given.readings, { side: given.side, milliC: given.limitC })
  return result(given.id, given.expected, {
    holdS: timed.holdMs / 1000,
    linearS: timed.linearMs / 1000,
    linearCrossings: timed.linearCrossings.map(isoInstant),
    outerBoundS: timed.outerBoundMs / 1000,
  })
}

function multiResult(given: z.infer<typeof multiSchema>, profiles: Profiles): CaseResult {
  const profile = profiles[given.profile]
  if (profile === undefined) return { id: given.id, ok: false, message: `no profile named "${given.profile}"` }
  const span = { fromAt: given.window.from, toAt: given.window.to, closed: given.windowClosed }
  const placements = given.sensors.map(({ role, readings }) => ({
    role,
    fromAt: span.fromAt,
    toAt: span.toAt,
    rows: readings,
    sensor: PLAIN_SENSOR,
  }))
  const judged = judgeWhole(profile, span, placements)
  const alone = given.sensors.flatMap(({ id, role }, index) =>
    role === 'ambient' ? [] : [[id, judgeWhole(profile, span, placements.slice(index, index + 1))] as const],
  )
  const [high] = judged.levels
  return result(given.id, given.expected, {
    perSensorH1S: Object.fromEntries(alone.map(([id, one]) => [id, (one.levels[0]?.totalConfirmedMs ?? 0) / 1000])),
    unionH1: {
      events: high?.events.map((event) => ({ start: isoInstant(event.startAt), end: isoInstant(event.endAt) })),
      totalConfirmedS: (high?.totalConfirmedMs ?? 0) / 1000,
      alarm:
        high?.alarm.state === 'none' ? high.alarm : { state: high?.alarm.state, at: isoInstant(high?.alarm.at ?? 0) },
    },
    status: judged.status,
    severity: judged.severity,
  })
}
