/** What may be hashed: the JSON values on which all languages agree (domain page section 4.4). Numbers are integers. */
export type Canonical = null | boolean | number | string | readonly Canonical[] | { readonly [name: string]: Canonical }

/**
 * RFC 8785 canonical JSON: no blanks, names sorted by UTF-16 code units, strings as JSON.stringify writes them.
 * Throws where the value is no `Canonical`: a fraction, an unsafe integer, a lone surrogate, undefined.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalOrNull(value)
  if (text === null) throw new TypeError('canonical JSON takes safe integers, well-formed strings, lists and objects')
  return text
}

/** As `canonicalJson`, but null where the value cannot be hashed: for records that came from outside. */
export function canonicalOrNull(value: unknown): string | null {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? JSON.stringify(value) : null
  if (typeof value === 'string') return value.isWellFormed() ? JSON.stringify(value) : null
  if (Array.isArray(value)) return joined('[', value.map(canonicalOrNull), ']')
  if (typeof value !== 'object') return null
  // `<` on strings compares UTF-16 code units, the order that section 3.2.3 of the RFC demands
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return joined('{', members.map(member), '}')
}

function member([name, value]: [string, unknown]): string | null {
  const [key, text] = [canonicalOrNull(name), canonicalOrNull(value)]
  return key === null || text === null ? null : `${key}:${text}`
}

function joined(open: string, parts: readonly (string | null)[], close: string): string | null {
  return parts.includes(null) ? null : open + parts.join(',') + close
}
