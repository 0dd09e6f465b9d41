import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBase64url, toBase64url } from '../../src/domain/base64url.ts'

test('bytes are written as Node writes them, and read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      expect(toBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
    }),
  )
})

test('no other text stands for the same bytes', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), (text) => {
      const bytes = fromBase64url(text)
      if (bytes !== null) expect(toBase64url(bytes)).toBe(text)
    }),
  )
})

test.each([
  ['padding', 'QQ=='],
  ['bits behind the end', 'QR'],
  ['a lone character', 'QUFBQ'],
  ['blanks', 'QQ '],
  ['the alphabet of base64', 'ab+/'],
])('%s is refused', (_what, text) => {
  expect(fromBase64url(text)).toBeNull()
})
