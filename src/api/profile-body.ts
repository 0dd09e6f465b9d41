import { z } from '@hono/zod-openapi'
import type { BudgetBand, Level, Profile } from '../domain/profile.ts'
import { exactC } from '../domain/units.ts'
import { exactMilliC, milliseconds } from '../fields.ts'
import { celsiusOrNull, line, prose } from './inputs.ts'

/** Lowest and highest temperature a limit can stand at: absolute zero, and the column's upper end. */
const [LOWEST_MILLI_C, HIGHEST_MILLI_C] = [-273_150, 1_000_000]
/** A level costs state in every checkpoint of every placement; loggers of this field have five. */
const MAX_LEVELS = 16
const MAX_BANDS = 16
const WEEK_MS = 7 * 86_400_000

const limitC = exactMilliC.refine(
  (milliC) => milliC >= LOWEST_MILLI_C && milliC <= HIGHEST_MILLI_C,
  'is no temperature',
)

const name = z.string().regex(/^[A-Za-z0-9_+-]{1,32}$/, 'must be 1 to 32 letters, digits, _ + or -')

const level = z
  .object({
    id: name,
    side: z.enum(['high', 'low']),
    limitC,
    mode: z.enum(['single', 'cumulative']),
    allowedS: milliseconds,
    severity: z.enum(['warning', 'major', 'critical']),
  })
  .transform(({ limitC, allowedS, ...rest }): Level => ({ ...rest, limitMilliC: limitC, allowedMs: allowedS }))

const band = z
  .object({ id: name, aboveC: limitC.nullable(), uptoC: limitC.nullable(), allowedS: milliseconds })
  .refine(({ aboveC, uptoC }) => aboveC !== null || uptoC !== null, 'needs aboveC or uptoC')
  .refine(({ aboveC, uptoC }) => aboveC === null || uptoC === null || aboveC < uptoC, 'aboveC must lie below uptoC')
  .transform(
    ({ id, aboveC, uptoC, allowedS }): BudgetBand => ({
      id,
      aboveMilliC: aboveC,
      uptoMilliC: uptoC,
      allowedMs: allowedS,
    }),
  )

/** A profile as it is sent: degrees Celsius and seconds, with the defaults of domain page 2.2. */
export const profileBody = z
  .object({
    name: line,
    labelLowC: limitC.nullish(),
    labelHighC: limitC.nullish(),
    nominalIntervalS: milliseconds.refine((ms) => ms > 0 && ms <= WEEK_MS, 'must be more than 0 s and at most a week'),
    maxGapS: milliseconds.optional().meta({ description: 'seconds; default: three intervals' }),
    levels: z.array(level).min(1).max(MAX_LEVELS).refine(namedOnce, 'two levels have the same id'),
    requiredSensors: z.int().min(1).max(8).default(1),
    loadingS: milliseconds.refine((ms) => ms <= WEEK_MS, 'must be at most a week').default(0),
    guardBand: z.enum(['none', 'uncertainty']).default('none'),
    alertHysteresisC: exactMilliC.refine((milliC) => milliC >= 0, 'must not be negative').default(0),
    mktPolicy: z.enum(['off', 'informative', 'decision_support_US']).default('off'),
    minCoveragePercent: z.number().min(0).max(100).default(95),
    budgetBands: z.array(band).max(MAX_BANDS).refine(namedOnce, 'two bands have the same id').default([]),
    source: prose.nullish(),
    example: z.boolean().default(false),
  })
  .refine(({ nominalIntervalS, maxGapS = nominalIntervalS }) => maxGapS >= nominalIntervalS, {
    path: ['maxGapS'],
    message: 'must not be shorter than the interval: every reading would be followed by a gap',
  })
  .refine(({ labelLowC, labelHighC }) => labelLowC == null || labelHighC == null || labelLowC < labelHighC, {
    path: ['labelLowC'],
    message: 'must lie below labelHighC',
  })
  .transform(
    (given): Profile => ({
      name: given.name,
      labelLowMilliC: given.labelLowC ?? null,
      labelHighMilliC: given.labelHighC ?? null,
      nominalIntervalMs: given.nominalIntervalS,
      maxGapMs: given.maxGapS ?? 3 * given.nominalIntervalS,
      levels: given.levels,
      requiredSensors: given.requiredSensors,
      loadingMs: given.loadingS,
      guardBand: given.guardBand,
      alertHysteresisMilliC: given.alertHysteresisC,
      mktPolicy: given.mktPolicy,
      minCoveragePercent: given.minCoveragePercent,
      budgetBands: given.budgetBands,
      source: given.source ?? null,
      example: given.example,
    }),
  )

function namedOnce(list: readonly { id: string }[]): boolean {
  return new Set(list.map(({ id }) => id)).size === list.length
}

/** The limits as they are answered. */
export const printedProfile = z.object({
  name: z.string(),
  labelLowC: z.number().nullable(),
  labelHighC: z.number().nullable(),
  nominalIntervalS: z.number(),
  maxGapS: z.number(),
  levels: z.array(
    z.object({
      id: z.string(),
      side: z.enum(['high', 'low']),
      limitC: z.number(),
      mode: z.enum(['single', 'cumulative']),
      allowedS: z.number(),
      severity: z.enum(['warning', 'major', 'critical']),
    }),
  ),
  requiredSensors: z.int(),
  loadingS: z.number(),
  guardBand: z.enum(['none', 'uncertainty']),
  alertHysteresisC: z.number(),
  mktPolicy: z.enum(['off', 'informative', 'decision_support_US']),
  minCoveragePercent: z.number(),
  budgetBands: z.array(
    z.object({
      id: z.string(),
      aboveC: z.number().nullable(),
      uptoC: z.number().nullable(),
      allowedS: z.number(),
    }),
  ),
  source: z.string().nullable(),
  example: z.boolean().meta({ description: 'example limits, not for use on a real shipment' }),
})

/** Milli-degrees and milliseconds back to what people read. */
export function printProfile(profile: Profile): z.infer<typeof printedProfile> {
  return {
    name: profile.name,
    labelLowC: celsiusOrNull(profile.labelLowMilliC),
    labelHighC: celsiusOrNull(profile.labelHighMilliC),
    nominalIntervalS: profile.nominalIntervalMs / 1000,
    maxGapS: profile.maxGapMs / 1000,
    levels: profile.levels.map(({ limitMilliC, allowedMs, ...rest }) => ({
      ...rest,
      limitC: exactC(limitMilliC),
      allowedS: allowedMs / 1000,
    })),
    requiredSensors: profile.requiredSensors,
    loadingS: profile.loadingMs / 1000,
    guardBand: profile.guardBand,
    alertHysteresisC: exactC(profile.alertHysteresisMilliC),
    mktPolicy: profile.mktPolicy,
    minCoveragePercent: profile.minCoveragePercent,
    budgetBands: profile.budgetBands.map(({ id, aboveMilliC, uptoMilliC, allowedMs }) => ({
      id,
      aboveC: celsiusOrNull(aboveMilliC),
      uptoC: celsiusOrNull(uptoMilliC),
      allowedS: allowedMs / 1000,
    })),
    source: profile.source,
    example: profile.example,
  }
}
