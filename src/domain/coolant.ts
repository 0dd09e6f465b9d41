/** What keeps a container cold (domain page 3.1, 3.3). */
export type Coolant = 'nitrogen' | 'dry_ice'

/** `unitG`: grams of one unit of the coolant (a litre of nitrogen, a kilogram of ice); more loss per kelvin around. */
export const COOLANTS: Record<Coolant, { unitG: number; sharePerK: number; poursOut: boolean }> = {
  nitrogen: { unitG: 807, sharePerK: 0.01, poursOut: true },
  // UA (Ta + 78.5): 1/100.5 per kelvin from 22 C
  dry_ice: { unitG: 1000, sharePerK: 1 / 100.5, poursOut: false },
}

/** A container as registered: thousandths of the coolant's unit, grams, milliseconds; null where not told. */
export type CooledContainer = {
  coolant: Coolant
  capacityMilli: number | null
  lossMilliPerDay: number | null
  emptyG: number | null
  staticHoldMs: number | null
  dynamicHoldMs: number | null
}

/** The coolant of a kind of container; null where there is none to run out of. */
export function coolantOf(kind: string): Coolant | null {
  if (kind === 'dry_vapour_shipper') return 'nitrogen'
  return kind === 'dry_ice_box' ? 'dry_ice' : null
}
