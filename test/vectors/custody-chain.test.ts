import { describe, expect, test } from 'vitest'
import { check, schema } from '../../src/vectors/custody-chain.ts'
import vectors from './custody-chain.json' with { type: 'json' }

describe('published custody cases', () => {
  const results = check(vectors)
  test('all 35 are run', () => expect(results.map(({ id }) => id)).toEqual(vectors.cases.map(({ id }) => id)))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const [first] = vectors.cases
  const { findings: _findings, ...answer } = first?.expected ?? { findings: [] }
  test.each([
    ['chainStatus', { chainStatus: 'broken' }],
    ['currentHolder', { currentHolder: 'x' }],
    ['findings', { findings: [{ code: 'RESEALED', index: 7 }] }],
    ['acknowledgements', { acknowledgements: [3] }],
  ])('fails a case whose %s differs', (_field, wrong) => {
    const expected = { ...answer, findings: [], ...wrong }
    expect(check({ ...vectors, cases: [{ ...first, expected }] })).toMatchObject([{ id: 'C01', ok: false }])
  })
  test('fails a file of another shape, naming the part', () => {
    expect(check({ schema, cases: [] })).toMatchObject([{ id: 'file', ok: false }])
    expect(check({ ...vectors, cases: [{ ...first, asOf: '2026-03-04' }] })).toMatchObject([
      { ok: false, message: 'cases.0.asOf: NOT_A_TIME' },
    ])
  })
})
