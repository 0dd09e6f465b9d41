import { z } from 'zod'
import type { Combined } from '../domain/combine.ts'
import { judgeWhole, PLAIN_SENSOR, type WholeJudgement, type WholePlacement } from '../domain/judge.ts'
import type { Profile } from '../domain/profile.ts'
import { exactC, isoInstant, toMilliC } from '../domain/units.ts'
import { exactMilliC, instant, milliseconds } from '../fields.ts'

/** A measured value: rounded once to the milli-degree; null, "NaN" and what no column could hold are faults. */
const value = z.union([z.number(), z.string(), z.null()]).transform((given, context) => {
  if (given === null || given === 'NaN') return null
  const text = String(given)
  if (text.trim() !== '' && !Number.isNaN(Number(text))) return toMilliC(text, 'CEL')?.milliC ?? null
  const message = `"${text}" is not a decimal number: write it like 8.04, or null where the sensor reported a fault`
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

const readings = z.array(z.tuple([instant, value])).transform((rows) => rows.map(([at, milliC]) => ({ at, milliC })))

const level = z
  .object({
    id: z.string(),
    side: z.enum(['high', 'low']),
    limitC: exactMilliC,
    mode: z.enum(['single', 'cumulative']),
    allowedS: milliseconds,
    severity: z.enum(['warning', 'major', 'critical']),
  })
  .transform(({ limitC, allowedS, ...rest }) => ({ ...rest, limitMilliC: limitC, allowedMs: allowedS }))

export const caseProfile = z
  .object({
    nominalIntervalS: milliseconds,
    maxGapS: milliseconds.optional(),
    levels: z.array(level),
    requiredSensors: z.int().positive().default(1),
  })
  .transform(
    (given): Profile => ({
      name: '',
      labelLowMilliC: null,
      labelHighMilliC: null,
      nominalIntervalMs: given.nominalIntervalS,
      maxGapMs: given.maxGapS ?? 3 * given.nominalIntervalS,
      levels: given.levels,
      requiredSensors: given.requiredSensors,
      loadingMs: 0,
      guardBand: 'none',
      alertHysteresisMilliC: 0,
      mktPolicy: 'off',
      minCoveragePercent: 95,
      budgetBands: [],
      source: null,
      example: true,
    }),
  )

const role = z.enum(['product', 'product_backup', 'ambient', 'lid', 'tilt', 'shock', 'weight'])

const forward = { message: 'ends before it begins: exchange "from" and "to"' }
const isForward = ({ from, to }: { from: number; to: number }) => from <= to

const casePlacement = z
  .object({ id: z.string(), role, from: instant, to: instant, readings })
  .refine(isForward, forward)

/** One case: readings of a single sensor, or several placements. */
export const caseSchema = z.object({
  id: z.string(),
  profile: z.string(),
  window: z.object({ from: instant, to: instant }).refine(isForward, forward),
  windowClosed: z.boolean().default(true),
  calibrationCorrectionC: exactMilliC.optional(),
  requiredSensors: z.int().positive().optional(),
  readings: readings.optional(),
  placements: z.array(casePlacement).optional(),
})

/**
 * Published cases of the judging engine: the input of `unbroken evaluate` and of `excursions.json`. Times are ISO 8601
 * with offset, temperatures degrees Celsius, durations seconds (milliseconds as decimals).
 */
export const caseFile = z
  .object({ profiles: z.record(z.string(), caseProfile), cases: z.array(caseSchema) })
  .superRefine(({ profiles, cases }, context) => {
    for (const [index, given] of cases.entries()) {
      for (const message of caseProblems(given, profiles)) {
        context.addIssue({ code: 'custom', path: ['cases', index], message })
      }
    }
  })

function caseProblems(given: Case, profiles: Record<string, Profile>): string[] {
  const problems: string[] = []
  if (!Object.hasOwn(profiles, given.profile)) {
    problems.push(`no profile named "${given.profile}": the file has ${Object.keys(profiles).join(', ') || 'none'}`)
  }
  if ((given.readings === undefined) === (given.placements === undefined)) {
    problems.push('give either "readings" (of one sensor) or "placements", each with its own')
  }
  return problems
}

export type Case = z.infer<typeof caseSchema>

/** Judges one case and prints it in the fields of `expected`; the profile it names must be there. */
export function evaluateCase(given: Case, profiles: Record<string, Profile>): CaseAnswer {
  const profile = profiles[given.profile]
  if (profile === undefined) throw new Error(`case ${given.id}: no profile named "${given.profile}"`)
  const span = { fromAt: given.window.from, toAt: given.window.to, closed: given.windowClosed }
  const required = given.requiredSensors ?? profile.requiredSensors
  const judged = judgeWhole({ ...profile, requiredSensors: required }, span, placementsOf(given))
  const perPlacement = judged.perPlacement.flatMap((judgement, index) => {
    const placement = given.placements?.[index]
    return judgement === null || placement === undefined
      ? []
      : [[placement.id, printed(judgeAlone({ ...given, placements: [placement] }, profile, judgement))] as const]
  })
  return {
    id: given.id,
    ...printed(judged),
    ...(given.placements === undefined ? {} : { perPlacement: Object.fromEntries(perPlacement) }),
  }
}

export type CaseAnswer = { id: string } & ReturnType<typeof printed> & {
    perPlacement?: Record<string, ReturnType<typeof printed>>
  }

/** A placement by itself: one sensor is enough, and what ended before the window did is not open. */
function judgeAlone(given: Case, profile: Profile, scope: { fromAt: number; toAt: number }): WholeJudgement {
  const closed = given.windowClosed || scope.toAt < given.window.to
  const span = { fromAt: scope.fromAt, toAt: scope.toAt, closed }
  return judgeWhole({ ...profile, requiredSensors: 1 }, span, placementsOf(given))
}

function placementsOf(given: Case): WholePlacement[] {
  const correction = given.calibrationCorrectionC ?? 0
  const sensor = { ...PLAIN_SENSOR, correct: (_at: number, raw: number) => raw + correction }
  if (given.placements !== undefined) {
    return given.placements.map(({ role, from, to, readings }) => ({
      role,
      fromAt: from,
      toAt: to,
      rows: readings,
      sensor,
    }))
  }
  const rows = given.readings ?? []
  return [{ role: 'product', fromAt: given.window.from, toAt: Number.POSITIVE_INFINITY, rows, sensor }]
}

/** Milliseconds as seconds, exactly. */
function seconds(ms: number): number {
  return ms / 1000
}

function printed(judged: Combined & { outOfWindow: number }) {
  return {
    status: judged.status,
    severity: judged.severity,
    validReadings: judged.valid,
    faults: judged.faults,
    duplicates: judged.duplicates,
    conflicts: judged.conflicts,
    outOfWindow: judged.outOfWindow,
    coveredS: seconds(judged.coveredMs),
    unknownS: seconds(judged.unknownMs),
    gaps: judged.gaps.map(({ fromAt, toAt }) => ({
      from: isoInstant(fromAt),
      to: isoInstant(toAt),
      s: seconds(toAt - fromAt),
    })),
    levels: judged.levels.map((result) => ({
      id: result.id,
      totalConfirmedS: seconds(result.totalConfirmedMs),
      totalPresumedS: seconds(result.totalPresumedMs),
      alarm: { state: result.alarm.state, at: result.alarm.state === 'none' ? null : isoInstant(result.alarm.at) },
      events: result.events.map((event) => ({
        start: isoInstant(event.startAt),
        end: isoInstant(event.endAt),
        firstOutAt: event.firstOutAt === null ? null : isoInstant(event.firstOutAt),
        lastOutAt: event.lastOutAt === null ? null : isoInstant(event.lastOutAt),
        confirmedS: seconds(event.confirmedMs),
        presumedS: seconds(event.presumedMs),
        extremeC: event.extremeMilliC === null ? null : exactC(event.extremeMilliC),
        open: event.open,
      })),
    })),
  }
}
