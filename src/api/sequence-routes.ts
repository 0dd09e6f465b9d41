import { createRoute, z } from '@hono/zod-openapi'
import { listSequenceEvents, type SequenceEvent } from '../actions/sequence-events.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { answers, listOf } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const event = z
  .object({
    id: z.int(),
    kind: z
      .enum(['restart', 'missing', 'filled', 'given_up'])
      .meta({ description: 'missing: messages lost or late; filled: they came; given_up: asked for no more' }),
    epoch: z.int().meta({ description: 'restarts (battery, reset) before it' }),
    from: z.int(),
    to: z.int().meta({ description: 'sequence numbers, both ends included' }),
    knownAt: printedInstant,
  })
  .openapi('SequenceEvent')

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sensors/{id}/sequence-events',
    tags: ['Sensors'],
    summary: 'Lost messages and restarts of your sensor, by the sequence numbers it sends',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(event)),
  }),
  handler: async (c) => {
    const asked = { sensorId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await listSequenceEvents(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, print), 200)
  },
})

export const sequenceRoutes = [list] as const

function print({ kind, knownAt, ...rest }: SequenceEvent): z.infer<typeof event> {
  return { ...rest, kind: kindOf(kind), knownAt: isoInstant(knownAt) }
}

function kindOf(text: string): z.infer<typeof event>['kind'] {
  return event.shape.kind.parse(text)
}
