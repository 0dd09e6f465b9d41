import { createRoute, z } from '@hono/zod-openapi'
import { correctPlacement, listPlacements } from '../actions/correct-placement.ts'
import { listing } from '../actions/page.ts'
import { type Placement, placeSensor } from '../actions/place-sensor.ts'
import { PLACEMENT_ROLES } from '../domain/judge.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, channel, id, isoOrNull, moment, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const role = z.enum(PLACEMENT_ROLES)

const placement = z
  .object({
    id: z.int(),
    shipmentId: z.int(),
    sensorId: z.int(),
    channel: z.string(),
    role,
    from: printedInstant,
    to: printedInstant.nullable().meta({ description: 'not included; null: until the window ends' }),
    calibrationId: z.int().nullable().meta({ description: 'the certificate named; null: the newest by date' }),
    correctsId: z.int().nullable(),
    reason: z.string().nullable(),
    knownAt: printedInstant,
    supersededAt: printedInstant.nullable(),
  })
  .openapi('Placement')

const placementBody = z
  .object({
    sensorId: id,
    channel: channel.default('probe'),
    role: role.default('product'),
    from: moment,
    to: moment.nullish(),
    calibrationId: id.nullish(),
    reason: prose.nullish(),
  })
  .refine(({ from, to }) => to == null || from < to, { path: ['to'], message: 'must lie after from' })

const correctionBody = z
  .object({
    reason: prose,
    withdraw: z.literal(true).optional().meta({ description: 'it never was: nothing takes its place' }),
    from: moment.optional(),
    to: moment.nullable().optional().meta({ description: 'null: until the window ends' }),
    role: role.optional(),
    shipmentId: id.optional(),
    calibrationId: id.nullable().optional(),
  })
  .refine(({ reason: _reason, withdraw, ...change }) => {
    const changes = Object.values(change).some((value) => value !== undefined)
    return withdraw ? !changes : changes
  }, 'either withdraws the placement, or changes from, to, role, shipmentId or calibrationId')

const tags = ['Placements']

const place = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/placements',
    tags,
    summary: 'Place a sensor channel with a shipment; readings that arrived before are linked too',
    request: { params: byId, headers: repeatable, body: body(placementBody) },
    responses: created('placed', placement),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { from, to = null, calibrationId = null, reason = null, ...given } = c.req.valid('json')
    const input = { ...given, shipmentId, fromAt: from, toAt: to, calibrationId, reason }
    const placed = await placeSensor(c.var.ctx, c.var.actor, input)
    if (isRefusal(placed)) return problem(c, placed)
    return c.json(printPlacement(placed), 201, { Location: `${API_PATH}/shipments/${shipmentId}/placements` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/placements',
    tags,
    summary: 'All placements a shipment ever had, superseded ones included, newest last',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(placement)),
  }),
  handler: async (c) => {
    const { limit, after } = pageOf(c.req.valid('query'))
    const all = await listPlacements(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(all)) return problem(c, all)
    const following = all.filter((one) => one.id > (after ?? 0))
    const found = listing(following, limit, (one) => one.id)
    return c.json(printPage(found, printPlacement), 200)
  },
})

const correct = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/placements/{id}/correction',
    tags,
    summary: 'Correct or withdraw a placement: a new one stands in its place, the shipments are judged again',
    request: { params: byId, headers: repeatable, body: body(correctionBody) },
    responses: answers(
      'what was superseded, and what stands for it',
      z.object({
        superseded: z.int(),
        placement: placement.nullable(),
      }),
    ),
  }),
  handler: async (c) => {
    const { reason, withdraw, from, to, ...rest } = c.req.valid('json')
    const change = withdraw ? null : { ...rest, fromAt: from, toAt: to }
    const input = { placementId: c.req.valid('param').id, reason, change }
    const corrected = await correctPlacement(c.var.ctx, c.var.actor, input)
    if (isRefusal(corrected)) return problem(c, corrected)
    const { superseded, placement } = corrected
    return c.json({ superseded, placement: placement && printPlacement(placement) }, 200)
  },
})

export const placementRoutes = [place, list, correct] as const

function printPlacement(found: Placement): z.infer<typeof placement> {
  return {
    id: found.id,
    shipmentId: found.shipmentId,
    sensorId: found.sensorId,
    channel: found.channel,
    role: found.role,
    from: isoInstant(found.fromAt),
    to: isoOrNull(found.toAt),
    calibrationId: found.calibrationId,
    correctsId: found.correctsId,
    reason: found.reason,
    knownAt: isoInstant(found.knownAt),
    supersededAt: isoOrNull(found.supersededAt),
  }
}
