import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addMonths, isMonth, monthOf, monthSpan } from '../../src/domain/month.ts'

test.each([
  ['2024-02-29T12:00:00Z', 12, '2025-03-01T12:00:00Z'],
  ['2026-08-31T00:00:00Z', 6, '2027-03-03T00:00:00Z'],
  ['2026-12-31T23:59:59.999Z', 1, '2027-01-31T23:59:59.999Z'],
  ['2026-03-02T10:00:00Z', 360, '2056-03-02T10:00:00Z'],
])('%s and %i months are %s: never shorter than the period', (from, months, expected) => {
  expect(new Date(addMonths(Date.parse(from), months)).toISOString()).toBe(new Date(expected).toISOString())
})

test('every instant lies in its month and in no other', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.UTC(2001, 0), max: Date.UTC(2200, 0) - 1 }), (at) => {
      const month = monthOf(at)
      const { fromAt, toAt } = monthSpan(month)
      expect(isMonth(month)).toBe(true)
      expect(at).toBeGreaterThanOrEqual(fromAt)
      expect(at).toBeLessThan(toAt)
      expect([monthOf(fromAt - 1) < month, monthOf(toAt) > month]).toEqual([true, true])
    }),
  )
})

test.each(['2026-13', '2026-00', '2026-3', '26-03', '2026-03-01', ''])('"%s" names no month', (text) => {
  expect(isMonth(text)).toBe(false)
})
