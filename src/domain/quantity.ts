import { divideRounded, fixedPoint } from './units.ts'

/**
 * What a channel beyond temperature measures. Inside, a value is a whole number of thousandths of the quantity's unit;
 * of a position, of ten-millionths of a degree (1 cm). Decimal text in, rounded once, half away from zero.
 */
export const QUANTITIES = [
  'humidity',
  'tilt',
  'shock',
  'light',
  'pressure',
  'battery',
  'battery_voltage',
  'mass',
  'latitude',
  'longitude',
  'carbon_dioxide',
] as const
export type Quantity = (typeof QUANTITIES)[number]

/** The unit it is answered in, how many decimals are kept, and what no sensor can have measured. */
type Definition = {
  /** How the database writes it; never changed. */
  code: number
  unit: ObservationUnit
  decimals: number
  low: number
  high: number
}

const DEFINITIONS: Record<Quantity, Definition> = {
  // wet sensors overshoot
  humidity: { code: 1, unit: 'P1', decimals: 3, low: 0, high: 120 },
  // from upright: 0 upright, 90 on its side, 180 upside down; devices count either way round
  tilt: { code: 2, unit: 'DD', decimals: 3, low: -360, high: 360 },
  shock: { code: 3, unit: 'K40', decimals: 3, low: -10_000, high: 10_000 },
  // sunlight has 120,000 lx
  light: { code: 4, unit: 'LUX', decimals: 3, low: 0, high: 1_000_000 },
  pressure: { code: 5, unit: 'A97', decimals: 3, low: 0, high: 20_000 },
  battery: { code: 6, unit: 'P1', decimals: 3, low: 0, high: 100 },
  battery_voltage: { code: 7, unit: 'VLT', decimals: 3, low: 0, high: 1000 },
  mass: { code: 8, unit: 'KGM', decimals: 3, low: -10_000, high: 100_000 },
  latitude: { code: 9, unit: 'DD', decimals: 7, low: -90, high: 90 },
  longitude: { code: 10, unit: 'DD', decimals: 7, low: -180, high: 180 },
  // what dry ice becomes: a closed van fills up with it
  carbon_dioxide: { code: 11, unit: '59', decimals: 3, low: 0, high: 1_000_000 },
}

/** A unit measures these quantities, and one of it is `numerator / denominator` of their own unit. */
type UnitDefinition = { quantities: readonly [Quantity, ...Quantity[]]; numerator: bigint; denominator: bigint }

/** Half a turn in radians to forty decimals: more than any text a sensor sends can tell apart. */
const PI_E40 = 31_415_926_535_897_932_384_626_433_832_795_028_841_971n
const E40 = 10n ** 40n

/** UN/ECE Recommendation 20 codes of the units the door takes beside those of temperature. */
export const OBSERVATION_UNIT_CODES = [
  ...(['P1', 'DD', 'C81', 'K40', 'MSK', 'LUX'] as const),
  ...(['A97', 'PAL', 'KPA', 'MBR', 'VLT', '2Z', 'KGM', 'GRM', 'LBR', '59'] as const),
] as const
export type ObservationUnit = (typeof OBSERVATION_UNIT_CODES)[number]

const UNITS: Record<ObservationUnit, UnitDefinition> = {
  /** percent */
  P1: { quantities: ['humidity', 'battery'], numerator: 1n, denominator: 1n },
  /** degree of angle */
  DD: { quantities: ['tilt', 'latitude', 'longitude'], numerator: 1n, denominator: 1n },
  /** radian */
  C81: { quantities: ['tilt'], numerator: 180n * E40, denominator: PI_E40 },
  /** standard acceleration of free fall */
  K40: { quantities: ['shock'], numerator: 1n, denominator: 1n },
  /** metre per second squared */
  MSK: { quantities: ['shock'], numerator: 100_000n, denominator: 980_665n },
  LUX: { quantities: ['light'], numerator: 1n, denominator: 1n },
  /** hectopascal, pascal, kilopascal, millibar */
  A97: { quantities: ['pressure'], numerator: 1n, denominator: 1n },
  PAL: { quantities: ['pressure'], numerator: 1n, denominator: 100n },
  KPA: { quantities: ['pressure'], numerator: 10n, denominator: 1n },
  MBR: { quantities: ['pressure'], numerator: 1n, denominator: 1n },
  /** volt, millivolt */
  VLT: { quantities: ['battery_voltage'], numerator: 1n, denominator: 1n },
  '2Z': { quantities: ['battery_voltage'], numerator: 1n, denominator: 1000n },
  /** kilogram, gram, pound */
  KGM: { quantities: ['mass'], numerator: 1n, denominator: 1n },
  GRM: { quantities: ['mass'], numerator: 1n, denominator: 1000n },
  LBR: { quantities: ['mass'], numerator: 45_359_237n, denominator: 100_000_000n },
  /** parts per million */
  '59': { quantities: ['carbon_dioxide'], numerator: 1n, denominator: 1n },
}

/** The codes as a sentence lists them. */
export const OBSERVATION_UNITS = OBSERVATION_UNIT_CODES.join(', ')

/** Tells whether a text is the code of a unit other than temperature that the door accepts. */
export function isObservationUnit(text: unknown): text is ObservationUnit {
  return typeof text === 'string' && Object.hasOwn(UNITS, text)
}

/**
 * What a value in a unit on a channel measures. Where quantities share the unit the channel says which: it is the
 * quantity's name, or begins with it and `_` (`humidity`, `battery_2`, `tilt_x`). Null where neither says. `channel`
 * null: the device named none.
 */
export function quantityOf(unit: ObservationUnit, channel: string | null): Quantity | null {
  const { quantities } = UNITS[unit]
  if (quantities.length === 1) return quantities[0]
  return quantities.find((quantity) => channel === quantity || channel?.startsWith(`${quantity}_`)) ?? null
}

/** The quantity a channel is named after: its name, or what it begins with before `_`; null where it names none. */
export function quantityNamed(channel: string): Quantity | null {
  const named = QUANTITIES.filter((quantity) => channel === quantity || channel.startsWith(`${quantity}_`))
  // a battery_voltage is no battery
  return named.sort((a, b) => b.length - a.length)[0] ?? null
}

/** The units a quantity is taken in. */
export function unitsOf(quantity: Quantity): ObservationUnit[] {
  return OBSERVATION_UNIT_CODES.filter((unit) => UNITS[unit].quantities.includes(quantity))
}

/** The quantities a unit is shared by, as a sentence lists them. */
export function sharedBy(unit: ObservationUnit): string {
  return UNITS[unit].quantities.map((quantity) => `"${quantity}"`).join(' or ')
}

/**
 * Decimal text in a unit to the quantity's whole number; `exact` is false when it was rounded: the caller then keeps
 * the text beside it. Null when the text is no decimal number, or no sensor can have measured so much.
 */
export function toScaled(
  text: string,
  unit: ObservationUnit,
  quantity: Quantity,
): { value: number; exact: boolean } | null {
  const decimal = fixedPoint(text)
  if (decimal === null) return null
  const { decimals, low, high } = DEFINITIONS[quantity]
  const { numerator, denominator } = UNITS[unit]
  const one = 10 ** decimals
  const scaled = BigInt(decimal.units) * numerator * BigInt(one)
  const { rounded, exact } = divideRounded(scaled, denominator * 10n ** BigInt(decimal.scale))
  return rounded < low * one || rounded > high * one ? null : { value: rounded, exact }
}

/** The whole number as the number of units that machines read, and the Rec 20 code of those. */
export function inUnit(quantity: Quantity, value: number): number {
  return value / 10 ** DEFINITIONS[quantity].decimals
}

/** The Rec 20 code of the unit a quantity is answered in. */
export function unitOf(quantity: Quantity): ObservationUnit {
  return DEFINITIONS[quantity].unit
}

/** How the database writes a quantity. */
export function codeOf(quantity: Quantity): number {
  return DEFINITIONS[quantity].code
}

/** The quantity the database wrote; throws for a code that none has. */
export function quantityByCode(code: number): Quantity {
  const found = QUANTITIES.find((quantity) => DEFINITIONS[quantity].code === code)
  if (found === undefined) throw new Error(`${code} is no quantity`)
  return found
}
