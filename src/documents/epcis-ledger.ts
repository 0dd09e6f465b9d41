import { canonicalJson } from '../domain/canonical.ts'
import { type EffectiveEvent, effectiveEvents } from '../domain/custody-effective.ts'
import { eventRecord } from '../domain/custody-event.ts'
import type { RecordedEntry, ShipmentRecord } from '../domain/shipment-record.ts'
import type { Saying, SayingRecord } from './epcis-chronicle.ts'
import { custodyBody } from './epcis-custody.ts'
import type { EpcisTerms } from './epcis-terms.ts'

/**
 * The ledger as it is told: an entry says what happened; a correction says what stands instead of the entries whose
 * fate it changes, also where it corrects a correction, or is itself taken back and the first word stands again.
 */
export function ledgerRecords(record: ShipmentRecord, terms: EpcisTerms): SayingRecord[] {
  return record.ledger.map((entry, index) => ({
    place: { shipmentId: record.shipment.id, source: 'custody', ordinal: entry.event.seq },
    row: entry.event.seq,
    recordedAt: entry.event.recordedAt,
    fingerprint: entry.hash,
    reason: entry.event.reason,
    says: saysOf(entry, { record, terms, before: record.ledger.slice(0, index) }),
  }))
}

type Ledger = { record: ShipmentRecord; terms: EpcisTerms; before: readonly RecordedEntry[] }

function saysOf({ event }: RecordedEntry, { record, terms, before }: Ledger): Saying[] {
  const earlier = before.map((entry) => entry.event)
  const known = effectiveEvents([...earlier, event])
  const around = { record, terms, recordedAt: event.recordedAt, known }
  // every entry is a fact of its own: what a person corrected is told, though it may say the same
  const fact = String(event.seq)
  if (event.kind !== 'correction') return [{ key: fact, body: custodyBody(event, around), fact }]
  const stood = new Map(effectiveEvents(earlier).map((one) => [one.seq, one]))
  const stands = new Map(known.map((one) => [one.seq, one]))
  return earlier
    .filter(({ kind, seq }) => kind !== 'correction' && isChanged(stood.get(seq), stands.get(seq)))
    .map(({ seq }) => {
      const instead = stands.get(seq)
      return { key: String(seq), body: instead === undefined ? null : custodyBody(instead, around), fact }
    })
}

function isChanged(before: EffectiveEvent | undefined, after: EffectiveEvent | undefined): boolean {
  // what no correction touched is the very same object
  if (before === undefined || after === undefined || before === after) return before !== after
  return canonicalJson(eventRecord(before)) !== canonicalJson(eventRecord(after))
}
