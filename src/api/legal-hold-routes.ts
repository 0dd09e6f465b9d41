import { createRoute, z } from '@hono/zod-openapi'
import { getHold, type LegalHold, liftHold, listHolds, placeHold } from '../actions/legal-holds.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, id, line, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const on = z
  .discriminatedUnion('subject', [
    z.object({ subject: z.literal('shipment'), shipmentId: id }),
    z.object({ subject: z.literal('lot'), productId: id, lot: line }),
    z.object({ subject: z.literal('sensor'), sensorId: id }),
    z.object({ subject: z.literal('product'), productId: id }),
    z.object({ subject: z.literal('all') }),
  ])
  .meta({ description: 'everything that belongs to it is kept; "all" is for the administrator of the installation' })

const word = z.object({
  id: z.int(),
  reason: z.string(),
  actorKind: z.string(),
  actorId: z.string(),
  knownAt: printedInstant,
})

/** A legal hold as it is answered. */
export const legalHold = word
  .extend({ organisationId: z.int(), on, lifted: word.nullable().meta({ description: 'null: it holds' }) })
  .openapi('LegalHold')

const tags = ['Retention']

const place = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/legal-holds',
    tags,
    summary: 'Hold records: nothing of them is dropped, however long their retention has passed',
    request: { headers: repeatable, body: body(z.object({ on, reason: prose })) },
    responses: created('held', legalHold),
  }),
  handler: async (c) => {
    const placed = await placeHold(c.var.ctx, c.var.actor, c.req.valid('json'))
    if (isRefusal(placed)) return problem(c, placed)
    return c.json(printHold(placed), 201, { Location: `${API_PATH}/legal-holds/${placed.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/legal-holds',
    tags,
    summary: 'The legal holds of your organisation, lifted ones included',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(legalHold)),
  }),
  handler: async (c) => {
    const found = await listHolds(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printHold), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/legal-holds/{id}',
    tags,
    summary: 'One legal hold of your organisation',
    request: { params: byId },
    responses: answers('the hold', legalHold),
  }),
  handler: async (c) => {
    const found = await getHold(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printHold(found), 200)
  },
})

const lift = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/legal-holds/{id}/lifting',
    tags,
    summary: 'Lift a hold of your organisation, with the reason; both stay on record',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('the hold, lifted', legalHold),
  }),
  handler: async (c) => {
    const input = { holdId: c.req.valid('param').id, reason: c.req.valid('json').reason }
    const lifted = await liftHold(c.var.ctx, c.var.actor, input)
    return isRefusal(lifted) ? problem(c, lifted) : c.json(printHold(lifted), 200)
  },
})

export const legalHoldRoutes = [place, list, get, lift] as const

/** Prints a legal hold. */
export function printHold({ knownAt, lifted, ...rest }: LegalHold): z.infer<typeof legalHold> {
  return {
    ...rest,
    knownAt: isoInstant(knownAt),
    lifted: lifted && { ...lifted, knownAt: isoInstant(lifted.knownAt) },
  }
}
