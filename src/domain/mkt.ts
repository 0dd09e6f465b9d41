import type { JudgedSpan } from './combine.ts'
import type { PlacedRows } from './placed-rows.ts'
import type { Profile } from './profile.ts'
import { timeline } from './timeline.ts'
import { displayC } from './units.ts'

/**
 * Mean kinetic temperature of a shipment (domain page 2.7): the highest of its product sensors', over what each of them
 * measured; weights are hold times, so gaps weigh nothing and repeated readings change nothing; of an instant with two
 * values the higher one counts. Null with the reason where it says nothing. It never clears a frozen or cryogenic
 * product, a low excursion, or cells (section 0 rule 7), and no verdict is made from it.
 */
export function mktOf(profile: MktProfile, placements: readonly PlacedRows[], observed: Observed): Mkt {
  const { fromAt, toAt } = observed.span
  const storageClass = storageClassOf(profile)
  const criteria = profile.mktPolicy === 'decision_support_US' ? USP_CRITERIA[storageClass] : null
  const reason = mktReason({
    storageClass,
    isAllowed: profile.mktPolicy !== 'off',
    coveredMs: observed.coveredMs,
    windowMs: Math.max(toAt - fromAt, criteria?.windowMs ?? 0),
    minCoveragePercent: profile.minCoveragePercent,
  })
  if (reason !== null) return { mktC: null, reason }
  const sensors = placements.map(({ rules, rows }) => [...heldOf(timeline(rules, rows, toAt))])
  const folds = sensors.map(kinetic)
  const mktC = Math.max(...folds.flatMap((fold) => fold?.mktC ?? []))
  if (!Number.isFinite(mktC)) return { mktC: null, reason: 'MKT_WINDOW_INCOMPLETE' }
  return {
    mktC,
    shown: displayC(Math.round(mktC * 1000), null),
    blindTo: folds.some((fold) => isBelow(profile, fold)) ? 'LOW_EXCURSION' : null,
    usp: criteria && (sensors.every((held) => meetsUsp(criteria, held, profile.labelLowMilliC)) ? 'meets' : 'fails'),
  }
}

export type MktProfile = Pick<Profile, 'labelLowMilliC' | 'labelHighMilliC' | 'mktPolicy' | 'minCoveragePercent'>

/** The window, and how much of it the shipment's sensors cover together. */
export type Observed = { readonly span: JudgedSpan; readonly coveredMs: number }

export type Mkt =
  | {
      /** Unrounded degrees Celsius: what is compared. Never hashed. */
      readonly mktC: number
      /** One decimal: what is shown. */
      readonly shown: string
      /** Something was below the label: the number sinks where the product froze (vector M07). */
      readonly blindTo: 'LOW_EXCURSION' | null
      /** Whether every sensor keeps the criteria of USP <1079.2>; null unless the policy is US decision support. */
      readonly usp: 'meets' | 'fails' | null
    }
  | { readonly mktC: null; readonly reason: MktReason }

export type MktReason = 'MKT_NOT_APPLICABLE_FROZEN' | 'MKT_NOT_ALLOWED_BY_POLICY' | 'MKT_WINDOW_INCOMPLETE'

export type StorageClass = 'cryogenic' | 'frozen' | 'controlled_cold' | 'controlled_room'

/** The class a label stands for, by its upper limit. */
export function storageClassOf({ labelHighMilliC }: Pick<Profile, 'labelHighMilliC'>): StorageClass {
  if (labelHighMilliC === null || labelHighMilliC > 15_000) return 'controlled_room'
  if (labelHighMilliC > 0) return 'controlled_cold'
  return labelHighMilliC > -100_000 ? 'frozen' : 'cryogenic'
}

/** What decides whether there is a number at all. */
export type MktTerms = {
  readonly storageClass: StorageClass
  readonly isAllowed: boolean
  readonly coveredMs: number
  readonly windowMs: number
  readonly minCoveragePercent: number
}

/** Why there is no mean kinetic temperature; null where there is one. */
export function mktReason({ storageClass, isAllowed, coveredMs, ...window }: MktTerms): MktReason | null {
  if (storageClass === 'cryogenic' || storageClass === 'frozen') return 'MKT_NOT_APPLICABLE_FROZEN'
  if (!isAllowed) return 'MKT_NOT_ALLOWED_BY_POLICY'
  const isCovered = coveredMs > 0 && coveredMs * 100 >= window.windowMs * window.minCoveragePercent
  return isCovered ? null : 'MKT_WINDOW_INCOMPLETE'
}

/** A value and how long it held. */
export type Held = { readonly milliC: number; readonly ms: number }

function* heldOf(stretches: ReturnType<typeof timeline>): Generator<Held, void> {
  for (const stretch of stretches) {
    if (stretch.kind === 'value') yield { milliC: stretch.max, ms: stretch.toAt - stretch.fromAt }
  }
}

/** Activation energy over the gas constant: 83.144 kJ/mol over 8.3144 J/(mol K). Fixed; printed in every report. */
export const MKT_RATIO_K = 10_000
export const MKT_ZERO_K = 273.15
/** Exponents are taken relative to this temperature: only so that they stay near 1. */
const REFERENCE_K = 298.15

export type Kinetic = { readonly mktC: number; readonly lowestMilliC: number; readonly highestMilliC: number }

/**
 * T = (dH/R) / -ln(sum(w exp(-dH/(R T))) / sum(w)) in one pass; null where nothing held for any time. Kept between
 * the lowest and the highest value, where it lies but for the last digits of floating point.
 */
export function kinetic(held: Iterable<Held>): Kinetic | null {
  let [weights, rates, lowest, highest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { milliC, ms } of held) {
    if (ms <= 0) continue
    weights += ms
    rates += ms * Math.exp(MKT_RATIO_K / REFERENCE_K - MKT_RATIO_K / (milliC / 1000 + MKT_ZERO_K))
    lowest = Math.min(lowest, milliC)
    highest = Math.max(highest, milliC)
  }
  if (weights === 0) return null
  const kelvin = MKT_RATIO_K / (MKT_RATIO_K / REFERENCE_K - Math.log(rates / weights))
  const mktC = Math.min(highest / 1000, Math.max(lowest / 1000, kelvin - MKT_ZERO_K))
  return { mktC, lowestMilliC: lowest, highestMilliC: highest }
}

function isBelow({ labelLowMilliC }: MktProfile, fold: Kinetic | null): boolean {
  return labelLowMilliC !== null && fold !== null && fold.lowestMilliC < labelLowMilliC
}

/** What USP <1079.2> asks beside the mean kinetic temperature; for US decision support only. */
export type UspCriteria = {
  readonly windowMs: number
  readonly mktLimitC: number
  readonly highestMilliC: number
  /** Time above this temperature, and how much of it is accepted. */
  readonly aboveMilliC: number
  readonly maxAboveMs: number
}

const HOUR_MS = 3_600_000

/** Controlled cold: MKT 8 over 24 h, never above 15. Room: MKT 25 over 30 days, above 30 for 24 h, never above 40. */
export const USP_CRITERIA = {
  cryogenic: null,
  frozen: null,
  controlled_cold: {
    windowMs: 24 * HOUR_MS,
    mktLimitC: 8,
    highestMilliC: 15_000,
    aboveMilliC: 8000,
    maxAboveMs: 24 * HOUR_MS,
  },
  controlled_room: {
    windowMs: 30 * 24 * HOUR_MS,
    mktLimitC: 25,
    highestMilliC: 40_000,
    aboveMilliC: 30_000,
    maxAboveMs: 24 * HOUR_MS,
  },
} as const satisfies Record<StorageClass, UspCriteria | null>

/**
 * Whether held values keep the criteria; limits themselves are kept. `lowest` below the label fails: the criteria know
 * no low side, and nothing is cleared that may have frozen.
 */
export function meetsUsp(criteria: UspCriteria, held: readonly Held[], labelLowMilliC: number | null): boolean {
  const fold = kinetic(held)
  if (fold === null || (labelLowMilliC !== null && fold.lowestMilliC < labelLowMilliC)) return false
  const above = held.filter(({ milliC }) => milliC > criteria.aboveMilliC)
  const aboveMs = above.reduce((sum, { ms }) => sum + ms, 0)
  const isCool = fold.mktC <= criteria.mktLimitC && fold.highestMilliC <= criteria.highestMilliC
  return isCool && aboveMs <= criteria.maxAboveMs
}
