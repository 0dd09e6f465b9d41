import { describe, expect, test } from 'vitest'
import { check } from '../../src/vectors/mkt.ts'
import vectors from './mkt.json' with { type: 'json' }

describe('published cases of the mean kinetic temperature', () => {
  const results = check(vectors)
  test('all of them are run', () => expect(results).toHaveLength(1 + 7 + 3 + 4))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const alone = (change: object) => check({ ...vectors, cases: [], notApplicable: [], ...change })
  const [first] = vectors.cases
  const [frozen] = vectors.notApplicable
  const withUsp = vectors.cases.find(({ id }) => id === 'M03')
  test.each([
    ['number', { cases: [{ ...first, expected: { ...first?.expected, mktC: 25.00002 } }] }],
    ['mean', { cases: [{ ...first, expected: { ...first?.expected, arithmeticMeanC: 24.9 } }] }],
    ['outcome', { cases: [{ ...withUsp, uspCct: { ...withUsp?.uspCct, passes: false } }] }],
    ['criterion', { cases: [{ ...withUsp, uspCct: { ...withUsp?.uspCct, maxC: 16 } }] }],
    ['reason', { notApplicable: [{ ...frozen, expected: { mktC: null, reason: 'x' } }] }],
    ['constant', { constants: { ratioK: 10_001 } }],
  ])('fails a file whose %s differs', (_what, change) =>
    expect(alone(change).filter(({ ok }) => !ok)).toHaveLength(1))
  test('fails a file of another shape, naming the part', () =>
    expect(alone({ cases: null })).toMatchObject([{ id: 'file', ok: false, message: /^cases: / }]))
})
