import { type DecodeOptions, decode, type TagDecoder, Tokenizer } from 'cborg'
import type { MessageProblem, ParsedMessage } from '../domain/message.ts'
import { type Decimal, scaled } from './decimal.ts'
import { quoted } from './quoted.ts'
import { MAX_DEPTH } from './read-json.ts'
import { readPack } from './senml-pack.ts'
import { isProblem, nothingBut } from './taking.ts'

/**
 * SenML in CBOR (RFC 8428 section 6) to readings; what the fields mean is in `senml-pack.ts`. Never throws. Numbers may
 * be integers, floats or decimal fractions (tag 4) and are read through their shortest decimal text. A pack is of
 * definite length there; a stream of indefinite length is no message.
 */
export function parseSenmlCbor(payload: Uint8Array, receivedAt: number): Omit<ParsedMessage, 'sensorId'> {
  const body = readCbor(payload)
  return isProblem(body) ? nothingBut(body) : readPack(body.pack, receivedAt)
}

function readCbor(payload: Uint8Array): { pack: unknown } | MessageProblem {
  const tokenizer = new ShallowTokenizer(payload, OPTIONS)
  try {
    const pack: unknown = decode(payload, { ...OPTIONS, tokenizer })
    return { pack: Array.isArray(pack) ? pack.map(withNames) : pack }
  } catch (error) {
    if (tokenizer.tooDeep) return { reason: 'TOO_DEEP', detail: `the body nests more than ${MAX_DEPTH} levels` }
    const why = quoted(error instanceof Error ? error.message : String(error))
    return { reason: 'NOT_CBOR', detail: `the body is not strict CBOR of definite length: ${why}` }
  }
}

/** A decimal fraction is [exponent, mantissa]; more digits or zeros than this no sensor needs. */
const MAX_FRACTION_EXPONENT = 40

const decimalFraction: TagDecoder = (content): Decimal => {
  const pair = content()
  if (!Array.isArray(pair) || pair.length !== 2) throw new Error('a decimal fraction is no pair')
  const [exponent, mantissa]: unknown[] = pair
  if (typeof exponent !== 'number' || !(Math.abs(exponent) <= MAX_FRACTION_EXPONENT) || !Number.isInteger(exponent)) {
    throw new Error(`the exponent of a decimal fraction is not within ${MAX_FRACTION_EXPONENT}`)
  }
  const isWhole = typeof mantissa === 'bigint' || (typeof mantissa === 'number' && Number.isInteger(mantissa))
  if (!isWhole) throw new Error('the mantissa of a decimal fraction is no integer')
  return scaled(BigInt(mantissa), -exponent)
}

/** NaN and the infinities pass: they are how a device says in a float that it could not measure. */
const OPTIONS: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  // the tokenizer gets no defaults; without this one absurd integer would cost the other readings
  allowBigInt: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  tags: { 4: decimalFraction },
}

/** cborg recurses as deep as the bytes say; this stops it before the stack does. */
class ShallowTokenizer extends Tokenizer {
  tooDeep = false
  /** Items still to come on every open level. */
  readonly #open: number[] = []

  override next(): ReturnType<Tokenizer['next']> {
    const token = super.next()
    const { name } = token.type
    while (this.#open.at(-1) === 0) this.#open.pop()
    const level = this.#open.length - 1
    if (level >= 0) this.#open[level] = (this.#open[level] ?? 0) - 1
    if (name === 'array') this.#open.push(Number(token.value))
    else if (name === 'map') this.#open.push(2 * Number(token.value))
    else if (name === 'tag') this.#open.push(1)
    if (this.#open.length <= MAX_DEPTH) return token
    this.tooDeep = true
    throw new Error('too deep')
  }
}

/** RFC 8428 table 4; this table is conclusive, extensions are text. */
const NAME_BY_LABEL: ReadonlyMap<unknown, string> = new Map([
  [-6, 'bs'],
  [-5, 'bv'],
  [-4, 'bu'],
  [-3, 'bt'],
  [-2, 'bn'],
  [-1, 'bver'],
  [0, 'n'],
  [1, 'u'],
  [2, 'v'],
  [3, 'vs'],
  [4, 'vb'],
  [5, 's'],
  [6, 't'],
  [7, 'ut'],
  [8, 'vd'],
])

/** A record under its JSON names; what is no record stays what it is. Text never stands for an integer label. */
function withNames(record: unknown): unknown {
  if (!(record instanceof Map)) return record
  const named: Record<string, unknown> = {}
  for (const [label, value] of record) {
    const name = NAME_BY_LABEL.get(label) ?? (typeof label === 'string' && isExtension(label) ? label : null)
    if (name !== null) Object.defineProperty(named, name, { value, enumerable: true })
  }
  return named
}

const BASIC_NAMES: ReadonlySet<string> = new Set(NAME_BY_LABEL.values())

function isExtension(label: string): boolean {
  return !BASIC_NAMES.has(label)
}
