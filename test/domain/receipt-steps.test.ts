import { describe, expect, test } from 'vitest'
import type { Decision, UnitState } from '../../src/domain/disposition.ts'
import { decide, type FindingCode } from '../../src/domain/finding.ts'
import { type ReceiptStep, refuseQuarantine, unitStandings } from '../../src/domain/receipt-steps.ts'

const judged = (...findings: FindingCode[]) => ({ code: 'A', ...decide(findings) })
const receipt = (seq: number, ...findings: FindingCode[]): ReceiptStep => {
  return { is: 'receipt', seq, version: 1, receiver: 'nurse-1', units: [judged(...findings)] }
}
const verified = (seq: number, accepted = ['A']): ReceiptStep => {
  return { is: 'verification', seq, version: 1, verifier: 'nurse-2', accepted }
}
const decided = (seq: number, decision: Decision, ...findings: FindingCode[]): ReceiptStep => {
  return { is: 'disposition', seq, version: 1, decision, signer: 'qa-1', units: [judged(...findings)] }
}
const given = (seq: number): ReceiptStep => ({ is: 'administered', seq, at: 0, units: ['A'] })
const changed = (seq: number): ReceiptStep => ({ is: 'ground_changed', seq, version: 2, units: ['A'] })

function standing(steps: readonly ReceiptStep[]) {
  const found = unitStandings(steps, { codes: ['A'], needsQa: false }).get('A')
  if (found === undefined) throw new Error('A has no standing')
  return found
}

describe('the history of a unit by what was signed', () => {
  test.each<[string, ReceiptStep[], UnitState, { reReview?: boolean; quarantined?: boolean }]>([
    ['nothing', [], 'not_received', {}],
    [
      'another unit alone was received',
      [{ is: 'receipt', seq: 1, version: 1, receiver: 'nurse-1', units: [] }],
      'not_received',
      {},
    ],
    ['received', [receipt(1)], 'undecided', {}],
    ['received and verified', [receipt(1), verified(2)], 'available', {}],
    ['verified without this unit', [receipt(1), verified(2, [])], 'undecided', {}],
    ['held for a task, then done', [receipt(1, 'DOCS_MISSING'), receipt(2), verified(3)], 'available', {}],
    ['held for a seal, then said otherwise', [receipt(1, 'SEAL_BROKEN'), receipt(2)], 'held', {}],
    ['released after that', [receipt(1, 'SEAL_BROKEN'), receipt(2), decided(3, 'released')], 'released', {}],
    ['decided, then received the same', [receipt(1), decided(2, 'rejected'), receipt(3)], 'rejected', {}],
    [
      'decided, then received otherwise',
      [receipt(1), decided(2, 'released'), receipt(3, 'EXPIRED')],
      'released',
      { reReview: true },
    ],
    ['quarantined', [receipt(1), verified(2), decided(3, 'quarantined')], 'held', { quarantined: true }],
    ['quarantined, received again', [receipt(1), decided(2, 'quarantined'), receipt(3)], 'held', { quarantined: true }],
    ['quarantined, then released', [receipt(1), decided(2, 'quarantined'), decided(3, 'released')], 'released', {}],
    ['given', [receipt(1), verified(2), given(3)], 'administered', {}],
    ['available, then the ground changed', [receipt(1), verified(2), changed(3)], 'available', { reReview: true }],
  ])('%s', (_what, steps, state, { reReview = false, quarantined = false }) => {
    expect(standing(steps)).toMatchObject({ state, reReview, quarantined })
    // the ledger's order decides, not that of the list
    expect(standing(steps.toReversed())).toEqual(standing(steps))
  })

  test('a hold keeps what held it and was no task', () => {
    expect(standing([receipt(1, 'SEAL_BROKEN', 'DOCS_MISSING'), receipt(2, 'EXPIRED')]).heldBy).toEqual([
      'EXPIRED',
      'SEAL_BROKEN',
    ])
  })
})

describe('a quarantine', () => {
  test.each<[UnitState, string | null]>([
    ['not_received', 'not_received'],
    ['undecided', null],
    ['held', null],
    ['available', null],
    ['released', null],
    ['released_exceptionally', null],
    ['rejected', 'already_decided'],
    ['returned', 'already_ended'],
    ['destroyed', 'already_ended'],
    ['administered', 'already_ended'],
  ])('of a unit that is %s', (state, refused) => {
    expect(refuseQuarantine({ ...standing([]), state })?.refused ?? null).toBe(refused)
  })
})
