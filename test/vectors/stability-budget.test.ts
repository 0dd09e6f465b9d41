import { describe, expect, test } from 'vitest'
import { check } from '../../src/vectors/stability-budget.ts'
import vectors from './stability-budget.json' with { type: 'json' }

describe('published budget cases', () => {
  const results = check(vectors)
  test('all 10 are run', () => expect(results.map(({ id }) => id)).toEqual(vectors.cases.map(({ id }) => id)))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const [first] = vectors.cases
  const [band, ...others] = first?.expected.bands ?? []
  test.each([
    ['state', { state: 'exceeded' }],
    ['fraction', { fractionSum: 0.126 }],
    ['number of bands', { bands: others }],
    ['consumption', { bands: [{ ...band, consumedS: 1 }, ...others] }],
    ['remainder', { bands: [{ ...band, remainingS: 1 }, ...others] }],
  ])('fails a case whose %s differs', (_field, wrong) => {
    const expected = { ...first?.expected, ...wrong }
    expect(check({ ...vectors, cases: [{ ...first, expected }] })).toMatchObject([{ id: 'S01', ok: false }])
  })
  test('fails a case of an unknown budget, and a file of another shape, naming the part', () => {
    const unknown = check({ ...vectors, cases: [{ ...first, budget: 'x' }] })
    expect(unknown).toMatchObject([{ ok: false, message: 'no budget "x"' }])
    expect(check({ ...vectors, cases: null })).toMatchObject([{ id: 'file', ok: false, message: /^cases: / }])
  })
})
