import type { Canonical } from '../domain/canonical.ts'
import { type EffectiveEvent, handovers } from '../domain/custody-effective.ts'
import type { CustodyKind } from '../domain/custody-event.ts'
import type { ShipmentRecord } from '../domain/shipment-record.ts'
import { isoInstant } from '../domain/units.ts'
import { type EpcisBody, type Extension, type Extensions, extensions } from './epcis-event.ts'
import { KINDS, type KindMapping } from './epcis-kinds.ts'
import { consigneePlace, NO_OFFSET, offsetOf, offsetOrNull, type Place, placeOf } from './epcis-place.ts'
import type { EpcisTerms } from './epcis-terms.ts'
import { boxEpc, containerEpc, donationEpc, partyUri, sensorEpc, unitEpc } from './epcis-things.ts'

/** What surrounds a custody event when it is told. */
export type Around = {
  readonly record: ShipmentRecord
  readonly terms: EpcisTerms
  /** When it was recorded; what was recorded later says nothing in it. */
  readonly recordedAt: number
  /** Effective events of the ledger up to this entry, itself included, in their order. */
  readonly known: readonly EffectiveEvent[]
}

/** One custody event in EPCIS terms (domain page 5.2). A correction is none: see `epcis-ledger.ts`. */
export function custodyBody(said: EffectiveEvent, around: Around): EpcisBody | null {
  if (said.kind === 'correction') return null
  const mapping = KINDS[said.kind]
  const place = placeSaid(said, around)
  return {
    ...subject(said, mapping, around),
    eventTime: isoInstant(said.at),
    eventTimeZoneOffset: offsetSaid(said, place),
    bizStep: mapping.bizStep,
    ...dispositionOf(said, mapping),
    ...locations(place, mapping),
    ...hands(said, mapping, around),
    ...transactions(said, around.terms),
    ...ownFields(said, mapping, around),
  }
}

/** Where a custody event happened; null where nobody said. */
export function placeSaid(said: EffectiveEvent, { record, terms, recordedAt }: Around): Place | null {
  if (said.place !== undefined) return placeOf(record, { place: said.place, byOrg: said.byOrg, recordedAt }, terms)
  return said.kind === 'delivered' ? consigneePlace(record, terms) : null
}

/** The offset that was stated, else that of the place's clocks, else UTC. */
export function offsetSaid({ tzOffset, at }: EffectiveEvent, place: Place | null): string {
  const stated = offsetOrNull(tzOffset)
  if (stated !== null) return stated
  const timeZone = place?.timeZone ?? null
  return timeZone === null ? NO_OFFSET : offsetOf(timeZone, at)
}

type Subject = Pick<EpcisBody, 'action'> &
  (
    | { type: 'ObjectEvent'; epcList: readonly string[] }
    | { type: 'AggregationEvent' | 'AssociationEvent'; parentID: string; childEPCs?: readonly string[] }
  )

function subject(said: EffectiveEvent, { about, action }: KindMapping, around: Around): Subject {
  const { record, terms } = around
  const box = boxEpc(record, terms)
  const units = [...new Set(said.units.map((code) => unitEpc(record, code, terms)))]
  switch (about) {
    case 'box':
      return { type: 'ObjectEvent', action, epcList: [box] }
    case 'units':
      return { type: 'ObjectEvent', action, epcList: units.length === 0 ? [box] : units }
    case 'donation': {
      const donations = [...new Set(said.units.map((code) => donationEpc(record, code, terms)))]
      return { type: 'ObjectEvent', action, epcList: donations.length === 0 ? [box] : donations }
    }
    case 'contents':
      return family('AggregationEvent', action, { parentID: box, children: units })
    case 'logger': {
      const children = loggersOf(said, around)
      return family('AssociationEvent', action, { parentID: containerEpc(record, terms), children })
    }
  }
}

type Family = { parentID: string; children: readonly string[] }

/** Without children named, all leave; but nothing can join, so what is left is that somebody saw to it. */
function family(type: 'AggregationEvent' | 'AssociationEvent', action: Subject['action'], told: Family): Subject {
  const { parentID, children } = told
  if (children.length > 0) return { type, action, parentID, childEPCs: children }
  if (action === 'DELETE') return { type, action, parentID }
  return { type: 'ObjectEvent', action: 'OBSERVE', epcList: [parentID] }
}

/** Loggers that a statement names by id; what was placed here later was not known by its serial when it was told. */
function loggersOf({ details }: EffectiveEvent, { record, terms, recordedAt }: Around): string[] {
  const known = { ...record, sensors: record.sensors.filter(({ knownAt }) => knownAt <= recordedAt) }
  const ids = listed(details?.sensorId ?? null).filter((value) => typeof value === 'number')
  return [...new Set(ids.map((id) => sensorEpc(known, id, terms)))]
}

function listed(value: Canonical): readonly Canonical[] {
  return Array.isArray(value) ? value : [value]
}

function dispositionOf(said: EffectiveEvent, mapping: KindMapping): Pick<EpcisBody, 'disposition'> & Persistent {
  const { disposition, persistent } = mapping
  if (disposition === null) return {}
  // an inspection that found something does not find conformity
  if (said.kind === 'inspected' && texts(said, 'findings').length > 0) return { disposition: 'non_conformant' }
  return persistent === undefined ? { disposition } : { disposition, persistentDisposition: persistent }
}

type Persistent = { persistentDisposition?: NonNullable<KindMapping['persistent']> }

function locations(place: Place | null, { location }: KindMapping): Pick<EpcisBody, 'readPoint' | 'bizLocation'> {
  if (place === null) return {}
  const readPoint = { id: place.readPoint }
  if (location === null || place.location === null) return { readPoint }
  return { readPoint, bizLocation: { id: place.location[location] } }
}

type Hands = Pick<EpcisBody, 'sourceList' | 'destinationList'>

function hands(said: EffectiveEvent, mapping: KindMapping, { known, terms }: Around): Hands {
  switch (mapping.hands) {
    case null:
      return {}
    case 'given':
      return between({ from: said.byOrg, to: said.toOrg }, terms)
    case 'taken':
      return between({ from: releaseOf(said, known)?.byOrg, to: said.byOrg }, terms)
    case 'received':
      return between({ from: holderBefore(said, known), to: said.byOrg }, terms)
    case 'readdressed':
      return between({ from: undefined, to: said.toOrg }, terms)
  }
}

function between({ from, to }: { from: string | undefined; to: string | undefined }, terms: EpcisTerms): Hands {
  const type = 'possessing_party' as const
  return {
    ...(from !== undefined && { sourceList: [{ type, source: partyUri(from, terms) }] }),
    ...(to !== undefined && { destinationList: [{ type, destination: partyUri(to, terms) }] }),
  }
}

/** The release that an acceptance answers, as far as it was recorded by then. */
function releaseOf(accept: EffectiveEvent, known: readonly EffectiveEvent[]): EffectiveEvent | null {
  return handovers(known).find((pair) => pair.accept?.seq === accept.seq)?.release ?? null
}

/** Whose hands it was in before the receiver's; custody runs from the first event's organisation. */
function holderBefore(received: EffectiveEvent, known: readonly EffectiveEvent[]): string | undefined {
  const holders = known
    .filter(({ kind, at }, index) => index === 0 || (kind === 'handover_accept' && at <= received.at))
    .map(({ byOrg }) => byOrg)
  return holders.findLast((org) => org !== received.byOrg)
}

function transactions(said: EffectiveEvent, { idUrl }: EpcisTerms): Pick<EpcisBody, 'bizTransactionList'> {
  const waybill = said.acknowledgement?.waybill ?? text(said, 'waybill')
  const rma = text(said, 'rma')
  const list = [
    ...(waybill === null
      ? []
      : [{ type: 'bol' as const, bizTransaction: `${idUrl}/awb/${encodeURIComponent(waybill)}` }]),
    ...(rma === null ? [] : [{ type: 'rma' as const, bizTransaction: `${idUrl}/rma/${encodeURIComponent(rma)}` }]),
  ]
  return list.length === 0 ? {} : { bizTransactionList: list }
}

/** What EPCIS has no field for. Of the details only these go out: what else is in them was not written for partners. */
function ownFields(said: EffectiveEvent, mapping: KindMapping, { record, known }: Around): Extensions {
  const released = said.kind === 'handover_accept' ? releaseOf(said, known) : null
  return extensions({
    'cc:custodyKind': mapping.isNamed ? said.kind : null,
    // a donation is collected before there is a shipment
    'cc:shipmentId': mapping.about === 'donation' ? null : record.shipment.reference,
    'cc:coi': said.coi ?? record.shipment.coi,
    'cc:handoverId': said.handoverId,
    'cc:releasedAt': released && isoInstant(released.at),
    'cc:seals': said.seals,
    'cc:replaces': said.replaces,
    'cc:reason': said.reason,
    'cc:authority': said.authority,
    'cc:witness': said.witness,
    'cc:signatureId': said.signature,
    'cc:acknowledgedFor': said.acknowledgement?.company,
    'cc:sealCheck': text(said, 'sealCheck'),
    'cc:verdict': text(said, 'verdict'),
    'cc:findings': present(texts(said, 'findings')),
    'cc:deviation': text(said, 'deviation'),
    'cc:weightG': whole(said, 'weightG'),
    'cc:chargeWeightG': whole(said, 'chargeWeightG'),
  })
}

function text({ details }: EffectiveEvent, name: string): string | null {
  const value = details?.[name]
  return typeof value === 'string' ? value : null
}

function whole({ details }: EffectiveEvent, name: string): number | null {
  const value = details?.[name]
  return typeof value === 'number' ? value : null
}

function texts({ details }: EffectiveEvent, name: string): string[] {
  const value = details?.[name]
  return value === undefined ? [] : listed(value).filter((one) => typeof one === 'string')
}

function present(list: readonly string[]): Extension | null {
  return list.length === 0 ? null : list
}

/** Kinds of custody event that are told with one of these business steps; corrections may be told with any. */
export function kindsOfStep(steps: readonly string[]): CustodyKind[] {
  const named = Object.entries(KINDS).filter(([, mapping]) => steps.includes(mapping.bizStep))
  return [...named.map(([kind]) => kind).filter(isKind), 'correction']
}

function isKind(kind: string): kind is Exclude<CustodyKind, 'correction'> {
  return Object.hasOwn(KINDS, kind)
}
