import { type Account, emptyAccount, enter, type LineReason, reject } from './account.ts'
import { splitCells } from './cells.ts'
import { MAX_LINE_CHARS } from './lines.ts'
import { type Dated, datingOf } from './local-time.ts'
import { type Plan, timeOf, timeTextOf } from './plan.ts'
import { type RowValue, readRow } from './row.ts'
import { isTimeTitle } from './table.ts'
import { readNumber } from './values.ts'
import type { WrittenTime } from './written-time.ts'

/** One row of the table with its instant (epoch milliseconds), as read. */
export type TableRow = {
  /** Counted from 1. */
  line: number
  at: number
  timeText: string
  /** The line as written. */
  text: string
  values: RowValue[]
  /** Marked by the device itself, as out of its limits say. */
  marked: boolean
}

/** Lines in, rows out; the account and what stood beside and below the table in the end. */
export type TableReader = {
  push: (lines: readonly string[]) => TableRow[]
  end: () => TableRow[]
  account: Account
  /** Texts beside the table and below it, in which a file may speak about itself. */
  texts: string[]
  /** Rows whose hour came twice and was decided by the order of rows. */
  decidedByOrder: () => number
  /** The serial number and the logger's name, where they have columns of their own. */
  serials: Set<string>
  names: Set<string>
}

type Waiting = { time: WrittenTime; line: number; timeText: string; text: string; values: RowValue[]; marked: boolean }

/** More texts than any export writes about itself. */
const MAX_TEXTS = 2000

/** Reads the lines of a file by its plan. Every line is entered in the account once; nothing is thrown. */
export function tableReader(plan: Plan): TableReader {
  const account = emptyAccount()
  const dating = datingOf<Waiting>(plan)
  const state = { account, plan, texts: [], serials: new Set<string>(), names: new Set<string>(), inOtherTable: false }
  let line = 0
  let byOrder = 0
  const settle = (dated: readonly Dated<Waiting>[]): TableRow[] =>
    dated.flatMap((one) => {
      if (one.at !== null && one.by === 'order') byOrder++
      return rowOf(account, one) ?? []
    })
  return {
    push: (lines) =>
      lines.flatMap((text) => {
        line++
        const row = readLine(state, text, line)
        return row === null ? [] : settle(dating.take(row))
      }),
    end: () => settle(dating.end()),
    account,
    texts: state.texts,
    decidedByOrder: () => byOrder,
    serials: state.serials,
    names: state.names,
  }
}

/** A row is entered once its instant is known. */
function rowOf(account: Account, dated: Dated<Waiting>): TableRow | null {
  const { time: _time, ...row } = dated.row
  if (dated.at === null) {
    reject(account, { line: row.line, reason: dated.because, text: row.text })
    return null
  }
  const temperatures = row.values.filter(({ channel }) => channel.quantity === 'temperature')
  const judged = temperatures.length > 0 ? temperatures : row.values
  enter(account, judged.some(({ decimal }) => decimal !== null) ? 'reading' : 'fault')
  return { ...row, at: dated.at }
}

type State = {
  account: Account
  plan: Plan
  texts: string[]
  serials: Set<string>
  names: Set<string>
  inOtherTable: boolean
}

/** The row in a line, or null after entering what else it is. */
function readLine(state: State, text: string, line: number): Waiting | null {
  const { account, plan } = state
  const no = (reason: LineReason) => {
    reject(account, { line, reason, text })
    return null
  }
  if (text.length >= MAX_LINE_CHARS) return no('LINE_TOO_LONG')
  if (isBlank(text)) return entered(account, 'blank')
  if (line <= plan.table.headLines) return entered(account, plan.dialect.event?.test(text) ? 'event' : 'header')
  const cells = splitCells(text, plan.table.delimiter)
  const time = timeOf(cells, plan.table, plan.order)
  if (time === null) return withoutTime(state, { cells, text, line })
  if (state.inOtherTable) return no('SECOND_TABLE')
  const content = readRow(cells, plan)
  if (content.is === 'rejected') return no(content.reason)
  if (content.is === 'event') return entered(account, 'event')
  remember(state, cells, content.beside)
  const { values, marked } = content
  return { time, line, timeText: timeTextOf(cells, plan.table), text, values, marked }
}

function entered(account: Account, kind: 'header' | 'event' | 'note' | 'blank'): null {
  enter(account, kind)
  return null
}

function isBlank(text: string): boolean {
  return /^[\s;,|"\0]*$/.test(text)
}

/** A line below the titles that has no time: the titles again, another table, a broken row, or a note. */
function withoutTime(state: State, { cells, text, line }: { cells: string[]; text: string; line: number }): null {
  const { account, plan } = state
  const { table, channels, columns } = plan
  if (text === table.titleLine) {
    state.inOtherTable = false
    return entered(account, 'header')
  }
  if (isOtherHeader(cells, plan)) {
    state.inOtherTable = true
    return entered(account, 'header')
  }
  const timeText = timeTextOf(cells, table)
  const hasNumber = channels.some(({ index }) => readNumber(cells[index] ?? '', columns.mark) !== null)
  const reason = timeText === '' ? (hasNumber ? 'TIME_MISSING' : null) : /^\d/.test(timeText) ? 'TIME_UNREADABLE' : null
  if (reason !== null) {
    reject(account, { line, reason, text })
    return null
  }
  if (state.texts.length < MAX_TEXTS) state.texts.push(text)
  return entered(account, plan.dialect.event?.test(text) ? 'event' : 'note')
}

/** Titles of another table: a title of a time where the times stand, and more titles beside it. */
function isOtherHeader(cells: readonly string[], { table, channels }: Plan): boolean {
  const title = cells[table.time.date] ?? ''
  if (table.titles.length === 0 || cells.length < 2 || !isTimeTitle(title) || /\d/.test(title)) return false
  return channels.some(({ index }) => (cells[index] ?? '') !== '') && cells.length >= 2
}

function remember(state: State, cells: readonly string[], beside: string): void {
  const { columns } = state.plan
  const serial = columns.serial === null ? '' : (cells[columns.serial] ?? '')
  const name = columns.loggerName === null ? '' : (cells[columns.loggerName] ?? '')
  // a value per row is no name of a device: a few suffice to see that
  if (serial !== '' && state.serials.size < 10) state.serials.add(serial)
  if (name !== '' && state.names.size < 10) state.names.add(name)
  if (beside !== '' && state.texts.length < MAX_TEXTS) state.texts.push(beside)
}
