import { expect, test } from 'vitest'
import { type Gs1Key, gs1CheckDigit, gs1Problem } from '../../src/domain/gs1.ts'
import vectors from '../vectors/gs1-keys.json' with { type: 'json' }

const KEYS = new Map<string, Gs1Key>([
  ['GLN', 'GLN'],
  ['GTIN-14', 'GTIN'],
  ['SSCC', 'SSCC'],
])

test.each(vectors.keys)('published key $key $value, valid: $valid', ({ key, value, valid, reason }) => {
  const known = KEYS.get(key)
  if (known === undefined) throw new Error(`unknown key ${key}`)
  expect(gs1Problem(known, value)).toBe(valid ? null : reason)
})

test.each([
  ['GTIN', '40170725', null],
  ['GTIN', '036000291452', null],
  ['GTIN', '4006381333931', null],
  ['GTIN', '400638133393', 'CHECK_DIGIT'],
  ['GTIN', '4006381333', 'LENGTH'],
  ['GLN', '9521321000070', null],
  ['GLN', '', 'NON_DIGIT'],
  ['GLN', ' 9521321000018', 'NON_DIGIT'],
  ['GLN', '٩٥٢١٣٢١٠٠٠٠١٨', 'NON_DIGIT'],
  ['PGLN', '9521321000032', null],
  ['PGLN', '952132100003', 'LENGTH'],
  ['GRAI', '09521321000773DS9', null],
  ['GRAI', '09521321000773', null],
  ['GRAI', '09521321000774DS9', 'CHECK_DIGIT'],
  ['GRAI', '9521321000773DS9', 'NON_DIGIT'],
  ['GRAI', '0952132100077', 'LENGTH'],
  ['GRAI', `09521321000773${'S'.repeat(17)}`, 'LENGTH'],
  ['GRAI', '09521321000773DS 9', 'CHARACTER'],
  ['GIAI', '9521321LOG42', null],
  ['GIAI', '952LOG42', 'NON_DIGIT'],
  ['GIAI', '9521', 'LENGTH'],
  ['GIAI', '9521321LÖG', 'CHARACTER'],
] as const)('%s %s is %s', (key, text, problem) => expect(gs1Problem(key, text)).toBe(problem))

test('changing one digit is always noticed', () => {
  const gln = '9521321000018'
  const changed = [...gln].flatMap((digit, place) =>
    [...'0123456789']
      .filter((other) => other !== digit)
      .map((other) => gln.slice(0, place) + other + gln.slice(place + 1)),
  )
  expect(changed.filter((text) => gs1Problem('GLN', text) !== 'CHECK_DIGIT')).toEqual([])
  expect(gs1CheckDigit(gln.slice(0, -1))).toBe(8)
})
