import { type Budget, type BudgetState, bandBudget, worstState } from './budget.ts'
import { type BudgetScale, meets, NO_BAND, rangesOf } from './budget-bands.ts'
import type { Unobserved } from './exposure.ts'
import type { Span } from './timeline.ts'

/**
 * What the time nobody saw may have cost, at best and at worst, for a live view: neither is ever a verdict.
 * At best none of it was spent outside the label, and nothing is presumed. At worst each silence was spent whole in one
 * band, every band asked for itself, where the product could get there from the values known on either side at no more
 * than `reach`. Where no rate is known it can get anywhere: a lid opened in silence heats a bag by tens of kelvin a
 * minute (domain page 3.1). A silence counts once: what of it is presumed in a band already is not added again.
 */
export function outlook(scale: BudgetScale, budget: Budget, unseen: UnseenTime): Outlook {
  if (budget.state === 'none') return { best: 'none', worst: 'none', bands: [] }
  const unbanded = bandBudget({ id: NO_BAND, allowedMs: 0 }, undefined)
  const considered = budget.bands.some(({ id }) => id === NO_BAND) ? budget.bands : [...budget.bands, unbanded]
  const bands = considered.map((band) => {
    const addedMs = silenceIn(scale, band.id, unseen)
    const most = band.consumedMs + band.presumedMs + addedMs
    return {
      id: band.id,
      best: bandBudget(band, { band: band.id, consumedMs: band.consumedMs, presumedMs: 0 }),
      worst: bandBudget(band, { band: band.id, consumedMs: most, presumedMs: 0 }),
    }
  })
  return {
    best: worstState(bands.map(({ best }) => best.state)),
    worst: worstState(bands.map(({ worst }) => worst.state)),
    bands: bands
      .filter(({ id }) => budget.bands.some((band) => band.id === id))
      .map(({ id, best, worst }) => ({ id, bestMs: best.remainingMs, worstMs: worst.remainingMs })),
  }
}

/** How fast the product can warm up or cool down; null where no rate is known. */
export type Reach = { readonly milliCPerMinute: number } | null

export type UnseenTime = { readonly unobserved: readonly Unobserved[]; readonly reach: Reach }

export type Outlook = {
  readonly best: BudgetState
  readonly worst: BudgetState
  /** What remains of each band at best and at worst. */
  readonly bands: readonly { readonly id: string; readonly bestMs: number; readonly worstMs: number }[]
}

/** How much of the silences can have been spent in a band, beside what is presumed there. */
function silenceIn(scale: BudgetScale, id: string, { unobserved, reach }: UnseenTime): number {
  const ranges = rangesOf(scale, id)
  return unobserved
    .filter((silence) => ranges.some((range) => meets(range, reachable(silence, reach))))
    .reduce((sum, silence) => sum + silence.toAt - silence.fromAt - presumedIn(silence, id), 0)
}

function presumedIn({ presumed }: Unobserved, id: string): number {
  return presumed.find(({ band }) => band === id)?.presumedMs ?? 0
}

const EVERYWHERE: Span = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }

/** Where a product can have been in a silence: away from the one value and back to the other at the highest rate. */
function reachable({ fromAt, toAt, before, after }: Unobserved, reach: Reach): Span {
  if (reach === null || (before === null && after === null)) return EVERYWHERE
  const travelMilliC = (reach.milliCPerMinute * (toAt - fromAt)) / 60_000
  if (before === null || after === null) {
    const known = before ?? after ?? EVERYWHERE
    return { min: known.min - travelMilliC, max: known.max + travelMilliC }
  }
  return {
    min: Math.min(before.min, after.min, (before.min + after.min - travelMilliC) / 2),
    max: Math.max(before.max, after.max, (before.max + after.max + travelMilliC) / 2),
  }
}
