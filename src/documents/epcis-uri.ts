import { epcToLink } from '../domain/gs1-epc.ts'
import { isFailure } from '../domain/gs1-field.ts'
import { digitalLink, instanceLink, parseDigitalLink } from '../domain/gs1-link.ts'
import type { ThingKey } from '../domain/shipment-record.ts'

/**
 * A URI as this service writes it: a GS1 key as a Digital Link of GS1's own domain, whether it came as an EPC URN or as
 * a link of another domain; any other text as it is.
 */
export function canonicalUri(text: string, idUrl: string): string {
  if (text.startsWith(`${idUrl}/`)) return text
  const link = /^urn:epc:id:/i.test(text) ? epcToLink(text) : text
  if (isFailure(link)) return text
  const parsed = parseDigitalLink(link)
  if (isFailure(parsed)) return text
  const isPlace = parsed.fields['414'] !== undefined || parsed.fields['417'] !== undefined
  const canonical = isPlace ? digitalLink(parsed.fields) : instanceLink(parsed.fields)
  return isFailure(canonical) ? text : canonical
}

/** The thing a canonical URI names; null where no shipment can have it. */
export function thingOf(uri: string, idUrl: string): ThingKey | null {
  if (uri.startsWith(`${idUrl}/`)) return ownThing(uri.slice(idUrl.length + 1))
  const parsed = parseDigitalLink(uri)
  if (isFailure(parsed)) return null
  const { '00': sscc, '01': gtin, '21': serial, '8003': grai, '8004': giai } = parsed.fields
  if (sscc !== undefined) return { key: 'sscc', value: sscc }
  if (gtin !== undefined && serial !== undefined) return { key: 'unit', gtin, serial }
  if (grai !== undefined) return { key: 'grai', value: grai }
  return giai === undefined ? null : { key: 'giai', value: giai }
}

function ownThing(path: string): ThingKey | null {
  // as ICCBBA writes it; anything else stands under no donation
  const din = /^isbt128\/din\/([A-Za-z0-9]+)$/.exec(path)?.[1]
  if (din !== undefined) return { key: 'din', value: din }
  const [, key, number] = /^(shipment|container|sensor)\/([1-9][0-9]{0,14})(?:$|\/unit\/)/.exec(path) ?? []
  const id = Number(number)
  switch (key) {
    case 'shipment':
    case 'container':
    case 'sensor':
      return { key, id }
    default:
      return null
  }
}

/** A term of CBV without what may stand before it: `urn:epcglobal:cbv:bizstep:`, `…/cbv/BizStep-`, `cbv:Disp-`. */
export function bareTerm(text: string): string {
  return (
    /^(?:urn:epcglobal:cbv:(?:bizstep|disp):|(?:https?:\/\/\S+\/cbv\/|cbv:)(?:BizStep|Disp)-)(\S+)$/.exec(text)?.[1] ??
    text
  )
}
