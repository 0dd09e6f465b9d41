import { canonicalJson } from '../domain/canonical.ts'
import type { RecordedPlacement, ShipmentRecord } from '../domain/shipment-record.ts'
import { isoInstant } from '../domain/units.ts'
import type { Saying, SayingRecord } from './epcis-chronicle.ts'
import { type EpcisBody, extensions } from './epcis-event.ts'
import { offsetKnown } from './epcis-known.ts'
import type { EpcisTerms } from './epcis-terms.ts'
import { containerEpc, sensorEpc } from './epcis-things.ts'

/**
 * Placements as pairings of a logger with the container (domain page 5.2: AssociationEvent): an ADD where one begins, a
 * DELETE where it ends. A corrected placement says both anew, and what did not change is not told again; one that was
 * withdrawn, or moved to another shipment, says that neither happened.
 */
export function pairingRecords(record: ShipmentRecord, terms: EpcisTerms): SayingRecord[] {
  const { placements } = record
  const numbered = placements.map((placement, index) => ({ placement, ordinal: index + 1 }))
  return numbered.flatMap(({ placement, ordinal }) => {
    const told = recordOf({ placement, ordinal }, record, terms)
    const isReplaced = placements.some(({ correctsId }) => correctsId === placement.id)
    if (placement.supersededAt === null || isReplaced) return [told]
    const says = told.says.map(({ key }) => ({ key, body: null, fact: '' }))
    return [told, { ...told, tellsAs: 'placement_ended', recordedAt: placement.supersededAt, says }]
  })
}

type Numbered = { placement: RecordedPlacement; ordinal: number }

function recordOf({ placement, ordinal }: Numbered, record: ShipmentRecord, terms: EpcisTerms): SayingRecord {
  const { reference, senderOrg, id: shipmentId } = record.shipment
  const around = { record, terms, root: rootOf(placement, record.placements) }
  return {
    place: { shipmentId, source: 'placement', ordinal },
    row: placement.id,
    recordedAt: placement.knownAt,
    fingerprint: canonicalJson({ ...placement, supersededAt: null, shipmentId, reference, senderOrg }),
    says: [
      saying(placement, { at: placement.fromAt, action: 'ADD' }, around),
      saying(placement, { at: placement.toAt, action: 'DELETE' }, around),
    ],
  }
}

/** The first placement of a chain of corrections, as far as it lies in this shipment. */
function rootOf({ id, correctsId }: RecordedPlacement, all: readonly RecordedPlacement[]): number {
  const before = all.find((candidate) => candidate.id === correctsId)
  return before === undefined ? id : rootOf(before, all)
}

/** `at` null: it has not happened yet. */
type Moment = { at: number | null; action: 'ADD' | 'DELETE' }
type Around = { record: ShipmentRecord; terms: EpcisTerms; root: number }

function saying(placement: RecordedPlacement, { at, action }: Moment, { record, terms, root }: Around): Saying {
  const { sensorId, channel, role, knownAt } = placement
  const key = `${root} ${action}`
  // a sensor of the room or van rides beside many containers and belongs to none
  if (at === null || role === 'ambient') return { key, body: null, fact: '' }
  const { reference, coi } = record.shipment
  const body: EpcisBody = {
    type: 'AssociationEvent',
    eventTime: isoInstant(at),
    eventTimeZoneOffset: offsetKnown(record, { at, knownAt }, terms),
    parentID: containerEpc(record, terms),
    childEPCs: [sensorEpc(record, sensorId, terms)],
    action,
    bizStep: action === 'ADD' ? 'assembling' : 'removing',
    ...extensions({ 'cc:shipmentId': reference, 'cc:coi': coi, 'cc:channel': channel, 'cc:role': role }),
  }
  return { key, body, fact: canonicalJson([sensorId, channel, role, at]) }
}
