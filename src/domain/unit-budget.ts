import { type BandBudget, type Budget, budgetOf, type EarlierUse, timeLeft } from './budget.ts'
import type { BudgetScale } from './budget-bands.ts'
import { type Outlook, outlook } from './budget-outlook.ts'
import type { Exposure, Unobserved, Usage } from './exposure.ts'

/**
 * The stability budget of one unit as a shipment shows it (domain page 2.6): what it used before, what it uses here,
 * what remains, and what the time nobody saw may have cost at best and at worst. No rate of warming is known, so at
 * worst each silence was spent whole in any band.
 */
export function unitBudget(scale: BudgetScale, { before, here }: UnitLife): UnitBudget {
  const budget = budgetOf(scale.budgetBands, [...before.used, ...here.usage], before.earlierUse)
  const unobserved = [...here.unobserved, unobservedOf(before.silence)]
  const cases = outlook(scale, budget, { unobserved, reach: null })
  const bands = budget.bands.map((band) => ({
    ...band,
    earlier: usageIn(before.used, band.id),
    here: usageIn(here.usage, band.id),
    ...remainingOf(cases, band.id),
  }))
  const silentMs = here.unobserved.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)
  return {
    ...budget,
    bands,
    best: cases.best,
    worst: cases.worst,
    unobservedMs: { earlier: before.silence.ms, here: silentMs },
    leaving: timeLeft(budget, here.current),
  }
}

/** What a unit brings along, and what is known of it in this shipment. */
export type UnitLife = {
  readonly before: { readonly used: readonly Usage[]; readonly earlierUse: EarlierUse; readonly silence: Silence }
  readonly here: Exposure
}

/** Time in which nobody saw anything, and what of it is presumed in which band. */
export type Silence = { readonly ms: number; readonly presumed: readonly Usage[] }

export type UnitBudget = Omit<Budget, 'bands'> & {
  readonly bands: readonly UnitBand[]
  /** At best nothing unobserved was spent outside the label; at worst all of it in the band that hurts most. */
  readonly best: Outlook['best']
  readonly worst: Outlook['worst']
  readonly unobservedMs: { readonly earlier: number; readonly here: number }
  /** How long it may stay as it is now; null where nothing is being used, or nobody knows. */
  readonly leaving: { readonly band: string; readonly leftMs: number } | null
}

export type UnitBand = BandBudget & {
  readonly earlier: Used
  readonly here: Used
  readonly bestMs: number
  readonly worstMs: number
}

type Used = Pick<Usage, 'consumedMs' | 'presumedMs'>

/** The silences of an exposure as one. */
export function silenceOf(unobserved: readonly Unobserved[]): Silence {
  return {
    ms: unobserved.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0),
    presumed: unobserved.flatMap(({ presumed }) => presumed),
  }
}

/** Several silences as one, presumed time added up per band. */
export function joinedSilence(silences: readonly Silence[]): Silence {
  const presumed = new Map<string, Usage>()
  for (const { band, presumedMs } of silences.flatMap((silence) => silence.presumed)) {
    presumed.set(band, { band, consumedMs: 0, presumedMs: (presumed.get(band)?.presumedMs ?? 0) + presumedMs })
  }
  return { ms: silences.reduce((sum, { ms }) => sum + ms, 0), presumed: [...presumed.values()] }
}

/** As a stretch with no value known on either side: with no rate known, its place in time does not matter. */
export function unobservedOf({ ms, presumed }: Silence): Unobserved {
  return { fromAt: 0, toAt: ms, before: null, after: null, presumed: joinedSilence([{ ms, presumed }]).presumed }
}

function usageIn(usage: readonly Usage[], band: string): Used {
  const own = usage.filter((one) => one.band === band)
  return {
    consumedMs: own.reduce((sum, { consumedMs }) => sum + consumedMs, 0),
    presumedMs: own.reduce((sum, { presumedMs }) => sum + presumedMs, 0),
  }
}

function remainingOf({ bands }: Outlook, id: string): { bestMs: number; worstMs: number } {
  const { bestMs = 0, worstMs = 0 } = bands.find((band) => band.id === id) ?? {}
  return { bestMs, worstMs }
}
