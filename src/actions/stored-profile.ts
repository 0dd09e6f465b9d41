import { z } from 'zod'
import type { Profile } from '../domain/profile.ts'

const milliC = z.int()
const ms = z.int().nonnegative()

const schema = z.object({
  name: z.string(),
  labelLowMilliC: milliC.nullable(),
  labelHighMilliC: milliC.nullable(),
  nominalIntervalMs: ms,
  maxGapMs: ms,
  levels: z.array(
    z.object({
      id: z.string(),
      side: z.enum(['high', 'low']),
      limitMilliC: milliC,
      mode: z.enum(['single', 'cumulative']),
      allowedMs: ms,
      severity: z.enum(['warning', 'major', 'critical']),
    }),
  ),
  requiredSensors: z.int().positive(),
  loadingMs: ms,
  guardBand: z.enum(['none', 'uncertainty']),
  alertHysteresisMilliC: ms,
  mktPolicy: z.enum(['off', 'informative', 'decision_support_US']),
  minCoveragePercent: z.number(),
  budgetBands: z.array(
    z.object({ id: z.string(), aboveMilliC: milliC.nullable(), uptoMilliC: milliC.nullable(), allowedMs: ms }),
  ),
  source: z.string().nullable(),
  example: z.boolean(),
})

/** The profile in `profile.definition`: the domain's `Profile` as JSON, in milli-degrees and milliseconds. */
export function storedProfile(definition: unknown): Profile {
  return schema.parse(definition)
}

const pointsSchema = z.array(z.object({ atMilliC: milliC, correctionMilliC: milliC }))

/** The points in `calibration.points`, ascending by indicated temperature. */
export function storedPoints(points: unknown): { atMilliC: number; correctionMilliC: number }[] {
  return pointsSchema.parse(points).sort((a, b) => a.atMilliC - b.atMilliC)
}
