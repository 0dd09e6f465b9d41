import { type Dialect, FACTS, type Fact } from './dialect.ts'

/** What the file says about itself, as written; several values where it says a thing more than once. */
export type Sayings = ReadonlyMap<Fact, readonly string[]>

/** A line takes no more of the time it is read in than this much of it is worth. */
const MAX_CHARS = 300
/** A fact is said once, or once a day for a year. */
const MAX_VALUES = 1000

/** Collects what lines of a file say about it, by the dialect's descriptions. */
export function sayingsOf(lines: readonly string[], dialect: Dialect): Sayings {
  const short = lines.map((line) => line.slice(0, MAX_CHARS))
  const text = short.join('\n')
  const pairs = dialect.keys === undefined ? [] : short.flatMap((line) => pairOf(line) ?? [])
  const found = new Map<Fact, string[]>()
  for (const fact of FACTS) {
    const values = [...byLine(text, dialect.facts[fact]), ...byKey(pairs, dialect.keys?.[fact])]
    if (values.length > 0) found.set(fact, values.slice(0, MAX_VALUES))
  }
  return found
}

/** The first thing said; null where nothing is. */
export function firstSaid(sayings: Sayings, fact: Fact): string | null {
  return sayings.get(fact)?.[0] ?? null
}

/** Two collections in one, the first before the second. */
export function joinedSayings(a: Sayings, b: Sayings): Sayings {
  const facts = new Set([...a.keys(), ...b.keys()])
  return new Map([...facts].map((fact) => [fact, [...(a.get(fact) ?? []), ...(b.get(fact) ?? [])]]))
}

function byLine(text: string, pattern: RegExp | undefined): string[] {
  if (pattern === undefined) return []
  const all = new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`)
  return [...text.matchAll(all)].flatMap(([, value = '']) => (value.trim() === '' ? [] : [value.trim()]))
}

type Pair = { key: string; value: string }

function byKey(pairs: readonly Pair[], pattern: RegExp | undefined): string[] {
  return pattern === undefined ? [] : pairs.filter(({ key }) => pattern.test(key)).map(({ value }) => value)
}

/** `Key: value`, `Key;value`, `"Key","value"`, `Key = value`; what stands in further cells is not the value. */
function pairOf(line: string): Pair | null {
  const end = line.search(/[:;,\t=]/)
  if (end < 1) return null
  const key = line
    .slice(0, end)
    .replace(/\([^)]*\)/g, '')
    .replace(/["._-]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase()
  const rest = line.slice(end).replace(/^[\s:;,="]+/, '')
  const stop = rest.search(line[end] === ',' ? /[,;\t"]/ : /[;\t"]/)
  const value = (stop < 0 ? rest : rest.slice(0, stop)).trim()
  return key === '' || value === '' ? null : { key, value }
}
