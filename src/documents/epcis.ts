import { RECORD_SOURCES, type ShipmentRecord } from '../domain/shipment-record.ts'
import { chronicle, type SayingRecord, type ToldEvent } from './epcis-chronicle.ts'
import { namespaceOf } from './epcis-context.ts'
import type { EpcisEvent } from './epcis-event.ts'
import { ledgerRecords } from './epcis-ledger.ts'
import { pairingRecords } from './epcis-pairing.ts'
import { sensorRecords } from './epcis-sensor.ts'
import type { EpcisTerms } from './epcis-terms.ts'

/**
 * A shipment's records as EPCIS 2.0 events, in order of recording (domain page 5.2, 5.3): custody, pairings of loggers,
 * alarms and summaries of sensors, each with the declarations of what proved wrong. The same records give the same
 * events and ids, and a record added later changes none of those before it.
 */
export function epcisEvents(record: ShipmentRecord, terms: EpcisTerms): ToldEvent[] {
  const records = [...ledgerRecords(record, terms), ...pairingRecords(record, terms), ...sensorRecords(record, terms)]
  return chronicle(records.sort(byRecording), terms)
}

function byRecording(a: SayingRecord, b: SayingRecord): number {
  return a.recordedAt - b.recordedAt || sourceOf(a) - sourceOf(b) || a.row - b.row
}

function sourceOf({ tellsAs, place }: SayingRecord): number {
  return RECORD_SOURCES.indexOf(tellsAs ?? place.source)
}

/** Events as a file to hand on. It is dated by its newest record, so the same records make the same bytes. */
export function epcisDocument(events: readonly EpcisEvent[], { publicUrl, knownAt }: Envelope) {
  return {
    '@context': contextOf(publicUrl),
    type: 'EPCISDocument' as const,
    schemaVersion: '2.0' as const,
    creationDate: newest(events, knownAt),
    epcisBody: { eventList: events },
  }
}

/** Events as the answer to a query (GS1 EPCIS 2.0, REST binding). */
export function epcisQueryDocument(events: readonly EpcisEvent[], { publicUrl, knownAt }: Envelope) {
  return {
    '@context': contextOf(publicUrl),
    type: 'EPCISQueryDocument' as const,
    schemaVersion: '2.0' as const,
    creationDate: newest(events, knownAt),
    epcisBody: { queryResults: { queryName: 'SimpleEventQuery' as const, resultsBody: { eventList: events } } },
  }
}

/** `knownAt` (ISO 8601) dates what holds no event. */
export type Envelope = { readonly publicUrl: string; readonly knownAt: string }

/** GS1's context by its name, which readers know, and the own prefix in place: nothing has to be fetched to read it. */
function contextOf(publicUrl: string): readonly [string, { readonly cc: string }] {
  return [EPCIS_CONTEXT, { cc: namespaceOf(publicUrl) }]
}

/** The name of the standard's JSON-LD context; a name, never fetched by this service. */
const EPCIS_CONTEXT = 'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld'

/** ISO 8601 texts of one form sort as the instants do. */
function newest(events: readonly EpcisEvent[], otherwise: string): string {
  const times = events.flatMap(({ recordTime }) => recordTime ?? [])
  return times.sort().at(-1) ?? otherwise
}
