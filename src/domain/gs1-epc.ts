import { gs1CheckDigit } from './gs1.ts'
import { fieldsOf } from './gs1-element.ts'
import { type CodeFailure, failure, type Gs1Fields, isFailure } from './gs1-field.ts'
import { digitalLink, parseDigitalLink } from './gs1-link.ts'

/**
 * EPC URNs (EPC Tag Data Standard): the same keys written with the company prefix apart and without check digit. The
 * prefix length cannot be told from a number, so it comes as an argument and goes with what is read from a URN.
 */
export function epcUrn(fields: Gs1Fields, prefixLength: number): string | CodeFailure {
  const checked = fieldsOf(Object.entries(fields))
  if (isFailure(checked)) return checked
  if (!Number.isInteger(prefixLength) || prefixLength < MIN_PREFIX || prefixLength > MAX_PREFIX) {
    return failure('PREFIX_LENGTH', `A company prefix in a URN has 6 to 12 digits, not ${prefixLength}.`)
  }
  const { '00': sscc, '01': gtin, '10': lot, '21': serial, '8003': grai, '8004': giai } = fields
  if (sscc !== undefined) return `urn:epc:id:sscc:${indicatorApart(sscc, prefixLength)}`
  if (gtin !== undefined) return gtinUrn(indicatorApart(gtin, prefixLength), serial, lot)
  if (grai !== undefined) return graiUrn(grai, prefixLength)
  if (giai !== undefined) return giaiUrn(giai, prefixLength)
  const { '414': gln, '417': party, '254': extension = '0' } = fields
  if (gln !== undefined) return `urn:epc:id:sgln:${prefixApart(gln, prefixLength)}.${escaped(extension)}`
  if (party !== undefined) return `urn:epc:id:pgln:${prefixApart(party, prefixLength)}`
  return failure('NO_KEY', 'No key that an EPC URN can name is among the fields.')
}

const [MIN_PREFIX, MAX_PREFIX] = [6, 12]

/** `prefix.rest` of digits that end in a check digit, which goes. */
function prefixApart(digits: string, prefixLength: number): string {
  return `${digits.slice(0, prefixLength)}.${digits.slice(prefixLength, -1)}`
}

/** The same where an indicator or extension digit stands before the prefix: it moves behind it. */
function indicatorApart(digits: string, prefixLength: number): string {
  const [prefix, rest] = prefixApart(digits.slice(1), prefixLength).split('.')
  return `${prefix}.${digits[0]}${rest}`
}

function gtinUrn(item: string, serial: string | undefined, lot: string | undefined): string | CodeFailure {
  if (serial !== undefined) return `urn:epc:id:sgtin:${item}.${escaped(serial)}`
  if (lot !== undefined) return `urn:epc:class:lgtin:${item}.${escaped(lot)}`
  return failure('NOT_AN_INSTANCE', '(01) alone names many things: add the serial (21) or the lot (10).')
}

function graiUrn(grai: string, prefixLength: number): string | CodeFailure {
  const serial = grai.slice(14)
  if (serial === '') return failure('NOT_AN_INSTANCE', '(8003) without a serial names many things: add the serial.')
  return `urn:epc:id:grai:${prefixApart(grai.slice(1, 14), prefixLength)}.${escaped(serial)}`
}

function giaiUrn(giai: string, prefixLength: number): string | CodeFailure {
  const [prefix, reference] = [giai.slice(0, prefixLength), giai.slice(prefixLength)]
  if (!/^\d+$/.test(prefix) || reference === '') {
    return failure('PREFIX_LENGTH', `(8004) "${giai}" has no company prefix of ${prefixLength} digits.`)
  }
  return `urn:epc:id:giai:${prefix}.${escaped(reference)}`
}

/** Characters that a URN may not carry as they are (EPC Tag Data Standard, table A-1). */
function escaped(text: string): string {
  return text.replace(/["%&/<>?]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

export type ParsedEpc = { readonly fields: Gs1Fields; readonly prefixLength: number }

/** EPC URN to fields with their check digits, and the length of the company prefix. */
export function parseEpcUrn(urn: string): ParsedEpc | CodeFailure {
  const [, scheme, prefix, rest] = /^urn:epc:(id:[a-z]+|class:lgtin):(\d{6,12})\.(.*)$/s.exec(urn) ?? []
  if (scheme === undefined || prefix === undefined || rest === undefined) return unreadable(urn)
  const parts = /^(\d*)(?:\.(.+))?$/s.exec(rest)
  const [reference = '', serial] = [parts?.[1], parts?.[2] === undefined ? undefined : unescaped(parts[2])]
  if (serial === null) return unreadable(urn)
  const pairs = pairsOf({ scheme, prefix, rest, reference, serial })
  if (pairs === null) return unreadable(urn)
  const fields = fieldsOf(pairs)
  return isFailure(fields) ? fields : { fields, prefixLength: prefix.length }
}

function unreadable(urn: string): CodeFailure {
  return failure('UNKNOWN_CODE', `"${urn.slice(0, 60)}" is no EPC URN of a key this service knows.`)
}

type UrnParts = { scheme: string; prefix: string; rest: string; reference: string; serial: string | undefined }

function pairsOf({ scheme, prefix, rest, reference, serial }: UrnParts): [string, string][] | null {
  switch (scheme) {
    case 'id:sscc':
      return serial === undefined ? keyed('00', withIndicator(prefix, reference)) : null
    case 'id:sgtin':
      return serial === undefined ? null : [...keyed('01', withIndicator(prefix, reference)), ['21', serial]]
    case 'class:lgtin':
      return serial === undefined ? null : [...keyed('01', withIndicator(prefix, reference)), ['10', serial]]
    case 'id:sgln':
      if (serial === undefined) return null
      return [...keyed('414', checkedDigits(prefix + reference)), ...(serial === '0' ? [] : keyed('254', serial))]
    case 'id:pgln':
      return serial === undefined ? keyed('417', checkedDigits(prefix + reference)) : null
    case 'id:grai':
      return serial === undefined ? null : keyed('8003', `0${checkedDigits(prefix + reference)}${serial}`)
    case 'id:giai': {
      const plain = unescaped(rest)
      return plain === null || plain === '' ? null : keyed('8004', prefix + plain)
    }
    default:
      return null
  }
}

function keyed(ai: string, value: string): [string, string][] {
  return [[ai, value]]
}

function checkedDigits(digits: string): string {
  return `${digits}${gs1CheckDigit(digits)}`
}

function withIndicator(prefix: string, reference: string): string {
  return checkedDigits(`${reference.slice(0, 1)}${prefix}${reference.slice(1)}`)
}

function unescaped(text: string): string | null {
  const stray = text.replace(/%(?:2[0-9A-F]|3[0-9A-F]|5F)/gi, '')
  if (/["%&/<>?]/.test(stray)) return null
  return text.replace(/%([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** EPC URN to Digital Link. */
export function epcToLink(urn: string, base?: string): string | CodeFailure {
  const parsed = parseEpcUrn(urn)
  return isFailure(parsed) ? parsed : digitalLink(parsed.fields, base)
}

/** Digital Link to EPC URN; the query says nothing about which thing it is. */
export function linkToEpc(uri: string, prefixLength: number): string | CodeFailure {
  const parsed = parseDigitalLink(uri)
  return isFailure(parsed) ? parsed : epcUrn(parsed.fields, prefixLength)
}
