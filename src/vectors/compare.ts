import { parseInstant } from '../domain/units.ts'

/**
 * Where an answer differs from what a vector expects; null when it does not. Every expected field must be there and
 * equal; the answer may say more. Instants are compared by value (`10:05:00Z` = `10:05:00.000Z`).
 */
export function difference(expected: unknown, actual: unknown, path = ''): string | null {
  if (Array.isArray(expected)) return listDifference(expected, actual, path)
  if (typeof expected === 'object' && expected !== null) return objectDifference(expected, actual, path)
  if (Object.is(normal(expected), normal(actual))) return null
  return `${path || 'value'}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`
}

function listDifference(expected: readonly unknown[], actual: unknown, path: string): string | null {
  if (!Array.isArray(actual)) return `${path}: expected a list, got ${JSON.stringify(actual)}`
  if (actual.length !== expected.length) return `${path}: expected ${expected.length} entries, got ${actual.length}`
  for (const [index, item] of expected.entries()) {
    const found = difference(item, actual[index], `${path}[${index}]`)
    if (found !== null) return found
  }
  return null
}

function objectDifference(expected: object, actual: unknown, path: string): string | null {
  if (typeof actual !== 'object' || actual === null) {
    return `${path}: expected an object, got ${JSON.stringify(actual)}`
  }
  const given = new Map(Object.entries(actual))
  for (const [key, item] of Object.entries(expected)) {
    const found = difference(item, given.get(key), path === '' ? key : `${path}.${key}`)
    if (found !== null) return found
  }
  return null
}

function normal(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const parsed = parseInstant(value)
  return typeof parsed === 'object' ? parsed.at : value
}
