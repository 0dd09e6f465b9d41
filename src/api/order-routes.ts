import { createRoute, z } from '@hono/zod-openapi'
import { enterOrder, getOrder, listOrders, type Order } from '../actions/orders.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, id, isoOrNull, line, moment, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'
import { unitIdentity } from './unit-body.ts'

const MAX_EXPECTED = 500

const expectedUnit = z.object({
  gtin: z.string().nullable(),
  serial: z.string().nullable(),
  din: z.string().nullable(),
  lot: z.string().nullable(),
})

const order = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    number: z.string(),
    productId: z.int(),
    consigneeId: z.int(),
    coi: z.string().nullable(),
    coiScheme: z.string().nullable(),
    expected: z.array(expectedUnit),
    neededBy: printedInstant.nullable(),
    knownAt: printedInstant,
  })
  .openapi('Order')

const expectedBody = z
  .object(unitIdentity)
  .transform(({ gtin = null, serial = null, din = null, lot = null }) => ({ gtin, serial, din, lot }))

const orderBody = z
  .object({
    number: line,
    productId: id,
    consigneeId: id,
    coi: line.nullish().meta({ description: 'chain-of-identity code: a pseudonym, never patient data' }),
    coiScheme: line.nullish(),
    expected: z.array(expectedBody).max(MAX_EXPECTED),
    neededBy: moment.nullish(),
  })
  .refine(({ coi, coiScheme }) => (coi == null) === (coiScheme == null), {
    path: ['coiScheme'],
    message: 'a coi has a scheme, and a scheme a coi',
  })

const tags = ['Orders']

const enter = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/orders',
    tags,
    summary: 'Enter what the centre expects (treatment centre or sponsor, never the packer)',
    request: { headers: repeatable, body: body(orderBody) },
    responses: created('entered', order),
  }),
  handler: async (c) => {
    const { coi = null, coiScheme = null, neededBy = null, ...given } = c.req.valid('json')
    const entered = await enterOrder(c.var.ctx, c.var.actor, { ...given, coi, coiScheme, neededBy })
    if (isRefusal(entered)) return problem(c, entered)
    return c.json(printOrder(entered), 201, { Location: `${API_PATH}/orders/${entered.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/orders',
    tags,
    summary: 'The orders you may see',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(order)),
  }),
  handler: async (c) => {
    const found = await listOrders(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printOrder), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/orders/{id}',
    tags,
    summary: 'One order',
    request: { params: byId },
    responses: answers('the order', order),
  }),
  handler: async (c) => {
    const found = await getOrder(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printOrder(found), 200)
  },
})

export const orderRoutes = [enter, list, get] as const

function printOrder({ neededBy, knownAt, ...rest }: Order): z.infer<typeof order> {
  return { ...rest, neededBy: isoOrNull(neededBy), knownAt: isoInstant(knownAt) }
}
