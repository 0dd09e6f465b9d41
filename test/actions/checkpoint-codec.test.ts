import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeState, encodeState } from '../../src/actions/checkpoint-codec.ts'
import { emptyState, type FoldState, feed, type Row, upToAt } from '../../src/domain/excursion.ts'
import { foldRules, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { finish } from '../../src/domain/placement-judgement.ts'
import { randomProfile, randomRows } from '../domain/random-case.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'

const SCOPE = { fromAt: T0, toAt: Number.POSITIVE_INFINITY }
const END = T0 + 40 * MINUTE

describe('a stored checkpoint', () => {
  test('continues as the state it was taken from, between any two instants', () => {
    fc.assert(
      fc.property(randomProfile, randomRows, fc.nat(), (profile, some, cut) => {
        const rows = some.filter(({ at }) => at >= T0 && at <= END).sort((a, b) => a.at - b.at)
        const at = rows[cut % (rows.length + 1)]?.at ?? END + 1
        const rules = foldRules(profile, PLAIN_SENSOR, SCOPE)
        const kept = emptyState(profile.levels.length)
        feed(kept, rules, earlierThan(rows, at))
        const earlier = kept.closed.splice(0)
        const stored = restored(kept)
        expect(upToAt(stored)).toBe(upToAt(kept))
        const [one, other] = [kept, stored].map((state) => {
          feed(state, rules, rows.slice(earlierThan(rows, at).length))
          return finish(state, rules, { endAt: END, earlier: [...earlier, ...state.closed.splice(0)] })
        })
        // repetitions are not stored
        expect({ ...other, duplicates: 0 }).toEqual({ ...one, duplicates: 0 })
      }),
      { numRuns: 2000 },
    )
  })
  test('of a placement without readings is empty', () => {
    expect(restored(emptyState(3))).toEqual(emptyState(3))
  })
  test('of another length is a fault, not a guess', () => {
    const numbers = encodeState(emptyState(1)).slice(0, 10)
    expect(() => decodeState(numbers, { valid: 0, faults: 0, conflicts: 0, coveredMs: 0 })).toThrow('shorter')
  })
  test('holds integers only, 15 of the placement and 5 per level', () => {
    const state = emptyState(FRIDGE.levels.length)
    const rules = foldRules(FRIDGE, PLAIN_SENSOR, SCOPE)
    feed(state, rules, [
      { at: T0, milliC: 9000 },
      { at: T0 + MINUTE, milliC: null },
    ])
    const numbers = encodeState(state)
    expect(numbers).toHaveLength(15 + 5 * 3)
    expect(numbers.every(Number.isSafeInteger)).toBe(true)
  })
})

function earlierThan(rows: readonly Row[], at: number): Row[] {
  return rows.filter((row) => row.at < at)
}

function restored(state: FoldState): FoldState {
  const { valid, faults, conflicts, coveredMs } = state
  return decodeState(encodeState(state), { valid, faults, conflicts, coveredMs })
}
