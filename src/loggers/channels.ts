import { isUnitCode, type UnitCode } from '../domain/units.ts'
import type { Columns, MeasuredColumn, UnitSource } from './columns.ts'
import type { QuantityUnit } from './quantity.ts'
import { type Answers, LEFT_OUT, type Question, quoted } from './question.ts'

/** A column that is read: the sensor's channel its values belong to, and where their unit is known from. */
export type Channel = MeasuredColumn & {
  /** As the MQTT door names channels. */
  channel: string
  /** Null only where each row states it. */
  unit: QuantityUnit | null
  unitFrom: UnitSource
}

/** The channels of a file, the columns that are not read, and what must be answered first. */
export type Channels = { channels: Channel[]; notRead: string[]; questions: Question[] }

/** The name of the sensor's channel where nobody says otherwise, as at the MQTT door. */
const FIRST_CHANNEL = 'probe'
const CHANNEL = /^[a-z][a-z0-9_]{0,31}$/

/**
 * Decides which columns are which channels: the first temperature is `probe`, the other temperatures go by their names,
 * every other column by its quantity, as at the MQTT door; answers overrule all of that. Asked: temperatures without a
 * unit, columns of numbers without meaning where no other temperature is found, and answers that name no column.
 */
export function readChannels(columns: Columns, answers: Answers): Channels {
  const answered = new Map(Object.entries(answers.channels))
  const found = [...columns.measured, ...claimed(columns, answered)].sort((a, b) => a.index - b.index)
  const kept = found.filter(({ name }) => answered.get(name) !== LEFT_OUT)
  const withUnits = kept.map((column) => withUnit(column, answers.unit))
  const readable = withUnits.filter((column) => column.quantity === 'temperature' || isKnown(column))
  const channels = withChannelNames(readable, answered)
  const unread = [...columns.unknown.filter(({ name }) => !answered.has(name)), ...columns.technical]
  const silent = withUnits.filter((column) => !readable.includes(column))
  return {
    channels: channels.filter(isKnown),
    notRead: [...unread, ...silent, ...found.filter((column) => !kept.includes(column))].map(({ name }) => name),
    questions: [...unitQuestions(withUnits, answers.unit), ...channelQuestions(columns, channels, answered)],
  }
}

/** Unknown columns that an answer gives a channel: temperatures, whose unit must be known like any other's. */
function claimed(columns: Columns, answered: ReadonlyMap<string, string>): MeasuredColumn[] {
  return columns.unknown.flatMap(({ index, name }) => {
    const channel = answered.get(name)
    if (channel === undefined || channel === LEFT_OUT) return []
    return [{ index, name, quantity: 'temperature' as const, unit: null, unitFrom: null }]
  })
}

function withUnit(column: MeasuredColumn, answer: UnitCode | null): MeasuredColumn {
  const open = column.unitFrom === null || column.unitFrom === 'dialect'
  if (answer === null || !open || column.quantity !== 'temperature') return column
  return { ...column, unit: answer, unitFrom: 'answer' }
}

function isKnown<T extends MeasuredColumn>(column: T): column is T & { unitFrom: UnitSource } {
  return column.unitFrom !== null
}

function withChannelNames(columns: readonly MeasuredColumn[], answered: ReadonlyMap<string, string>) {
  const taken = new Set<string>(answered.values())
  const first = columns.find(({ quantity, name }) => quantity === 'temperature' && !answered.has(name))
  const isFirstFree = !taken.has(FIRST_CHANNEL)
  return columns.map((column) => {
    const given = answered.get(column.name)
    if (given !== undefined) return { ...column, channel: given }
    const wanted = column === first && isFirstFree ? FIRST_CHANNEL : nameOf(column)
    const channel = unused(wanted, taken)
    taken.add(channel)
    return { ...column, channel }
  })
}

function nameOf({ quantity, name }: MeasuredColumn): string {
  return quantity === 'temperature' ? slug(name) : quantity
}

/** `H08 Temp.` as a channel: `h08_temp`. */
function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
  return (/^[a-z]/.test(plain) ? plain : `c_${plain}`).slice(0, 28).replace(/_+$/, '')
}

function unused(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  for (let number = 2; ; number++) {
    if (!taken.has(`${wanted}_${number}`)) return `${wanted}_${number}`
  }
}

function unitQuestions(columns: readonly MeasuredColumn[], answer: UnitCode | null): Question[] {
  const temperatures = columns.filter(({ quantity }) => quantity === 'temperature')
  const silent = temperatures.filter((column) => !isKnown(column)).map(({ name }) => quoted(name))
  const offers = ['CEL', 'FAH', 'KEL']
  if (silent.length > 0) {
    const text = `The file does not say in which unit ${silent.join(', ')} is: pass it.`
    return [{ code: 'UNIT_MISSING', answer: 'unit', text, offers }]
  }
  const other = temperatures.find(({ unit }) => answer !== null && unit !== null && unit !== answer)
  if (other === undefined || answer === null) return []
  const text = `The file says that ${quoted(other.name)} is ${other.unit}, not ${answer}: leave the unit out.`
  return [{ code: 'UNIT_CONTRADICTED', answer: 'unit', text, offers: [] }]
}

type Named = MeasuredColumn & { channel: string }

function channelQuestions(
  columns: Columns,
  channels: readonly Named[],
  answered: ReadonlyMap<string, string>,
): Question[] {
  const names = [...columns.measured, ...columns.unknown, ...columns.technical].map(({ name }) => name)
  const strange = [...answered.keys()].filter((name) => !names.includes(name))
  const ask = (text: string): Question => ({ code: 'CHANNEL_UNKNOWN', answer: 'channel', text, offers: names })
  const questions = strange.map((name) =>
    ask(`The file has no column ${quoted(name)}: it has ${names.map(quoted).join(', ') || 'none that could be read'}.`),
  )
  for (const [name, channel] of answered) {
    if (channel === LEFT_OUT || CHANNEL.test(channel)) continue
    questions.push(ask(`${quoted(channel)} for ${quoted(name)} is no channel: a-z, 0-9 and _, or - to leave it out.`))
  }
  const twice = channels.find((a, at) => channels.findIndex((b) => b.channel === a.channel) !== at)
  if (twice !== undefined)
    questions.push(ask(`Two columns are to be channel ${quoted(twice.channel)}: name each once.`))
  if (channels.length > 0 || columns.unknown.length === 0) return questions
  const unknown = columns.unknown.map(({ name }) => quoted(name)).join(', ')
  return [...questions, ask(`No column says that it is a temperature: name the one to read, of ${unknown}.`)]
}

/** Whether a unit is one of temperature. */
export function isTemperatureUnit(unit: QuantityUnit | null): unit is UnitCode {
  return isUnitCode(unit)
}
