import { expect, test } from 'vitest'
import { difference } from '../../src/vectors/compare.ts'

test('instants are equal by value, other texts by letter', () => {
  expect(difference('2026-03-02T10:05:00Z', '2026-03-02T10:05:00.000Z')).toBeNull()
  expect(difference('2026-03-02T11:05:00+01:00', '2026-03-02T10:05:00Z')).toBeNull()
  expect(difference('2026-03-02T10:05:00Z', '2026-03-02T10:05:00.001Z')).toContain('expected')
  expect(difference('H1', 'h1')).toBe('value: expected "H1", got "h1"')
})

test('the answer may say more, never less, and lists have the length expected', () => {
  expect(difference({ a: 1 }, { a: 1, b: 2 })).toBeNull()
  expect(difference({ a: null }, { b: 2 })).toBe('a: expected null, got undefined')
  expect(difference({ a: {} }, { a: null })).toBe('a: expected an object, got null')
  expect(difference([1], [1, 2])).toContain('expected 1 entries, got 2')
  expect(difference([1], { 0: 1 })).toContain('expected a list')
  expect(difference({ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }, { b: 3 }] })).toBe('a[1].b: expected 2, got 3')
})
