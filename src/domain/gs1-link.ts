import { fieldsOf } from './gs1-element.ts'
import { type CodeFailure, failure, fieldFormat, type Gs1Fields, isFailure } from './gs1-field.ts'

/** GS1's own resolver; an own domain serves as well (domain page section 5.1). */
export const GS1_DOMAIN = 'https://id.gs1.org'

/** Keys a Digital Link can be about, with the qualifiers that may follow, in their order (GS1 syntax dictionary). */
const QUALIFIERS: Record<string, readonly string[] | undefined> = {
  '00': [],
  '01': ['22', '10', '21'],
  '253': [],
  '255': [],
  '401': [],
  '402': [],
  '414': ['254', '7040'],
  '415': ['8020'],
  '417': ['7040'],
  '8003': [],
  '8004': ['7040'],
  '8006': ['22', '10', '21'],
  '8010': ['8011'],
  '8013': [],
  '8017': ['8019'],
  '8018': ['8019'],
}

/** Whether an AI can be the subject of a Digital Link, an EPC or a scan: it identifies something. */
export function isPrimaryKey(ai: string): boolean {
  return Object.hasOwn(QUALIFIERS, ai)
}

export type ParsedLink = { readonly fields: Gs1Fields; readonly domain: string }

/**
 * Digital Link URI of any domain to fields: key and qualifiers in the path, attributes in the query; other parameters
 * and the fragment say nothing about the thing.
 */
export function parseDigitalLink(uri: string): ParsedLink | CodeFailure {
  const [, domain, path, query = ''] = /^(https?:\/\/[^/?#\s]+)(\/[^?#\s]*)(?:\?([^#\s]*))?(?:#\S*)?$/i.exec(uri) ?? []
  if (domain === undefined || path === undefined) return malformed(uri)
  const segments = path.replace(/\/$/, '').split('/').slice(1)
  const pathPairs = keyPairs(segments)
  if (pathPairs === null) {
    return failure('NO_KEY', 'This link names no GS1 key: it is no label of a unit or box. Scan another code.')
  }
  const queryPairs = query.split(/[&;]/).flatMap((part): [string, string][] => {
    const [ai = '', value = ''] = part.split('=')
    return /^\d{2,4}$/.test(ai) && fieldFormat(ai) !== null ? [[ai, value]] : []
  })
  const pairs = [...pathPairs, ...queryPairs].map(([ai, value]): [string, string | null] => [ai, decoded(value)])
  const readable = pairs.flatMap(([ai, value]): [string, string][] => (value === null ? [] : [[ai, value]]))
  if (readable.length < pairs.length) return malformed(uri)
  const fields = fieldsOf(readable.map(([ai, value]) => [ai, ai === '01' ? value.padStart(14, '0') : value]))
  return isFailure(fields) ? fields : { fields, domain: domain.toLowerCase() }
}

function malformed(uri: string): CodeFailure {
  return failure('MALFORMED_LINK', `"${uri.slice(0, 60)}" is no readable GS1 Digital Link. Scan the code again.`)
}

/** The pairs of the path from the first key on whose followers are all qualifiers of it; own path parts come before. */
function keyPairs(segments: readonly string[]): [string, string][] | null {
  for (const [start, key] of segments.entries()) {
    const rest = segments.slice(start)
    if (!isPrimaryKey(key) || rest.length % 2 !== 0) continue
    const pairs = rest.flatMap((ai, index): [string, string][] =>
      index % 2 === 0 ? [[ai, rest[index + 1] ?? '']] : [],
    )
    if (pairs.slice(1).every(([ai]) => QUALIFIERS[key]?.includes(ai))) return pairs
  }
  return null
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/**
 * Fields to a Digital Link: the one key among them with its qualifiers in the path, everything else in the query.
 * `base` is https://id.gs1.org or an own domain, with or without a path.
 */
export function digitalLink(fields: Gs1Fields, base: string = GS1_DOMAIN): string | CodeFailure {
  const checked = fieldsOf(Object.entries(fields))
  if (isFailure(checked)) return checked
  if (!/^https?:\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/i.test(base)) {
    return failure('MALFORMED_LINK', `"${base}" is no address a link can begin with: write it like ${GS1_DOMAIN}.`)
  }
  const [key, ...others] = Object.keys(fields).filter(isPrimaryKey)
  if (key === undefined) return failure('NO_KEY', 'A Digital Link needs a key, such as (00), (01) or (8004).')
  if (others.length > 0) return failure('CONTRADICTS', 'A Digital Link is about one thing: give one key only.')
  const inPath = [key, ...(QUALIFIERS[key] ?? []).filter((ai) => Object.hasOwn(fields, ai))]
  const inQuery = Object.keys(fields)
    .filter((ai) => !inPath.includes(ai))
    .sort()
  const path = inPath.map((ai) => `/${ai}/${encoded(fields[ai])}`).join('')
  const query = inQuery.map((ai) => `${ai}=${encoded(fields[ai])}`).join('&')
  return `${base.replace(/\/+$/, '')}${path}${query === '' ? '' : `?${query}`}`
}

function encoded(value: string | undefined): string {
  return encodeURIComponent(value ?? '')
}

/** What makes an instance of a key: the AI of its serial; null where the key itself names one thing. */
const SERIAL_OF: Record<string, string | null | undefined> = {
  '00': null,
  '01': '21',
  '414': '254',
  '417': null,
  '8003': null,
  '8004': null,
}

/**
 * The canonical form of one thing for an EPC list (domain page 5.1): key and its serial, no lot, no query. A GTIN
 * without serial and a GRAI without serial name many things: NOT_AN_INSTANCE.
 */
export function instanceLink(fields: Gs1Fields, base: string = GS1_DOMAIN): string | CodeFailure {
  const key = Object.keys(fields).find((ai) => SERIAL_OF[ai] !== undefined)
  if (key === undefined) return failure('NO_KEY', 'No key of a thing that can be named once is among the fields.')
  const value = fields[key] ?? ''
  const serialAi = SERIAL_OF[key] ?? null
  const serial = serialAi === null ? undefined : fields[serialAi]
  const isClass = (key === '01' && serial === undefined) || (key === '8003' && value.length === 14)
  if (isClass) return failure('NOT_AN_INSTANCE', `(${key}) without a serial names many things: add the serial.`)
  const kept = serialAi === null || serial === undefined ? { [key]: value } : { [key]: value, [serialAi]: serial }
  return digitalLink(kept, base)
}
