import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judgeWhole } from '../../src/domain/judge.ts'
import { judgePlainly } from './plain-judge.ts'
import { GRID_MS, randomCase } from './random-case.ts'

describe('judging a whole shipment', () => {
  test('agrees with a judge that asks every minute what the words of the domain page say', () => {
    fc.assert(
      fc.property(randomCase, ({ profile, span, placements }) => {
        const { perPlacement: _alone, dataUntilAt: _until, ...judged } = judgeWhole(profile, span, placements)
        expect(judged).toEqual(judgePlainly(profile, span, { placements, gridMs: GRID_MS }))
      }),
      { numRuns: 3000 },
    )
  })
})
