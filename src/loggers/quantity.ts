import type { UnitCode } from '../domain/units.ts'
import { anywhere } from './patterns.ts'
import { temperatureUnit } from './values.ts'

/** What a column measures. A dew point is computed, not measured: it is no temperature of anything. */
export type Quantity =
  | 'temperature'
  | 'relative_humidity'
  | 'dew_point'
  | 'pressure'
  | 'voltage'
  | 'carbon_dioxide'
  | 'illuminance'

/** UN/ECE Recommendation 20 codes: percent, hectopascal, millibar, kilopascal, volt, millivolt, ppm, lux. */
export type QuantityUnit = UnitCode | 'P1' | 'A97' | 'MBR' | 'KPA' | 'VLT' | '2Z' | '59' | 'LUX'

/** What a column title says: the quantity, with its unit where the title has one. */
export type TitleMeaning = { quantity: Quantity; unit: QuantityUnit | null }

/**
 * What a column title says it measures. Null for titles that say nothing of a measurement. Limits, set points and
 * alarms are no measurements, whatever their unit.
 */
export function meaningOf(title: string): TitleMeaning | null {
  if (title === '' || NOT_MEASURED.test(title)) return null
  const temperature = temperatureUnit(title)
  if (/dew|taupunkt|rosée|rocío/i.test(title)) return { quantity: 'dew_point', unit: temperature }
  for (const [quantity, words, units] of OTHERS) {
    const unit = units.find(([pattern]) => pattern.test(title))?.[1] ?? null
    // a temperature column may stand in a file about humidity: its own unit comes first
    if (temperature === null && words.test(title)) return { quantity, unit }
  }
  if (temperature !== null || TEMPERATURE.test(title)) return { quantity: 'temperature', unit: temperature }
  return null
}

const NOT_MEASURED = anywhere(
  ...['limit', 'alarm', 'set.?point', 'threshold', 'grenzwert', 'sollwert', 'setting', 'offset', 'elapsed', 'duration'],
  ...['interval', 'rssi', 'signal', 'acceler', 'counter', 'sequence', 'count\\b', 'latitude', 'longitude'],
)

const TEMPERATURE = /temp|thermo|probe|sonde|fühler|^t\d?$|^t[_ ]?(?:int|ext)/i

type OtherUnit = readonly [pattern: RegExp, unit: QuantityUnit]

const OTHERS: readonly (readonly [quantity: Quantity, words: RegExp, units: readonly OtherUnit[]])[] = [
  // relative humidity has no other unit
  ['relative_humidity', /humid|feucht|hygro|hum\b|\br\.?h\b|%\s?r\.?[hf]|\(\s?%\s?\)$|^%$/i, [[/./, 'P1']]],
  [
    'pressure',
    /press|druck|baro|\bhpa\b|\bmbar\b|\bkpa\b/i,
    [
      [/hpa/i, 'A97'],
      [/mbar/i, 'MBR'],
      [/kpa/i, 'KPA'],
    ],
  ],
  [
    'voltage',
    /volt|spannung|batt/i,
    [
      [/\bmV\b/, '2Z'],
      [/\bV\b/, 'VLT'],
    ],
  ],
  ['carbon_dioxide', /co2|co₂/i, [[/ppm/i, '59']]],
  ['illuminance', /lux|illumin|\blight\b/i, [[/lux|\blx\b/i, 'LUX']]],
]
