import type { ObservationUnit, Quantity } from '../domain/quantity.ts'
import type { UnitCode } from '../domain/units.ts'

/** What a SenML unit measures: a temperature, or another quantity in a Rec 20 unit. */
export type SenmlUnit = { temperature: UnitCode } | { quantity: Quantity; unit: ObservationUnit }

/**
 * The units of RFC 8428 section 12.1 and RFC 8798 (`deg`; `mV` and `hPa` are its secondary units) that are read. An
 * angle is a tilt: positions have units of their own.
 */
const SENML_UNITS: ReadonlyMap<unknown, SenmlUnit> = new Map<unknown, SenmlUnit>([
  ['Cel', { temperature: 'CEL' }],
  ['K', { temperature: 'KEL' }],
  ['%RH', { quantity: 'humidity', unit: 'P1' }],
  ['%EL', { quantity: 'battery', unit: 'P1' }],
  ['V', { quantity: 'battery_voltage', unit: 'VLT' }],
  ['mV', { quantity: 'battery_voltage', unit: '2Z' }],
  ['lx', { quantity: 'light', unit: 'LUX' }],
  ['Pa', { quantity: 'pressure', unit: 'PAL' }],
  ['hPa', { quantity: 'pressure', unit: 'A97' }],
  ['kg', { quantity: 'mass', unit: 'KGM' }],
  ['g', { quantity: 'mass', unit: 'GRM' }],
  ['m/s2', { quantity: 'shock', unit: 'MSK' }],
  ['rad', { quantity: 'tilt', unit: 'C81' }],
  ['deg', { quantity: 'tilt', unit: 'DD' }],
  ['lat', { quantity: 'latitude', unit: 'DD' }],
  ['lon', { quantity: 'longitude', unit: 'DD' }],
])

/** The meaning of a SenML unit; undefined for one that is not read. */
export function senmlUnit(unit: unknown): SenmlUnit | undefined {
  return SENML_UNITS.get(unit)
}

/** What is read, as a sentence lists it. */
export const READ_UNITS = `"Cel" or "K", else one of ${[...SENML_UNITS.keys()].slice(2).join(', ')}`
