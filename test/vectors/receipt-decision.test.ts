import { describe, expect, test } from 'vitest'
import { FINDING_CODES } from '../../src/domain/finding.ts'
import { check } from '../../src/vectors/receipt-decision.ts'
import vectors from './receipt-decision.json' with { type: 'json' }

describe('published receipts', () => {
  const results = check(vectors)
  test('the three tables and all 63 cases are run', () =>
    expect(results.map(({ id }) => id)).toEqual([
      'precedence',
      'findings',
      'open tasks',
      ...vectors.cases.map(({ id }) => id),
    ]))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
  test('every finding is met by a case', () =>
    expect([...new Set(vectors.cases.flatMap(({ expected }) => expected.findings))].sort()).toEqual(
      FINDING_CODES.toSorted(),
    ))
})

describe('the check itself', () => {
  const [first] = vectors.cases
  const failing = (change: object) => check({ ...vectors, cases: [], ...change }).filter(({ ok }) => !ok)
  test.each([
    ['a verdict', { verdict: 'QUARANTINE' }],
    ['a finding', { findings: ['DATA_GAP'] }],
    ['a hold', { physicalHold: true }],
    ['a deviation', { deviationRequired: true }],
  ])('fails a case in which %s differs', (_what, wrong) => {
    const cases = [{ ...first, expected: { ...first?.expected, ...wrong } }]
    expect(failing({ cases })).toMatchObject([{ id: 'R01' }])
  })
  test.each([
    ['precedence', { precedenceLowToHigh: vectors.precedenceLowToHigh.toReversed() }],
    ['findings', { findingVerdict: { ...vectors.findingVerdict, DATA_GAP: 'ACCEPT' } }],
    ['open tasks', { openTaskFindings: [] }],
    ['file', { cases: [{ ...first, input: { ...first?.input, more: 1 } }] }],
  ])('fails a file whose %s differ', (id, change) => expect(failing(change)).toMatchObject([{ id }]))
})
