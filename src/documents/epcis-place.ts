import { tzOffset } from '@date-fns/tz'
import { gs1Problem } from '../domain/gs1.ts'
import { digitalLink, GS1_DOMAIN } from '../domain/gs1-link.ts'
import { parseScan } from '../domain/gs1-scan.ts'
import type { RecordedSite, ShipmentRecord } from '../domain/shipment-record.ts'
import type { EpcisTerms } from './epcis-terms.ts'
import { linkOr } from './epcis-things.ts'

/** Where something happened. */
export type Place = {
  readonly readPoint: string
  /**
   * The place as one where things stay, whole and with the position in it; null where no register knows it as one: a
   * text somebody typed, a number nobody registered.
   */
  readonly location: { readonly site: string; readonly position: string } | null
  readonly timeZone: string | null
}

export type Said = { readonly place: string; readonly byOrg: string; readonly recordedAt: number }

/**
 * What a custody event's place is: a GLN (digits, `(414)…(254)…`, Digital Link, EPC URN), the name of a site of the
 * organisation that speaks, else of another party, or just a text. Only what was registered when it was recorded
 * counts, so that a site added later rewrites no event that was told before.
 */
export function placeOf(record: ShipmentRecord, said: Said, terms: EpcisTerms): Place {
  const sites = record.sites.filter(({ knownAt }) => knownAt <= said.recordedAt)
  const key = glnOf(said.place, said.recordedAt)
  if (key !== null) return glnPlace(record, sites, key)
  const named = sites.filter(({ name }) => name === said.place)
  const site = named.find(({ org }) => org === said.byOrg) ?? named[0]
  if (site === undefined) {
    return { readPoint: `${terms.idUrl}/place/${encodeURIComponent(said.place)}`, location: null, timeZone: null }
  }
  const own = `${terms.idUrl}/site/${site.id}`
  const readPoint = site.gln === null ? own : linkOr(digitalLink({ '414': site.gln }), own)
  return { readPoint, location: { site: readPoint, position: readPoint }, timeZone: site.timeZone }
}

type Gln = { readonly gln: string; readonly extension: string | null }

function glnOf(text: string, now: number): Gln | null {
  if (gs1Problem('GLN', text) === null) return { gln: text, extension: null }
  if (!/^(\(414\)|\]|https?:|urn:epc:)/i.test(text)) return null
  const scan = parseScan(text, now)
  return 'problem' in scan || scan.keys.gln === null ? null : { gln: scan.keys.gln, extension: scan.keys.glnExtension }
}

function glnPlace({ shipment }: ShipmentRecord, sites: readonly RecordedSite[], { gln, extension }: Gln): Place {
  const site = linkOr(digitalLink({ '414': gln }), `${GS1_DOMAIN}/414/${gln}`)
  const readPoint = extension === null ? site : linkOr(digitalLink({ '414': gln, '254': extension }), site)
  const registered = sites.find((candidate) => candidate.gln === gln)
  const isParty = gln === shipment.senderOrg || gln === shipment.consigneeOrg
  const location = registered !== undefined || isParty ? { site, position: readPoint } : null
  return { readPoint, location, timeZone: registered?.timeZone ?? null }
}

/** The consignee's own place: its GLN, or as the party it is (domain page 5.2: delivered). */
export function consigneePlace({ shipment }: ShipmentRecord, { idUrl }: EpcisTerms): Place {
  const id = /^organisation:(\d+)$/.exec(shipment.consigneeOrg)?.[1]
  const own = `${idUrl}/organisation/${id ?? encodeURIComponent(shipment.consigneeOrg)}`
  const site = id === undefined ? linkOr(digitalLink({ '414': shipment.consigneeOrg }), own) : own
  return { readPoint: site, location: { site, position: site }, timeZone: null }
}

/** UTC, where nobody said anything about the place's time. */
export const NO_OFFSET = '+00:00'

/** An offset as EPCIS writes it, `[+-]hh:mm` up to 14:00; null for a text that is none (`Z` is not one here). */
export function offsetOrNull(text: string | undefined): string | null {
  return text !== undefined && /^[+-](0\d|1[0-3]):[0-5]\d$|^[+-]14:00$/.test(text) ? text : null
}

/** The offset that a place's clocks showed at an instant. */
export function offsetOf(timeZone: string, at: number): string {
  const minutes = tzOffset(timeZone, new Date(at))
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`
}
