import { describe, expect, test } from 'vitest'
import { check } from '../../src/vectors/hash-chain.ts'
import vectors from './hash-chain.json' with { type: 'json' }

const IDS = ['canonicalFirst', 'chain', 'T1', 'T2', 'T3', 'T4', 'merkle.root', 'merkle.rootOfFirst', 'merkle.emptyRoot']

describe('published hash chain cases', () => {
  const results = check(vectors)
  test('all are run', () => expect(results.map(({ id }) => id)).toEqual(IDS))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  test('fails every case whose expectation differs', () => {
    const other = { valid: false, firstBadSeq: 9, reason: 'HASH_MISMATCH' }
    const wrong = {
      ...vectors,
      canonicalFirst: '{}',
      chain: [],
      tamper: vectors.tamper.map((t) => ({ ...t, expected: other })),
      merkle: { ...vectors.merkle, root: '', rootOfFirst: '', emptyRoot: '' },
    }
    expect(check(wrong).filter(({ ok }) => ok)).toEqual([])
    expect(check(wrong)).toHaveLength(IDS.length)
  })
  test('fails a file of another shape', () => expect(check({})).toMatchObject([{ id: 'file', ok: false }]))
})
