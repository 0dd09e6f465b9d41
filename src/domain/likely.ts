/** An uncertain number as a few values with weights; the weights need not add up to one. */
export type Likely = readonly { readonly value: number; readonly weight: number }[]

/** A number that is known. */
export function certain(value: number): Likely {
  return [{ value, weight: 1 }]
}

/** A normal distribution by 13 values, three standard deviations to either side. */
export function normal(mean: number, sd: number): Likely {
  return STEPS.map(({ value, weight }) => ({ value: mean + sd * value, weight }))
}

const STEPS: Likely = Array.from({ length: 13 }, (_, index) => (index - 6) / 2).map((z) => ({
  value: z,
  weight: Math.exp((-z * z) / 2),
}))

/** The values put through a function. */
export function mapped(likely: Likely, change: (value: number) => number): Likely {
  return likely.map(({ value, weight }) => ({ value: change(value), weight }))
}

/** Quantiles of an uncertain amount: half of what can be lies below `best`, 5 % below `low`, 5 % above `high`. */
export type Spread = { best: number; low: number; high: number }

/** The shares that `low`, `best` and `high` stand for. */
export const QUANTILES = { low: 0.05, best: 0.5, high: 0.95 } as const

/** Weights gathered in steps of an amount: the answer is as fine as that, and sorting costs next to nothing. */
export type Gathered = { readonly step: number; readonly weights: Map<number, number> }

/** Nothing gathered yet. */
export function gathering(step: number): Gathered {
  return { step, weights: new Map() }
}

/** Adds an amount, not negative, with its weight. */
export function gather({ step, weights }: Gathered, amount: number, weight: number): void {
  const bin = Math.ceil(amount / step)
  weights.set(bin, (weights.get(bin) ?? 0) + weight)
}

/** The spread of what was gathered; rounded outwards by less than a step, `best` downwards. */
export function spreadOf({ step, weights }: Gathered): Spread {
  const bins = [...weights].sort(([a], [b]) => a - b)
  const total = bins.reduce((sum, [, weight]) => sum + weight, 0)
  const binAt = (share: number) => {
    let below = 0
    for (const [bin, weight] of bins) {
      below += weight
      if (below >= share * total) return bin
    }
    return bins.at(-1)?.[0] ?? 0
  }
  const downwards = (share: number) => Math.max(0, binAt(share) - 1) * step
  return { low: downwards(QUANTILES.low), best: downwards(QUANTILES.best), high: binAt(QUANTILES.high) * step }
}
