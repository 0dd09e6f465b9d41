import { type ObservationUnit, type Quantity as Observed, QUANTITIES } from '../domain/quantity.ts'
import type { UnitCode } from '../domain/units.ts'
import { anywhere } from './patterns.ts'
import { temperatureUnit } from './values.ts'

/** What a column measures. */
export type Quantity = 'temperature' | Observed

/** UN/ECE Recommendation 20 codes. */
export type QuantityUnit = UnitCode | ObservationUnit

/** What a column title says: the quantity, with its unit where the title has one. */
export type TitleMeaning = { quantity: Quantity; unit: QuantityUnit | null }

/**
 * What a column title says it measures. Null for titles that say nothing of a measurement. Limits, set points and
 * alarms are no measurements, whatever their unit; a dew point is computed, and is no temperature of anything.
 */
export function meaningOf(title: string): TitleMeaning | null {
  if (title === '' || NOT_MEASURED.test(title)) return null
  const temperature = temperatureUnit(title)
  // a temperature column may stand in a file about humidity, or be named after a place or a load
  for (const quantity of temperature === null ? READ : []) {
    const { words, notIn = TEMPERATURE } = OTHERS[quantity] ?? {}
    if (words?.test(title) && !notIn.test(title)) {
      return { quantity, unit: unitIn(title, quantity) }
    }
  }
  if (temperature !== null || TEMPERATURE.test(title)) return { quantity: 'temperature', unit: temperature }
  return null
}

/** The unit a title names for a quantity, whatever else it says; null where it names none. */
export function unitIn(title: string, quantity: Quantity): QuantityUnit | null {
  if (quantity === 'temperature') return temperatureUnit(title)
  const { units = [], unit = null } = OTHERS[quantity] ?? {}
  return units.find(([pattern]) => pattern.test(title))?.[1] ?? unit
}

/** The unit that is written behind a value; null where it is none of the quantity. */
export function unitBehind(text: string, quantity: Quantity): QuantityUnit | null {
  if (quantity === 'temperature') return temperatureUnit(text)
  return OTHERS[quantity]?.units.find(([pattern]) => pattern.test(`(${text})`))?.[1] ?? null
}

/** In the titles of several languages. */
export const DEW_POINT = ['dew', 'taupunkt', 'rosée', 'rocío'] as const

const NOT_MEASURED = anywhere(
  ...['limit', 'alarm', 'set.?point', 'threshold', 'grenzwert', 'sollwert', 'setting', 'offset', 'elapsed', 'duration'],
  ...['interval', 'rssi', 'signal', 'acceler', 'counter', 'sequence', 'count\\b'],
  ...DEW_POINT,
)

const TEMPERATURE = /temp|thermo|probe|sonde|fühler|^t\d?$|^t[_ ](?:int|ext)/i

type OtherUnit = readonly [pattern: RegExp, unit: QuantityUnit]

type Other = {
  words: RegExp
  units: readonly OtherUnit[]
  /** Where it has no other. */
  unit?: QuantityUnit
  /** Titles in which the words say nothing, such as those of temperatures. */
  notIn?: RegExp
}

const NONE = /^$/

/** Percents are of humidity where the title names nothing else that has percents. */
const OTHER_PERCENTS = [
  ...['\\bbat', 'akku', '\\bsoc\\b', 'charge', 'oxygen', 'sauerstoff', '\\bc?o2', 'level', 'füll'],
  ...['tilt', 'neigung', 'weight', 'gewicht', 'mass', 'light'],
]
const HUMIDITY = anywhere(
  ...['humid', 'feucht', 'hygro', 'hum\\b', '\\br\\.?h\\b', '%\\s?(?:r\\.?[hf]|hr)\\b', '^%$'],
  `^(?!.*(?:${OTHER_PERCENTS.join('|')})).*\\(\\s?%\\s?\\)$`,
)

/** A title of a measure, not of how it changes or how sure it is. */
const PLAINLY = '^(?!.*(?:loss|verlust|flow|rate|change|delta|diff|accura|error|precision|\\bair\\b))'

/** A unit at the end of a title, with or without brackets: `Weight (kg)`, `Peak shock, g`. */
function last(unit: string): RegExp {
  return new RegExp(`[(\\[/,\\s_]\\s*${unit}\\s*[)\\]]?$`, 'i')
}

/** Degrees as decimals, in a title that says nothing else. */
function position(...names: readonly string[]): Other {
  const unit = '(?:°|deg(?:rees?)?|dd|decimal(?: degrees?)?)'
  const words = new RegExp(`^(?:gps[ _.-]?)?(?:${names.join('|')})[ _.]*(?:[(\\[]\\s*${unit}\\s*[)\\]])?$`, 'i')
  return { words, units: [[/^\(\s*(?:°|deg)/i, 'DD']], unit: 'DD' }
}

const OTHERS: Partial<Record<Quantity, Other>> = {
  humidity: {
    words: HUMIDITY,
    units: [[/%|pct|percent|\br\.?[hf]\b/i, 'P1']],
    unit: 'P1',
    notIn: /^[^%]*temp[^%]*$|g\/m|absolut/i,
  },
  pressure: {
    words: /press|druck|baro|\bhpa\b|\bmbar\b|\bkpa\b/i,
    units: [
      [/hpa/i, 'A97'],
      [/mbar/i, 'MBR'],
      [/kpa/i, 'KPA'],
    ],
    notIn: NONE,
  },
  battery: {
    words: /^(?=.*%)(?!.*(?:volt|spannung)).*\b(?:bat|batt|battery|batterie|akku|soc)\b/i,
    units: [[/%/, 'P1']],
    notIn: NONE,
  },
  battery_voltage: {
    words: /volt|spannung|\bbatt(?!.*%)/i,
    units: [
      [/\bmV\b|millivolt/i, '2Z'],
      [/\bV\b|\bvolts?\b/i, 'VLT'],
    ],
    notIn: NONE,
  },
  carbon_dioxide: { words: /co2|co₂/i, units: [[/ppm/i, '59']], notIn: NONE },
  light: { words: /lux|illumin|\blight\b/i, units: [[/lux|\blx\b/i, 'LUX']], notIn: NONE },
  tilt: {
    words: new RegExp(`${PLAINLY}.*(?:\\btilt\\b|\\binclin|\\bneigung)`, 'i'),
    units: [
      [last('rad'), 'C81'],
      [last('(?:°|º|deg(?:rees?)?\\.?)'), 'DD'],
    ],
  },
  shock: {
    words: new RegExp(`${PLAINLY}.*(?:\\bs(?:c)?hock\\b|\\bimpact\\b|stoß(?!frost)|erschütterung|\\bchoc\\b)`, 'i'),
    units: [
      [last('m\\/s(?:2|²|\\^2)'), 'MSK'],
      [last('g'), 'K40'],
    ],
  },
  mass: {
    words: new RegExp(`${PLAINLY}.*(?:\\bmass\\b|\\bweight\\b|gewicht\\b)`, 'i'),
    units: [
      [last('kg'), 'KGM'],
      [last('lbs?'), 'LBR'],
      [last('g'), 'GRM'],
    ],
  },
  latitude: position('lat', 'latitude', 'breitengrad'),
  longitude: position('lon', 'long', 'lng', 'longitude', 'längengrad'),
}

/** The first that a title names is meant. */
const READ = QUANTITIES.filter((quantity) => quantity in OTHERS)
