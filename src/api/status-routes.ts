import { createRoute, z } from '@hono/zod-openapi'
import { shipmentStatus as loadStatus, type ShipmentStatus as Status } from '../actions/shipment-status.ts'
import { statusAsOf } from '../actions/status-as-of.ts'
import { isRefusal } from '../domain/refusal.ts'
import { answers } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, queryMoment } from './inputs.ts'
import { problem } from './problem.ts'
import { printStatus, shipmentStatus } from './status-answer.ts'

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/status',
    tags: ['Shipments'],
    summary: 'The one answer about a shipment: condition and custody, as of now, or as it was answered at asOf',
    request: { params: byId, query: z.object({ asOf: queryMoment }) },
    responses: answers('the status', shipmentStatus),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { asOf } = c.req.valid('query')
    const found =
      asOf === undefined
        ? await loadStatus(c.var.ctx, c.var.actor, shipmentId)
        : await statusAsOf(c.var.ctx, c.var.actor, { shipmentId, asOf })
    return isRefusal(found) ? problem(c, found) : c.json(printed(found), 200)
  },
})

const prints = new WeakMap<Status, ReturnType<typeof printStatus>>()

/** The same answer is asked for by everyone who watches a shipment: it is printed once. */
function printed(found: Status): ReturnType<typeof printStatus> {
  const known = prints.get(found)
  if (known !== undefined) return known
  const made = printStatus(found)
  prints.set(found, made)
  return made
}

export const statusRoutes = [get] as const
