import { createRoute, z } from '@hono/zod-openapi'
import {
  decideLot,
  getLotDecision,
  type LotDecided,
  liftLotDecision,
  listLotDecisions,
} from '../actions/lot-decisions.ts'
import { type AffectedShipment, getLot, listAffected } from '../actions/lot-reach.ts'
import { BATCH_STATUSES } from '../domain/lot-decision.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, id, idParam, isoOrNull, line, printedInstant, prose } from './inputs.ts'
import { lotDecision, lotStanding, printLotDecision, printLotStanding } from './lot-answer.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'
import { signing } from './signing-body.ts'

const said = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('batch_status'), batchStatus: z.enum(BATCH_STATUSES) }),
  z.object({ kind: z.literal('hold') }),
  z.object({ kind: z.literal('recall') }),
])

const word = z.object({
  reference: line.nullish().meta({ description: 'number in your quality system, or of the certificate' }),
  reason: prose,
  signing: signing.meta({
    description:
      'of a qa_sponsor; as "approved" for a batch status or a lifting, "quarantined" a hold, "rejected" a recall',
  }),
})

const decided = z.object({
  decision: lotDecision,
  shipments: z.int().meta({ description: 'how many have units of the lot: all of them show it at once' }),
  units: z.int(),
})

const tags = ['Lots']

const decide = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/lot-decisions',
    tags,
    summary: 'State the batch status of a lot of your product, hold it, or recall it; also after receipt (signed)',
    request: { headers: repeatable, body: body(z.intersection(z.object({ productId: id, lot: line, said }), word)) },
    responses: created('recorded, and how far it reaches', decided),
  }),
  handler: async (c) => {
    const { reference = null, ...input } = c.req.valid('json')
    const done = await decideLot(c.var.ctx, c.var.actor, { ...input, reference })
    if (isRefusal(done)) return problem(c, done)
    return c.json(printDecided(done), 201, { Location: `${API_PATH}/lot-decisions/${done.decision.id}` })
  },
})

const ofLot = z.object({ productId: idParam, lot: line })

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/lot-decisions',
    tags,
    summary: 'Decisions about lots of your products and of shipments you see, lifted ones included',
    request: { query: pageQuery.extend(ofLot.partial().shape) },
    responses: answers('a page of them', listOf(lotDecision)),
  }),
  handler: async (c) => {
    const query = c.req.valid('query')
    const { productId = null, lot = null } = query
    const found = await listLotDecisions(c.var.ctx, c.var.actor, { productId, lot, page: pageOf(query) })
    return c.json(printPage(found, printLotDecision), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/lot-decisions/{id}',
    tags,
    summary: 'One decision about a lot, with its signature',
    request: { params: byId },
    responses: answers('the decision', lotDecision),
  }),
  handler: async (c) => {
    const found = await getLotDecision(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printLotDecision(found), 200)
  },
})

const lift = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/lot-decisions/{id}/lifting',
    tags,
    summary: 'Lift a hold or a recall (signed); both stay on record',
    request: { params: byId, headers: repeatable, body: body(word) },
    responses: created('lifted, and how far it reaches', decided),
  }),
  handler: async (c) => {
    const { reference = null, ...input } = c.req.valid('json')
    const decisionId = c.req.valid('param').id
    const done = await liftLotDecision(c.var.ctx, c.var.actor, { ...input, reference, decisionId })
    if (isRefusal(done)) return problem(c, done)
    return c.json(printDecided(done), 201, { Location: `${API_PATH}/lot-decisions/${done.decision.id}` })
  },
})

const lot = lotStanding.extend({ productId: z.int(), lot: z.string(), asOf: printedInstant }).openapi('Lot')

const stands = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/lots',
    tags,
    summary: 'How a lot stands now',
    request: { query: ofLot },
    responses: answers('the lot', lot),
  }),
  handler: async (c) => {
    const found = await getLot(c.var.ctx, c.var.actor, c.req.valid('query'))
    if (isRefusal(found)) return problem(c, found)
    const { productId, lot: name, asOf, ...standing } = found
    return c.json({ productId, lot: name, asOf: isoInstant(asOf), ...printLotStanding(standing) }, 200)
  },
})

const affected = z
  .object({
    shipmentId: z.int(),
    reference: z.string(),
    consigneeId: z.int(),
    packedAt: printedInstant.nullable(),
    closedAt: printedInstant.nullable().meta({ description: 'null: it is still under way' }),
    units: z.array(z.string()).meta({ description: 'those of the lot' }),
  })
  .openapi('AffectedShipment')

const reach = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/lots/shipments',
    tags,
    summary: 'The shipments with units of a lot: the reach of a recall',
    request: { query: pageQuery.extend(ofLot.shape) },
    responses: answers('a page of them', listOf(affected)),
  }),
  handler: async (c) => {
    const { productId, lot: name, ...query } = c.req.valid('query')
    const found = await listAffected(c.var.ctx, c.var.actor, { productId, lot: name, page: pageOf(query) })
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printAffected), 200)
  },
})

export const lotRoutes = [decide, list, get, lift, stands, reach] as const

function printDecided({ decision, ...counts }: LotDecided): z.infer<typeof decided> {
  return { decision: printLotDecision(decision), ...counts }
}

function printAffected({ packedAt, closedAt, ...rest }: AffectedShipment): z.infer<typeof affected> {
  return { ...rest, packedAt: isoOrNull(packedAt), closedAt: isoOrNull(closedAt) }
}
