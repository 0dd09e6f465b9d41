import { z } from '@hono/zod-openapi'
import type { ReReview, SignedReReviewDecision } from '../actions/re-reviews.ts'
import { type ChangedGround, CONCLUSIONS, type Judged } from '../domain/re-review.ts'
import type { Reliance } from '../domain/reliance.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'
import { printSignature, signatureAnswer } from './signature-answer.ts'

const reliance = z.object({
  what: z.string().meta({ description: 'a kind of custody event, or "re_review_decision"' }),
  seq: z.int().nullable().meta({ description: 'the ledger entry; null: none' }),
  at: printedInstant,
  evaluationVersion: z.int(),
  organisation: z.string().meta({ description: 'GLN, else organisation:ID' }),
  people: z
    .array(z.object({ id: z.int(), name: z.string(), role: z.string(), organisation: z.string() }))
    .meta({ description: 'who signed it; empty: a machine attested it, or somebody gave an acknowledgement' }),
  actor: z.string().nullable(),
})

const judged = z
  .object({
    status: z.enum(['in_range', 'excursion_below_alarm', 'indeterminate', 'alarm']),
    severity: z.enum(['warning', 'major', 'critical']).nullable(),
  })
  .nullable()

const ground = z.object({
  relied: reliance,
  was: judged.meta({ description: 'as it was known then, up to the moment of relying' }),
  is: judged.meta({ description: 'as it is known now of the same time' }),
  text: z.string(),
  differences: z.array(
    z.object({
      about: z.string(),
      of: z.string().nullable(),
      weight: z.enum(['re_review', 'told']),
      text: z.string(),
    }),
  ),
})

/** What must be looked at again. */
export const reReview = z
  .object({
    id: z.int(),
    evaluationVersion: z.int().meta({ description: 'the one by which it came out' }),
    evaluationSha256: z.string(),
    openedAt: printedInstant,
    grounds: z.array(ground),
    reliedOnBy: z.array(reliance).meta({ description: 'everyone who relied on a version that does not hold' }),
    notify: z.array(
      z.object({ organisationId: z.int(), because: z.array(z.enum(['relied', 'sponsor', 'consignee'])) }),
    ),
    decisionId: z.int().nullable().meta({ description: 'null: open' }),
  })
  .openapi('ReReview')

/** A signed decision that ended re-reviews. */
export const reReviewDecision = z
  .object({
    id: z.int(),
    upTo: z.int().meta({ description: 'ends the re-reviews up to this one' }),
    evaluationVersion: z.int(),
    conclusion: z.enum(CONCLUSIONS),
    reason: z.string(),
    knownAt: printedInstant,
    signature: signatureAnswer,
  })
  .openapi('ReReviewDecision')

/** Prints a re-review. */
export function printReReview(found: ReReview): z.infer<typeof reReview> {
  const { id, evaluation, openedAt, grounds, reliedOnBy, notify, decisionId } = found
  return {
    id,
    evaluationVersion: evaluation.version,
    evaluationSha256: evaluation.sha256,
    openedAt: isoInstant(openedAt),
    grounds: grounds.map(printGround),
    reliedOnBy: reliedOnBy.map(printReliance),
    notify: notify.map(({ organisationId, because }) => ({ organisationId, because: [...because] })),
    decisionId,
  }
}

/** Prints a decision. */
export function printReReviewDecision(found: SignedReReviewDecision): z.infer<typeof reReviewDecision> {
  const { id, upToId, evaluation, conclusion, reason, knownAt, signature, fault } = found
  return {
    ...{ id, conclusion, reason },
    upTo: upToId,
    evaluationVersion: evaluation.version,
    knownAt: isoInstant(knownAt),
    signature: printSignature(signature, fault),
  }
}

function printGround({ relied, was, is, differences }: ChangedGround): z.infer<typeof ground> {
  const then = `${relied.what} relied on version ${relied.version}, ${said(was)} then`
  const text = `${then}; of that time it is ${said(is)} now.`
  return {
    relied: printReliance(relied),
    was: was && { ...was },
    is: is && { ...is },
    text,
    differences: differences.map((one) => ({ ...one })),
  }
}

function said(found: Judged): string {
  if (found === null) return 'nothing judged'
  return found.severity === null ? found.status : `${found.status} (${found.severity})`
}

function printReliance({ what, seq, at, version, organisation, people, actor }: Reliance): z.infer<typeof reliance> {
  return {
    ...{ what, seq, organisation, actor },
    at: isoInstant(at),
    evaluationVersion: version,
    people: people.map((one) => ({ ...one })),
  }
}
