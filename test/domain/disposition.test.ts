import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DISPOSITIONS,
  type Disposition,
  type DispositionRequest,
  MAY_DISPOSE,
  refuseDisposition,
  refuseFinish,
  refuseVerifier,
  type UnitDeed,
  unitStanding,
} from '../../src/domain/disposition.ts'
import { decide, type FindingCode } from '../../src/domain/finding.ts'

const EVALUATION = { version: 3, hash: 'h3' }

function received(findings: FindingCode[] = [], verifier: string | null = 'nurse-2'): UnitDeed {
  return { kind: 'received', version: 3, ...decide(findings), receiver: 'nurse-1', verifier }
}
const disposed = (disposition: Disposition): UnitDeed => ({ kind: 'disposed', version: 3, disposition, signer: 'qa-1' })
const FINISHED: UnitDeed = { kind: 'finished', version: 3, receiver: 'nurse-1', verifier: 'nurse-2' }
const CHANGED: UnitDeed = { kind: 'ground_changed', version: 4 }
const GIVEN: UnitDeed = { kind: 'administered', at: 0 }
const standing = (deeds: UnitDeed[], needsQa = false) => unitStanding({ deeds, needsQa })

describe('where a unit stands', () => {
  test.each<[string, UnitDeed[], string, { usable?: boolean; reReview?: boolean; urgent?: boolean }]>([
    ['nothing done', [], 'not_received', {}],
    ['accepted by two', [received()], 'available', { usable: true }],
    ['accepted by one', [received([], null)], 'undecided', {}],
    ['held', [received(['DATA_GAP'])], 'held', {}],
    ['held for tasks, finished', [received(['DOCS_MISSING']), FINISHED], 'available', { usable: true }],
    ['released', [received(['DATA_GAP']), disposed('released')], 'released', { usable: true }],
    ['rejected', [received(['DATA_GAP']), disposed('rejected')], 'rejected', {}],
    [
      'rejected, then destroyed',
      [received(['DATA_GAP']), disposed('rejected'), disposed('destroyed')],
      'destroyed',
      {},
    ],
    [
      'released exceptionally',
      [received(['EXPIRED']), disposed('released_exceptionally')],
      'released_exceptionally',
      { usable: true },
    ],
    ['accepted, then the ground changed', [received(), CHANGED], 'available', { reReview: true }],
    [
      'released, then the ground changed',
      [received(['DATA_GAP']), disposed('released'), CHANGED],
      'released',
      { reReview: true },
    ],
    ['decided anew after that', [received(), CHANGED, disposed('released')], 'released', { usable: true }],
    ['given', [received(), GIVEN], 'administered', {}],
    ['given, then the ground changed', [received(), GIVEN, CHANGED], 'administered', { reReview: true, urgent: true }],
    ['given while it was flagged', [received(), CHANGED, GIVEN], 'administered', { reReview: true, urgent: true }],
    ['news before it was received', [CHANGED], 'not_received', {}],
  ])('%s', (_what, deeds, state, { usable = false, reReview = false, urgent = false }) =>
    expect(standing(deeds)).toMatchObject({ state, usable, reReview, urgentSafetyNotice: urgent }),
  )

  test('where the product asks for QA nothing is available without', () => {
    expect(standing([received()], true)).toMatchObject({ state: 'undecided', usable: false })
    expect(standing([received(['DOCS_MISSING']), FINISHED], true)).toMatchObject({ state: 'undecided', usable: false })
    expect(standing([received(), disposed('released')], true)).toMatchObject({ state: 'released', usable: true })
  })
})

/** QA of the sponsor, about a unit held for a gap that has a deviation. */
function asked(disposition: Disposition, change: Partial<DispositionRequest> = {}): DispositionRequest {
  return {
    disposition,
    signer: { person: 'qa-1', roles: [{ role: 'qa_sponsor', sponsor: 'acme' }] },
    reason: 'assessed',
    deviation: 'DEV-1',
    witness: 'qa-2',
    cited: EVALUATION,
    ...change,
  }
}

function refused(
  wanted: DispositionRequest,
  deeds: UnitDeed[] = [received(['DATA_GAP'])],
  current: FindingCode[] = ['DATA_GAP'],
): string | null {
  const ground = { standing: standing(deeds), current: decide(current), sponsor: 'acme', evaluation: EVALUATION }
  const answer = refuseDisposition(wanted, ground)
  if (answer !== null) expect(answer.detail).toMatch(/^[A-Z].{10,}\.$/)
  return answer?.refused ?? null
}

describe('a decision is signed', () => {
  test.each(DISPOSITIONS)('%s of a held unit by QA of its sponsor', (wanted) =>
    expect(refused(asked(wanted))).toBeNull(),
  )

  test.each<[string, Partial<DispositionRequest>, string]>([
    [
      'by the receiver',
      { signer: { person: 'nurse-1', roles: [{ role: 'qa_sponsor', sponsor: 'acme' }] } },
      'own_receipt',
    ],
    [
      'by QA of another sponsor',
      { signer: { person: 'qa-9', roles: [{ role: 'qa_sponsor', sponsor: 'other' }] } },
      'not_allowed',
    ],
    ['by a person without role', { signer: { person: 'qa-9', roles: [] } }, 'not_allowed'],
    ['on an older evaluation', { cited: { version: 2, hash: 'h2' } }, 'changed_meanwhile'],
    ['on another evaluation of that number', { cited: { version: 3, hash: 'x' } }, 'changed_meanwhile'],
    ['without a reason', { reason: ' ' }, 'reason_required'],
    ['without the number of the deviation', { deviation: ' ' }, 'deviation_required'],
    ['with none', { deviation: null }, 'deviation_required'],
  ])('but not %s', (_what, change, code) => expect(refused(asked('released', change))).toBe(code))

  test.each<[string, Partial<DispositionRequest>]>([
    ['without a witness', { witness: null }],
    ['with a nameless one', { witness: '' }],
    ['with oneself as witness', { witness: 'qa-1' }],
  ])('but a destruction not %s', (_what, change) =>
    expect(refused(asked('destroyed', change))).toBe('witness_required'),
  )

  test('who may sign what is one table', () => {
    const site = { person: 'qa-3', roles: [{ role: 'qa_site', sponsor: 'acme' } as const] }
    expect(DISPOSITIONS.filter((wanted) => refused(asked(wanted, { signer: site })) === null)).toEqual(
      DISPOSITIONS.filter((wanted) => MAY_DISPOSE[wanted].includes('qa_site')),
    )
    expect(refused(asked('released_exceptionally', { signer: site }))).toBe('not_allowed')
  })
})

describe('a release', () => {
  test.each<[string, Disposition, FindingCode[], string | null]>([
    ['of what another may be', 'released', ['ID_MISMATCH', 'DATA_GAP'], 'identity_unresolved'],
    ['of what another may be, exceptionally', 'released_exceptionally', ['ID_MISMATCH'], 'identity_unresolved'],
    ['before identity is proven', 'released', ['ID_UNVERIFIED'], 'tasks_open'],
    ['before the batch is certified', 'released', ['RELEASE_PENDING'], 'tasks_open'],
    ['before readings that are to come', 'released', ['DATA_PENDING', 'DATA_GAP'], 'tasks_open'],
    ['of a task that cannot be done, as a deviation', 'released', ['DOCS_MISSING', 'CHECK_NOT_DONE'], null],
    ['in urgent need before that', 'released_exceptionally', ['DATA_PENDING', 'CRITICAL_ALARM'], null],
    ['out of specification', 'released', ['CRITICAL_ALARM'], 'needs_exceptional_release'],
    ['out of specification, in urgent need', 'released_exceptionally', ['CRITICAL_ALARM'], null],
    ['of quarantined goods QA has assessed', 'released', ['MAJOR_ALARM', 'SEAL_MISMATCH'], null],
  ])('%s', (_what, wanted, current, code) =>
    expect(refused(asked(wanted), [received(['DATA_GAP'])], current)).toBe(code),
  )

  test('needs the deviation of the receipt also when the finding has gone since', () => {
    expect(refused(asked('released', { deviation: null }), [received(['DATA_GAP'])], [])).toBe('deviation_required')
    expect(refused(asked('released', { deviation: null }), [received(['DOCS_MISSING'])], [])).toBeNull()
  })
})

describe('what may follow what', () => {
  const START: Record<string, UnitDeed[]> = {
    not_received: [],
    undecided: [received([], null)],
    held: [received(['DATA_GAP'])],
    available: [received()],
    released: [received(['DATA_GAP']), disposed('released')],
    released_exceptionally: [received(['DATA_GAP']), disposed('released_exceptionally')],
    rejected: [received(['DATA_GAP']), disposed('rejected')],
    returned: [received(['DATA_GAP']), disposed('returned')],
    destroyed: [received(['DATA_GAP']), disposed('destroyed')],
    administered: [received(), GIVEN],
  }
  const [no, over, done] = ['not_received', 'already_ended', 'already_decided']
  test.each([
    ['not_received', [no, no, no, no, no], [no, no, no, no, no]],
    ['undecided', [null, null, null, null, null], [null, null, null, null, null]],
    ['held', [null, null, null, null, null], [null, null, null, null, null]],
    ['available', [done, null, done, null, null], [null, null, null, null, null]],
    ['released', [done, null, null, null, null], [null, null, null, null, null]],
    ['released_exceptionally', [done, null, done, null, null], [null, null, null, null, null]],
    ['rejected', [done, done, null, null, null], [null, null, null, null, null]],
    ['returned', [over, over, over, over, over], [over, over, over, over, over]],
    ['destroyed', [over, over, over, over, over], [over, over, over, over, over]],
    ['administered', [over, over, over, over, null], [over, over, over, over, null]],
  ])('%s', (state, plain, flagged) => {
    const deeds = START[state] ?? []
    expect(standing(deeds).state).toBe(state)
    expect(DISPOSITIONS.map((wanted) => refused(asked(wanted), deeds))).toEqual(plain)
    expect(DISPOSITIONS.map((wanted) => refused(asked(wanted), [...deeds, CHANGED]))).toEqual(flagged)
  })
})

describe('receiver and verifier finish', () => {
  const people = { receiver: 'nurse-1', verifier: 'nurse-2' }
  test.each<[string, UnitDeed[], FindingCode[], string | null]>([
    ['what only open tasks held', [received(['DOCS_MISSING', 'ID_UNVERIFIED'])], [], null],
    ['what only the second signature was missing', [received([], null)], [], null],
    ['but not what is still open', [received(['DOCS_MISSING'])], ['DOCS_MISSING'], 'verdict_not_accept'],
    ['but not what was held for more, even if better data came', [received(['DATA_GAP'])], [], 'qa_decides'],
    ['but not what changed since', [received(['DOCS_MISSING']), CHANGED], [], 'qa_decides'],
    ['but not what was decided', [received(['DATA_GAP']), disposed('rejected')], [], 'already_decided'],
    ['but not what never came', [], [], 'not_received'],
  ])('%s', (_what, deeds, current, code) => {
    const answer = refuseFinish(people, { standing: standing(deeds), current: decide(current) })
    expect(answer?.refused ?? null).toBe(code)
  })
  test('as two people', () => {
    const ground = { standing: standing([received(['DOCS_MISSING'])]), current: decide([]) }
    expect(refuseFinish({ receiver: 'nurse-1', verifier: 'nurse-1' }, ground)).toMatchObject({ refused: 'same_person' })
    expect(refuseVerifier(people)).toBeNull()
  })
})

test('no course of deeds makes a flagged, rejected or destroyed unit usable, and what is destroyed stays so', () => {
  const findings = fc.constantFrom<FindingCode[]>([], ['DATA_GAP'], ['DOCS_MISSING'])
  const deed = fc.oneof(
    findings.map((found) => received(found)),
    fc.constantFrom(...DISPOSITIONS).map(disposed),
    fc.constantFrom(FINISHED, CHANGED, GIVEN),
  )
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 8 }), fc.constantFrom(...DISPOSITIONS), (deeds, wanted) => {
      const { usable, state, reReview, urgentSafetyNotice } = standing(deeds)
      if (usable) expect([state, reReview]).toEqual([expect.stringMatching(/available|released/), false])
      expect(urgentSafetyNotice).toBe(state === 'administered' && reReview)
      if (state === 'destroyed' || state === 'returned') expect(refused(asked(wanted), deeds)).toBe('already_ended')
    }),
  )
})
