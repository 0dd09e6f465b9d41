import type { Level } from '../src/domain/profile.ts'
import type { LimitsKey } from './journey.ts'
import { EXAMPLE_LIMITS, type Limits } from './limits.ts'

/** Which example limits a scenario travels under. */
export type ScenarioLimitsKey = Extract<LimitsKey, 'cryo' | 'fridge'> | 'dryice' | 'room'

/** What sensors and certificates of these limits look like. */
export type ScenarioLimits = {
  limits: Limits
  container: string
  /** Range of the usual sensor, and where its certificate has points: every limit lies between them. */
  sensor: { lowC: number; highC: number; certificateC: readonly number[] }
}

const MINUTE_MS = 60_000

/** The example limits of domain page section 2.2 that the scenarios play with; nothing here is for use. */
export const SCENARIO_LIMITS: Record<ScenarioLimitsKey, ScenarioLimits> = {
  cryo: {
    limits: EXAMPLE_LIMITS.cryo,
    container: 'dry_vapour_shipper',
    sensor: { lowC: -210, highC: 60, certificateC: [-196, -150, -100] },
  },
  fridge: {
    limits: EXAMPLE_LIMITS.fridge,
    container: 'pcm_box',
    sensor: { lowC: -40, highC: 80, certificateC: [-10, 5, 30] },
  },
  dryice: {
    limits: {
      name: 'EXAMPLE dry ice, label <= -60 C',
      labelLowMilliC: null,
      labelHighMilliC: -60_000,
      nominalIntervalMs: 10 * MINUTE_MS,
      maxGapMs: 30 * MINUTE_MS,
      levels: [
        above('H1', -65_000, { minutes: 30, severity: 'major' }),
        above('H2', -60_000, { minutes: 0, severity: 'critical' }),
      ],
    },
    container: 'dry_ice_box',
    sensor: { lowC: -110, highC: 60, certificateC: [-90, -65, -30] },
  },
  room: {
    limits: {
      name: 'EXAMPLE controlled room temperature, 15 to 25 C',
      labelLowMilliC: 15_000,
      labelHighMilliC: 25_000,
      nominalIntervalMs: 15 * MINUTE_MS,
      maxGapMs: 45 * MINUTE_MS,
      levels: [
        { ...above('H1', 25_000, { minutes: 240, severity: 'major' }), mode: 'cumulative' },
        above('H2', 30_000, { minutes: 60, severity: 'major' }),
        above('H3', 40_000, { minutes: 0, severity: 'critical' }),
        { id: 'L1', side: 'low', limitMilliC: 15_000, mode: 'single', allowedMs: 60 * MINUTE_MS, severity: 'major' },
      ],
    },
    container: 'pcm_box',
    sensor: { lowC: -40, highC: 80, certificateC: [0, 20, 50] },
  },
}

type Rule = { minutes: number; severity: Level['severity'] }

function above(id: string, limitMilliC: number, { minutes, severity }: Rule): Level {
  return { id, side: 'high', limitMilliC, mode: 'single', allowedMs: minutes * MINUTE_MS, severity }
}
