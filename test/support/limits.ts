import type { Profile } from '../../src/domain/profile.ts'

/** Start of every test journey: 2026-03-02T10:00Z. */
export const T0 = Date.UTC(2026, 2, 2, 10)
export const MINUTE = 60_000
/** Where the tested door says that it is reached. */
export const PUBLIC_URL = 'https://coldchain.example.org'

/** Fridge limits of the golden vectors: 2 to 8, single 30 min, every 15 min. */
export const FRIDGE: Profile = {
  name: 'fridge-15min',
  labelLowMilliC: 2000,
  labelHighMilliC: 8000,
  nominalIntervalMs: 15 * MINUTE,
  maxGapMs: 30 * MINUTE,
  levels: [
    { id: 'H1', side: 'high', limitMilliC: 8000, mode: 'single', allowedMs: 30 * MINUTE, severity: 'major' },
    { id: 'H2', side: 'high', limitMilliC: 15_000, mode: 'single', allowedMs: 0, severity: 'critical' },
    { id: 'L1', side: 'low', limitMilliC: 2000, mode: 'cumulative', allowedMs: 30 * MINUTE, severity: 'major' },
  ],
  requiredSensors: 1,
  loadingMs: 0,
  guardBand: 'none',
  alertHysteresisMilliC: 500,
  mktPolicy: 'off',
  minCoveragePercent: 95,
  budgetBands: [],
  source: null,
  example: true,
}
