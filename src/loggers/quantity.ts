import type { ObservationUnit, Quantity as Observed } from '../domain/quantity.ts'
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
  for (const [quantity, words] of OTHERS) {
    // a temperature column may stand in a file about humidity: its own unit comes first
    if (temperature === null && words.test(title)) return { quantity, unit: unitIn(title, quantity) }
  }
  if (temperature !== null || TEMPERATURE.test(title)) return { quantity: 'temperature', unit: temperature }
  return null
}

/** The unit a title names for a quantity, whatever else it says; null where it names none. */
export function unitIn(title: string, quantity: Quantity): QuantityUnit | null {
  if (quantity === 'temperature') return temperatureUnit(title)
  const units = OTHERS.find(([one]) => one === quantity)?.[2] ?? []
  return units.find(([pattern]) => pattern.test(title))?.[1] ?? null
}

/** In the titles of several languages. */
export const DEW_POINT = ['dew', 'taupunkt', 'rosée', 'rocío'] as const

const NOT_MEASURED = anywhere(
  ...['limit', 'alarm', 'set.?point', 'threshold', 'grenzwert', 'sollwert', 'setting', 'offset', 'elapsed', 'duration'],
  ...['interval', 'rssi', 'signal', 'acceler', 'counter', 'sequence', 'count\\b'],
  ...DEW_POINT,
)

const TEMPERATURE = /temp|thermo|probe|sonde|fühler|^t\d?$|^t[_ ]?(?:int|ext)/i

type OtherUnit = readonly [pattern: RegExp, unit: QuantityUnit]

/** Percents are of humidity where the title names nothing else that has percents. */
const HUMIDITY = new RegExp(
  [
    ...['humid', 'feucht', 'hygro', 'hum\\b', '\\br\\.?h\\b', '%\\s?r\\.?[hf]', '^%$'],
    '^(?!.*(?:batt|akku|charge|oxygen|sauerstoff|\\bc?o2|level|füll)).*\\(\\s?%\\s?\\)$',
  ].join('|'),
  'i',
)

const GRAM: OtherUnit = [/[([/]\s?g\s?[)\]]?$|\bgrams?\b/i, 'GRM']

const OTHERS: readonly (readonly [quantity: Quantity, words: RegExp, units: readonly OtherUnit[]])[] = [
  // relative humidity has no other unit
  ['humidity', HUMIDITY, [[/./, 'P1']]],
  [
    'pressure',
    /press|druck|baro|\bhpa\b|\bmbar\b|\bkpa\b/i,
    [
      [/hpa/i, 'A97'],
      [/mbar/i, 'MBR'],
      [/kpa/i, 'KPA'],
    ],
  ],
  ['battery', /(?:batt|akku).*%/i, [[/%/, 'P1']]],
  [
    'battery_voltage',
    /volt|spannung|batt(?!.*%)/i,
    [
      [/\bmV\b/, '2Z'],
      [/\bV\b/, 'VLT'],
    ],
  ],
  ['carbon_dioxide', /co2|co₂/i, [[/ppm/i, '59']]],
  ['light', /lux|illumin|\blight\b/i, [[/lux|\blx\b/i, 'LUX']]],
  [
    'tilt',
    /\btilt|inclin|neigung/i,
    [
      [/\brad\b/i, 'C81'],
      [/°|º|\bdeg/i, 'DD'],
    ],
  ],
  [
    'shock',
    /\bshock|\bimpact|stoß|\bchoc\b/i,
    [
      [/m\/s(?:2|²|\^2)/i, 'MSK'],
      [/[([/]\s?g\s?[)\]]?$/i, 'K40'],
    ],
  ],
  ['mass', /\bmass\b|weight|gewicht/i, [[/\bkg\b/i, 'KGM'], [/\blbs?\b/i, 'LBR'], GRAM]],
  // degrees, unless the cells say otherwise
  ['latitude', /\blat(?:itude)?\b|breitengrad/i, [[/./, 'DD']]],
  ['longitude', /\blon(?:g(?:itude)?)?\b|längengrad/i, [[/./, 'DD']]],
]
