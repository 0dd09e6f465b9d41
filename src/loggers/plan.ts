import { type Channel, readChannels } from './channels.ts'
import { type Columns, readColumns } from './columns.ts'
import type { Dialect } from './dialect.ts'
import { type Answers, type Question, quoted } from './question.ts'
import { firstSaid, type Sayings } from './said.ts'
import type { Table } from './table.ts'
import { temperatureUnit } from './values.ts'
import { DATE_ORDERS, type DateOrder, offsetOf, readTime, readTimeOfDay, type WrittenTime } from './written-time.ts'
import { abbreviated, offsetText, readZone, statedZone, type Zone, type ZoneStatement, zoneText } from './zone.ts'

/** All that is needed to read the rows of a file; made once from its head, the same in every pass over it. */
export type Plan = {
  dialect: Dialect
  table: Table
  columns: Columns
  channels: Channel[]
  /** Null: no date of the file depends on it. */
  order: DateOrder | null
  /** Null: every row states its offset. */
  zone: Zone | null
  /** The most frequent step of the clock in the head; null with fewer than two rows. */
  usualStepMs: number | null
  /** The newest row stands first. */
  descending: boolean
}

/** The plan without what is still open, the zone the file states, and the questions. */
export type Planned = { plan: Plan; statement: ZoneStatement | null; notRead: string[]; questions: Question[] }

type Head = { dialect: Dialect; table: Table; sayings: Sayings; answers: Answers }

/** Plans how the rows of a file are read; `order` is decided before, from the rows. */
export function planOf(head: Head, order: DateOrder | null): Planned {
  const { dialect, table, sayings, answers } = head
  const headerUnit = temperatureUnit(firstSaid(sayings, 'unit') ?? '')
  const columns = readColumns(table, dialect, headerUnit)
  const { channels, notRead, questions } = readChannels(columns, answers)
  const times = table.sample.flatMap((cells) => anyTimeOf(cells, table, order) ?? [])
  const hasOffsets = times.length > 0 && times.every(({ offsetMs }) => offsetMs !== null)
  const statement = statedZoneOf(head, times, hasOffsets)
  const zone = hasOffsets
    ? null
    : (readZone(answers.zone ?? '') ?? (statement?.said === 'zone' ? statement.zone : null))
  const usualStepMs = usualStep(times)
  const descending = isDescending(times)
  const zoneQuestions = times.length === 0 ? [] : askForZone(head, { statement, hasOffsets, zone })
  const plan = { dialect, table, columns, channels, order, zone, usualStepMs, descending }
  return { plan, statement, notRead, questions: [...zoneQuestions, ...questions] }
}

/** The time of a row as written; null where it has none that can be read. */
export function timeOf(cells: readonly string[], { time }: Table, order: DateOrder | null): WrittenTime | null {
  const date = cells[time.date] ?? ''
  if (time.time === null) return readTime(date, order)
  const clock = readTimeOfDay(cells[time.time] ?? '')
  const plain = /^\d{8}$/.test(date) ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : date
  const day = clock === null ? null : readTime(`${plain} 00:00`, order)
  if (clock === null || day === null) return null
  const offsetMs = clock.zone === undefined ? null : offsetOf(clock.zone)
  const zone = offsetMs === null ? (clock.zone?.toUpperCase() ?? null) : null
  return { localMs: day.localMs + clock.timeMs, offsetMs, zone }
}

/** While the order is open the times serve only to ask what else is, at once: any order does. */
function anyTimeOf(cells: readonly string[], table: Table, order: DateOrder | null): WrittenTime | null {
  if (order !== null) return timeOf(cells, table, order)
  for (const one of [null, ...DATE_ORDERS]) {
    const time = timeOf(cells, table, one)
    if (time !== null) return time
  }
  return null
}

/** By most of its steps: a clock that goes back in autumn makes one the other way. */
function isDescending(times: readonly WrittenTime[]): boolean {
  let [forward, backward] = [0, 0]
  for (const [index, { localMs }] of times.entries()) {
    const before = times[index - 1]?.localMs ?? localMs
    if (localMs > before) forward++
    if (localMs < before) backward++
  }
  return backward > forward
}

/** The text of a row's time, as written. */
export function timeTextOf(cells: readonly string[], { time }: Table): string {
  const date = cells[time.date] ?? ''
  return time.time === null ? date : `${date} ${cells[time.time] ?? ''}`.trim()
}

/** What the file states: in its rows, else in the title of the time column, else in its header. */
function statedZoneOf(
  { table, sayings }: Head,
  times: readonly WrittenTime[],
  hasOffsets: boolean,
): ZoneStatement | null {
  const [first] = times
  if (hasOffsets && first?.offsetMs != null) {
    const text = offsetText(first.offsetMs)
    return { said: 'zone', text, zone: { kind: 'offset', offsetMs: first.offsetMs } }
  }
  const inRow = times.find(({ zone }) => zone !== null)?.zone ?? null
  if (inRow !== null) return abbreviated(inRow)
  const titles = [table.time.date, table.time.time].map((index) => (index === null ? '' : (table.titles[index] ?? '')))
  const header = firstSaid(sayings, 'zone') ?? ''
  // a bare offset, as "+2:00" or "UTC+2", is a zone in the header though it would be none in a title
  const bare = readZone(header.replace(/\s/g, ''))
  return (
    statedZone(titles.join(' ')) ?? (bare === null ? statedZone(header) : { said: 'zone', text: header, zone: bare })
  )
}

type ZoneState = { statement: ZoneStatement | null; hasOffsets: boolean; zone: Zone | null }

function askForZone({ dialect, answers }: Head, { statement, hasOffsets, zone }: ZoneState): Question[] {
  const ask = (code: Question['code'], text: string, offers: readonly string[]): Question[] => [
    { code, answer: 'zone', text, offers },
  ]
  const usual = ['Europe/Berlin', '+02:00']
  const answer = answers.zone === null ? null : readZone(answers.zone)
  if (answers.zone !== null && answer === null) {
    const text = `${quoted(answers.zone)} is no time zone: write it like Europe/Berlin or +02:00.`
    return ask('ZONE_CONTRADICTED', text, usual)
  }
  if (answer !== null && statement?.said === 'zone' && zoneText(statement.zone) !== zoneText(answer)) {
    const text = `The file states ${quoted(statement.text)}, not ${zoneText(answer)}: leave the zone out.`
    return ask('ZONE_CONTRADICTED', text, [])
  }
  if (hasOffsets || zone !== null) return []
  if (statement?.said === 'abbreviation') {
    const offers = statement.offers.length > 0 ? statement.offers : usual
    const text = `The file says ${quoted(statement.text)}, which is not one zone: pass the one the clock ran on.`
    return ask('ZONE_AMBIGUOUS', text, offers)
  }
  const remark = dialect.zoneRemark === undefined ? '' : ` (${dialect.zoneRemark})`
  return ask(
    'ZONE_MISSING',
    `The file has local times and names no zone${remark}: pass the one the clock ran on.`,
    usual,
  )
}

/** The most frequent step between the times of the head. */
function usualStep(times: readonly WrittenTime[]): number | null {
  const counts = new Map<number, number>()
  for (const [index, time] of times.entries()) {
    const before = times[index - 1]
    if (before === undefined) continue
    const stepMs = Math.abs(time.localMs - before.localMs)
    if (stepMs > 0) counts.set(stepMs, (counts.get(stepMs) ?? 0) + 1)
  }
  return [...counts].reduce<[number, number] | null>((a, b) => (a === null || b[1] > a[1] ? b : a), null)?.[0] ?? null
}
