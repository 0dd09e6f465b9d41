import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LotDecision, type LotWord, lotStanding } from '../../src/domain/lot-decision.ts'

const WORDS: Record<string, LotWord> = {
  released: { kind: 'batch_status', batchStatus: 'released' },
  pending: { kind: 'batch_status', batchStatus: 'pending' },
  unknown: { kind: 'batch_status', batchStatus: 'unknown' },
  hold: { kind: 'hold' },
  recall: { kind: 'recall' },
}

/** Words in order of recording; `-2` lifts the second. */
function decisions(said: string): LotDecision[] {
  const made: LotDecision[] = []
  for (const [index, word] of said.split(' ').filter(Boolean).entries()) {
    const lifts = word.startsWith('-') ? Number(word.slice(1)) : null
    const about = lifts === null ? WORDS[word] : made[lifts - 1]?.said
    if (about === undefined) throw new Error(`"${word}" is no word about a lot`)
    const given = { productId: 1, lot: 'L', reference: null, reason: 'r', knownAt: index }
    made.push({ id: index + 1, said: about, liftsId: lifts, ...given })
  }
  return made
}

test.each([
  ['', 'unknown ok RELEASE_PENDING'],
  ['released', 'released ok'],
  ['pending', 'pending ok RELEASE_PENDING'],
  ['released pending', 'pending ok RELEASE_PENDING'],
  ['pending released', 'released ok'],
  ['released unknown', 'unknown ok RELEASE_PENDING'],
  ['released hold', 'released on_hold LOT_ON_HOLD'],
  ['hold released', 'released on_hold LOT_ON_HOLD'],
  ['released hold -2', 'released ok'],
  ['released hold hold -2', 'released on_hold LOT_ON_HOLD'],
  ['released recall', 'released recalled RECALLED'],
  ['released recall hold', 'released recalled RECALLED LOT_ON_HOLD'],
  ['released recall hold -2', 'released on_hold LOT_ON_HOLD'],
  ['released recall -2 recall', 'released recalled RECALLED'],
])('after "%s" a lot is %s', (said, expected) => {
  const { batchStatus, lotStatus, findings } = lotStanding(decisions(said))
  expect([batchStatus, lotStatus, ...findings].join(' ')).toBe(expected)
})

test('only a lifting ends a hold or a recall: nothing else that is said, however much', () =>
  fc.assert(
    fc.property(fc.array(fc.constantFrom('released', 'pending', 'unknown', 'hold', 'recall')), (said) => {
      const { findings, because } = lotStanding(decisions(said.join(' ')))
      expect(findings.includes('RECALLED')).toBe(said.includes('recall'))
      expect(findings.includes('LOT_ON_HOLD')).toBe(said.includes('hold'))
      expect(because.length).toBe(said.filter((word) => word === 'hold' || word === 'recall').length + statuses(said))
    }),
  ))

function statuses(said: readonly string[]): number {
  return said.some((word) => word !== 'hold' && word !== 'recall') ? 1 : 0
}
