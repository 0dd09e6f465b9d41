import type { Level, Profile } from './profile.ts'

const MINUTE_MS = 60_000

/**
 * The example profiles of domain page section 2.2. None is for use on a real product: its own label and stability data
 * rule. Printed with EXAMPLE LIMITS wherever they are used.
 */
export const EXAMPLE_PROFILES = {
  'ln2-vapour': example('LN2 vapour, label <= -120 C', { minutes: 5, high: -120_000 }, [
    above('W', -150_000, { minutes: 30, severity: 'warning' }),
    above('M', -135_000, { minutes: 10, severity: 'major' }),
    above('C', -120_000, { minutes: 0, severity: 'critical' }),
  ]),
  'dry-ice': example('Dry ice, label <= -60 C', { minutes: 10, high: -60_000 }, [
    above('H1', -65_000, { minutes: 30, severity: 'major' }),
    above('H2', -60_000, { minutes: 0, severity: 'critical' }),
  ]),
  'minus-20': example('-25 to -15 C', { minutes: 10, low: -25_000, high: -15_000 }, [
    above('H1', -15_000, { minutes: 30, severity: 'major' }),
    above('H2', -10_000, { minutes: 0, severity: 'critical' }),
    below('L1', -25_000, { minutes: 60, severity: 'major' }),
  ]),
  '2-8': example('2 to 8 C', { minutes: 15, low: 2000, high: 8000 }, [
    above('H1', 8000, { minutes: 30, severity: 'major' }),
    above('H2', 15_000, { minutes: 30, severity: 'major' }),
    above('H3', 25_000, { minutes: 0, severity: 'critical' }),
    cumulative(below('L1', 2000, { minutes: 30, severity: 'major' })),
    below('L2', 0, { minutes: 0, severity: 'critical' }),
  ]),
  crt: example('15 to 25 C', { minutes: 15, low: 15_000, high: 25_000 }, [
    cumulative(above('H1', 25_000, { minutes: 24 * 60, severity: 'major' })),
    above('H2', 30_000, { minutes: 60, severity: 'major' }),
    above('H3', 40_000, { minutes: 0, severity: 'critical' }),
    below('L1', 15_000, { minutes: 60, severity: 'major' }),
  ]),
} as const satisfies Record<string, Profile>

export type ExampleProfileName = keyof typeof EXAMPLE_PROFILES

/** Whether a text names an example profile. */
export function isExampleProfile(name: string): name is ExampleProfileName {
  return Object.hasOwn(EXAMPLE_PROFILES, name)
}

type Label = { minutes: number; low?: number; high?: number }

function example(name: string, { minutes, low, high }: Label, levels: Level[]): Profile {
  return {
    name: `EXAMPLE ${name}`,
    labelLowMilliC: low ?? null,
    labelHighMilliC: high ?? null,
    nominalIntervalMs: minutes * MINUTE_MS,
    maxGapMs: 3 * minutes * MINUTE_MS,
    levels,
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

type Rule = { minutes: number; severity: Level['severity'] }

function above(id: string, limitMilliC: number, { minutes, severity }: Rule): Level {
  return { id, side: 'high', limitMilliC, mode: 'single', allowedMs: minutes * MINUTE_MS, severity }
}

function below(id: string, limitMilliC: number, rule: Rule): Level {
  return { ...above(id, limitMilliC, rule), side: 'low' }
}

function cumulative(level: Level): Level {
  return { ...level, mode: 'cumulative' }
}
