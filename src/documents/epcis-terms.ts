import type { HashText } from '../domain/ledger.ts'
import { eventId, type RecordPlace } from './epcis-id.ts'

/** What an export needs beside the facts; addresses without a slash at the end. */
export type EpcisTerms = {
  /** Begins the URIs of things and places that have no GS1 key. */
  readonly idUrl: string
  /** Begins the addresses of this service's own answers: readings, profiles, certificates. */
  readonly apiUrl: string
  readonly eventId: (place: RecordPlace, fingerprint: string) => string
}

/** The terms of an installation that is reached at `publicUrl` (configuration PUBLIC_URL). */
export function termsOf(publicUrl: string, sha256: HashText): EpcisTerms {
  return {
    idUrl: `${publicUrl}/id`,
    apiUrl: `${publicUrl}/api/v1`,
    eventId: (place, fingerprint) => eventId(place, fingerprint, sha256),
  }
}
