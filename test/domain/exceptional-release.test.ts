import { describe, expect, test } from 'vitest'
import {
  type ExceptionalCase,
  outstandingSignature,
  refuseExceptional,
  VERBAL_DUE_MS,
} from '../../src/domain/exceptional-release.ts'
import { MINUTE, T0 } from '../support/limits.ts'

const WHOLE: ExceptionalCase = {
  request: { name: 'Dr. A', at: T0, form: 'signed' },
  evaluation: { name: 'B of QA', by: 'sponsor_qa', at: T0 + MINUTE, form: 'signed', signedAt: null },
  confirmation: { name: 'Dr. A', at: T0 + 2 * MINUTE, form: 'attached_form' },
  openFindings: ['CRITICAL_ALARM', 'DATA_GAP'],
  authorityNotice: 'NCA-2026-7',
}

test('three words about what is open now make it whole', () =>
  expect(refuseExceptional(WHOLE, ['DATA_GAP', 'CRITICAL_ALARM'])).toBeNull())

describe('it is refused, naming what is missing', () => {
  test.each<[string, Partial<ExceptionalCase>, RegExp]>([
    ['no request', { request: null }, /needs: the physician's request\.$/],
    ['a nameless request', { request: { name: ' ', at: T0, form: 'signed' } }, /needs: the physician's request\.$/],
    ['no evaluation', { evaluation: null }, /needs: the risk evaluation[^;]*\.$/],
    ['no confirmation', { confirmation: null }, /needs: the physician's confirmation\.$/],
    [
      'an evaluation before the request',
      { request: { name: 'A', at: T0 + MINUTE + 1, form: 'signed' } },
      /needs: an evaluation made after/,
    ],
    [
      'a confirmation before the evaluation',
      { confirmation: { name: 'A', at: T0 + MINUTE - 1, form: 'signed' } },
      /needs: a confirmation made after/,
    ],
    ['no notice to the authority', { authorityNotice: null }, /needs: the reference of the notice[^;]*\.$/],
    ['no findings named', { openFindings: [] }, /needs: the open findings it is about\.$/],
    [
      'nothing at all',
      { request: null, evaluation: null, confirmation: null, authorityNotice: ' ', openFindings: [] },
      /request; .*evaluation.*; .*confirmation; .*notice.*; .*findings/,
    ],
  ])('%s', (_what, change, detail) =>
    expect(refuseExceptional({ ...WHOLE, ...change }, ['DATA_GAP', 'CRITICAL_ALARM'])).toMatchObject({
      refused: 'exceptional_incomplete',
      detail: expect.stringMatching(detail),
    }),
  )
  test.each([
    [['CRITICAL_ALARM']],
    [['CRITICAL_ALARM', 'DATA_GAP', 'SEAL_BROKEN']],
    [['CRITICAL_ALARM', 'SEAL_BROKEN']],
  ] as const)('words about other findings than %j', (current) =>
    expect(refuseExceptional(WHOLE, current)).toMatchObject({ refused: 'changed_meanwhile' }),
  )
})

describe('an evaluation by phone', () => {
  const verbal = {
    ...WHOLE,
    evaluation: { name: 'B', by: 'manufacturer', at: T0, form: 'verbal', signedAt: null },
  } as const
  test('is enough to go on, and owes its signature for a day', () => {
    expect(refuseExceptional(verbal, WHOLE.openFindings)).toBeNull()
    const due = { name: 'B', dueAt: T0 + VERBAL_DUE_MS }
    expect(outstandingSignature(verbal, T0 + VERBAL_DUE_MS)).toEqual({ ...due, isOverdue: false })
    expect(outstandingSignature(verbal, T0 + VERBAL_DUE_MS + 1)).toEqual({ ...due, isOverdue: true })
  })
  test('owes nothing once signed, nor does a signed one', () => {
    expect(outstandingSignature({ evaluation: { ...verbal.evaluation, signedAt: T0 + 1 } }, T0 + 2)).toBeNull()
    expect(outstandingSignature(WHOLE, T0)).toBeNull()
    expect(outstandingSignature({ evaluation: null }, T0)).toBeNull()
  })
})
