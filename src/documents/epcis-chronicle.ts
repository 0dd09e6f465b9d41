import { canonicalJson } from '../domain/canonical.ts'
import type { Recording, RecordSource } from '../domain/shipment-record.ts'
import { isoInstant } from '../domain/units.ts'
import { type EpcisBody, type EpcisEvent, type ErrorDeclaration, extensions } from './epcis-event.ts'
import type { RecordPlace } from './epcis-id.ts'
import type { EpcisTerms } from './epcis-terms.ts'

/**
 * What a shipment's records say, told as EPCIS events that are never changed. Each record speaks of some things, each
 * under a key, and what it says replaces what was said under that key before:
 *
 *   nothing ──says──► event ──says otherwise──► the same event with errorDeclaration, then a new event
 *                       └────says nothing any more──► the same event with errorDeclaration
 *
 * So an event told once stays as it was, and who follows the records meets the correction where it was made (EPCIS 2.0,
 * section 7.4.1.2: the declaration is identical to the prior event in all else, and queries return both).
 */
export function chronicle(records: readonly SayingRecord[], terms: EpcisTerms): ToldEvent[] {
  const standing = new Map<string, Standing>()
  return records.flatMap((record) => {
    const events = record.says.flatMap((saying) => tell(standing, record, { saying, terms }))
    return events.map((event, part) => ({
      recordedAt: record.recordedAt,
      shipmentId: record.place.shipmentId,
      source: record.tellsAs ?? record.place.source,
      row: record.row,
      part,
      event,
    }))
  })
}

/** A record of a shipment, in order of recording. */
export type SayingRecord = {
  readonly place: RecordPlace
  /** Where it stands in the order of recording, when that is not where its ids come from. */
  readonly tellsAs?: RecordSource
  /** The number by which its table knows it. */
  readonly row: number
  readonly recordedAt: number
  /** What makes its ids those of this record and no other. */
  readonly fingerprint: string
  /** Why it says that something told before was wrong. */
  readonly reason?: string | undefined
  readonly says: readonly Saying[]
}

/** Null: what was said under the key is not so. */
export type Saying = {
  readonly key: string
  readonly body: EpcisBody | null
  /** The fact itself: while it is the same, nothing is told again, though other words for it may have come to light. */
  readonly fact: string
}

/** An event with the record it comes from; `part` counts the events of one record. */
export type ToldEvent = Recording & { readonly part: number; readonly event: EpcisEvent }

type Standing = { readonly event: EpcisEvent; readonly fact: string }

type Telling = { readonly saying: Saying; readonly terms: EpcisTerms }

function tell(standing: Map<string, Standing>, record: SayingRecord, { saying, terms }: Telling): EpcisEvent[] {
  const { key, body, fact } = saying
  const before = standing.get(key)
  if (body === null) {
    standing.delete(key)
    return before === undefined ? [] : [declared(before.event, record, null)]
  }
  if (before?.fact === fact) return []
  const recordTime = isoInstant(record.recordedAt)
  const eventID = terms.eventId(record.place, canonicalJson([record.fingerprint, key]))
  const event: EpcisEvent = { ...body, eventID, recordTime }
  standing.set(key, { event, fact })
  return before === undefined ? [event] : [declared(before.event, record, eventID), event]
}

function declared(wrong: EpcisEvent, { recordedAt, reason }: SayingRecord, instead: string | null): EpcisEvent {
  const declarationTime = isoInstant(recordedAt)
  const why = extensions({ 'cc:reason': reason })
  const errorDeclaration: ErrorDeclaration =
    instead === null
      ? { declarationTime, reason: 'did_not_occur', ...why }
      : { declarationTime, reason: 'incorrect_data', correctiveEventIDs: [instead], ...why }
  return { ...wrong, recordTime: declarationTime, errorDeclaration }
}
