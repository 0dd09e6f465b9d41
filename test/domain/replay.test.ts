import { expect, test } from 'vitest'
import { replayDifferences } from '../../src/domain/replay.ts'

test.each<[string, unknown, unknown, string]>([
  ['nothing', { a: [1, { b: null }] }, { a: [1, { b: null }] }, ''],
  ['the order of names', { a: 1, b: 2 }, { b: 2, a: 1 }, ''],
  ['a value', { a: { b: 1 } }, { a: { b: 2 } }, 'x.a.b: 1, 2'],
  ['a kind', { a: 1 }, { a: '1' }, 'x.a: 1, "1"'],
  ['a name that one side lacks', { a: 1 }, {}, 'x.a: 1, null'],
  ['a name that the other side lacks', {}, { a: 1 }, 'x.a: null, 1'],
  ['an entry more', [1], [1, 2], 'x[1]: null, 2'],
  ['several at once', { a: [1, 2], b: 3 }, { a: [2, 1], b: 4 }, 'x.a[0]: 1, 2; x.a[1]: 2, 1; x.b: 3, 4'],
  ['a list and an object', { a: [] }, { a: {} }, 'x.a: [], {}'],
])('%s', (_what, stored, recomputed, expected) => {
  const found = replayDifferences(stored, recomputed, 'x')
  const said = found.map((one) => `${one.path}: ${JSON.stringify(one.stored)}, ${JSON.stringify(one.recomputed)}`)
  expect(said.join('; ')).toBe(expected)
})
