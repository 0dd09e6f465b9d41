import type { Level, Profile } from '../src/domain/profile.ts'
import type { LimitsKey } from './journey.ts'

const MINUTE_MS = 60_000

/** Example limits as the oracle reads them; nothing here is for use on a real product. */
export type Limits = Pick<
  Profile,
  'name' | 'labelLowMilliC' | 'labelHighMilliC' | 'nominalIntervalMs' | 'maxGapMs' | 'levels'
>

/** The example profiles of domain page section 2.2 that the demo plays with. */
export const EXAMPLE_LIMITS: Record<LimitsKey, Limits> = {
  cryo: {
    name: 'EXAMPLE LN2 vapour, label <= -120 C',
    labelLowMilliC: null,
    labelHighMilliC: -120_000,
    nominalIntervalMs: 5 * MINUTE_MS,
    maxGapMs: 15 * MINUTE_MS,
    levels: [
      above('W', -150_000, { allowedMs: 30 * MINUTE_MS, severity: 'warning' }),
      above('M', -135_000, { allowedMs: 10 * MINUTE_MS, severity: 'major' }),
      above('C', -120_000, { allowedMs: 0, severity: 'critical' }),
    ],
  },
  fridge: {
    name: 'EXAMPLE 2-8 C',
    labelLowMilliC: 2000,
    labelHighMilliC: 8000,
    nominalIntervalMs: 15 * MINUTE_MS,
    maxGapMs: 45 * MINUTE_MS,
    levels: [
      above('H1', 8000, { allowedMs: 30 * MINUTE_MS, severity: 'major' }),
      above('H2', 15_000, { allowedMs: 30 * MINUTE_MS, severity: 'major' }),
      above('H3', 25_000, { allowedMs: 0, severity: 'critical' }),
      { id: 'L1', side: 'low', limitMilliC: 2000, mode: 'cumulative', allowedMs: 30 * MINUTE_MS, severity: 'major' },
      { id: 'L2', side: 'low', limitMilliC: 0, mode: 'single', allowedMs: 0, severity: 'critical' },
    ],
  },
}

function above(id: string, limitMilliC: number, rule: Pick<Level, 'allowedMs' | 'severity'>): Level {
  return { id, side: 'high', limitMilliC, mode: 'single', ...rule }
}
