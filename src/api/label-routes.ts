import { createRoute, z } from '@hono/zod-openapi'
import { getShipment } from '../actions/shipments.ts'
import { boxLabelPng, boxLabelSvg, LABEL_FORMATS, LABEL_KINDS } from '../documents/box-label.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { answers } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId } from './inputs.ts'
import { problem } from './problem.ts'

const query = z.object({
  as: z.enum(LABEL_KINDS).default('sscc').meta({ description: 'GS1-128 bar code, or QR code with a GS1 Digital Link' }),
  format: z.enum(LABEL_FORMATS).default('svg').meta({ description: 'SVG in printed size, or PNG of 300 dpi' }),
})

const image = z.string().meta({ format: 'binary' })
const drawn = {
  description: 'the label',
  content: { 'image/svg+xml': { schema: image }, 'image/png': { schema: image } },
}

const label = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/label',
    tags: ['Identity'],
    summary: 'The label of the box: its SSCC as bar code, or as QR code with a link',
    request: { params: byId, query },
    responses: { ...answers('the label', image), 200: drawn },
  }),
  handler: async (c) => {
    const { as, format } = c.req.valid('query')
    const shipment = await getShipment(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(shipment)) return problem(c, shipment)
    const { sscc } = shipment
    if (sscc === null) return problem(c, refuse('not_found', 'The box has no SSCC, so there is no label to print.'))
    const wanted = { as, sscc, publicUrl: c.var.deps.publicUrl }
    if (format === 'svg') return c.body(boxLabelSvg(wanted), 200, { 'Content-Type': 'image/svg+xml' })
    return c.body(await boxLabelPng(wanted), 200, { 'Content-Type': 'image/png' })
  },
})

export const labelRoutes = [label] as const
