import { toMilliC, type UnitCode } from '../domain/units.ts'
import { isTemperatureUnit } from './channels.ts'
import type { Fact } from './dialect.ts'
import type { QuantityUnit } from './quantity.ts'
import { firstSaid } from './said.ts'
import type { ChannelStatistics } from './statistics.ts'
import type { Survey } from './survey.ts'
import { readNumber, temperatureUnit } from './values.ts'

/** What a file says about itself, in our terms; null where it does not. */
export type About = {
  dialect: string
  vendor: string | null
  model: string | null
  serial: string | null
  name: string | null
  /** Carries its maker's signature, which we cannot verify: its original bytes are kept for who can. */
  signed: boolean
  declaredSamples: number | null
  declaredIntervalMs: number | null
  /** As the file writes it. */
  zone: string | null
  /** Out of these the device marks a reading. */
  limits: { low: string | null; high: string | null }
  statistics: {
    minimum: StatedValue | null
    maximum: StatedValue | null
    mean: StatedValue | null
    meanKineticTemperature: StatedValue | null
  }
}

/** A statistic of the vendor: its text, in milli-degrees, and one unit of its last digit. */
export type StatedValue = { text: string; milliC: number; digitMilliC: number }

/** Reads what a surveyed file says about itself. */
export function aboutOf(survey: Survey): About {
  const { plan, sayings } = survey
  const said = (fact: Fact) => firstSaid(sayings, fact)
  const [serial = null] = survey.serials
  const [name = null] = survey.names
  const main = mainChannel(survey)
  return {
    dialect: plan.dialect.name,
    vendor: plan.dialect.vendor ?? said('vendor'),
    model: said('model'),
    serial: said('serial') ?? (survey.serials.length === 1 ? serial : null),
    name: said('name') ?? name,
    signed: said('signature') !== null,
    declaredSamples: count(said('samples')),
    declaredIntervalMs: intervalMs(said('interval'), plan.dialect.intervalUnitMs ?? null),
    zone: survey.zoneStatement?.text ?? null,
    limits: { low: said('limitLow'), high: said('limitHigh') },
    statistics: {
      minimum: stated(survey, 'minimum', main),
      maximum: stated(survey, 'maximum', main),
      mean: stated(survey, 'mean', main),
      meanKineticTemperature: stated(survey, 'meanKineticTemperature', main),
    },
  }
}

/** Every serial number of a logger that the file names, in its head, in later blocks or in a column; each once. */
export function serialsOf({ sayings, serials }: Survey): string[] {
  return [...new Set([...(sayings.get('serial') ?? []), ...serials])]
}

/** The channel a vendor's statistics speak of: the only temperature, or none where there are several. */
export function mainChannel({ channels }: Survey): ChannelStatistics | null {
  const temperatures = channels.filter(({ channel }) => channel.quantity === 'temperature')
  const [main = null] = temperatures
  return temperatures.length === 1 ? main : null
}

function count(text: string | null): number | null {
  const digits = (text ?? '').replace(/[,.' ]/g, '')
  return /^\d{1,9}$/.test(digits) ? Number(digits) : null
}

const UNIT_MS: readonly (readonly [pattern: RegExp, ms: number])[] = [
  [/^(?:s|sec|secs|seconds?|second\(s\)|sekunden?)$/i, 1000],
  [/^(?:m|min|mins|minutes?|minute\(s\)|minuten?)$/i, 60_000],
  [/^(?:h|hr|hrs|hours?|hour\(s\)|stunden?|std)$/i, 3_600_000],
]

/** `60 minute(s)`, `01 Hr 12 Min 00 Sec`, `00:05:00`, `300 s`; a bare number in the unit given. */
export function intervalMs(text: string | null, unitMs: number | null): number | null {
  if (text === null || text.length > 60) return null
  const clock = /^(\d{1,3}):(\d\d):(\d\d)$/.exec(text.trim())
  if (clock !== null) return (Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3])) * 1000
  if (/^\d{1,7}$/.test(text.trim())) return unitMs === null ? null : Number(text) * unitMs
  let sum = 0
  for (const [, number = '', unit = ''] of text.matchAll(/(\d{1,7})\s*([a-z]+(?:\(s\))?)/gi)) {
    const ms = UNIT_MS.find(([pattern]) => pattern.test(unit))?.[1]
    if (ms === undefined) return null
    sum += Number(number) * ms
  }
  return sum === 0 ? null : sum
}

/** One statistic, comparable only where it is certain which series it is of. */
function stated(survey: Survey, fact: Fact, main: ChannelStatistics | null): StatedValue | null {
  const texts = survey.sayings.get(fact) ?? []
  if (main === null || texts.length === 0) return null
  if (survey.plan.dialect.statistics === 'one' && new Set(texts).size > 1) return null
  const values = texts.flatMap((text) => temperatureOf(text, main.unit) ?? [])
  return values.reduce<StatedValue | null>((a, b) => {
    if (a === null) return b
    return fact === 'maximum' ? (b.milliC > a.milliC ? b : a) : b.milliC < a.milliC ? b : a
  }, null)
}

function temperatureOf(text: string, channelUnit: QuantityUnit | null): StatedValue | null {
  const number = readNumber(text, '.') ?? readNumber(text, ',')
  if (number === null) return null
  const own = temperatureUnit(number.unit)
  const unit: UnitCode | null = own ?? (isTemperatureUnit(channelUnit) ? channelUnit : null)
  const converted = unit === null ? null : toMilliC(number.decimal, unit)
  if (converted === null) return null
  const point = number.decimal.indexOf('.')
  const digits = point < 0 ? 0 : number.decimal.length - point - 1
  const digit = 1000 / 10 ** Math.min(digits, 3)
  return { text, milliC: converted.milliC, digitMilliC: unit === 'FAH' ? (digit * 5) / 9 : digit }
}
