import { z } from 'zod'

/** The version of the scenario format this program reads; README, "Simulate a fleet", describes it. */
export const SCENARIO_SCHEMA = 'unbroken-scenario@1'

export const FLEET_PROFILES = ['cryo', 'fridge', 'dryice'] as const
export type FleetProfile = (typeof FLEET_PROFILES)[number]

/** What happens to messages on their way, or to the radio; none of it may change a verdict but by missing data. */
export const FLEET_FAULTS = ['flight', 'duplicates', 'reorder', 'loss'] as const
export type FleetFault = (typeof FLEET_FAULTS)[number]

export const DISTURBANCE_KINDS = ['warm_spell', 'depletion', 'lost_data', 'stuck', 'flight'] as const
export type DisturbanceKind = (typeof DISTURBANCE_KINDS)[number]

/** One kind of disturbance and the share of the shipments it befalls; null times are drawn for each from the seed. */
export type DisturbanceRule = { kind: DisturbanceKind; share: number; fromMs: number | null; forMs: number | null }

/** Everything a fleet's play follows from. Times are ms since the journeys' start. */
export type FleetScenario = {
  seed: number
  sensors: number
  shipments: number
  durationMs: number
  /** Share of the shipments under each profile. */
  profiles: Record<FleetProfile, number>
  faults: readonly FleetFault[]
  /** A shipment suffers at most one of them. */
  disturbances: readonly DisturbanceRule[]
}

/** Checks a scenario file's content; the problems are sentences, one per line. */
export function parseScenario(content: unknown): FleetScenario | { problem: string } {
  const parsed = scenarioFile.safeParse(content)
  return parsed.success ? parsed.data : { problem: z.prettifyError(parsed.error) }
}

/** What befalls a fleet of which nothing else is said: a known share of each kind, flights where asked for. */
export function usualDisturbances(faults: readonly FleetFault[]): DisturbanceRule[] {
  const flights = faults.includes('flight') ? [usual('flight', 0.3)] : []
  return [
    usual('warm_spell', 0.08),
    usual('depletion', 0.04),
    usual('lost_data', 0.06),
    usual('stuck', 0.04),
    ...flights,
  ]
}

/** All shipments under one profile, or `mixed`. */
export function profileShares(profile: FleetProfile | 'mixed'): Record<FleetProfile, number> {
  if (profile === 'mixed') return { cryo: 0.4, fridge: 0.4, dryice: 0.2 }
  return { cryo: 0, fridge: 0, dryice: 0, [profile]: 1 }
}

function usual(kind: DisturbanceKind, share: number): DisturbanceRule {
  return { kind, share, fromMs: null, forMs: null }
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const MAX_SENSORS = 1_000_000
/** A month: every reading of it is computed again at the end, for the truth. */
const MAX_HOURS = 31 * 24

const share = z.number().min(0).max(1)
const minutes = z
  .int()
  .min(1)
  .max(MAX_HOURS * 60)

const disturbance = z
  .strictObject({
    kind: z.enum(DISTURBANCE_KINDS),
    share,
    fromMinute: z
      .int()
      .min(0)
      .max(MAX_HOURS * 60)
      .optional(),
    forMinutes: minutes.optional(),
  })
  .transform(
    ({ fromMinute, forMinutes, ...rest }): DisturbanceRule => ({
      ...rest,
      fromMs: fromMinute === undefined ? null : fromMinute * MINUTE_MS,
      forMs: forMinutes === undefined ? null : forMinutes * MINUTE_MS,
    }),
  )

const atMostAll = { message: 'the shares add up to more than 1' }
/** Shares written as decimals do not add up exactly. */
const ROUNDING = 1e-9

const scenarioFile = z
  .strictObject({
    schema: z.literal(SCENARIO_SCHEMA),
    seed: z.int().min(0).default(7),
    sensors: z.int().min(1).max(MAX_SENSORS),
    shipments: z.int().min(1).max(MAX_SENSORS),
    durationHours: z.number().positive().max(MAX_HOURS).default(24),
    profiles: z
      .strictObject({ cryo: share.default(0), fridge: share.default(0), dryice: share.default(0) })
      .refine((shares) => Math.abs(sum(Object.values(shares)) - 1) < ROUNDING, {
        message: 'the shares must add up to 1',
      })
      .default(profileShares('mixed')),
    faults: z.array(z.enum(FLEET_FAULTS)).default([]),
    disturbances: z
      .array(disturbance)
      .refine((all) => sum(all.map((one) => one.share)) <= 1 + ROUNDING, atMostAll)
      .optional(),
  })
  .refine(({ sensors, shipments }) => sensors >= shipments, {
    path: ['sensors'],
    message: 'every shipment needs a sensor',
  })
  .transform(
    ({ schema: _schema, durationHours, disturbances, ...rest }): FleetScenario => ({
      ...rest,
      durationMs: Math.round(durationHours * HOUR_MS),
      disturbances: disturbances ?? usualDisturbances(rest.faults),
    }),
  )

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
