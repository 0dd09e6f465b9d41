import type { HashText } from '../domain/ledger.ts'
import { RECORD_SOURCES, type RecordSource } from '../domain/shipment-record.ts'

/**
 * The id of an EPCIS event: a UUID of version 8 (RFC 9562, section 5.8), one of the two forms that CBV 2.0 allows.
 *
 *   shipment 36 bits | source 2 | place in it 20 | first 64 bits of SHA-256(fingerprint of the record)
 *
 * So the same record has the same id for ever, the id leads back to its record without a search, and two installations
 * never give the same one. CBV's other form, the hash of the event's own fields (`ni:///sha-256;…`), would change with
 * PUBLIC_URL and with every field a later version of this program adds: one fact would then be told under two ids, and
 * an error declaration would miss the event it is about.
 */
export function eventId({ shipmentId, source, ordinal }: RecordPlace, fingerprint: string, sha256: HashText): string {
  if (shipmentId >= 2 ** SHIPMENT_BITS || ordinal >= 2 ** ORDINAL_BITS) {
    throw new RangeError(`record ${ordinal} of shipment ${shipmentId} is beyond what an event id can name`)
  }
  const place = (BigInt(shipmentId) << 22n) | (BigInt(RECORD_SOURCES.indexOf(source)) << 20n) | BigInt(ordinal)
  const bits = (place << 64n) | BigInt(`0x${sha256(fingerprint).slice(0, 16)}`)
  const high = hex(bits >> 74n, 12)
  const middle = hex((bits >> 62n) & 0xfffn, 3)
  const low = hex((2n << 62n) | (bits & LOW_62), 16)
  return `urn:uuid:${high.slice(0, 8)}-${high.slice(8)}-8${middle}-${low.slice(0, 4)}-${low.slice(4)}`
}

/** Where a record stands: `ordinal` is its number within the shipment (ledger entry, placement, evaluation version). */
export type RecordPlace = { readonly shipmentId: number; readonly source: RecordSource; readonly ordinal: number }

const SHIPMENT_BITS = 36
const ORDINAL_BITS = 20
const LOW_62 = (1n << 62n) - 1n

function hex(bits: bigint, digits: number): string {
  return bits.toString(16).padStart(digits, '0')
}

const EVENT_ID = /^urn:uuid:([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-([89ab][0-9a-f]{3})-([0-9a-f]{12})$/i

/** The record an event id names; null where the id is none of this service's form. */
export function placeOfEventId(text: string): RecordPlace | null {
  const [, high, mid, middle, low] = EVENT_ID.exec(text) ?? []
  if (high === undefined || mid === undefined || middle === undefined || low === undefined) return null
  const top = (BigInt(`0x${high}${mid}`) << 12n) | BigInt(`0x${middle}`)
  // the highest two of the 62 low bits belong to the hash, so the place is what stands above 64 bits
  const place = top >> 2n
  const source = RECORD_SOURCES[Number((place >> 20n) & 3n)]
  if (source === undefined) return null
  return { shipmentId: Number(place >> 22n), source, ordinal: Number(place & 0xfffffn) }
}
