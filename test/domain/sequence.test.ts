import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  capped,
  gapsOf,
  MAX_RESEND_ATTEMPTS,
  MAX_SEQUENCE_GAPS,
  nextResendAt,
  RESEND_GRACE_MS,
  type SeqRange,
  stepOf,
  union,
} from '../../src/domain/sequence.ts'

const SEEN: SeqRange[] = [
  [3, 5],
  [8, 9],
]

test.each([
  ['the next number', 10, 'later', 'next'],
  ['a number further on', 12, 'later', 'ahead'],
  ['a number in a gap, late', 6, 'late', 'missing'],
  ['a number in a gap with new readings, as after a queue', 7, 'later', 'missing'],
  ['a number before the first, late', 1, 'late', 'missing'],
  ['a number seen before, with old readings', 4, 'late', 'repeated'],
  ['a number seen before, with readings later than all', 4, 'later', 'restart'],
  ['a number before the first, with readings later than all', 0, 'later', 'restart'],
  ['a number further on with readings from before the epoch', 12, 'former', 'former'],
  ['the next number with readings saved up before the epoch', 10, 'former', 'next'],
  ['a missing number with readings saved up before the epoch', 6, 'former', 'missing'],
] as const)('%s is told', (_what, seq, age, step) => {
  const numbered = { seq, later: age === 'later', former: age === 'former' }
  expect(stepOf({ epoch: 1, seen: SEEN, begunAt: 0 }, numbered)).toBe(step)
})

test('the first number of a sensor is neither a gap nor a restart', () => {
  expect(stepOf(null, { seq: 812, later: true, former: false })).toBe('first')
})

const numbers = fc.array(fc.nat(60), { maxLength: 40 })
const rangesOf = (list: readonly number[]) =>
  union(
    list.map((seq) => [seq, seq] as const),
    [],
  )
const numbersOf = (ranges: readonly SeqRange[]) =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)))

describe('ranges say what sets of numbers say:', () => {
  test('joined', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const joined = union(rangesOf(a), rangesOf(b))
        expect(numbersOf(joined)).toEqual(new Set([...a, ...b].sort((x, y) => x - y)))
        for (const [index, [from]] of joined.entries()) expect(from).toBeGreaterThan((joined[index - 1]?.[1] ?? -2) + 1)
      }),
    )
  })

  test('gaps and what was seen together are everything between the first and the last', () => {
    fc.assert(
      fc.property(
        numbers.filter((list) => list.length > 0),
        (list) => {
          const seen = rangesOf(list)
          expect(union(seen, gapsOf(seen))).toEqual([[Math.min(...list), Math.max(...list)]])
        },
      ),
    )
  })

  test('never more gaps than are kept; the oldest are given up, and said', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 }), (surplus) => {
        const seen = Array.from(
          { length: MAX_SEQUENCE_GAPS + 1 + surplus },
          (_, index): SeqRange => [index * 3, index * 3],
        )
        const kept = capped(seen)
        expect(gapsOf(kept.seen)).toHaveLength(MAX_SEQUENCE_GAPS)
        expect(kept.givenUp).toHaveLength(surplus)
        expect(union(gapsOf(kept.seen), kept.givenUp)).toEqual(gapsOf(seen))
      }),
    )
  })
})

test('missing numbers are asked for with growing pauses, and then no more', () => {
  const attempts = Array.from({ length: MAX_RESEND_ATTEMPTS }, (_, index) => index + 1)
  const pauses = attempts.map((attempt) => nextResendAt(0, attempt))
  expect(pauses).toEqual([4 * RESEND_GRACE_MS, 16 * RESEND_GRACE_MS, 64 * RESEND_GRACE_MS, 256 * RESEND_GRACE_MS, null])
})
