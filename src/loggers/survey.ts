import type { Account } from './account.ts'
import { splitCells } from './cells.ts'
import { type OrderDecision, type OrderReason, orderEvidence, orderInTitle } from './date-order.ts'
import type { Dialect } from './dialect.ts'
import { dialectOf } from './dialects.ts'
import { type Encoding, lineReader } from './lines.ts'
import { type Plan, type Planned, planOf, timeTextOf } from './plan.ts'
import { type Answers, type Question, quoted } from './question.ts'
import { type TableRow, tableReader } from './reader.ts'
import { firstSaid, joinedSayings, type Sayings, sayingsOf } from './said.ts'
import { type ChannelStatistics, channelStatistics, type Steps, stepStatistics } from './statistics.ts'
import { findTable, type Table } from './table.ts'
import { type DateOrder, inOrder, numericDate } from './written-time.ts'
import { offsetsOf, type ZoneStatement } from './zone.ts'

/** A file that can be read more than once from its beginning, in pieces of any size. */
export type ByteSource = () => AsyncIterable<Uint8Array>

/** Everything a file shows when it is read once, without any of it being stored. */
export type Survey = {
  plan: Plan
  encoding: Encoding
  sayings: Sayings
  zoneStatement: ZoneStatement | null
  orderBecause: OrderReason | 'no difference'
  notRead: string[]
  account: Account
  rows: number
  marked: number
  first: { timeText: string; at: number } | null
  last: { timeText: string; at: number } | null
  /** Of all rows, in whatever order they stand; of none infinite. */
  oldestAt: number
  newestAt: number
  channels: ChannelStatistics[]
  steps: Steps
  decidedByOrder: number
  serials: string[]
  names: string[]
  /** The first and the last rows, as understood. */
  firstRows: TableRow[]
  lastRows: TableRow[]
}

/** What a survey ends with: the file as read, what must be answered first, or why there is nothing to read. */
export type Surveyed =
  | { outcome: 'read'; survey: Survey }
  | { outcome: 'asks'; dialect: string; sayings: Sayings; questions: Question[] }
  | { outcome: 'no_table'; detail: string }

/** Enough for the longest header known (a year of daily history), few enough to hold. */
const HEAD_LINES = 5000

/**
 * Reads a file once to know what it is: its dialect from its head, the order of its dates from all of its rows where
 * the head leaves it open, then every line. Whatever only a person can know comes back as a question, all of them at
 * once. Memory does not grow with the file.
 */
export async function surveyFile(source: ByteSource, answers: Answers): Promise<Surveyed> {
  const lines = await headOf(source)
  const dialect = dialectOf(lines.map((line) => line.slice(0, 1000)).join('\n'))
  const table = findTable(lines, dialect)
  if (table === null) return { outcome: 'no_table', detail: NO_TABLE }
  const sayings = sayingsOf(lines.slice(0, table.headLines), dialect)
  const ordered = await dateOrderOf(source, { dialect, table, sayings, answers })
  const order = 'order' in ordered ? ordered.order : null
  const planned = planOf({ dialect, table, sayings, answers }, order)
  const questions = [...planned.questions, ...('order' in ordered ? [] : [ordered.question])]
  if (questions.length > 0 || !('order' in ordered)) {
    return { outcome: 'asks', dialect: dialect.name, sayings, questions }
  }
  const survey = await readAll(source, { planned, sayings, orderBecause: ordered.because })
  const asked = askedByTimes(survey)
  if (asked.length > 0) return { outcome: 'asks', dialect: dialect.name, sayings: survey.sayings, questions: asked }
  return { outcome: 'read', survey }
}

const NO_TABLE =
  'There is no table of readings in this file: rows with a date, a time and a value, in columns separated by commas, ' +
  'semicolons, tabs or bars. PDF reports and spreadsheets are not read: export the file as CSV or text.'

async function headOf(source: ByteSource): Promise<string[]> {
  const reader = lineReader()
  const lines: string[] = []
  for await (const bytes of source()) {
    lines.push(...reader.push(bytes))
    if (lines.length >= HEAD_LINES) return lines.slice(0, HEAD_LINES)
  }
  return [...lines, ...reader.end()].slice(0, HEAD_LINES)
}

type Head = { dialect: Dialect; table: Table; sayings: Sayings; answers: Answers }
type Ordered = { order: DateOrder | null; because: OrderReason | 'no difference' } | { question: Question }

async function dateOrderOf(source: ByteSource, head: Head): Promise<Ordered> {
  const { table, sayings, answers } = head
  const title =
    orderInTitle(table.titles[table.time.date] ?? '') ?? orderInTitle(firstSaid(sayings, 'dateFormat') ?? '')
  const evidence = orderEvidence()
  for (const cells of table.sample) evidence.take(timeTextOf(cells, table))
  const starts = ['start' as const, 'first' as const].flatMap((fact) => sayings.get(fact) ?? [])
  const decision = evidence.isDecided() ? evidence.decide(starts) : await decideFromAll(source, table, starts)
  const answer = answers.dateOrder ?? title
  if ('open' in decision) {
    if (answer !== null) return { order: answer, because: answers.dateOrder === null ? 'title' : 'answer' }
    return { question: ambiguousOrder(decision) }
  }
  const { order, because } = decision
  if (because === 'no difference') return { order: answer ?? order, because }
  if (answers.dateOrder !== null && answers.dateOrder !== order) {
    const text = `The dates of the file are ${order} (${because}), not ${answers.dateOrder}: leave the order out.`
    return { question: { code: 'DATE_ORDER_CONTRADICTED', answer: 'dateOrder', text, offers: [] } }
  }
  return { order, because }
}

async function decideFromAll(source: ByteSource, table: Table, starts: readonly string[]): Promise<OrderDecision> {
  const evidence = orderEvidence()
  const reader = lineReader()
  let line = 0
  const take = (lines: readonly string[]) => {
    for (const text of lines) {
      line++
      if (line > table.headLines) evidence.take(timeTextOf(splitCells(text, table.delimiter), table))
    }
  }
  for await (const bytes of source()) {
    take(reader.push(bytes))
    if (evidence.isDecided()) break
  }
  take(reader.end())
  return evidence.decide(starts)
}

function ambiguousOrder({ open, example }: { open: DateOrder[]; example: string }): Question {
  const date = numericDate(example)
  const meanings = open.flatMap((order) => {
    const ms = date === null ? null : inOrder(date, order)
    return ms === null ? [] : [`${new Date(ms).toISOString().slice(0, 10)} (${order})`]
  })
  const text =
    meanings.length === 0
      ? `No order of day, month and year fits every row, such as ${quoted(example)}: pass the one that is meant.`
      : `${quoted(example)} may be ${meanings.join(' or ')}, and nothing in the file decides: pass the order.`
  return { code: 'DATE_ORDER_AMBIGUOUS', answer: 'dateOrder', text, offers: open.length > 0 ? open : ['dmy', 'mdy'] }
}

type Ready = { planned: Planned; sayings: Sayings; orderBecause: Survey['orderBecause'] }

async function readAll(source: ByteSource, ready: Ready): Promise<Survey> {
  const { plan, statement, notRead } = ready.planned
  const lines = lineReader()
  const reader = tableReader(plan)
  const gathered = gathering(plan)
  for await (const bytes of source()) gathered.take(reader.push(lines.push(bytes)))
  gathered.take(reader.push(lines.end()))
  gathered.take(reader.end())
  return {
    plan,
    encoding: lines.encoding(),
    sayings: joinedSayings(ready.sayings, sayingsOf(reader.texts, plan.dialect)),
    zoneStatement: statement,
    orderBecause: ready.orderBecause,
    notRead,
    account: reader.account,
    decidedByOrder: reader.decidedByOrder(),
    serials: [...reader.serials],
    names: [...reader.names],
    ...gathered.end(),
  }
}

const SHOWN_ROWS = 5

function gathering(plan: Plan) {
  const channels = new Map(plan.channels.map((channel) => [channel.index, channelStatistics(channel)]))
  const steps = stepStatistics()
  const so = { rows: 0, marked: 0 }
  let [oldestAt, newestAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const firstRows: TableRow[] = []
  let lastRows: TableRow[] = []
  const take = (rows: readonly TableRow[]) => {
    for (const row of rows) {
      so.rows++
      if (row.marked) so.marked++
      oldestAt = Math.min(oldestAt, row.at)
      newestAt = Math.max(newestAt, row.at)
      if (firstRows.length < SHOWN_ROWS) firstRows.push(row)
      steps.take(row.at)
      for (const value of row.values) channels.get(value.channel.index)?.take(row, value)
    }
    if (rows.length > 0) lastRows = [...lastRows, ...rows.slice(-SHOWN_ROWS)].slice(-SHOWN_ROWS)
  }
  const end = () => {
    const [first = null, last = null] = [firstRows[0], lastRows.at(-1)]
    const statistics = [...channels.values()].map((one) => one.end())
    const span = { oldestAt, newestAt }
    return { ...so, ...span, first, last, firstRows, lastRows, channels: statistics, steps: steps.end() }
  }
  return { take, end }
}

/** Local times that only a person who knows the clock can place. */
function askedByTimes({ account, plan, first }: Survey): Question[] {
  const { zone } = plan
  if (zone?.kind !== 'named') return []
  const offers = offsetsOf(zone, first?.at ?? 0)
  return (['TIME_NEVER', 'TIME_TWICE'] as const).flatMap((code) => {
    const count = account.reasons[code] ?? 0
    if (count === 0) return []
    const line = account.rejected.find(({ reason }) => reason === code)
    const where = line === undefined ? '' : `, as line ${line.line}: ${quoted(line.text)}`
    const what = code === 'TIME_NEVER' ? 'a time that never was' : 'an hour that came twice'
    const text =
      `${count} row(s) have ${what} in ${zone.name}${where}. ` +
      'If the clock ran without daylight saving, pass its fixed offset.'
    return [{ code, answer: 'zone', text, offers }]
  })
}
