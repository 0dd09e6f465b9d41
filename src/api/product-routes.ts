import { createRoute, z } from '@hono/zod-openapi'
import { getProduct, listProducts, type Product, registerProduct } from '../actions/products.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, gtin, line, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const product = z
  .object({
    id: z.int(),
    organisationId: z.int().meta({ description: 'its sponsor' }),
    name: z.string(),
    gtin: z.string().nullable(),
    knownAt: printedInstant,
  })
  .openapi('Product')

const tags = ['Products']

const register = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/products',
    tags,
    summary: 'Register a product of your organisation (sponsor)',
    request: { headers: repeatable, body: body(z.object({ name: line, gtin: gtin.nullish() })) },
    responses: created('registered', product),
  }),
  handler: async (c) => {
    const { name, gtin = null } = c.req.valid('json')
    const registered = await registerProduct(c.var.ctx, c.var.actor, { name, gtin })
    if (isRefusal(registered)) return problem(c, registered)
    return c.json(printProduct(registered), 201, { Location: `${API_PATH}/products/${registered.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/products',
    tags,
    summary: 'The products you may see: your own, and those of your orders and shipments',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(product)),
  }),
  handler: async (c) => {
    const found = await listProducts(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printProduct), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/products/{id}',
    tags,
    summary: 'One product',
    request: { params: byId },
    responses: answers('the product', product),
  }),
  handler: async (c) => {
    const found = await getProduct(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printProduct(found), 200)
  },
})

export const productRoutes = [register, list, get] as const

function printProduct({ knownAt, ...rest }: Product): z.infer<typeof product> {
  return { ...rest, knownAt: isoInstant(knownAt) }
}
