import { gs1Problem } from '../domain/gs1.ts'
import { isFailure } from '../domain/gs1-field.ts'
import { digitalLink, instanceLink } from '../domain/gs1-link.ts'
import type { ShipmentRecord } from '../domain/shipment-record.ts'
import type { EpcisTerms } from './epcis-terms.ts'

/**
 * URIs of things and parties: the canonical GS1 Digital Link where they have a GS1 key, else a URI of this
 * installation's own (domain page 5.1). What is no valid key (a serial with a character GS1 does not know) counts as
 * none.
 *
 *   box        /00/{sscc}               or  {id}/shipment/{id}
 *   unit       /01/{gtin}/21/{serial}   or  {id}/shipment/{id}/unit/{code}
 *   container  /8003/{grai}             or  {id}/container/{id}
 *   sensor     /8004/{giai}             or  {id}/sensor/{id}        its serial is registered as `(8004)…`
 *   party      /417/{gln}               or  {id}/organisation/{id}
 *   donation                                {id}/isbt128/din/{din}
 */
export function boxEpc({ shipment }: ShipmentRecord, { idUrl }: EpcisTerms): string {
  const own = `${idUrl}/shipment/${shipment.id}`
  return shipment.sscc === null ? own : linkOr(instanceLink({ '00': shipment.sscc }), own)
}

/** A bag by the code on its label, also one that nobody expected. */
export function unitEpc({ shipment, units }: ShipmentRecord, code: string, { idUrl }: EpcisTerms): string {
  const own = `${idUrl}/shipment/${shipment.id}/unit/${encodeURIComponent(code)}`
  const unit = units.find((candidate) => candidate.code === code)
  if (unit === undefined || unit.gtin === null || unit.serial === null) return own
  return linkOr(instanceLink({ '01': unit.gtin, '21': unit.serial }), own)
}

/** What was collected, before there was a bag: the donation, where its number is known. */
export function donationEpc(record: ShipmentRecord, code: string, terms: EpcisTerms): string {
  const din = record.units.find((candidate) => candidate.code === code)?.din ?? null
  return din === null ? unitEpc(record, code, terms) : `${terms.idUrl}/isbt128/din/${encodeURIComponent(din)}`
}

/** What loggers are fixed to: the container, else the box as a whole. */
export function containerEpc(record: ShipmentRecord, terms: EpcisTerms): string {
  const { container } = record
  if (container === null) return boxEpc(record, terms)
  const own = `${terms.idUrl}/container/${container.id}`
  return container.grai === null ? own : linkOr(instanceLink({ '8003': container.grai }), own)
}

/** A logger. */
export function sensorEpc({ sensors }: ShipmentRecord, sensorId: number, { idUrl }: EpcisTerms): string {
  const own = `${idUrl}/sensor/${sensorId}`
  const giai = giaiOf(sensors.find(({ id }) => id === sensorId)?.serial ?? '')
  return giai === null ? own : linkOr(instanceLink({ '8004': giai }), own)
}

/** The asset number in a serial that was registered as GS1 writes it for people; any other serial is the maker's. */
function giaiOf(serial: string): string | null {
  return /^\(8004\)(.+)$/.exec(serial)?.[1] ?? null
}

/** An organisation, by the key under which it stands in the ledger. */
export function partyUri(org: string, { idUrl }: EpcisTerms): string {
  const id = /^organisation:(\d+)$/.exec(org)?.[1]
  const own = `${idUrl}/organisation/${id ?? encodeURIComponent(org)}`
  return gs1Problem('PGLN', org) === null ? linkOr(digitalLink({ '417': org }), own) : own
}

/** The link, or the own URI where the key is none. */
export function linkOr(link: ReturnType<typeof digitalLink>, own: string): string {
  return isFailure(link) ? own : link
}
