import { createRoute, z } from '@hono/zod-openapi'
import { CLASSIFICATIONS, closeDeviation, listDeviations, recordDeviation } from '../actions/deviations.ts'
import { FINDING_CODES } from '../domain/finding.ts'
import { isRefusal } from '../domain/refusal.ts'
import { API_PATH, answers, body, created, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { deviation, printDeviation } from './deviation-answer.ts'
import { byId, idParam, line, moment, prose } from './inputs.ts'
import { problem } from './problem.ts'

const MAX_UNITS = 500
const tags = ['Receipt']

const deviationBody = z
  .object({
    number: line.meta({ description: 'in your quality system' }),
    system: line.meta({ description: 'which system that is' }),
    classification: z.enum(CLASSIFICATIONS).optional().meta({ description: 'absent: as grave as its findings' }),
    units: z.array(line).min(1).max(MAX_UNITS),
    findings: z.array(z.enum(FINDING_CODES)).min(1),
    note: prose.optional(),
    openedAt: moment,
  })
  .openapi('NewDeviation')

const record = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/deviations',
    tags,
    summary: 'Record the number of a deviation, and what it covers',
    request: { params: byId, headers: repeatable, body: body(deviationBody) },
    responses: created('recorded', deviation),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { classification = null, note = null, ...said } = c.req.valid('json')
    const done = await recordDeviation(c.var.ctx, c.var.actor, { shipmentId, classification, note, ...said })
    if (isRefusal(done)) return problem(c, done)
    return c.json(printDeviation(done), 201, { Location: `${API_PATH}/shipments/${shipmentId}/deviations` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/deviations',
    tags,
    summary: 'The deviations of a shipment',
    request: { params: byId },
    responses: answers('all of them', z.object({ items: z.array(deviation) })),
  }),
  handler: async (c) => {
    const found = await listDeviations(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json({ items: found.map(printDeviation) }, 200)
  },
})

const close = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/deviations/{deviationId}/closing',
    tags,
    summary: 'Say that a deviation was closed in the quality system',
    request: {
      params: byId.extend({ deviationId: idParam }),
      headers: repeatable,
      body: body(z.object({ closedAt: moment, conclusion: prose })),
    },
    responses: created('recorded', deviation),
  }),
  handler: async (c) => {
    const { id: shipmentId, deviationId } = c.req.valid('param')
    const done = await closeDeviation(c.var.ctx, c.var.actor, { shipmentId, deviationId, ...c.req.valid('json') })
    if (isRefusal(done)) return problem(c, done)
    return c.json(printDeviation(done), 201, { Location: `${API_PATH}/shipments/${shipmentId}/deviations` })
  },
})

export const deviationRoutes = [record, list, close] as const
