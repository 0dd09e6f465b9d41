import { z } from 'zod'
import type { ReReviewFound } from '../domain/re-review.ts'

const person = z.object({ id: z.int(), name: z.string(), role: z.string(), organisation: z.string() })

const reliance = z.object({
  what: z.string(),
  seq: z.int().nullable(),
  at: z.int(),
  version: z.int(),
  organisation: z.string(),
  people: z.array(person),
  actor: z.string().nullable(),
})

const judged = z
  .object({
    status: z.enum(['in_range', 'excursion_below_alarm', 'indeterminate', 'alarm']),
    severity: z.enum(['warning', 'major', 'critical']).nullable(),
  })
  .nullable()

const difference = z.object({
  about: z.enum([
    ...(['status', 'severity', 'presumed', 'reasons', 'window', 'alarm', 'event', 'gap'] as const),
    ...(['budget', 'finding', 'verdict'] as const),
  ]),
  of: z.string().nullable(),
  weight: z.enum(['re_review', 'told']),
  text: z.string(),
})

const found = z.object({
  grounds: z.array(z.object({ relied: reliance, was: judged, is: judged, differences: z.array(difference) })),
  reliedOnBy: z.array(reliance),
  notify: z.array(z.object({ organisationId: z.int(), because: z.array(z.enum(['relied', 'sponsor', 'consignee'])) })),
}) satisfies z.ZodType<ReReviewFound>

/** What a stored re-review has found. */
export function storedReReview(stored: unknown): ReReviewFound {
  return found.parse(stored)
}
