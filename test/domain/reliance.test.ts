import { describe, expect, test } from 'vitest'
import type { Canonical } from '../../src/domain/canonical.ts'
import type { LateTruth } from '../../src/domain/late-truth.ts'
import type { LedgerEntry } from '../../src/domain/ledger.ts'
import { type Compared, RE_REVIEW_DECISION, reReviewOf } from '../../src/domain/re-review.ts'
import { type Reliance, reliancesOf } from '../../src/domain/reliance.ts'

/** Entries one after the other; `root 3` is a readings_root over version 3, `root -` one over none. */
function ledger(said: string): LedgerEntry[] {
  return said
    .trim()
    .split('\n')
    .map((line, index) => {
      const [kind = '', detail = ''] = line.trim().split(' ')
      const base = { seq: index + 1, prevHash: '', hash: '', recordedAt: '2026-03-02T10:00:00.000Z' }
      if (kind === 'root') return { ...base, kind: 'readings_root', evaluation: evaluationOf(detail) }
      const signatures =
        detail === '' ? [] : [{ signerId: 7, printedName: detail, role: 'receiver', organisation: 'B' }]
      return { ...base, kind, byOrg: 'A', actor: 'machine:1', ...(signatures.length > 0 && { signatures }) }
    })
}

function evaluationOf(version: string): Canonical {
  return version === '-' ? null : { version: Number(version), sha256: '0' }
}

describe('who relied on what', () => {
  test.each([
    ['a handover on the root before it', 'packed\nroot 2\nhandover_release', '3 handover_release 2'],
    ['each on the newest root', 'root 1\nhandover_release\nroot 2\nreceived', '2 handover_release 1, 4 received 2'],
    ['two on one root', 'root 1\nhandover_release\nhandover_accept', '2 handover_release 1, 3 handover_accept 1'],
    ['nobody before anything was judged', 'packed\nhandover_release\nroot 1', ''],
    ['nobody while judging was behind', 'root 1\nroot -\nreceived', ''],
    ['none who only reports', 'root 1\ndeparted\narrived\nopened', ''],
    [
      'every kind of decision',
      'root 1\nreleased\nrejected\nreleased_exceptionally\nreturned\ndestroyed',
      '2 released 1, 3 rejected 1, 4 released_exceptionally 1, 5 returned 1, 6 destroyed 1',
    ],
  ])('%s', (_what, said, expected) => {
    const found = reliancesOf(ledger(said))
    expect(found.map(({ seq, what, version }) => `${seq} ${what} ${version}`).join(', ')).toBe(expected)
  })

  test('names those who signed with their role, and who recorded it', () => {
    expect(reliancesOf(ledger('root 4\nreceived Dr.A'))).toEqual([
      {
        what: 'received',
        seq: 2,
        at: Date.UTC(2026, 2, 2, 10),
        version: 4,
        organisation: 'A',
        people: [{ id: 7, name: 'Dr.A', role: 'receiver', organisation: 'B' }],
        actor: 'machine:1',
      },
    ])
  })
})

describe('a re-review', () => {
  const relied = (what: string, organisation = 'A'): Reliance => {
    return { what, seq: 1, at: 0, version: 1, organisation, people: [], actor: null }
  }
  const compared = (relying: Reliance, weight: 're_review' | 'told' | null): Compared => {
    const differences = weight === null ? [] : [{ about: 'status', of: null, weight, text: 'It differs.' } as const]
    const truth: LateTruth = { differences, reReview: weight === 're_review' }
    return { relied: relying, was: null, is: null, truth }
  }
  const parties = [
    { organisationId: 1, key: 'S', role: 'sponsor' },
    { organisationId: 2, key: 'A', role: 'carrier' },
    { organisationId: 3, key: 'C', role: 'consignee' },
    { organisationId: 4, key: 'D', role: 'distributor' },
  ]
  const of = (given: readonly Compared[], reliances = given.map((one) => one.relied)) =>
    reReviewOf(given, { reliances, parties })

  test('is none where nothing changed, or only for the better', () => {
    expect(of([compared(relied('received'), null), compared(relied('released'), 'told')])).toBeNull()
  })

  test('lists those whose ground changed, and nobody else', () => {
    const found = of([compared(relied('handover_accept'), null), compared(relied('received'), 're_review')])
    expect(found?.reliedOnBy.map(({ what }) => what)).toEqual(['received'])
    expect(found?.grounds).toHaveLength(1)
  })

  test('of what somebody had looked at lists all who relied before them, too', () => {
    const [before, decision] = [relied('received'), relied(RE_REVIEW_DECISION)]
    const found = of([compared(decision, 're_review')], [before, decision])
    expect(found?.reliedOnBy).toEqual([before, decision])
  })

  test('tells the sponsor, the treatment centre and whoever relied, each once', () => {
    const found = of([compared(relied('handover_accept'), 're_review'), compared(relied('received', 'C'), 're_review')])
    expect(found?.notify).toEqual([
      { organisationId: 1, because: ['sponsor'] },
      { organisationId: 2, because: ['relied'] },
      { organisationId: 3, because: ['relied', 'consignee'] },
    ])
  })
})
