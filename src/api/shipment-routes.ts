import { createRoute, z } from '@hono/zod-openapi'
import { linkOrder } from '../actions/link-order.ts'
import { openShipment } from '../actions/open-shipment.ts'
import { pinProfile } from '../actions/pin-profile.ts'
import { getShipment, listShipments, PARTY_ROLES, type Shipment } from '../actions/shipments.ts'
import { CUSTODY_DEFAULTS } from '../domain/custody.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { milliseconds } from '../fields.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, id, isoOrNull, line, printedInstant, prose, sscc } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'
import { unitBody } from './unit-body.ts'

/** A container holds some hundred bags at most. */
const MAX_UNITS = 500
const MAX_PARTIES = 20
const WEEK_MS = 7 * 86_400_000

const unit = z.object({
  code: z.string(),
  gtin: z.string().nullable(),
  serial: z.string().nullable(),
  din: z.string().nullable(),
  lot: z.string().nullable(),
  expiryAt: printedInstant.nullable(),
  expiryLocal: z.string().nullable().meta({ description: 'as printed, of no zone; unclear between its readings' }),
})

const shipment = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    reference: z.string(),
    orderId: z.int().nullable(),
    productId: z.int(),
    consigneeId: z.int(),
    containerId: z.int().nullable(),
    sscc: z.string().nullable(),
    coi: z.string().nullable(),
    coiScheme: z.string().nullable(),
    maxHandoverS: z.number(),
    profile: z.object({ profileId: z.int(), version: z.int(), name: z.string(), example: z.boolean() }),
    parties: z.array(z.object({ organisationId: z.int(), role: z.enum(PARTY_ROLES) })),
    units: z.array(unit),
    knownAt: printedInstant,
  })
  .openapi('Shipment')

const handover = milliseconds.refine((ms) => ms > 0 && ms <= WEEK_MS, 'must be more than 0 s and at most a week')

const shipmentBody = z.object({
  reference: line,
  orderId: id.nullish(),
  productId: id,
  profileId: id.meta({ description: 'a profile of the product; the limits it is judged by' }),
  consigneeId: id,
  containerId: id.nullish(),
  sscc: sscc.nullish(),
  coi: line.nullish().meta({ description: 'chain-of-identity code: a pseudonym, never patient data' }),
  coiScheme: line.nullish().meta({ description: 'who issued the coi; not needed where the order names the same coi' }),
  maxHandoverS: handover.optional().meta({ description: 'seconds a handover may stay open; default 1800' }),
  parties: z
    .array(z.object({ organisationId: id, role: z.enum(PARTY_ROLES) }))
    .max(MAX_PARTIES)
    .default([]),
  units: z
    .array(unitBody)
    .max(MAX_UNITS)
    .refine((units) => new Set(units.map(({ code }) => code)).size === units.length, 'two units have the same code'),
})

const tags = ['Shipments']

const open = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments',
    tags,
    summary: 'Open a shipment: one closed container under one profile (sponsor or distributor)',
    description: 'You become party "sender", the consignee "consignee", the product’s owner "sponsor".',
    request: { headers: repeatable, body: body(shipmentBody) },
    responses: created('opened', shipment),
  }),
  handler: async (c) => {
    const { orderId = null, containerId = null, sscc = null, coi = null, ...given } = c.req.valid('json')
    const { maxHandoverS: maxHandoverMs = CUSTODY_DEFAULTS.maxHandoverMs, coiScheme = null, ...rest } = given
    const input = { ...rest, orderId, containerId, sscc, coi, coiScheme, maxHandoverMs }
    const opened = await openShipment(c.var.ctx, c.var.actor, input)
    if (isRefusal(opened)) return problem(c, opened)
    return c.json(printShipment(opened), 201, { Location: `${API_PATH}/shipments/${opened.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments',
    tags,
    summary: 'The shipments your organisation is a party to',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(shipment)),
  }),
  handler: async (c) => {
    const found = await listShipments(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printShipment), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}',
    tags,
    summary: 'One shipment with its parties and units',
    request: { params: byId },
    responses: answers('the shipment', shipment),
  }),
  handler: async (c) => {
    const found = await getShipment(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printShipment(found), 200)
  },
})

const pin = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/profile',
    tags,
    summary:
      'Pin another version of the product’s profile; the shipment is judged again (sponsor who owns the product)',
    request: { params: byId, headers: repeatable, body: body(z.object({ profileId: id, reason: prose })) },
    responses: answers('the shipment under its new limits', shipment),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const pinned = await pinProfile(c.var.ctx, c.var.actor, { shipmentId, ...c.req.valid('json') })
    return isRefusal(pinned) ? problem(c, pinned) : c.json(printShipment(pinned), 200)
  },
})

const link = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/order',
    tags,
    summary: 'Say which order the shipment answers (sponsor or consignee); labels are compared with it from then on',
    request: { params: byId, headers: repeatable, body: body(z.object({ orderId: id, reason: prose })) },
    responses: answers('the shipment with its order', shipment),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const linked = await linkOrder(c.var.ctx, c.var.actor, { shipmentId, ...c.req.valid('json') })
    return isRefusal(linked) ? problem(c, linked) : c.json(printShipment(linked), 200)
  },
})

export const shipmentRoutes = [open, list, get, pin, link] as const

function printShipment({ maxHandoverMs, knownAt, units, ...rest }: Shipment): z.infer<typeof shipment> {
  return {
    ...rest,
    maxHandoverS: maxHandoverMs / 1000,
    units: units.map((one) => ({ ...one, expiryAt: isoOrNull(one.expiryAt) })),
    knownAt: isoInstant(knownAt),
  }
}
