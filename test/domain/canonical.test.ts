import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, canonicalOrNull } from '../../src/domain/canonical.ts'

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.array(tie('any')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('any'), { noNullPrototype: true }),
  ),
})).any

test('agrees with an independent implementation of RFC 8785', () => {
  fc.assert(
    fc.property(value, (drawn) => {
      expect(canonicalJson(drawn)).toBe(canonicalize(drawn))
    }),
    { numRuns: 1000 },
  )
})

test('names are sorted by UTF-16 code units, not by code points or length', () => {
  // U+1F600 is written D83D DE00 and so comes before U+FB33, as in section 3.2.3 of the RFC
  expect(canonicalJson({ '\ufb33': 1, '\u{1f600}': 2, '\u00f6': 3, 10: 4, 9: 5, '\r': 6 })).toBe(
    '{"\\r":6,"10":4,"9":5,"\u00f6":3,"\u{1f600}":2,"\ufb33":1}',
  )
})

test('negative zero is zero', () => expect(canonicalJson([-0])).toBe('[0]'))

test.each([[0.5], [Number.NaN], [Number.POSITIVE_INFINITY], [2 ** 53], ['\ud800'], [undefined], [1n], [() => 1]])(
  'what not every language writes alike is not hashed: %s',
  (drawn) => {
    for (const nested of [drawn, [drawn], { a: [{ b: drawn }] }]) {
      expect(() => canonicalJson(nested)).toThrow(TypeError)
      expect(canonicalOrNull(nested)).toBeNull()
    }
  },
)

test('a name that is not well-formed is not hashed', () => expect(canonicalOrNull({ '\udc00': 1 })).toBeNull())
