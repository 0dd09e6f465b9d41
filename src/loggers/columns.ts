import type { UnitCode } from '../domain/units.ts'
import type { Dialect } from './dialect.ts'
import { anywhere } from './patterns.ts'
import { DEW_POINT, meaningOf, type Quantity, type QuantityUnit, unitBehind } from './quantity.ts'
import type { Table } from './table.ts'
import { type DecimalMark, decimalMarkOf, isFaultText, readNumber, temperatureUnit } from './values.ts'

/** A column of measured values. `unit` null: it stands in each row, or nobody knows it yet. */
export type MeasuredColumn = {
  index: number
  /** As the file writes it, made unique. */
  name: string
  quantity: Quantity
  unit: QuantityUnit | null
  unitFrom: UnitSource | null
}

/** Where a unit is known from; the first that says it rules. */
export type UnitSource = 'title' | 'row' | 'header' | 'dialect' | 'answer'

/** What the columns of a table are. */
export type Columns = {
  mark: DecimalMark
  measured: MeasuredColumn[]
  /** Columns of numbers whose titles say nothing of a measurement we know. */
  unknown: { index: number; name: string }[]
  /** Numbers that are no measurement: counters, signal strength, limits, dew points. Named, not read. */
  technical: { index: number; name: string }[]
  serial: number | null
  loggerName: number | null
  /** The unit of the values in each row. */
  unit: number | null
  /** Marks of the device, such as `x` where out of limits. */
  marked: number | null
  /** Texts: annotations, events. */
  texts: number[]
}

/** Reads the columns of a table from its titles and, where these are silent, from its cells. */
export function readColumns(table: Table, dialect: Dialect, headerUnit: UnitCode | null): Columns {
  const mark = decimalMarkOf(table.sample.flatMap((cells) => withoutTime(cells, table)))
  const columns: Columns = {
    mark,
    measured: [],
    unknown: [],
    technical: [],
    serial: null,
    loggerName: null,
    unit: null,
    marked: null,
    texts: [],
  }
  const width = Math.max(
    table.titles.length,
    ...(table.titles.length > 0 ? [] : table.sample.map(({ length }) => length)),
  )
  const hemispheres = hemispheresIn(table, width)
  for (let index = 0; index < width; index++) {
    if (index === table.time.date || index === table.time.time) continue
    take(columns, { index, title: table.titles[index] ?? '', cells: cellsOf(table, index), hemispheres }, dialect)
  }
  return withRowUnits(named(columns), { table, dialect, headerUnit })
}

function withoutTime(cells: readonly string[], { time }: Table): string[] {
  return cells.filter((_cell, index) => index !== time.date && index !== time.time)
}

function cellsOf({ sample }: Table, index: number): string[] {
  return sample.flatMap((cells) => (cells[index] === undefined || cells[index] === '' ? [] : [cells[index]]))
}

type Column = { index: number; title: string; cells: string[]; hemispheres: ReadonlySet<Quantity> }

function take(columns: Columns, column: Column, dialect: Dialect): void {
  const { index, title, cells } = column
  const meaning = meaningOf(title)
  const numeric = cells.some((cell) => readNumber(cell, columns.mark) !== null)
  if (isCounter(column)) return
  if (meaning !== null && !isWords(cells) && isReadAs(meaning.quantity, column, columns.mark)) {
    const own = meaning.unit ?? dialect.units?.[title] ?? null
    const unitFrom = meaning.unit === null ? (own === null ? null : 'dialect') : 'title'
    columns.measured.push({ index, name: nameOf(column, dialect), quantity: meaning.quantity, unit: own, unitFrom })
    return
  }
  if (/serial|\bs\/n\b/i.test(title)) columns.serial ??= index
  else if (/(?:logger|device) ?name/i.test(title)) columns.loggerName ??= index
  else if (isUnitColumn(column)) columns.unit ??= index
  else if (/limit|alarm|mark/i.test(title) && !numeric) columns.marked ??= index
  else if (!numeric) columns.texts.push(index)
  else if (TECHNICAL.test(title)) columns.technical.push({ index, name: title })
  else columns.unknown.push({ index, name: title === '' ? `column ${index + 1}` : title })
}

/** Names, say: `Probe ID` is no temperature. */
function isWords(cells: readonly string[]): boolean {
  return cells.length > 0 && cells.every((cell) => /^[^\d+−-]*\p{L}/u.test(cell) && !isFaultText(cell))
}

/**
 * Whether the cells are what a title says: a position may be written as degrees and minutes, or without its hemisphere,
 * which stands beside it. Neither is read.
 */
function isReadAs(quantity: Quantity, { cells, hemispheres }: Column, mark: DecimalMark): boolean {
  if (quantity !== 'latitude' && quantity !== 'longitude') return true
  return !hemispheres.has(quantity) && cells.every((cell) => isFaultText(cell) || readNumber(cell, mark)?.unit === '')
}

/** Of which coordinates a column says the hemisphere; an `O` alone may say many things. */
function hemispheresIn(table: Table, width: number): ReadonlySet<Quantity> {
  const found = new Set<Quantity>()
  for (let index = 0; index < width; index++) {
    const cells = cellsOf(table, index)
    const isAll = (pattern: RegExp) => cells.length > 0 && cells.every((cell) => pattern.test(cell))
    if (isAll(/^(?:[NS]|north|south|nord|s[uü]d|sud)$/i)) found.add('latitude')
    const isTold = /ns|ew|dir|hemi/i.test(table.titles[index] ?? '') || !isAll(/^O$/i)
    if (isTold && isAll(/^(?:[EWO]|east|west|ost|ouest)$/i)) found.add('longitude')
  }
  return found
}

const COUNTER = /^(?:#|no\.?|nr\.?|n°|index|record|row|lfd\.?(?: ?nr\.?)?|id|pos\.?|sample|reading|number|item)$/i

/** A running number: titled so, or the first column counting up by one. */
function isCounter({ index, title, cells }: Column): boolean {
  if (!cells.every((cell) => /^\d{1,9}$/.test(cell))) return false
  if (COUNTER.test(title)) return true
  const counts = cells.every((cell, at) => at === 0 || Number(cell) === Number(cells[at - 1]) + 1)
  return index === 0 && cells.length > 1 && counts
}

const TECHNICAL = anywhere(
  ...['limit', 'alarm', 'point', 'rssi', 'signal', 'acceler', 'count', 'sequence', 'elapsed'],
  ...['^lat\\b', '^lon', '\\blatitude', '\\blongitude'],
  ...['duration', 'battery', 'status', 'offset'],
  ...DEW_POINT,
)

function isUnitColumn({ title, cells }: Column): boolean {
  return /^(?:units?|einheit)$/i.test(title) || (cells.length > 0 && cells.every((cell) => /^\W?[CF]$/.test(cell)))
}

function nameOf({ title, index }: Column, { titleName }: Dialect): string {
  const name = (titleName?.exec(title)?.[1] ?? title).trim()
  return name === '' ? `column ${index + 1}` : name
}

/** Two columns of one name get numbers, so that an answer can name each. */
function named(columns: Columns): Columns {
  const times = new Map<string, number>()
  const unique = (name: string) => {
    const before = times.get(name) ?? 0
    times.set(name, before + 1)
    return before === 0 ? name : `${name} ${before + 1}`
  }
  return {
    ...columns,
    measured: columns.measured.map((column) => ({ ...column, name: unique(column.name) })),
    unknown: columns.unknown.map((column) => ({ ...column, name: unique(column.name) })),
  }
}

type Around = { table: Table; dialect: Dialect; headerUnit: UnitCode | null }

/** A unit in a column of its own or behind the values makes temperatures of columns that say no unit. */
function withRowUnits(columns: Columns, { table, dialect, headerUnit }: Around): Columns {
  const inUnitColumn =
    columns.unit !== null && cellsOf(table, columns.unit).some((cell) => temperatureUnit(cell) !== null)
  const isWarm = (index: number) =>
    cellsOf(table, index).some((cell) => temperatureUnit(readNumber(cell, columns.mark)?.unit ?? '') !== null)
  const hasOwnUnit = (index: number) => inUnitColumn || isWarm(index)
  const isAlone = columns.measured.length === 1 && columns.unknown.length === 0
  const measured = columns.measured.map((column): MeasuredColumn => {
    if (column.unit !== null) return column
    if (column.quantity !== 'temperature')
      return withUnitsBehind(column, { table, columns, isWarm: isAlone ? hasOwnUnit : isWarm })
    if (hasOwnUnit(column.index)) return { ...column, unitFrom: 'row' }
    if (headerUnit !== null) return { ...column, unit: headerUnit, unitFrom: 'header' }
    return dialect.unit === undefined ? column : { ...column, unit: dialect.unit, unitFrom: 'dialect' }
  })
  // the units of a column are those of what is known to be warm, where anything is
  const isCold = columns.measured.every(({ quantity }) => quantity !== 'temperature')
  const found = columns.unknown.filter(({ index }) => (isCold ? hasOwnUnit(index) : isWarm(index)))
  const temperatures = found.map((column): MeasuredColumn => {
    return { ...column, quantity: 'temperature', unit: null, unitFrom: 'row' }
  })
  return {
    ...columns,
    measured: [...measured, ...temperatures].sort((a, b) => a.index - b.index),
    unknown: columns.unknown.filter((column) => !found.includes(column)),
  }
}

type Behind = { table: Table; columns: Columns; isWarm: (index: number) => boolean }

/** Named after something else without a unit: what stands behind its values decides, and degrees of heat are warm. */
function withUnitsBehind(column: MeasuredColumn, { table, columns, isWarm }: Behind): MeasuredColumn {
  const { index, quantity } = column
  if (isWarm(index)) return { ...column, quantity: 'temperature', unitFrom: 'row' }
  const isSaid = cellsOf(table, index).some((cell) => {
    return unitBehind(readNumber(cell, columns.mark)?.unit ?? '', quantity) !== null
  })
  return isSaid ? { ...column, unitFrom: 'row' } : column
}
