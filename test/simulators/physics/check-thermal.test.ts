import { describe, expect, test } from 'vitest'
import { check } from '../../../simulators/physics/check-thermal.ts'
import vectors from '../../vectors/thermal.json' with { type: 'json' }

describe('published thermal cases', () => {
  const results = check(vectors)
  test('all are run', () => expect(results.map(({ id }) => id)).toEqual(['TH1', 'TH2', 'TH3', 'TH4', 'TH5']))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const numbers = vectors.cases.flatMap(({ id, expected }) => leaves(expected).map((path) => ({ id, path })))

  test('finds every expected number', () => expect(numbers).toHaveLength(10 + 3 + 3 + 17 + 2))

  test.each(numbers)('fails $id when $path is off by little more than the tolerance', ({ id, path }) => {
    const cases = vectors.cases.map((given) =>
      given.id === id ? { ...given, expected: changed(given.expected, path, (value) => off(value, path)) } : given,
    )
    const failed = check({ ...vectors, cases }).filter(({ ok }) => !ok)
    expect(failed.map((result) => result.id)).toEqual([id])
  })

  test('fails a case that expects what nobody checks, and a file without cases', () => {
    const [first, ...others] = vectors.cases
    const more = { ...vectors, cases: [{ ...first, expected: { ...first?.expected, other: 1 } }, ...others] }
    expect(check(more)).toMatchObject([{ id: 'file', ok: false }])
    expect(check({ ...vectors, cases: [] })).toMatchObject([{ id: 'file', ok: false }])
    expect(check({})).toMatchObject([{ id: 'file', ok: false }])
  })

  test('names every number that is wrong', () => {
    const wrong = vectors.cases.map((given) =>
      given.id === 'TH5' ? { ...given, expected: { peak_C: 1, after10min_C: 2 } } : given,
    )
    const result = check({ ...vectors, cases: wrong }).find(({ id }) => id === 'TH5')
    expect(result).toMatchObject({ ok: false })
    expect(JSON.stringify(result)).toMatch(/peak_C: expected 1, got 17\.96997; after10min_C: expected 2, got 5\.08/)
  })
})

type Path = readonly string[]

/** The ways to all numbers in a value. */
function leaves(value: unknown, path: Path = []): Path[] {
  if (typeof value === 'number') return [path]
  return Object.entries(value ?? {}).flatMap(([key, item]) => leaves(item, [...path, key]))
}

function changed(value: unknown, [key, ...rest]: Path, change: (value: number) => number): unknown {
  if (typeof value === 'number') return change(value)
  const entries = Object.entries(value ?? {}).map(([own, item]) => [
    own,
    own === key ? changed(item, rest, change) : item,
  ])
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}

/** The first of a pair in `points` is an instant in seconds: moved far enough to meet another temperature. */
function off(value: number, path: Path): number {
  if (path[0] === 'points' && path.at(-1) === '0') return value + 1000
  const isTemperature = ['points', 'probe_C', 'peak_C', 'after10min_C'].includes(path[0] ?? '')
  return isTemperature ? value + 0.06 : value * 1.006
}
