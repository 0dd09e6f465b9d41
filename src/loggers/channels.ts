import { isObservationUnit, quantityNamed, quantityOf, unitsOf } from '../domain/quantity.ts'
import { isUnitCode, type UnitCode } from '../domain/units.ts'
import type { Columns, MeasuredColumn, UnitSource } from './columns.ts'
import { type QuantityUnit, unitIn } from './quantity.ts'
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
 * every other column by its quantity, as at the MQTT door; answers overrule all of that. Asked: units that nobody says,
 * columns of numbers without meaning where no other temperature is found, and answers that name no column.
 */
export function readChannels(columns: Columns, answers: Answers): Channels {
  const wishes = new Map(Object.entries(answers.channels).map(([name, text]) => [name, wishOf(text)]))
  const found = [...columns.measured, ...claimed(columns, wishes)].sort((a, b) => a.index - b.index)
  const kept = found.filter(({ name }) => wishes.get(name)?.channel !== LEFT_OUT)
  const withUnits = kept.map((column) => withUnit(column, { answer: answers.unit, wish: wishes.get(column.name) }))
  const readable = withUnits.filter((column) => column.quantity === 'temperature' || isKnown(column))
  const channels = withChannelNames(readable, wishes)
  const unread = [...columns.unknown, ...columns.technical].filter(
    ({ name }) => !found.some((one) => one.name === name),
  )
  const silent = withUnits.filter((column) => !readable.includes(column))
  return {
    channels: channels.filter(isKnown),
    notRead: [...unread, ...silent, ...found.filter((column) => !kept.includes(column))].map(({ name }) => name),
    questions: [
      ...unitQuestions(withUnits, answers.unit),
      ...withUnits.flatMap((column) => wishQuestion(column, wishes.get(column.name)) ?? []),
      ...channelQuestions(columns, channels, wishes),
    ],
  }
}

/** What a person says of a column: its channel, or `-`, and perhaps the unit, as written; '' says none. */
type Wish = { channel: string; unit: string }
type Wishes = ReadonlyMap<string, Wish>

function wishOf(text: string): Wish {
  const at = text.indexOf(':')
  return at < 0 ? { channel: text, unit: '' } : { channel: text.slice(0, at), unit: text.slice(at + 1) }
}

/** Columns without a meaning of their own that an answer gives a channel: temperatures, unless that says otherwise. */
function claimed({ unknown, technical }: Columns, wishes: Wishes): MeasuredColumn[] {
  return [...unknown, ...technical].flatMap(({ index, name }) => {
    const wish = wishes.get(name)
    if (wish === undefined || wish.channel === LEFT_OUT) return []
    return [{ index, name, quantity: 'temperature' as const, unit: null, unitFrom: null }]
  })
}

type UnitAnswers = { answer: UnitCode | null; wish: Wish | undefined }

function withUnit(given: MeasuredColumn, { answer, wish }: UnitAnswers): MeasuredColumn {
  const column = given.unitFrom === null && wish !== undefined ? withMeaning(given, wish) : given
  const open = column.unitFrom === null || column.unitFrom === 'dialect'
  const said = unitSaid(column, wish) ?? (column.quantity === 'temperature' ? answer : null)
  return open && said !== null ? { ...column, unit: said, unitFrom: 'answer' } : column
}

/** What a column without a unit measures, its channel's name and unit say; and then its title may say the unit. */
function withMeaning(column: MeasuredColumn, { channel, unit: code }: Wish): MeasuredColumn {
  const of = isObservationUnit(code) ? quantityOf(code, channel) : null
  const quantity = quantityNamed(channel) ?? of ?? 'temperature'
  if (quantity === 'temperature') return { ...column, quantity }
  const unit = unitIn(column.name, quantity)
  return { ...column, quantity, unit, unitFrom: unit === null ? null : 'title' }
}

/** The unit an answer about the column names, where it is one of the quantity. */
function unitSaid({ quantity }: MeasuredColumn, wish: Wish | undefined): QuantityUnit | null {
  const code = wish?.unit
  if (quantity === 'temperature') return isUnitCode(code) ? code : null
  return isObservationUnit(code) && unitsOf(quantity).includes(code) ? code : null
}

function isKnown<T extends MeasuredColumn>(column: T): column is T & { unitFrom: UnitSource } {
  return column.unitFrom !== null
}

function withChannelNames(columns: readonly MeasuredColumn[], wishes: Wishes) {
  const taken = new Set<string>([...wishes.values()].map(({ channel }) => channel))
  const first = columns.find(({ quantity, name }) => quantity === 'temperature' && !wishes.has(name))
  const isFirstFree = !taken.has(FIRST_CHANNEL)
  return columns.map((column) => {
    const given = wishes.get(column.name)?.channel
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

const TEMPERATURE_UNITS = ['CEL', 'FAH', 'KEL'] as const

function unitQuestions(columns: readonly MeasuredColumn[], answer: UnitCode | null): Question[] {
  const temperatures = columns.filter(({ quantity }) => quantity === 'temperature')
  const silent = temperatures.filter((column) => !isKnown(column)).map(({ name }) => quoted(name))
  const offers = TEMPERATURE_UNITS
  if (silent.length > 0) {
    const text = `The file does not say in which unit ${silent.join(', ')} is: pass it.`
    return [{ code: 'UNIT_MISSING', answer: 'unit', text, offers }]
  }
  const other = temperatures.find(({ unit }) => answer !== null && unit !== null && unit !== answer)
  if (other === undefined || answer === null) return []
  const text = `The file says that ${quoted(other.name)} is ${other.unit}, not ${answer}: leave the unit out.`
  return [{ code: 'UNIT_CONTRADICTED', answer: 'unit', text, offers: [] }]
}

/** A column that is given a channel, whose unit nobody says, or is not what the answer says. */
function wishQuestion({ quantity, name, unit, unitFrom }: MeasuredColumn, wish: Wish | undefined): Question | null {
  if (wish === undefined || wish.channel === LEFT_OUT) return null
  const named = quantityNamed(wish.channel)
  if (named !== null && named !== quantity) {
    const text = `${quoted(name)} is ${quantity}, which is no ${named}: name another channel than ${wish.channel}.`
    return { code: 'CHANNEL_UNKNOWN', answer: 'channel', text, offers: [] }
  }
  if (unitFrom !== null) {
    if (wish.unit === '' || wish.unit === unit) return null
    const said = unit ?? 'in the unit of each row'
    const text = `The file says that ${quoted(name)} is ${said}, not ${wish.unit}: leave the unit out.`
    return { code: 'UNIT_CONTRADICTED', answer: 'channel', text, offers: [] }
  }
  // asked for all temperatures at once
  if (quantity === 'temperature' && wish.unit === '') return null
  const offers = quantity === 'temperature' ? TEMPERATURE_UNITS : unitsOf(quantity)
  const why = wish.unit === '' ? 'its title does not say the unit' : `${quoted(wish.unit)} is no unit of that`
  const how = `write ${wish.channel}:UNIT, one of ${offers.join(', ')}`
  const text = `${quoted(name)} is to be ${quantity}, and ${why}: ${how}.`
  return { code: 'UNIT_MISSING', answer: 'channel', text, offers }
}

type Named = MeasuredColumn & { channel: string }

function channelQuestions(columns: Columns, channels: readonly Named[], wishes: Wishes): Question[] {
  const names = [...columns.measured, ...columns.unknown, ...columns.technical].map(({ name }) => name)
  const strange = [...wishes.keys()].filter((name) => !names.includes(name))
  const ask = (text: string): Question => ({ code: 'CHANNEL_UNKNOWN', answer: 'channel', text, offers: names })
  const questions = strange.map((name) =>
    ask(`The file has no column ${quoted(name)}: it has ${names.map(quoted).join(', ') || 'none that could be read'}.`),
  )
  for (const [name, { channel }] of wishes) {
    if (channel === LEFT_OUT || CHANNEL.test(channel)) continue
    questions.push(ask(`${quoted(channel)} for ${quoted(name)} is no channel: a-z, 0-9 and _, or - to leave it out.`))
  }
  const twice = channels.find((a, at) => channels.findIndex((b) => b.channel === a.channel) !== at)
  if (twice !== undefined)
    questions.push(ask(`Two columns are to be channel ${quoted(twice.channel)}: name each once.`))
  const open = [...columns.unknown, ...columns.measured].filter(({ name }) => !wishes.has(name))
  if (channels.length > 0 || open.length === 0) return questions
  const unknown = open.map(({ name }) => quoted(name)).join(', ')
  return [...questions, ask(`No column says that it is a temperature: name the one to read, of ${unknown}.`)]
}

/** Whether a unit is one of temperature. */
export function isTemperatureUnit(unit: QuantityUnit | null): unit is UnitCode {
  return isUnitCode(unit)
}
