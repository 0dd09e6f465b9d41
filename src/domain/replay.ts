/**
 * Where a record recomputed differs from the stored one: every value that does, by its path, stored beside recomputed.
 * Compared as JSON; names in any order, since the canonical form sorts them.
 */
export function replayDifferences(stored: unknown, recomputed: unknown, path: string): ReplayDifference[] {
  if (isList(stored) && isList(recomputed)) {
    const length = Math.max(stored.length, recomputed.length)
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      replayDifferences(stored[index], recomputed[index], `${path}[${index}]`),
    )
  }
  if (isObject(stored) && isObject(recomputed)) {
    const [before, after] = [new Map(Object.entries(stored)), new Map(Object.entries(recomputed))]
    const names = [...new Set([...before.keys(), ...after.keys()])].sort()
    return names.flatMap((name) => replayDifferences(before.get(name), after.get(name), `${path}.${name}`))
  }
  if (Object.is(stored, recomputed)) return []
  return [{ path, stored: stored ?? null, recomputed: recomputed ?? null }]
}

export type ReplayDifference = { readonly path: string; readonly stored: unknown; readonly recomputed: unknown }

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
