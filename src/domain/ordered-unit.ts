import type { ExpectedUnit, LabelRead } from './identity.ts'

/** A unit as an order names it; what is null is not said. */
export type OrderedUnit = Pick<ExpectedUnit, 'gtin' | 'serial' | 'din' | 'lot'>

/** What an order says about its units. */
export type OrderedIdentity = { readonly coi: string | null; readonly expected: readonly OrderedUnit[] }

/**
 * What the order expects of a unit: of its entries the one that contradicts the packing list least and agrees with it
 * most; where several do alike, the one that what was read fits best. A unit that fits no entry is compared with the
 * nearest one, so that what differs is named. An order without entries says only the chain of identity.
 */
export function orderedUnit(order: OrderedIdentity, packed: OrderedUnit, reads: readonly LabelRead[]): ExpectedUnit {
  const ranked = order.expected
    .map((entry) => ({ entry, rank: rankOf(entry, packed, reads) }))
    .toSorted((one, other) => compareRanks(one.rank, other.rank))
  const { gtin = null, serial = null, din = null, lot = null } = ranked[0]?.entry ?? {}
  return { gtin, serial, din, lot, coi: order.coi, expiresAt: null }
}

/** What a packing list says, before anybody has read a label. */
export type PackedIdentity = { readonly coi: string | null; readonly units: readonly OrderedUnit[] }

/**
 * Whether a packing list answers its order, for the departure check: nothing in it may contradict the order or go
 * beyond it; less is right, since several boxes answer one order. Unverified without an order, or without the chain of
 * identity that it names.
 */
export function packedAsOrdered(
  order: OrderedIdentity | null,
  { coi, units }: PackedIdentity,
): 'match' | 'mismatch' | 'unverified' {
  if (order === null) return 'unverified'
  const isBeyond = order.expected.length > 0 && units.length > order.expected.length
  const isOther = units.some((packed) => contradictions(orderedUnit(order, packed, []), packed) > 0)
  if (isBeyond || isOther || (order.coi !== null && coi !== null && order.coi !== coi)) return 'mismatch'
  return order.coi !== null && coi === null ? 'unverified' : 'match'
}

function contradictions(entry: OrderedUnit, packed: OrderedUnit): number {
  return FIELDS.filter((field) => entry[field] !== null && packed[field] !== null && entry[field] !== packed[field])
    .length
}

const FIELDS = ['gtin', 'serial', 'din', 'lot'] as const

/** Contradictions with the packing list, agreements with it, and the same with what was read; smaller is nearer. */
function rankOf(entry: OrderedUnit, packed: OrderedUnit, reads: readonly LabelRead[]): number[] {
  const named = FIELDS.filter((field) => entry[field] !== null)
  const both = named.filter((field) => packed[field] !== null)
  const contradicts = contradictions(entry, packed)
  const readOf = named.flatMap((field) =>
    reads.flatMap(({ values }) => values[field].map((value) => value === entry[field])),
  )
  return [contradicts, contradicts - both.length, readOf.filter((fits) => !fits).length, -readOf.filter(Boolean).length]
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  return one.map((value, index) => value - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0
}
