import { createRoute, z } from '@hono/zod-openapi'
import { defineRoute } from './define-route.ts'

const tags = ['Operations']

const readiness = z.object({ ok: z.boolean(), parts: z.record(z.string(), z.union([z.boolean(), z.string()])) })

const healthz = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/healthz',
    tags,
    security: [],
    summary: 'Whether the process lives',
    responses: {
      200: { description: 'it lives', content: { 'application/json': { schema: z.object({ ok: z.literal(true) }) } } },
    },
  }),
  handler: (c) => c.json({ ok: true as const }, 200),
})

const readyz = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/readyz',
    tags,
    security: [],
    summary: 'Whether requests and readings can be served: database and broker',
    responses: {
      200: { description: 'ready', content: { 'application/json': { schema: readiness } } },
      503: { description: 'not ready; the parts say why', content: { 'application/json': { schema: readiness } } },
    },
  }),
  handler: async (c) => {
    const { ok, parts } = await c.var.deps.ready()
    return c.json({ ok, parts }, ok ? 200 : 503)
  },
})

const metrics = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/metrics',
    tags,
    security: [],
    summary: 'Metrics in the Prometheus text format; no sensor or shipment is named',
    responses: { 200: { description: 'the metrics', content: { 'text/plain': { schema: z.string() } } } },
  }),
  handler: async (c) => {
    const { registry } = c.var.ctx.metrics
    return c.text(await registry.metrics(), 200, { 'Content-Type': registry.contentType })
  },
})

export const probeRoutes = [healthz, readyz, metrics] as const
