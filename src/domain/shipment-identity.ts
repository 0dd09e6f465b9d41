import { type BoxAnswer, type BoxField, boxCheck, type ExpectedBox } from './box-check.ts'
import type { FindingCode } from './finding.ts'
import { type ExpiryReadings, expiryReadings, type LabelOffsets } from './gs1-date.ts'
import type { ExpectedUnit, LabelRead } from './identity.ts'
import { type LabelCheck, labelCheck } from './label-check.ts'
import { type OrderedIdentity, orderedUnit } from './ordered-unit.ts'
import { type BoxFacts, expiryFindings, type UnitFacts } from './receipt.ts'
import { labelReadOf, type ScanPart } from './scan-part.ts'

/** What the people of one organisation read of a shipment, against shipment and order (domain page 4.1, 4.5). */
export function identityOf(facts: IdentityFacts, asOf: number): ShipmentIdentity {
  const codes = [...facts.units.keys()]
  const read = [...new Set(facts.scans.flatMap(({ unitCode }) => unitCode ?? []))]
  const unexpected = read.filter((code) => !facts.units.has(code))
  const boxScans = facts.scans.filter(({ unitCode }) => unitCode === null)
  return {
    units: [...codes, ...unexpected].map((code) => unitIdentity(facts, code, asOf)),
    unexpected,
    unread: codes.filter((code) => !read.includes(code)),
    box: boxCheck(newestOfEach(boxScans), facts.box),
    boxReaders: [...new Set(boxScans.map(({ person }) => person))],
  }
}

/** One scan: what one person read of one label at once. `unitCode` null: of the box. */
export type LabelScan = {
  readonly unitCode: string | null
  readonly person: string
  readonly readAt: number
  readonly parts: readonly ScanPart[]
}

export type IdentityFacts = {
  /** The packing list by code, with the clocks its expiry may be printed by. */
  readonly units: ReadonlyMap<string, { readonly expected: ExpectedUnit; readonly offsets: LabelOffsets }>
  /** For a bag that is on no packing list. */
  readonly offsets: LabelOffsets
  readonly coi: string | null
  readonly order: OrderedIdentity | null
  readonly box: ExpectedBox
  /** Of one organisation, in order of recording. */
  readonly scans: readonly LabelScan[]
}

export type UnitIdentity = {
  readonly code: string
  readonly onPackingList: boolean
  readonly check: LabelCheck
  /** Null: neither the sponsor nor a label said it. */
  readonly expiry: ExpiryReadings | null
  /** EXPIRED or EXPIRY_UNCLEAR as of the instant asked for; empty while it may be used. */
  readonly expiryFindings: readonly FindingCode[]
}

export type ShipmentIdentity = {
  /** The packing list in its order, then bags that were read and are on none. */
  readonly units: readonly UnitIdentity[]
  readonly unexpected: readonly string[]
  /** Of the packing list, read by nobody yet. */
  readonly unread: readonly string[]
  readonly box: readonly BoxAnswer[]
  readonly boxReaders: readonly string[]
}

/** What a receipt needs to know of it, beside what its own checklist asks. */
export function receiptIdentity({ units, unexpected, box }: ShipmentIdentity): {
  units: ReadonlyMap<string, Pick<UnitFacts, 'identity' | 'expiry'>>
  box: Pick<BoxFacts, 'unitsUnexpected' | 'isContainer' | 'isLogger'>
} {
  const said = (field: BoxField): boolean | null => {
    const result = box.find((one) => one.field === field)?.result
    return result === 'match' ? true : result === 'mismatch' ? false : null
  }
  return {
    units: new Map(units.map(({ code, check, expiry }) => [code, { identity: check.result, expiry }])),
    box: { unitsUnexpected: unexpected, isContainer: said('container'), isLogger: said('logger') },
  }
}

function unitIdentity(facts: IdentityFacts, code: string, asOf: number): UnitIdentity {
  const listed = facts.units.get(code)
  const { expected, offsets } = listed ?? { expected: { ...UNKNOWN, coi: facts.coi }, offsets: facts.offsets }
  const readings = facts.scans
    .filter(({ unitCode }) => unitCode === code)
    .map(({ person, parts, readAt }) => ({ person, read: labelReadOf(parts, readAt) }))
  const reads = readings.map(({ read }) => read)
  const order = facts.order && orderedUnit(facts.order, expected, reads)
  const expiry = expiryOf(expected, newestOfEach(readings), offsets)
  return {
    code,
    onPackingList: listed !== undefined,
    check: labelCheck(readings, { shipment: expected, order, offsets }),
    expiry,
    expiryFindings: expiryFindings(expiry, asOf),
  }
}

const UNKNOWN = { gtin: null, serial: null, din: null, lot: null, expiresAt: null }

/**
 * The sponsor's instant; else the entered text of the label, else what was read off it, each by every clock it may
 * mean: between its readings it is unclear.
 */
function expiryOf(
  { expiresAt, expiresLocal = null }: ExpectedUnit,
  readings: readonly { read: LabelRead }[],
  offsets: LabelOffsets,
): ExpiryReadings | null {
  if (expiresAt !== null) return { earliestAt: expiresAt, latestAt: expiresAt }
  const printed = expiresLocal === null ? readings.flatMap(({ read }) => read.expiries) : [expiresLocal]
  const spans = printed.map((expiry) => expiryReadings(expiry, offsets))
  if (spans.length === 0) return null
  // people who read different days have a mismatch; until it is settled no later day counts than all of them allow
  return {
    earliestAt: Math.min(...spans.map(({ earliestAt }) => earliestAt)),
    latestAt: Math.min(...spans.map(({ latestAt }) => latestAt)),
  }
}

function newestOfEach<T extends { person: string }>(given: readonly T[]): T[] {
  return [...new Map(given.map((one) => [one.person, one])).values()]
}
