import { describe, expect, test } from 'vitest'
import { check } from '../../src/vectors/gs1-keys.ts'
import vectors from './gs1-keys.json' with { type: 'json' }

describe('published keys, mappings and barcodes', () => {
  const results = check(vectors)
  test('all of them are run', () => expect(results).toHaveLength(14 + 8 + 5 + 2))
  test.each(results)('$id', (result) => expect(result).toEqual({ id: result.id, ok: true }))
})

describe('the check itself', () => {
  const [key] = vectors.keys
  const [mapping] = vectors.mappings
  const [barcode] = vectors.barcodes
  test.each([
    ['a key said to be invalid', { keys: [{ ...key, valid: false, reason: 'LENGTH' }] }],
    ['a URN', { mappings: [{ ...mapping, epc: 'urn:epc:id:sscc:9521321.1000000043' }] }],
    ['a prefix length', { mappings: [{ ...mapping, gcpLength: 8 }] }],
    ['a link', { mappings: [{ ...mapping, digitalLink: 'https://id.gs1.org/00/195213210000000435' }] }],
    ['a field', { barcodes: [{ ...barcode, expected: { ...barcode?.expected, '10': 'LOT7B' } }] }],
    ['an expiry', { barcodes: [{ ...barcode, expiryDate: '2027-12-30' }] }],
    ['an error', { barcodes: [{ ...barcode, expected: null, error: 'CHECK_DIGIT' }] }],
    ['a check character', { isbt128: { vectors: [{ data: 'G123489654321', check: 'X' }] } }],
  ])('fails a file in which %s is wrong', (_what, wrong) => {
    const nothing = { ...vectors, keys: [], mappings: [], barcodes: [], isbt128: { vectors: [] } }
    expect(check({ ...nothing, ...wrong })).toMatchObject([{ ok: false }])
  })
  test('fails a file of another shape, naming the part', () => {
    expect(check({ ...vectors, keys: null })).toMatchObject([{ id: 'file', ok: false, message: /^keys: / }])
  })
})
