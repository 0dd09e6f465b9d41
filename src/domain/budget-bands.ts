import type { BudgetBand, Profile, Side } from './profile.ts'

/** Label range and the bands outside of it. */
export type BudgetScale = Pick<Profile, 'labelLowMilliC' | 'labelHighMilliC' | 'budgetBands'>

/** The band of time outside the label that no band of the profile covers: no stability data, so nothing is allowed. */
export const NO_BAND = 'NO_BAND'

/** A value outside the label: how far, and the index of its band; that of `NO_BAND` is the number of bands. */
export type Outside = { readonly distanceMilliC: number; readonly band: number }

/**
 * The one band a value is charged to; null inside the label range, which is closed: 8.0 and 2.0 are free (domain page
 * 2.6). High side `(above, upto]`, low side `[above, upto)`: 15.0 belongs to 8-15, 0.0 to 0-2.
 */
export function outside(scale: BudgetScale, milliC: number): Outside | null {
  const { labelLowMilliC: low, labelHighMilliC: high, budgetBands } = scale
  const side = high !== null && milliC > high ? 'high' : low !== null && milliC < low ? 'low' : null
  if (side === null) return null
  const found = budgetBands.findIndex((band) => bandSide(scale, band) === side && holds(side, band, milliC))
  const distanceMilliC = side === 'high' ? milliC - (high ?? milliC) : (low ?? milliC) - milliC
  return { distanceMilliC, band: found < 0 ? budgetBands.length : found }
}

function holds(side: Side, { aboveMilliC, uptoMilliC }: BudgetBand, milliC: number): boolean {
  const [above, upto] = [aboveMilliC ?? Number.NEGATIVE_INFINITY, uptoMilliC ?? Number.POSITIVE_INFINITY]
  return side === 'high' ? milliC > above && milliC <= upto : milliC >= above && milliC < upto
}

/** The side of the label a band lies on; null where it reaches into the label range, or the label has no such side. */
export function bandSide(
  { labelLowMilliC, labelHighMilliC }: BudgetScale,
  { aboveMilliC, uptoMilliC }: BudgetBand,
): Side | null {
  if (labelHighMilliC !== null && aboveMilliC !== null && aboveMilliC >= labelHighMilliC) return 'high'
  return labelLowMilliC !== null && uptoMilliC !== null && uptoMilliC <= labelLowMilliC ? 'low' : null
}

/**
 * The one that is charged of two: what lies farther outside the label; of two equally far the band that allows less,
 * whichever sensor came first.
 */
export function farther(scale: BudgetScale, a: Outside | null, b: Outside | null): Outside | null {
  if (a === null || b === null) return a ?? b
  if (a.distanceMilliC !== b.distanceMilliC) return a.distanceMilliC > b.distanceMilliC ? a : b
  const [allowedA, allowedB] = [allowedMs(scale, a), allowedMs(scale, b)]
  if (allowedA !== allowedB) return allowedA < allowedB ? a : b
  return a.band <= b.band ? a : b
}

function allowedMs({ budgetBands }: BudgetScale, { band }: Outside): number {
  return budgetBands[band]?.allowedMs ?? 0
}

/** Why bands cannot be charged exclusively, one sentence each that says what to change: for a profile's approval. */
export function bandProblems(scale: BudgetScale): string[] {
  const { budgetBands } = scale
  const lost = budgetBands.filter((band) => bandSide(scale, band) === null)
  const overlaps = budgetBands.flatMap((band, index) => {
    const other = budgetBands.slice(0, index).find((earlier) => overlap(earlier, band))
    return other === undefined
      ? []
      : [`budget bands ${other.id} and ${band.id} overlap: make each begin where one ends`]
  })
  return [
    ...lost.map(({ id }) => `budget band ${id} lies not wholly outside the label range: make it begin at the limit`),
    ...overlaps,
  ]
}

function overlap(a: BudgetBand, b: BudgetBand): boolean {
  const [aboveA, uptoA] = [a.aboveMilliC ?? Number.NEGATIVE_INFINITY, a.uptoMilliC ?? Number.POSITIVE_INFINITY]
  const [aboveB, uptoB] = [b.aboveMilliC ?? Number.NEGATIVE_INFINITY, b.uptoMilliC ?? Number.POSITIVE_INFINITY]
  return Math.max(aboveA, aboveB) < Math.min(uptoA, uptoB)
}

/** A range of temperatures on one side of the label, as a band states it. */
export type BandRange = Pick<BudgetBand, 'aboveMilliC' | 'uptoMilliC'> & { readonly side: Side }

/** Where a band's temperatures lie; those of `NO_BAND` are all outside the label that no band covers. */
export function rangesOf(scale: BudgetScale, id: string): BandRange[] {
  if (id === NO_BAND) return [...uncovered(scale, 'high'), ...uncovered(scale, 'low')]
  return scale.budgetBands.flatMap((band) => {
    const side = bandSide(scale, band)
    return band.id === id && side !== null ? [{ ...band, side }] : []
  })
}

/** From the label outward, what lies between the bands of a side and beyond the last of them. */
function uncovered(scale: BudgetScale, side: Side): BandRange[] {
  const label = side === 'high' ? scale.labelHighMilliC : scale.labelLowMilliC
  if (label === null) return []
  // the low side is the high side upside down
  const sign = side === 'high' ? 1 : -1
  const bands = scale.budgetBands
    .filter((band) => bandSide(scale, band) === side)
    .map(({ aboveMilliC, uptoMilliC }) => (sign > 0 ? [aboveMilliC, uptoMilliC] : [uptoMilliC, aboveMilliC]))
    .map(([inner, outer]) => ({
      inner: sign * (inner ?? label),
      outer: outer == null ? Number.POSITIVE_INFINITY : sign * outer,
    }))
    .sort((a, b) => a.inner - b.inner)
  const holes: BandRange[] = []
  let coveredTo = sign * label
  for (const { inner, outer } of [...bands, { inner: Number.POSITIVE_INFINITY, outer: Number.POSITIVE_INFINITY }]) {
    if (inner > coveredTo) holes.push(rangeBetween(side, coveredTo, inner))
    coveredTo = Math.max(coveredTo, outer)
  }
  return holes
}

function rangeBetween(side: Side, inner: number, outer: number): BandRange {
  const end = Number.isFinite(outer) ? outer : null
  return side === 'high'
    ? { side, aboveMilliC: inner, uptoMilliC: end }
    : { side, aboveMilliC: end === null ? null : -end, uptoMilliC: -inner }
}

/** Whether a range of temperatures shares any with a band's. */
export function meets(
  { side, aboveMilliC, uptoMilliC }: BandRange,
  { min, max }: { min: number; max: number },
): boolean {
  const [above, upto] = [aboveMilliC ?? Number.NEGATIVE_INFINITY, uptoMilliC ?? Number.POSITIVE_INFINITY]
  return side === 'high' ? max > above && min <= upto : min < upto && max >= above
}
