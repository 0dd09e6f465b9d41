/** One measured figure; where a floor was measured in the same run, `ratio` is value ÷ floor. */
export type Figure = {
  name: string
  value: number
  unit: string
  floor: number | null
  ratio: number | null
  /** Beside the figure: sizes, spreads, CPU. */
  notes: string
}

/** A benchmark by name; `quick` keeps it within seconds. */
export type Benchmark = { name: string; run: (options: { quick: boolean }) => Promise<Figure[]> | Figure[] }

/** The middle of the ratios of values measured in pairs, to two digits. */
export function ratioOf(values: readonly number[], floors: readonly number[]): number {
  return Math.round(median(values.map((value, index) => value / (floors[index] ?? value))) * 100) / 100
}

/** The middle of measured values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('nothing was measured')
  return middle
}
