import type { UnitCode } from '../domain/units.ts'
import { whole } from './patterns.ts'

export type DecimalMark = '.' | ','

/** A cell that holds a number: its exact decimal text with a point, and the unit written behind it ('' for none). */
export type NumberCell = { decimal: string; unit: string }

/** Longer than any number a logger prints; a limit so that no cell costs more than a microsecond. */
const MAX_NUMBER_CHARS = 40

/**
 * Reads a number as the file writes it: `5.2`, `-0,5`, `+7`, `1,013.2`, `5.2 °C`. Null for anything else. A number is
 * never read under two meanings: the decimal mark is that of the file, any other mark may only group thousands.
 */
export function readNumber(cell: string, mark: DecimalMark): NumberCell | null {
  if (cell === '' || cell.length > MAX_NUMBER_CHARS) return null
  if (mark === '.' && PLAIN.test(cell)) return { decimal: cell, unit: '' }
  const [, sign = '', digits, unit = ''] = WITH_UNIT.exec(cell) ?? []
  const decimal = digits === undefined ? null : pointed(digits.trim(), mark)
  return decimal === null ? null : { decimal: /[−-]/.test(sign) ? `-${decimal}` : decimal, unit: unit.trim() }
}

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?$/
const WITH_UNIT = /^([+−-]?)\s*(\d[\d.,' ]*|[.,]\d+)([^\d.,' ].*)?$/
const GROUPED = /^[1-9]\d{0,2}([., '])\d{3}(?:\1\d{3})*$/

/** Digits without grouping and with a point; null where the marks in them do not fit. */
function pointed(digits: string, mark: DecimalMark): string | null {
  const [whole = '', fraction = '', ...more] = digits.split(mark)
  const ungrouped = GROUPED.test(whole) ? whole.replace(/\D/g, '') : whole
  const fits = more.length === 0 && /^\d*$/.test(ungrouped) && /^\d*$/.test(fraction) && ungrouped + fraction !== ''
  if (!fits) return null
  return fraction === '' ? ungrouped : `${ungrouped}.${fraction}`
}

/** What stands where a number should be when the device had none: nothing, dashes, an error word, beyond the range. */
const FAULT = whole(
  '[-–—_.*#?\\s]*',
  ...['n\\/?a', '#n\\/?a', 'nan', 'null', 'none', '[+-]?inf(?:inity)?', 'err(?:or)?', 'fault', 'fail(?:ed|ure)?'],
  ...['open', 'short', '[+-]?o\\.?l\\.?', 'hi', 'lo', 'over', 'under', 'lost', 'disconnected', '[<>].{0,20}'],
  'no ?(?:sensor|probe|data|value|reading)',
)

/** Whether a cell says that there is no value. */
export function isFaultText(cell: string): boolean {
  return cell.length <= MAX_NUMBER_CHARS && FAULT.test(cell)
}

/**
 * The temperature unit a text names, in a column title (`Temp (°C)`), in a cell of its own (`C`) or behind a value.
 * The degree sign is taken in every form encodings have made of it.
 */
export function temperatureUnit(text: string): UnitCode | null {
  const [, letter] = /(?:[°º˚]|â„|&deg;|\bdeg(?:rees?)?\.?)\s?([CF])(?![a-z])/i.exec(text) ?? []
  const bare =
    letter ?? /^\W{0,3}([CFK])\W{0,3}$/.exec(text)?.[1] ?? /[([/]\W{0,3}([CFK])\W{0,2}[)\]]?\s*$/.exec(text)?.[1]
  if (bare !== undefined) return byLetter(bare)
  const word = /celsius|fahrenheit|kelvin|℃|℉|\b(?:CEL|FAH|KEL)\b/i.exec(text)?.[0]
  return word === undefined ? null : byLetter(WORD_LETTERS[word] ?? word.slice(0, 1))
}

const WORD_LETTERS: Record<string, string | undefined> = { '℃': 'C', '℉': 'F' }

function byLetter(letter: string): UnitCode | null {
  switch (letter.toUpperCase()) {
    case 'C':
      return 'CEL'
    case 'F':
      return 'FAH'
    case 'K':
      return 'KEL'
    default:
      return null
  }
}

/** Whether the numbers of some cells are written with a comma, told by cells that can be nothing else (`5,2`). */
export function decimalMarkOf(cells: readonly string[]): DecimalMark {
  const commas = cells.filter((cell) => /^[+−-]?[\d. ']*,\d+\D*$/.test(cell)).length
  const points = cells.filter((cell) => /^[+−-]?[\d, ']*\.\d+\D*$/.test(cell)).length
  return commas > points ? ',' : '.'
}
