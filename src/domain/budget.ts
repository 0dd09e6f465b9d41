import type { Exposure, Usage } from './exposure.ts'
import type { BudgetBand } from './profile.ts'

/**
 * The stability budget of one unit (domain page 2.6): what is used of the time its product may spend in each band
 * outside the label, over the life of the unit. `used` is everything: earlier legs, owners and splits from the ledger,
 * and this shipment. Exceeded is strictly more than allowed. Use of a band that the profile does not have is allowed
 * nothing.
 */
export function budgetOf(bands: readonly BudgetBand[], used: readonly Usage[], earlierUse: EarlierUse): Budget {
  if (bands.length === 0) return { state: 'none', earlierUse, bands: [], ...NO_FRACTION }
  const totals = addUsage(used)
  const unknown = totals.filter(({ band }) => !bands.some(({ id }) => id === band))
  const results = [
    ...bands.map((band) =>
      bandBudget(
        band,
        totals.find((total) => total.band === band.id),
      ),
    ),
    ...unknown.filter(isUse).map((total) => bandBudget({ id: total.band, allowedMs: 0 }, total)),
  ]
  return {
    state: worstState(results.map(({ state }) => state)),
    earlierUse,
    bands: results,
    fractionSum: fraction(results, ({ consumedMs }) => consumedMs),
    fractionSumWithPresumed: fraction(results, ({ consumedMs, presumedMs }) => consumedMs + presumedMs),
  }
}

/** `none`: the profile has no budget, which is not within. */
export type BudgetState = 'within' | 'presumed_exceeded' | 'exceeded' | 'none'

/** Whether the sender signed a figure for tank, depot and split; without one nobody knows (2.6). */
export type EarlierUse = 'declared' | 'not_declared'

export type Budget = {
  readonly state: BudgetState
  readonly earlierUse: EarlierUse
  readonly bands: readonly BandBudget[]
  /** Sum of used shares, shown as information, never hashed; forbidden bands have no share. Null without budget. */
  readonly fractionSum: number | null
  readonly fractionSumWithPresumed: number | null
}

export type BandBudget = {
  readonly id: string
  readonly consumedMs: number
  readonly presumedMs: number
  readonly allowedMs: number
  /** Presumed time counts as used; never below zero. */
  readonly remainingMs: number
  readonly state: Exclude<BudgetState, 'none'>
  /** The share in percent that is reached, presumed time counted; null below half and for forbidden bands. */
  readonly warning: 50 | 80 | null
}

const NO_FRACTION = { fractionSum: null, fractionSumWithPresumed: null }

/** One band's budget from what was used of it. */
export function bandBudget(
  { id, allowedMs }: Pick<BudgetBand, 'id' | 'allowedMs'>,
  total: Usage | undefined,
): BandBudget {
  const { consumedMs, presumedMs } = total ?? { consumedMs: 0, presumedMs: 0 }
  const usedMs = consumedMs + presumedMs
  return {
    id,
    consumedMs,
    presumedMs,
    allowedMs,
    remainingMs: Math.max(0, allowedMs - usedMs),
    state: consumedMs > allowedMs ? 'exceeded' : usedMs > allowedMs ? 'presumed_exceeded' : 'within',
    warning: warningOf(usedMs, allowedMs),
  }
}

function warningOf(usedMs: number, allowedMs: number): BandBudget['warning'] {
  if (allowedMs === 0 || usedMs * 2 < allowedMs) return null
  return usedMs * 5 < allowedMs * 4 ? 50 : 80
}

/** Usage of several places, legs or owners added up per band, in order of first mention. */
export function addUsage(parts: readonly Usage[]): Usage[] {
  const totals = new Map<string, Usage>()
  for (const { band, consumedMs, presumedMs } of parts) {
    const total = totals.get(band)
    totals.set(band, {
      band,
      consumedMs: (total?.consumedMs ?? 0) + consumedMs,
      presumedMs: (total?.presumedMs ?? 0) + presumedMs,
    })
  }
  return [...totals.values()]
}

function isUse({ consumedMs, presumedMs }: Usage): boolean {
  return consumedMs + presumedMs > 0
}

const STATES = ['none', 'within', 'presumed_exceeded', 'exceeded'] as const satisfies readonly BudgetState[]

/** The worst of some states; `within` of nothing. */
export function worstState<State extends BudgetState>(states: readonly State[]): State | 'within' {
  return states.reduce<State | 'within'>((a, b) => (STATES.indexOf(b) > STATES.indexOf(a) ? b : a), 'within')
}

function fraction(bands: readonly BandBudget[], used: (band: BandBudget) => number): number {
  const limited = bands.filter(({ allowedMs }) => allowedMs > 0)
  return limited.reduce((sum, band) => sum + used(band) / band.allowedMs, 0)
}

/**
 * How long the product may stay at the newest known value until its band is exceeded; null inside the label, where
 * nothing is used, where nobody knows the value, and without a budget.
 */
export function timeLeft(budget: Budget, current: Exposure['current']): { band: string; leftMs: number } | null {
  if (budget.state === 'none' || current === null || current.band === null) return null
  const band = budget.bands.find(({ id }) => id === current.band)
  return { band: current.band, leftMs: band?.remainingMs ?? 0 }
}
