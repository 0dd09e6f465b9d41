import type { UnitCode } from '../domain/units.ts'
import type { Delimiter } from './cells.ts'
import type { QuantityUnit } from './quantity.ts'

/**
 * How one vendor's program writes its files, as data. What a dialect does not say is found out as for any file: column
 * meanings from titles, delimiter and decimal mark from the cells. So most dialects are a way to be recognised and the
 * places where the file speaks about itself; another vendor is a file here and a line in `dialects.ts`.
 */
export type Dialect = {
  name: string
  vendor: string | null
  /** All of them match somewhere in the head of the file (multi-line); the file name is never looked at. */
  recognise: readonly RegExp[]
  /**
   * Where the file speaks about itself, as lines (group 1 is the value) or as the key of a `Key: value` line in lower
   * case. Tried on the head of the file, and on what stands beside and below its table.
   */
  facts: Readonly<Partial<Record<Fact, RegExp>>>
  keys?: Readonly<Partial<Record<Fact, RegExp>>>
  /** `one`: several different minima or maxima are of several series, so none is compared; `extreme`: the farthest. */
  statistics: 'one' | 'extreme'
  /** The line after which the table stands, where something before it looks like one. */
  tableAfter?: RegExp
  delimiter?: Delimiter
  /** What of a column title is the channel's name (group 1). */
  titleName?: RegExp
  /** The unit the vendor's program always writes, where the file does not say it. */
  unit?: UnitCode
  /** The same for other quantities, by column title. */
  units?: Readonly<Record<string, QuantityUnit>>
  /** Numbers, as written, that mean: no value. */
  faults?: readonly string[]
  /** Milliseconds of one unit of a declared interval that is a bare number. */
  intervalUnitMs?: number
  /** A line outside of the table that is an event or a mark. */
  event?: RegExp
  /** Said with the question for the zone, where the file has something that looks like one. */
  zoneRemark?: string
}

/** What a file may say about itself. */
export const FACTS = [
  'vendor',
  'model',
  'serial',
  'name',
  'samples',
  'interval',
  'start',
  'first',
  'last',
  'zone',
  'unit',
  'dateFormat',
  'minimum',
  'maximum',
  'mean',
  'meanKineticTemperature',
  'limitLow',
  'limitHigh',
  'signature',
] as const
export type Fact = (typeof FACTS)[number]
