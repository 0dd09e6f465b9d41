import { DELIMITERS, type Delimiter, splitCells } from './cells.ts'
import type { Dialect } from './dialect.ts'
import { isFaultText, readNumber, temperatureUnit } from './values.ts'
import { DATE_ORDERS, isDateAlone, readTime, readTimeOfDay } from './written-time.ts'

/** Where the time of a row stands: one column, or a date and a time of day in two. */
export type TimeColumns = { date: number; time: number | null }

/** The table of readings as found in the head of a file. */
export type Table = {
  delimiter: Delimiter
  /** Column titles, with a row of units below them merged in; empty where there are none. */
  titles: string[]
  /** The line of titles as written, to know it again where it is repeated. */
  titleLine: string | null
  /** Lines before the first row. */
  headLines: number
  time: TimeColumns
  /** The cells of its rows in the head. */
  sample: string[][]
}

/** Rows looked at to know what the columns are. */
const MAX_SAMPLE = 500

/** Finds the table of readings in the first lines of a file; null where there is none. */
export function findTable(lines: readonly string[], dialect: Dialect): Table | null {
  const after = dialect.tableAfter
  const from = after === undefined ? 0 : lines.findIndex((line) => after.test(line)) + 1
  if (after !== undefined && from === 0) return null
  const delimiters = dialect.delimiter === undefined ? DELIMITERS : [dialect.delimiter]
  for (const epochs of [false, true]) {
    const runs = delimiters.flatMap((delimiter) => longestRun(lines, { from, delimiter, epochs }) ?? [])
    const best = runs.reduce<Run | null>((a, b) => (a === null || b.rows > a.rows ? b : a), null)
    const table = best === null ? null : tableOf(lines, from, best)
    if (table !== null && (!epochs || isTimeTitle(table.titles[table.time.date] ?? ''))) return table
  }
  return null
}

type Run = { delimiter: Delimiter; first: number; rows: number; time: TimeColumns }

type Search = { from: number; delimiter: Delimiter; epochs: boolean }

/** The longest stretch of rows with a time in the same place and a number or a fault beside it. */
function longestRun(lines: readonly string[], { from, delimiter, epochs }: Search): Run | null {
  let best: Run | null = null
  let run: Run | null = null
  for (let index = from; index < lines.length && (run?.rows ?? 0) < MAX_SAMPLE; index++) {
    const line = lines[index] ?? ''
    if (line.trim() === '') continue
    const cells = line.includes(delimiter) ? splitCells(line, delimiter) : []
    const time = timeColumnsOf(cells, epochs)
    if (time === null) run = null
    else if (run !== null && isSame(run.time, time)) run.rows += hasValue(cells, time) ? 1 : 0
    else run = hasValue(cells, time) ? { delimiter, first: index, rows: 1, time } : null
    if (run !== null && run.rows > (best?.rows ?? 0)) best = { ...run }
  }
  return best
}

function timeColumnsOf(cells: readonly string[], epochs: boolean): TimeColumns | null {
  const whole = cells.findIndex((cell) => isDateWithTime(cell, epochs))
  if (whole >= 0) return { date: whole, time: null }
  const date = cells.findIndex(isDateAlone)
  if (date < 0) return null
  // the time stands beside its date; elapsed time looks the same and stands farther away
  const times = cells.flatMap((cell, index) => (index !== date && readTimeOfDay(cell) !== null ? [index] : []))
  const time = times.toSorted((a, b) => Math.abs(a - date) - Math.abs(b - date) || b - a)[0]
  return time === undefined ? null : { date, time }
}

function isDateWithTime(cell: string, epochs: boolean): boolean {
  if (/^\d+$/.test(cell) && cell.length !== 14 && cell.length !== 12) return epochs && /^(?:\d{10}|\d{13})$/.test(cell)
  if (isDateAlone(cell)) return false
  return readTime(cell, null) !== null || DATE_ORDERS.some((order) => readTime(cell, order) !== null)
}

function isSame(a: TimeColumns, b: TimeColumns): boolean {
  return a.date === b.date && a.time === b.time
}

function hasValue(cells: readonly string[], { date, time }: TimeColumns): boolean {
  return cells.some((cell, index) => {
    if (index === date || index === time || cell === '') return false
    return readNumber(cell, '.') !== null || readNumber(cell, ',') !== null || isFaultText(cell)
  })
}

function tableOf(lines: readonly string[], from: number, run: Run): Table {
  const { delimiter, first, time } = run
  const titled = titlesAbove(lines, from, run)
  const begin = titled === null ? first : titled.line + 1
  const sample = lines
    .slice(begin, begin + 2 * MAX_SAMPLE)
    .map((line) => splitCells(line, delimiter))
    .filter((cells) => isTimeOf(cells, time))
  const { cells = [], text = null } = titled ?? {}
  const columns = bestTime(sample, cells, time)
  return { delimiter, titles: cells, titleLine: text, headLines: begin, time: columns, sample }
}

type Titled = { line: number; cells: string[]; text: string }

/** The titles above the first row; rows of events may stand between, and a row of units. */
function titlesAbove(lines: readonly string[], from: number, { delimiter, first, time }: Run): Titled | null {
  let line = first - 1
  const cellsAt = (index: number) => (index < from ? [] : splitCells(lines[index] ?? '', delimiter))
  while (line >= from && (isTimeOf(cellsAt(line), time) || (lines[line] ?? '').trim() === '')) line--
  const below = cellsAt(line)
  const above = cellsAt(line - 1)
  if (isUnitRow(below) && isTitles(above)) {
    const cells = above.map((title, index) => `${title} ${below[index] ?? ''}`.trim())
    return { line, cells, text: lines[line - 1] ?? '' }
  }
  return isTitles(below) ? { line, cells: below, text: lines[line] ?? '' } : null
}

function isTimeOf(cells: readonly string[], { date, time }: TimeColumns): boolean {
  const dateCell = cells[date] ?? ''
  if (time !== null) return isDateAlone(dateCell) && readTimeOfDay(cells[time] ?? '') !== null
  return isDateWithTime(dateCell, true)
}

function isTitles(cells: readonly string[]): boolean {
  return cells.length >= 2 && cells.slice(1).every((cell) => readNumber(cell, '.') === null)
}

function isUnitRow(cells: readonly string[]): boolean {
  const said = cells.filter((cell) => cell !== '')
  return (
    said.length > 0 && said.every((cell) => cell.length <= 8 && (isOtherUnit(cell) || temperatureUnit(cell) !== null))
  )
}

function isOtherUnit(cell: string): boolean {
  return /^[[(]?(?:%|%?\s?r\.?[hf]\.?|hpa|kpa|mbar|m?v|ppm|lux|lx)[)\]]?$/i.test(cell)
}

/** Of several columns of times the one that knows its offset from UTC, or says its zone; else the first. */
function bestTime(sample: readonly string[][], titles: readonly string[], time: TimeColumns): TimeColumns {
  const [row] = sample
  if (time.time !== null || row === undefined) return time
  const times = row.flatMap((cell, index) => (isDateWithTime(cell, false) ? [index] : []))
  const known = times.find((index) => readTime(row[index] ?? '', null)?.offsetMs != null)
  const titled = times.find((index) => /\b(?:UTC|GMT)\b/.test(titles[index] ?? ''))
  return { date: known ?? titled ?? time.date, time: null }
}

/** Whether a title is that of a column of times. */
export function isTimeTitle(title: string): boolean {
  return /time|date|epoch|unix|stamp|zeit|datum|heure|fecha|hora|yyyy/i.test(title)
}
