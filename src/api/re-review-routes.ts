import { createRoute, z } from '@hono/zod-openapi'
import { decideReReview, listReReviews, type ReReviews } from '../actions/re-reviews.ts'
import { CONCLUSIONS } from '../domain/re-review.ts'
import { isRefusal } from '../domain/refusal.ts'
import { API_PATH, answers, body, created, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, prose } from './inputs.ts'
import { problem } from './problem.ts'
import { printReReview, printReReviewDecision, reReview, reReviewDecision } from './re-review-answer.ts'
import { signing } from './signing-body.ts'

const reReviews = z.object({ items: z.array(reReview), decisions: z.array(reReviewDecision) }).openapi('ReReviews')

const tags = ['Late truth']

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/re-reviews',
    tags,
    summary: 'What people relied on and came out otherwise, who they are, and how it was decided',
    request: { params: byId },
    responses: answers('all of them', reReviews),
  }),
  handler: async (c) => {
    const found = await listReReviews(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printed(found), 200)
  },
})

const input = z.object({
  evaluationVersion: z.int().positive().meta({ description: 'the current one, which you have read' }),
  conclusion: z.enum(CONCLUSIONS).meta({ description: 'what was decided stands, or it was decided anew' }),
  reason: prose,
  signing: signing.meta({ description: 'as "reviewed", by QA of the sponsor or whom it gave that role' }),
})

const decide = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/re-reviews',
    tags,
    summary: 'End the open re-reviews of a shipment: a person has looked again (signed)',
    request: { params: byId, headers: repeatable, body: body(input) },
    responses: created('decided', reReviews),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const decided = await decideReReview(c.var.ctx, c.var.actor, { shipmentId, ...c.req.valid('json') })
    if (isRefusal(decided)) return problem(c, decided)
    return c.json(printed(decided), 201, { Location: `${API_PATH}/shipments/${shipmentId}/re-reviews` })
  },
})

export const reReviewRoutes = [list, decide] as const

function printed({ items, decisions }: ReReviews): z.infer<typeof reReviews> {
  return { items: items.map(printReReview), decisions: decisions.map(printReReviewDecision) }
}
