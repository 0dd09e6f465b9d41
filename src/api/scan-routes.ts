import { createRoute, z } from '@hono/zod-openapi'
import { scanLabel } from '../actions/scan-label.ts'
import { listScans } from '../actions/scans.ts'
import { shipmentIdentity } from '../actions/shipment-identity.ts'
import { isRefusal } from '../domain/refusal.ts'
import { SCAN_SUBJECTS, TYPED_SUBJECTS } from '../domain/scan-part.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, idParam, line, moment, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'
import { boxIdentity, printBox, printScan, printUnitIdentity, scan, unitIdentity } from './scan-answer.ts'

/** A label has a handful of codes. */
const MAX_PARTS = 20
/** Twice what the largest code of the field holds: what is longer is no label but a stuck scanner. */
const MAX_RAW_CHARS = 8192

/** Whatever a scanner sends is taken as it is, control characters and all. */
const raw = z.string().max(MAX_RAW_CHARS).meta({ description: 'exactly what the scanner sent, or what was typed' })
const symbology = z
  .string()
  .max(20)
  .nullish()
  .transform((text) => text ?? null)
  .meta({ type: ['string', 'null'], description: 'AIM identifier such as ]d2, where it does not begin the text' })

const part = z.discriminatedUnion('entry', [
  z.object({ entry: z.literal('scanned'), of: z.enum(SCAN_SUBJECTS).default('label'), raw, symbology }),
  z.object({ entry: z.literal('typed'), of: z.enum(TYPED_SUBJECTS), raw }).transform((typed) => ({
    ...typed,
    symbology: null,
  })),
])

const person = line.meta({
  description: 'a machine’s key only: who reads, as its organisation’s word; case and blanks tell nobody apart',
})

const scanBody = z.object({
  unit: line.nullable().meta({ description: 'code of the bag that is meant; null: the box' }),
  person: person.nullish(),
  at: moment.meta({ description: 'when it was read' }),
  place: line.nullish(),
  remark: prose.nullish(),
  parts: z.array(part).max(MAX_PARTS).meta({ description: 'every code and typed field; empty: nothing can be read' }),
})

const tags = ['Identity']

const record = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/scans',
    tags,
    summary: 'Record what one person read off a label; what is wrong about it is found, not refused',
    description:
      'The label of a bag is read by two people, the second without having seen the first result: what your ' +
      'organisation read off a label is shown only to those of its people who have read it themselves. Of each ' +
      'person the newest reading counts; one made after seeing another’s result proves nothing new.',
    request: { params: byId, headers: repeatable, body: body(scanBody) },
    responses: created(
      'recorded, and how the label stands now',
      z.object({ scan, unit: unitIdentity.nullable(), box: boxIdentity.nullable() }),
    ),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { unit: unitCode, person: named = null, at: readAt, place = null, remark = null, parts } = c.req.valid('json')
    const input = { shipmentId, unitCode, person: named, readAt, place, remark, parts }
    const recorded = await scanLabel(c.var.ctx, c.var.actor, input)
    if (isRefusal(recorded)) return problem(c, recorded)
    const { scan: stored, identity } = recorded
    const unit = identity.units.find(({ code }) => code === unitCode)
    const printed = {
      scan: printScan({ ...stored, shown: stored }),
      unit: unit === undefined ? null : printUnitIdentity(unit),
      box: unitCode === null ? printBox(identity.box) : null,
    }
    return c.json(printed, 201, { Location: `${API_PATH}/shipments/${shipmentId}/scans` })
  },
})

const asking = { person: person.optional().meta({ description: 'a machine’s key only: for whom you ask' }) }

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/scans',
    tags,
    summary: 'What was read off the labels of a shipment, in order of recording; hidden from who is still to read',
    request: { params: byId, query: pageQuery.extend(asking) },
    responses: answers('a page of them', listOf(scan)),
  }),
  handler: async (c) => {
    const { person: named = null, ...page } = c.req.valid('query')
    const asked = { shipmentId: c.req.valid('param').id, person: named, page: pageOf(page) }
    const found = await listScans(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printScan), 200)
  },
})

const identityAnswer = z
  .object({
    organisationId: z.int().meta({ description: 'whose people read the labels' }),
    units: z.array(unitIdentity),
    hidden: z.array(z.string()).meta({ description: 'bags that others have read and you have not yet' }),
    unread: z.array(z.string()),
    unexpected: z.array(z.string()).meta({ description: 'read, and on no packing list' }),
    box: boxIdentity.nullable().meta({ description: 'null: others have read it and you have not yet' }),
  })
  .openapi('ShipmentIdentity')

const standing = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/identity',
    tags,
    summary: 'How the labels stand against shipment and order, by the consignee’s people or those of another party',
    request: { params: byId, query: z.object({ ...asking, organisationId: idParam.optional() }) },
    responses: answers('how they stand now', identityAnswer),
  }),
  handler: async (c) => {
    const { person: named = null, organisationId = null } = c.req.valid('query')
    const asked = { shipmentId: c.req.valid('param').id, organisationId, person: named }
    const found = await shipmentIdentity(c.var.ctx, c.var.actor, asked)
    if (isRefusal(found)) return problem(c, found)
    const { units, box, hidden, unread, unexpected } = found
    const lists = { hidden: [...hidden], unread: [...unread], unexpected: [...unexpected] }
    const printed = { ...lists, units: units.map(printUnitIdentity), box: box && printBox(box) }
    return c.json({ organisationId: found.organisationId, ...printed }, 200)
  },
})

export const scanRoutes = [record, list, standing] as const
