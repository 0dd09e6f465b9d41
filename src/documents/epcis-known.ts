import { type EffectiveEvent, effectiveEvents } from '../domain/custody-effective.ts'
import type { ShipmentRecord } from '../domain/shipment-record.ts'
import { offsetSaid, placeSaid } from './epcis-custody.ts'
import { NO_OFFSET, offsetOf, type Place } from './epcis-place.ts'
import type { EpcisTerms } from './epcis-terms.ts'

/** An instant, and when what is said about it was known. */
export type Known = { readonly at: number; readonly knownAt: number }

/** The custody events that held, as far as they were recorded by then. */
export function eventsKnown({ ledger }: ShipmentRecord, knownAt: number): EffectiveEvent[] {
  return effectiveEvents(ledger.map(({ event }) => event).filter(({ recordedAt }) => recordedAt <= knownAt))
}

/** Where the box was at an instant, by the last word about it; null where nobody had said. */
export function placeKnown(record: ShipmentRecord, { at, knownAt }: Known, terms: EpcisTerms): Place | null {
  const known = eventsKnown(record, knownAt)
  const around = { record, terms, recordedAt: knownAt, known }
  const said = known.findLast((event) => event.at <= at && placeSaid(event, around) !== null)
  return said === undefined ? null : placeSaid(said, around)
}

/** The offset in force where the box was: by the last place whose clocks are known, else as it was stated last. */
export function offsetKnown(record: ShipmentRecord, { at, knownAt }: Known, terms: EpcisTerms): string {
  const known = eventsKnown(record, knownAt)
  const around = { record, terms, recordedAt: knownAt, known }
  for (const said of known.toReversed()) {
    if (said.at > at) continue
    const place = placeSaid(said, around)
    const timeZone = place?.timeZone ?? null
    if (timeZone !== null) return offsetOf(timeZone, at)
    if (said.tzOffset !== undefined) return offsetSaid(said, place)
  }
  return NO_OFFSET
}
