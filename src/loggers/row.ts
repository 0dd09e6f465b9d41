import { toMilliC } from '../domain/units.ts'
import type { LineReason } from './account.ts'
import { type Channel, isTemperatureUnit } from './channels.ts'
import type { Plan } from './plan.ts'
import { type QuantityUnit, unitBehind } from './quantity.ts'
import type { Table } from './table.ts'
import { isFaultText, readNumber, temperatureUnit } from './values.ts'

/**
 * One value of a row. `decimal` is exact decimal text in `unit`, null for a fault; `milliC` the same as milli-degrees
 * Celsius, for temperatures only, `exact` false where it was rounded. `text` is the cell as written.
 */
export type RowValue = {
  channel: Channel
  text: string
  decimal: string | null
  unit: QuantityUnit | null
  milliC: number | null
  exact: boolean
}

/** What the cells of a row say: values, or an event, or why nothing can be read. */
export type RowContent =
  | { is: 'values'; values: RowValue[]; marked: boolean; beside: string }
  | { is: 'event' }
  | { is: 'rejected'; reason: LineReason }

/** Reads the values of a row of the table, whose time is read elsewhere. */
export function readRow(cells: readonly string[], plan: Plan): RowContent {
  const { columns, channels, table } = plan
  const beside = besideTable(cells, table.titles.length)
  if (beside === null) return { is: 'rejected', reason: 'CELLS_DO_NOT_FIT' }
  const values: RowValue[] = []
  let words = false
  let unreadable: LineReason | null = null
  for (const channel of channels) {
    if (isCutDecimal(cells, channel, table)) return { is: 'rejected', reason: 'CELLS_DO_NOT_FIT' }
    const text = cells[channel.index] ?? ''
    const value = readValue(text, channel, { cells, plan })
    if (value === 'words') words = true
    else if (typeof value === 'string') {
      if (channel.quantity === 'temperature') return { is: 'rejected', reason: value }
      unreadable = value
    }
    // beside values of other channels, that is what this channel said instead of one
    values.push(typeof value === 'string' ? faultOf(text, channel) : value)
  }
  const hasTemperature = values.some(({ channel, decimal }) => channel.quantity === 'temperature' && decimal !== null)
  if (unreadable !== null && !hasTemperature) return { is: 'rejected', reason: unreadable }
  const hasNumber = values.some(({ decimal }) => decimal !== null)
  if (!hasNumber && (words || isAnnotation(cells, plan))) return { is: 'event' }
  const marked = columns.marked !== null && (cells[columns.marked] ?? '') !== ''
  return { is: 'values', values, marked, beside }
}

/** What stands beside the titled columns; null where it begins with a number, which belongs to a column. */
function besideTable(cells: readonly string[], width: number): string | null {
  if (width === 0 || cells.length <= width) return ''
  const beside = cells.slice(width)
  const first = beside.find((cell) => cell !== '') ?? ''
  return readNumber(first, '.') === null ? beside.join(',') : null
}

/** "8,9" degrees between commas: a whole number, and beside it digits where a title announces words or nothing. */
function isCutDecimal(cells: readonly string[], { quantity, index }: Channel, { titles, delimiter }: Table): boolean {
  const title = titles[index + 1]
  if (delimiter !== ',' || quantity !== 'temperature' || title === undefined) return false
  if (!/^\d{1,3}$/.test(cells[index + 1] ?? '') || !/^[-+]?\d+$/.test(cells[index] ?? '')) return false
  return title === '' || WORDS_TITLE.test(title)
}

const WORDS_TITLE = /remark|comment|note|alarm|mark|event|bemerk|komment|hinweis|ereignis/i

/** Domain page 2.3: at or below -270 and at or above 150 degrees is a fault, whatever the vendor. */
const [FAULT_LOW_MILLI_C, FAULT_HIGH_MILLI_C] = [-270_000, 150_000]

type Around = { cells: readonly string[]; plan: Plan }

function readValue(text: string, channel: Channel, around: Around): RowValue | LineReason | 'words' {
  const fault = faultOf(text, channel)
  if (around.plan.dialect.faults?.includes(text)) return fault
  const number = readNumber(text, around.plan.columns.mark)
  if (number === null) {
    if (isFaultText(text)) return fault
    return /^\P{L}*\d/u.test(text) ? 'VALUE_UNREADABLE' : 'words'
  }
  const { decimal } = number
  if (channel.quantity !== 'temperature') {
    const behind = isSaid(number.unit) ? unitBehind(number.unit, channel.quantity) : channel.unit
    return behind === null ? 'UNIT_UNREADABLE' : { ...fault, decimal, unit: behind }
  }
  const unit = rowUnit(number.unit, channel, around)
  // "1O.2" is no 1 in the unit O.2
  if (!isTemperatureUnit(unit)) return /\d/.test(number.unit) ? 'VALUE_UNREADABLE' : 'UNIT_UNREADABLE'
  const converted = toMilliC(decimal, unit)
  // beyond every temperature stand codes of devices: 9999, -3276.8; they group no thousands, as "5.123" would
  if (converted === null || converted.milliC <= FAULT_LOW_MILLI_C || converted.milliC >= FAULT_HIGH_MILLI_C) {
    const grouped = GROUPED[around.plan.columns.mark]
    return grouped.test(text) ? 'VALUE_UNREADABLE' : { ...fault, unit }
  }
  return { channel, text, decimal, unit, ...converted }
}

/** Thousands, by the decimal mark of the file. */
const GROUPED = { '.': /^\D*\d{1,3}[, ']\d{3}(?!\d)/, ',': /^\D*\d{1,3}[. ']\d{3}(?!\d)/ } as const

function faultOf(text: string, channel: Channel): RowValue {
  return { channel, text, decimal: null, unit: channel.unit, milliC: null, exact: true }
}

/** Behind the value (a star or an exclamation mark is no unit), else in the column of units, else of the column. */
function rowUnit(behind: string, channel: Channel, { cells, plan }: Around): QuantityUnit | null {
  if (isSaid(behind)) return temperatureUnit(behind)
  if (channel.unit !== null) return channel.unit
  return plan.columns.unit === null ? null : temperatureUnit(cells[plan.columns.unit] ?? '')
}

function isSaid(behind: string): boolean {
  return /[^*!\s]/.test(behind)
}

/** Words in another column beside values that are empty. */
function isAnnotation(cells: readonly string[], { columns, channels }: Plan): boolean {
  const isEmpty = channels.every(({ index }) => (cells[index] ?? '') === '')
  return isEmpty && columns.texts.some((index) => (cells[index] ?? '') !== '')
}
