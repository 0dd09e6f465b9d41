import { type LabelExpiry, type LabelOffsets, labelSaysInstant, printLocalExpiry } from './gs1-date.ts'
import { leadingAi } from './gs1-field.ts'
import type { Scan } from './gs1-scan.ts'

/**
 * Identity of a unit (domain page 4.1): its label against shipment and order, read by two people who do not see each
 * other's result. A mismatch of anything outweighs all that agrees; without an order, without the second person or
 * without two independent identifiers it is unverified.
 */
export function compareLabel(reads: LabelReads, expected: Expectation): LabelComparison {
  const first = reads.first && compareRead(reads.first, expected)
  const second = reads.second && compareRead(reads.second.read, expected)
  const differs = [
    ...(first?.differs ?? []).map((one) => ({ ...one, person: 'first' as const })),
    ...(second?.differs ?? []).map((one) => ({ ...one, person: 'second' as const })),
    ...betweenPeople(reads),
  ]
  const open = [
    ...(expected.order === null ? ['no_order' as const] : []),
    ...(reads.first === null ? ['not_read' as const] : []),
    ...(reads.second === null ? ['no_second_person' as const] : []),
    ...(reads.second?.isBlind === false ? ['second_person_saw_the_first' as const] : []),
    ...[...new Set([...(first?.missing ?? []), ...(second?.missing ?? [])])],
  ]
  return {
    result: differs.length > 0 ? 'mismatch' : open.length > 0 ? 'unverified' : 'match',
    differs,
    open,
    typed: reads.first?.isTyped === true || reads.second?.read.isTyped === true,
  }
}

export type IdentityField = 'gtin' | 'serial' | 'din' | 'lot' | 'coi' | 'expiry'

/** What one person read of one label: every value of a field, so that a label that contradicts itself shows. */
export type LabelRead = {
  readonly values: Readonly<Record<Exclude<IdentityField, 'expiry'>, readonly string[]>>
  readonly expiries: readonly LabelExpiry[]
  /** Something was typed instead of scanned: allowed, flagged, and checked by the second person as everything is. */
  readonly isTyped: boolean
}

export type LabelReads = {
  readonly first: LabelRead | null
  /** `isBlind`: the second person scanned without having been shown the first result. */
  readonly second: { readonly read: LabelRead; readonly isBlind: boolean } | null
}

/**
 * A unit as shipment or order name it; null where they do not. The expiry is the sponsor's instant; where nobody gave
 * one, `expiresLocal` may be what the label is to print, of no zone.
 */
export type ExpectedUnit = {
  readonly gtin: string | null
  readonly serial: string | null
  readonly din: string | null
  readonly lot: string | null
  readonly coi: string | null
  readonly expiresAt: number | null
  readonly expiresLocal?: LabelExpiry | null
}

/** Null order: nobody at the centre or the sponsor said what is expected. */
export type Expectation = {
  readonly shipment: ExpectedUnit
  readonly order: ExpectedUnit | null
  readonly offsets: LabelOffsets
}

export type Difference = {
  readonly field: IdentityField
  /** `further`: somebody beside the two whose readings are compared. */
  readonly person: 'first' | 'second' | 'between_people' | 'further'
  readonly against: 'shipment' | 'order' | 'other_person'
  readonly expected: string
  readonly found: string
  /** What was found goes on like another field: the scanner may leave out the separator (FNC1). Scan with another. */
  readonly maybe: 'separator_lost' | null
}

/** What keeps an identity unverified: an act that is missing, or a field that must be on the label and was not read. */
export type OpenPoint =
  | 'no_order'
  | 'not_read'
  | 'no_second_person'
  | 'second_person_saw_the_first'
  | 'second_identifier'
  | IdentityField

export type LabelComparison = {
  readonly result: 'match' | 'mismatch' | 'unverified'
  readonly differs: readonly Difference[]
  readonly open: readonly OpenPoint[]
  readonly typed: boolean
}

/** One code scanned off a label, or one field typed; the code of the chain of identity is opaque text. */
export type LabelPart =
  | { readonly kind: 'scan'; readonly scan: Scan }
  | { readonly kind: 'coi'; readonly text: string; readonly isTyped: boolean }
  | { readonly kind: 'typed'; readonly field: 'gtin' | 'serial' | 'din' | 'lot'; readonly text: string }
  | { readonly kind: 'typed_expiry'; readonly expiry: LabelExpiry }

/** Everything one person read of a label, put together. */
export function labelRead(parts: readonly LabelPart[]): LabelRead {
  const read = { gtin: list(), serial: list(), din: list(), lot: list(), coi: list() }
  const expiries: LabelExpiry[] = []
  for (const part of parts) {
    if (part.kind === 'coi') read.coi.push(part.text.trim())
    if (part.kind === 'typed') read[part.field].push(normal(part.field, part.text))
    if (part.kind === 'typed_expiry') expiries.push(part.expiry)
    if (part.kind !== 'scan') continue
    const { keys, expiry } = part.scan
    for (const field of SCANNED) if (keys[field] !== null) read[field].push(keys[field])
    if (expiry !== null) expiries.push(expiry)
  }
  const isTyped = parts.some((part) => (part.kind === 'coi' ? part.isTyped : part.kind !== 'scan'))
  return { values: read, expiries, isTyped }
}

const SCANNED = ['gtin', 'serial', 'din', 'lot'] as const
const TEXT_FIELDS = [...SCANNED, 'coi'] as const

function list(): string[] {
  return []
}

/** Typed as printed: a shorter GTIN is the same number with zeros before it, a DIN has blanks for the eye. */
function normal(field: 'gtin' | 'serial' | 'din' | 'lot', text: string): string {
  if (field === 'gtin') return text.trim().padStart(14, '0')
  return field === 'din' ? text.toUpperCase().replace(/[\s-]/g, '') : text.trim()
}

type Compared = { differs: Omit<Difference, 'person'>[]; missing: OpenPoint[] }

function compareRead(read: LabelRead, { shipment, order, offsets }: Expectation): Compared {
  const sides = [{ against: 'shipment' as const, unit: shipment }]
  const all = order === null ? sides : [...sides, { against: 'order' as const, unit: order }]
  return {
    differs: all.flatMap(({ against, unit }) =>
      differences(read, unit, offsets).map((difference) => ({ ...difference, against })),
    ),
    missing: [...missingOf(read, shipment), ...(order === null ? [] : unread(read, order))],
  }
}

function differences(read: LabelRead, unit: ExpectedUnit, offsets: LabelOffsets) {
  const texts = TEXT_FIELDS.flatMap((field) => {
    const expected = unit[field]
    if (expected === null) return []
    const others = read.values[field].filter((found) => found !== expected)
    return others.map((found) => ({ field, expected, found, maybe: separatorLost(expected, found) }))
  })
  return [...texts, ...expiryDifferences(read, unit, offsets)]
}

function expiryDifferences({ expiries }: LabelRead, unit: ExpectedUnit, offsets: LabelOffsets) {
  const { expiresAt, expiresLocal = null } = unit
  const asText = { field: 'expiry', maybe: null } as const
  if (expiresAt !== null) {
    const expected = new Date(expiresAt).toISOString()
    const wrong = expiries.filter((expiry) => !labelSaysInstant(expiry, expiresAt, offsets))
    return wrong.map((expiry) => ({ ...asText, expected, found: printLocalExpiry(expiry) }))
  }
  if (expiresLocal === null) return []
  const expected = printLocalExpiry(expiresLocal)
  const wrong = expiries.filter((expiry) => !isSameExpiry(expiry, expiresLocal))
  return wrong.map((expiry) => ({ ...asText, expected, found: printLocalExpiry(expiry) }))
}

/** The same day, and the same minute where both say one. */
function isSameExpiry(one: LabelExpiry, other: LabelExpiry): boolean {
  return one.date === other.date && (one.time === null || other.time === null || one.time === other.time)
}

function separatorLost(expected: string, found: string): Difference['maybe'] {
  const goesOn = found.startsWith(expected) && leadingAi(found.slice(expected.length)) !== null
  return goesOn ? 'separator_lost' : null
}

/**
 * What the shipment's word still asks for: two independent identifiers of chain of identity, donation, bag (GTIN with
 * serial) and lot, one of them of this very unit, and the chain of identity wherever there is one.
 */
function missingOf({ values }: LabelRead, unit: ExpectedUnit): OpenPoint[] {
  const isRead = (field: (typeof TEXT_FIELDS)[number]) => unit[field] !== null && values[field].length > 0
  const own = [isRead('din'), isRead('gtin') && isRead('serial')].filter(Boolean).length
  const others = [isRead('coi'), isRead('lot')].filter(Boolean).length
  return [
    ...(unit.coi !== null && !isRead('coi') ? (['coi'] as const) : []),
    ...(own === 0 || own + others < 2 ? (['second_identifier'] as const) : []),
  ]
}

/** What the order names must have been read: it may know less than the shipment, but what it knows it wants to see. */
function unread({ values }: LabelRead, order: ExpectedUnit): OpenPoint[] {
  return TEXT_FIELDS.filter((field) => order[field] !== null && values[field].length === 0)
}

/** Two people who read different things off one label differ, whatever was expected. */
function betweenPeople({ first, second }: LabelReads): Difference[] {
  if (first === null || second === null) return []
  const against = { person: 'between_people', against: 'other_person', maybe: null } as const
  const texts = TEXT_FIELDS.flatMap((field) => {
    const [mine, others] = [first.values[field], second.read.values[field]]
    if (mine.length === 0 || others.length === 0) return []
    const found = others.find((value) => !mine.includes(value))
    return found === undefined ? [] : [{ ...against, field, expected: mine.join(', '), found }]
  })
  const mine = first.expiries.map(printLocalExpiry)
  const other = second.read.expiries.map(printLocalExpiry).find((expiry) => mine.length > 0 && !mine.includes(expiry))
  const expiry = { ...against, field: 'expiry' as const, expected: mine.join(', ') }
  return other === undefined ? texts : [...texts, { ...expiry, found: other }]
}
