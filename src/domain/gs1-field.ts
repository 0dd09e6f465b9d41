import { CHARACTERS_82, type Gs1Problem, gs1CheckDigit } from './gs1.ts'
import { labelDate, labelMinute } from './gs1-date.ts'

/** What a code says: the value of each application identifier (AI), without the parentheses people read. */
export type Gs1Fields = Readonly<Record<string, string>>

/** Why a code cannot be used. Codes are public and stable. */
export type CodeProblem =
  | Gs1Problem
  | 'EMPTY'
  | 'TOO_LONG'
  | 'UNKNOWN_CODE'
  | 'UNKNOWN_AI'
  | 'DATE'
  | 'CONTRADICTS'
  | 'NO_KEY'
  | 'MALFORMED_LINK'
  | 'PREFIX_LENGTH'
  | 'NOT_AN_INSTANCE'
  | 'CHECK_CHARACTER'

/** A no by value; `detail` is one sentence for the person who scanned: what is wrong and what to do. */
export type CodeFailure = { readonly problem: CodeProblem; readonly detail: string }

/** Builds a failure. */
export function failure(problem: CodeProblem, detail: string): CodeFailure {
  return { problem, detail }
}

/** Tells a failure from a result. */
export function isFailure(value: object | string): value is CodeFailure {
  return typeof value === 'object' && 'problem' in value
}

/** What GS1 says about the values of one AI. */
export type FieldFormat = {
  /** The value ends by its length: no separator follows it (General Specifications, figure 7.8.5-2). */
  predefined: boolean
  min: number
  max: number
  pattern: RegExp
  digitsOnly: boolean
}

/**
 * Formats and the AIs that have them, from GS1's Barcode Syntax Dictionary. `N` digits, `X` the 82 characters, `Y` the
 * 39 of component references, `Z` base64; `..` up to; brackets: may be left out; `*`: predefined length.
 */
const AIS_OF_FORMAT: Record<string, string> = {
  '*N2': '20',
  '*N6': `11 12 13 15 16 17 ${measures()}`,
  '*N13': '410-417',
  '*N14': '01 02',
  '*N18': '00',
  N1: '4321 4322 4323',
  N2: '7241',
  N3: '422 424 426',
  N4: '3940-3943 8111',
  N6: '3950-3955 4326 7006 8005',
  N10: '4324 4325 7003',
  N13: '7001',
  N14: '8001',
  N17: '402',
  N18: '8006 8017 8018 8026',
  N20: '4309',
  'N..4': '7004',
  'N..6': '242',
  'N..8': '30 37',
  'N..10': '8019',
  'N..12': '8011',
  'N..15': '3900-3909 3920-3929 423 425',
  'N3 N..15': '3910-3919 3930-3939',
  'N6 [N4]': '7011',
  'N6 [N6]': '7007',
  'N8 [N..4]': '8008',
  'N13 [N..12]': '255',
  'N6 [X1]': '4330-4333',
  'N13 [X..17]': '253',
  'N14 [X..16]': '8003',
  'N1 X3': '7040',
  'N3 X..9': '421',
  'N3 X..27': '7030-7039',
  X2: '4307 4317',
  'X2 X..28': '7230-7239',
  'X..2': '7010',
  'X..3': '427 7008',
  'X..10': '7009',
  'X..12': '7005',
  'X..20': '10 21 22 243 254 420 4318 7020-7022 710-715 7240 8002 8012',
  'X..25': '7242 8013 8020',
  'X..28': '235',
  'X..30': '240 241 250 251 400 401 403 4308 4319 7002 7023 8004 90',
  'X..34': '8007',
  'X..35': '4300 4301 4310 4311 4320',
  'X..50': '8009',
  'X..70': '4302-4306 4312-4316 8110 8112 8200',
  'X..90': '91-99',
  'Y..30': '8010',
  'Z..90': '8030',
}

/** Measures: the last digit of the AI says where the decimal point stands. */
function measures(): string {
  const kinds = '310-316 320-329 330-337 340-349 350-357 360-369'
  return expanded(kinds)
    .map((kind) => `${kind}0-${kind}5`)
    .join(' ')
}

function expanded(list: string): string[] {
  return list.split(' ').flatMap((part) => {
    const [first = '', last = first] = part.split('-')
    const count = Number(last) - Number(first) + 1
    return Array.from({ length: count }, (_, step) => String(Number(first) + step).padStart(first.length, '0'))
  })
}

const CHARACTERS = { N: '0-9', X: CHARACTERS_82, Y: '#\\-/0-9A-Z', Z: 'A-Za-z0-9_\\-=' }

const FORMATS: ReadonlyMap<string, FieldFormat> = new Map(
  Object.entries(AIS_OF_FORMAT).flatMap(([spec, ais]) => {
    const format = formatOf(spec)
    return expanded(ais).map((ai) => [ai, format] as const)
  }),
)

function formatOf(spec: string): FieldFormat {
  const parts = spec.replace('*', '').split(' ').map(partOf)
  return {
    predefined: spec.startsWith('*'),
    min: parts.reduce((total, part) => total + part.min, 0),
    max: parts.reduce((total, part) => total + part.max, 0),
    pattern: new RegExp(`^${parts.map((part) => part.pattern).join('')}$`),
    digitsOnly: !/[XYZ]/.test(spec),
  }
}

function partOf(part: string): { min: number; max: number; pattern: string } {
  const [, optional, kind = '', upTo, digits] = /^(\[?)([NXYZ])(\.\.)?(\d+)\]?$/.exec(part) ?? []
  const max = Number(digits)
  const min = optional ? 0 : upTo ? 1 : max
  const characters = kind === 'N' || kind === 'X' || kind === 'Y' || kind === 'Z' ? CHARACTERS[kind] : ''
  // a part that may be left out, but not cut short: all of it or nothing
  const pattern = optional && !upTo ? `(?:[${characters}]{${max}})?` : `[${characters}]{${min},${max}}`
  return { min, max, pattern }
}

/** The format of an AI; null where GS1 has assigned none. */
export function fieldFormat(ai: string): FieldFormat | null {
  return FORMATS.get(ai) ?? null
}

/** The AI a text begins with: no AI is the beginning of another. Null where none is. */
export function leadingAi(text: string): string | null {
  return [2, 3, 4].map((length) => text.slice(0, length)).find((ai) => FORMATS.has(ai)) ?? null
}

/** Where the digits stand that end in a check digit. */
const CHECKED: ReadonlyMap<string, readonly [number, number]> = new Map<string, readonly [number, number]>([
  ['00', [0, 18]],
  ['01', [0, 14]],
  ['02', [0, 14]],
  ['253', [0, 13]],
  ['255', [0, 13]],
  ['402', [0, 17]],
  ...expanded('410-417').map((ai): [string, [number, number]] => [ai, [0, 13]]),
  ['8003', [1, 14]],
  ['8006', [0, 14]],
  ['8017', [0, 18]],
  ['8018', [0, 18]],
  ['8026', [0, 14]],
])

const DATES: readonly string[] = ['11', '12', '13', '15', '16', '17']

/** What is wrong with the value of an AI; null when it is valid. */
export function fieldFailure(ai: string, value: string): CodeFailure | null {
  const format = fieldFormat(ai)
  if (format === null) return failure('UNKNOWN_AI', `(${ai}) is no GS1 application identifier. Scan the code again.`)
  const name = `(${ai}) "${value}"`
  if (format.digitsOnly && !/^[0-9]*$/.test(value)) {
    return failure('NON_DIGIT', `${name} must be digits only. Scan the code again.`)
  }
  if (value.length < format.min || value.length > format.max) {
    return failure('LENGTH', `${name} has a wrong number of characters. Scan the code again.`)
  }
  if (!format.pattern.test(value)) {
    return failure('CHARACTER', `${name} has a character that may not stand there. Scan the code again.`)
  }
  const [from, to] = CHECKED.get(ai) ?? [0, 0]
  if (to > 0 && gs1CheckDigit(value.slice(from, to - 1)) !== Number(value[to - 1])) {
    return failure('CHECK_DIGIT', `${name} has a wrong check digit: it was misread or mistyped. Read it again.`)
  }
  if (ai === '8003' && !value.startsWith('0')) {
    return failure('CHARACTER', `${name} must begin with a zero. Scan the code again.`)
  }
  const isDated = DATES.includes(ai) ? labelDate(value, 0) !== null : ai !== '7003' || labelMinute(value, 0) !== null
  return isDated ? null : failure('DATE', `${name} is no date. Read the label, and type what is printed.`)
}
