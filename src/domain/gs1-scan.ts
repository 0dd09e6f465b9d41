import { gs1Problem } from './gs1.ts'
import { type LabelExpiry, labelDate, labelMinute } from './gs1-date.ts'
import { parseElementString, parseHumanReadable, SEPARATOR } from './gs1-element.ts'
import { parseEpcUrn } from './gs1-epc.ts'
import { type CodeFailure, failure, type Gs1Fields, isFailure } from './gs1-field.ts'
import { isPrimaryKey, parseDigitalLink } from './gs1-link.ts'
import { type Din, parseScannedDin, parseTypedDin } from './isbt128.ts'
import { toMilliC, type UnitCode } from './units.ts'

/** What somebody's scanner sent or fingers typed, read. `raw` is kept as it came. */
export type Scan = {
  readonly raw: string
  readonly form: 'element_string' | 'human_readable' | 'digital_link' | 'epc_urn' | 'plain_key' | 'isbt128'
  readonly fields: Gs1Fields
  readonly keys: ScannedKeys
  readonly expiry: LabelExpiry | null
  /** Temperature range on a logistic label (AI 4330 to 4333): shown, never trusted over the profile. */
  readonly printedLimits: { readonly minMilliC: number | null; readonly maxMilliC: number | null }
}

/** What a code identifies. A GTIN has 14 digits here, whatever was printed. */
export type ScannedKeys = {
  readonly sscc: string | null
  readonly gtin: string | null
  readonly serial: string | null
  readonly lot: string | null
  readonly gln: string | null
  readonly glnExtension: string | null
  readonly party: string | null
  readonly grai: string | null
  readonly giai: string | null
  readonly din: string | null
}

export type ScanFailure = CodeFailure & { readonly raw: string }

/** More than any barcode of the field holds (a QR code: 4,296 characters). */
const MAX_SCAN_CHARS = 4296

/**
 * Reads any code of the field (domain page section 6): GS1 element strings with the prefixes and separators scanners
 * send, the form people read, Digital Links, EPC URNs, plain GTIN and SSCC digits, ISBT 128 donation numbers. `now`
 * settles the century of two-digit years. Never throws: what cannot be read is a failure that says what to do.
 */
export function parseScan(raw: string, now: number): Scan | ScanFailure {
  const read = readScan(raw)
  return isFailure(read) ? { ...read, raw } : scanOf(raw, read, now)
}

type Read = { form: Scan['form']; fields: Gs1Fields; din: string | null }

function readScan(raw: string): Read | CodeFailure {
  if (raw.length > MAX_SCAN_CHARS) return failure('TOO_LONG', 'This is longer than any barcode. Scan one code only.')
  // terminals end a scan with Enter or Tab, and some write the separator as a word or a picture
  const text = raw.replace(/[\r\n\t]+$/, '').replace(/\{GS\}|<GS>|\u241d/gi, SEPARATOR)
  if (text.trim() === '') return failure('EMPTY', 'Nothing was read: scan again.')
  const symbology = /^\][A-Za-z][0-9A-Za-z]/.exec(text)?.[0] ?? null
  const content = symbology === null ? text : text.slice(3)
  if (symbology !== null && ELEMENT_STRINGS.includes(symbology)) return asElements(content)
  return readContent(content)
}

/** AIM symbology identifiers of codes that hold GS1 element strings: GS1-128, DataBar, DataMatrix, QR and DotCode. */
const ELEMENT_STRINGS: readonly string[] = [']C1', ']e0', ']e1', ']e2', ']e3', ']d2', ']Q3', ']J1']

function readContent(text: string): Read | CodeFailure {
  if (text.includes(SEPARATOR)) return asElements(text)
  if (/^\s*\(\d{2,4}\)/.test(text)) return asFields('human_readable', parseHumanReadable(text.trim()))
  if (/^https?:\/\//i.test(text)) {
    const link = parseDigitalLink(text)
    return isFailure(link) ? link : asFields('digital_link', link.fields)
  }
  if (/^urn:epc:/i.test(text)) {
    const epc = parseEpcUrn(text)
    return isFailure(epc) ? epc : asFields('epc_urn', epc.fields)
  }
  if (/^[=&]/.test(text)) return asDin(parseScannedDin(text))
  return readBare(text.trim())
}

/** Nothing says what it is: digits of a key's length, an element string whose FNC1 got lost, a typed DIN. */
function readBare(text: string): Read | CodeFailure {
  const key = plainKey(text)
  if (key !== null) return { form: 'plain_key', fields: key, din: null }
  const elements = parseElementString(text)
  const identifies = !isFailure(elements) && Object.keys(elements).some(isPrimaryKey)
  if (identifies) return asFields('element_string', elements)
  const typed = /^[A-NP-Z]/i.test(text) ? parseTypedDin(text) : null
  if (typed !== null && (!isFailure(typed) || typed.problem === 'CHECK_CHARACTER')) return asDin(typed)
  if (isFailure(elements) && /^(?:00|01|8003|8004)\d{5}/.test(text)) return elements
  const looksLikeKey = /^\d+$/.test(text) && KEY_LENGTHS.includes(text.length)
  if (looksLikeKey) return failure('CHECK_DIGIT', `"${text}" has a wrong check digit: it was misread. Read it again.`)
  return failure('UNKNOWN_CODE', 'This is no code of a unit or box. Scan the square code on the label of the bag.')
}

const KEY_LENGTHS: readonly number[] = [8, 12, 13, 14, 18]

/** 18 digits are an SSCC; 8, 12, 13 or 14 a GTIN, as EAN and UPC codes carry it. */
function plainKey(text: string): Gs1Fields | null {
  if (gs1Problem('SSCC', text) === null) return { '00': text }
  return gs1Problem('GTIN', text) === null ? { '01': text.padStart(14, '0') } : null
}

function asElements(text: string): Read | CodeFailure {
  return asFields('element_string', parseElementString(text))
}

function asFields(form: Scan['form'], fields: Gs1Fields | CodeFailure): Read | CodeFailure {
  if (isFailure(fields)) return fields
  if (Object.keys(fields).length === 0) return failure('EMPTY', 'Nothing was read: scan again.')
  return { form, fields, din: null }
}

function asDin(din: Din | CodeFailure): Read | CodeFailure {
  return isFailure(din) ? din : { form: 'isbt128', fields: {}, din: din.din }
}

function scanOf(raw: string, { form, fields, din }: Read, now: number): Scan {
  return {
    raw,
    form,
    fields,
    keys: {
      sscc: fields['00'] ?? null,
      gtin: fields['01'] ?? null,
      serial: fields['21'] ?? null,
      lot: fields['10'] ?? null,
      gln: fields['414'] ?? null,
      glnExtension: fields['254'] ?? null,
      party: fields['417'] ?? null,
      grai: fields['8003'] ?? null,
      giai: fields['8004'] ?? null,
      din,
    },
    expiry: expiryOf(fields, now),
    printedLimits: {
      minMilliC: printedMilliC(fields['4333'], 'CEL') ?? printedMilliC(fields['4332'], 'FAH'),
      maxMilliC: printedMilliC(fields['4331'], 'CEL') ?? printedMilliC(fields['4330'], 'FAH'),
    },
  }
}

/** AI 7003 says the minute, AI 17 only the day. */
function expiryOf(fields: Gs1Fields, now: number): LabelExpiry | null {
  const minute = labelMinute(fields['7003'] ?? '', now)
  if (minute !== null) return minute
  const date = labelDate(fields['17'] ?? '', now)
  return date === null ? null : { date, time: null }
}

/** Six digits with two decimals, a hyphen behind them for below zero. */
function printedMilliC(value: string | undefined, unit: UnitCode): number | null {
  if (value === undefined) return null
  const sign = value.endsWith('-') ? '-' : ''
  return toMilliC(`${sign}${value.slice(0, 4)}.${value.slice(4, 6)}`, unit)?.milliC ?? null
}
