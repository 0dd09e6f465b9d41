import { createRoute, z } from '@hono/zod-openapi'
import { getReceiptTerms, type ReceiptTerms, setReceiptTerms } from '../actions/receipt-terms.ts'
import { shipmentReceipt as loadReceipt } from '../actions/receipt-view.ts'
import { recordReceipt } from '../actions/record-receipt.ts'
import { verifyReceipt } from '../actions/verify-receipt.ts'
import { isRefusal } from '../domain/refusal.ts'
import { milliseconds } from '../fields.ts'
import { API_PATH, answers, body, created, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, isoOrNull, line, printedInstant, prose } from './inputs.ts'
import { problem } from './problem.ts'
import { printReceiptView, shipmentReceipt } from './receipt-answer.ts'
import { receiptBody, receiptInput } from './receipt-body.ts'
import { signing } from './signing-body.ts'
import { printStamp, stamp } from './stamp-answer.ts'

const tags = ['Receipt']

const recorded = z.object({
  revision: z.int(),
  recordSha256: z.string(),
  accepted: z.array(z.string()).meta({ description: 'units that became available by the second person' }),
  stamp: stamp.nullable(),
})

const record = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/receipt',
    tags,
    summary: 'Record the receipt, signed; said again it is a new revision',
    description:
      'Whatever is wrong is found, not refused. What is left out of the checklist was not done, and keeps the unit ' +
      'from being accepted. Every "no" has its finding.',
    request: { params: byId, headers: repeatable, body: body(receiptBody) },
    responses: created('recorded', recorded),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const done = await recordReceipt(c.var.ctx, c.var.actor, receiptInput(shipmentId, c.req.valid('json')))
    if (isRefusal(done)) return problem(c, done)
    const printed = { ...done, stamp: done.stamp && printStamp(done.stamp) }
    return c.json(printed, 201, { Location: `${API_PATH}/shipments/${shipmentId}/receipt` })
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/receipt',
    tags,
    summary: 'The receipt: checklist, findings and verdict per unit as of now, what clears what, and what was decided',
    request: { params: byId },
    responses: answers('the receipt', shipmentReceipt),
  }),
  handler: async (c) => {
    const found = await loadReceipt(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printReceiptView(found), 200)
  },
})

const verification = z.object({
  revision: z.int().positive().meta({ description: 'of the receipt that was read' }),
  units: z.array(line).max(500).default([]).meta({ description: 'these must become available, or nothing is signed' }),
  remark: prose.optional(),
  signing: signing.meta({ description: 'of the second person, as "verified"' }),
})

const verify = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/receipt/verification',
    tags,
    summary: 'Sign a receipt as its second person; units with nothing left to do become available',
    request: { params: byId, headers: repeatable, body: body(verification) },
    responses: created('verified', recorded.omit({ recordSha256: true })),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { remark = null, ...said } = c.req.valid('json')
    const done = await verifyReceipt(c.var.ctx, c.var.actor, { shipmentId, remark, ...said })
    if (isRefusal(done)) return problem(c, done)
    const printed = { ...done, stamp: done.stamp && printStamp(done.stamp) }
    return c.json(printed, 201, { Location: `${API_PATH}/shipments/${shipmentId}/receipt` })
  },
})

const terms = z
  .object({
    maxTransferS: z.number().meta({ description: 'how long a unit may be in the air' }),
    needsQa: z.boolean().meta({ description: 'every unit waits for QA, whatever was found' }),
    reason: z.string().nullable(),
    knownAt: printedInstant.nullable().meta({ description: 'null: the default rules' }),
  })
  .openapi('ReceiptTerms')

function printTerms({ maxTransferMs, knownAt, ...rest }: ReceiptTerms): z.infer<typeof terms> {
  return { ...rest, maxTransferS: maxTransferMs / 1000, knownAt: isoOrNull(knownAt) }
}

const getTerms = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/products/{id}/receipt-terms',
    tags,
    summary: 'What the sponsor of a product asks of its receipt',
    request: { params: byId },
    responses: answers('the terms', terms),
  }),
  handler: async (c) => {
    const found = await getReceiptTerms(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printTerms(found), 200)
  },
})

const termsBody = z.object({
  maxTransferS: milliseconds.refine((ms) => ms > 0, 'must be more than nothing'),
  needsQa: z.boolean(),
  reason: prose,
})

const setTerms = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/products/{id}/receipt-terms',
    tags,
    summary: 'Say what the receipt of your product asks for',
    request: { params: byId, headers: repeatable, body: body(termsBody) },
    responses: created('it rules from now on', terms),
  }),
  handler: async (c) => {
    const productId = c.req.valid('param').id
    const { maxTransferS: maxTransferMs, ...said } = c.req.valid('json')
    const done = await setReceiptTerms(c.var.ctx, c.var.actor, { productId, maxTransferMs, ...said })
    if (isRefusal(done)) return problem(c, done)
    return c.json(printTerms(done), 201, { Location: `${API_PATH}/products/${productId}/receipt-terms` })
  },
})

export const receiptRoutes = [record, get, verify, getTerms, setTerms] as const
