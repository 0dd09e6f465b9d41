import type { Status } from './combine.ts'
import type { LateTruth, TruthDifference } from './late-truth.ts'
import type { Severity } from './profile.ts'
import type { Reliance } from './reliance.ts'

/**
 * What to look at again, and who must know (domain page section 0 rule 10, 4.6). Opened by the service where the ground
 * of what somebody did changed; ended by a person's signed decision only: better data never end it.
 *
 *   relied on version 3 ─► late data ─► version 4 says otherwise ─► re-review ─► signed decision on version 4
 *                                                                      ▲                  │ is relied on in turn
 *                                                                      └── version 5 ◄────┘
 *
 * Truth about the same time is compared: what was known then of the journey up to the moment of relying, and what is
 * known now of it. What happened after that moment is news, and no late truth.
 */
export type ReReviewFound = {
  readonly grounds: readonly ChangedGround[]
  /** Everyone who relied on a version that does not hold, in order of doing so. */
  readonly reliedOnBy: readonly Reliance[]
  readonly notify: readonly ToNotify[]
}

/** One thing relied on that came out otherwise: as it was known then, as it is known now, in words. */
export type ChangedGround = {
  readonly relied: Reliance
  readonly was: Judged
  readonly is: Judged
  readonly differences: readonly TruthDifference[]
}
export type Judged = { readonly status: Status; readonly severity: Severity | null } | null

/** An organisation that must be told, and why: it relied on it, or is the sponsor or the treatment centre. */
export type ToNotify = {
  readonly organisationId: number
  readonly because: readonly ('relied' | 'sponsor' | 'consignee')[]
}

/** What is compared for one reliance. */
export type Compared = {
  readonly relied: Reliance
  readonly was: Judged
  readonly is: Judged
  readonly truth: LateTruth
}

/** What must be looked at again; null where nothing that was relied on changed in a way that matters. */
export function reReviewOf(
  compared: readonly Compared[],
  { reliances, parties }: { reliances: readonly Reliance[]; parties: readonly Party[] },
): ReReviewFound | null {
  const grounds = compared
    .filter(({ truth }) => truth.reReview)
    .map(({ relied, was, is, truth }) => ({ relied, was, is, differences: truth.differences }))
  if (grounds.length === 0) return null
  // who decided after looking again stood on what all before had relied on
  const isLookedAt = grounds.some(({ relied }) => relied.what === RE_REVIEW_DECISION)
  const reliedOnBy = isLookedAt ? reliances : grounds.map(({ relied }) => relied)
  return { grounds, reliedOnBy, notify: toNotify(reliedOnBy, parties) }
}

/** The name of these records under signatures, and among reliances. */
export const RE_REVIEW_DECISION = 're_review_decision'

/** What a person can conclude: what was decided stands, or it was decided anew. */
export const CONCLUSIONS = ['stands', 'decided_anew'] as const
export type Conclusion = (typeof CONCLUSIONS)[number]

export type Party = { readonly organisationId: number; readonly key: string; readonly role: string }

function toNotify(reliedOnBy: readonly Reliance[], parties: readonly Party[]): ToNotify[] {
  const relied = new Set(
    reliedOnBy.flatMap(({ organisation, people }) => [organisation, ...people.map((person) => person.organisation)]),
  )
  return [...Map.groupBy(parties, ({ organisationId }) => organisationId)].flatMap(([organisationId, rows]) => {
    const because = [
      ...(rows.some(({ key }) => relied.has(key)) ? (['relied'] as const) : []),
      ...(['sponsor', 'consignee'] as const).filter((role) => rows.some((row) => row.role === role)),
    ]
    return because.length === 0 ? [] : [{ organisationId, because }]
  })
}
