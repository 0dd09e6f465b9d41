import { createRoute, z } from '@hono/zod-openapi'
import { listCustody } from '../actions/custody-status.ts'
import { departureNow } from '../actions/departure-check.ts'
import { listing } from '../actions/page.ts'
import { recordCustody } from '../actions/record-custody.ts'
import { CUSTODY_KINDS } from '../domain/custody-event.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { custody, entry, printCustody, printEntry } from './custody-answer.ts'
import { defineRoute } from './define-route.ts'
import { departure, printDeparture } from './departure-answer.ts'
import { byId, id, line, moment, prose, queryMoment } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'
import { secondSigning, signing } from './signing-body.ts'
import { printStamp, stamp } from './stamp-answer.ts'

const MAX_UNITS = 500
const MAX_SEALS = 50
const MAX_DETAILS = 50

const acknowledgement = z
  .object({ name: line, company: line.optional(), code: line.optional(), waybill: line.optional() })
  .meta({ description: 'the word of a person without account; never counted as a signature' })

/** A machine cannot sign: it says who did, and the ledger keeps that as its organisation's word. */
const attestedBy = z
  .object({ printedName: line, meaning: line })
  .meta({ description: 'the person who did it, attested by the organisation; not an e-signature' })

/** Nothing in it is judged. Fractions are refused: languages disagree on how to write them in a hash. */
const details = z
  .record(line, z.union([line, z.int(), z.boolean(), z.null(), z.array(z.union([line, z.int()])).max(MAX_DETAILS)]))
  .refine((given) => Object.keys(given).length <= MAX_DETAILS, `has more than ${MAX_DETAILS} entries`)

const statement = z.object({
  kind: z.enum(CUSTODY_KINDS),
  at: moment.meta({ description: 'when it happened' }),
  units: z.array(line).max(MAX_UNITS).default([]).meta({ description: 'unit codes; empty: the container alone' }),
  coi: line.nullish(),
  seals: z.array(line).max(MAX_SEALS).optional().meta({ description: 'absent: nobody looked; empty: none found' }),
  reason: prose.optional(),
  handoverId: line.optional().meta({ description: 'pairs a release with its acceptance' }),
  toOrganisationId: id.optional(),
  acknowledgement: acknowledgement.optional(),
  attestedBy: attestedBy.optional(),
  authority: line.optional(),
  witness: line.optional(),
  replaces: z.array(line).max(MAX_SEALS).optional(),
  place: line.optional(),
  tzOffset: z
    .string()
    .regex(/^[+-]\d\d:\d\d$/, 'must look like +02:00')
    .optional(),
  details: details.optional(),
  corrects: z.int().positive().optional().meta({ description: 'correction only: seq of the wrong event' }),
})

const statementBody = statement.extend({
  signing: signing.optional().meta({ description: 'the e-signature of who makes the statement' }),
  secondSigning: secondSigning.optional().meta({
    description:
      'of a second person, under the same record; under a handover_release as accepted_custody it makes the acceptance',
  }),
  replacement: statement
    .nullable()
    .optional()
    .meta({ description: 'correction only: what holds instead; null voids the event' }),
})

const recorded = z.object({
  event: entry,
  accepted: entry.nullable().meta({ description: 'the acceptance, where the taker signed with the giver' }),
  stamp: stamp.nullable().meta({ description: 'over the head of the ledger after it: keep it; null: stamps are off' }),
  departure: departure.nullable().meta({ description: 'of a sealing: what is known to be wrong already' }),
  custody,
})

/** The named person goes into the hashed record, with whose word it is. */
function stated<T extends Pick<z.infer<typeof statement>, 'attestedBy' | 'details'>>({ attestedBy, ...said }: T) {
  if (attestedBy === undefined) return said
  return { ...said, details: { ...said.details, attestedBy, attestation: 'attested by organisation' } }
}

const tags = ['Custody']

const record = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/custody-events',
    tags,
    summary: 'Record a custody event, signed or not; what is wrong about it is found, not refused',
    request: { params: byId, headers: repeatable, body: body(statementBody) },
    responses: created('recorded: the ledger entry, and how the chain stands', recorded),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { replacement, signing: first, secondSigning: second = null, ...statement } = c.req.valid('json')
    if (first === undefined && second !== null) return problem(c, refuse('invalid', 'signing: a first one is missing.'))
    const said = {
      ...stated(statement),
      ...(replacement !== undefined && { replacement: replacement && stated(replacement) }),
    }
    const signing = first === undefined ? null : { signing: first, second }
    const done = await recordCustody(c.var.ctx, c.var.actor, { shipmentId, statement: said, signing })
    if (isRefusal(done)) return problem(c, done)
    const printed = {
      event: printEntry(done.event),
      accepted: done.accepted && printEntry(done.accepted),
      stamp: done.stamp && printStamp(done.stamp),
      departure: done.departure && printDeparture(done.departure),
      custody: printCustody(done.custody),
    }
    return c.json(printed, 201, { Location: `${API_PATH}/shipments/${shipmentId}/custody-events` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/custody-events',
    tags,
    summary: 'The ledger of a shipment in order of recording, with its hashes',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(entry)),
  }),
  handler: async (c) => {
    const { limit, after } = pageOf(c.req.valid('query'))
    const all = await listCustody(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(all)) return problem(c, all)
    const following = all.filter((one) => one.seq > (after ?? 0))
    const found = listing(following, limit, (one) => one.seq)
    return c.json(printPage(found, printEntry), 200)
  },
})

const departing = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/departure-check',
    tags,
    summary: 'What is known to be wrong before sealing; to seal in spite of it takes a reason',
    request: { params: byId, query: z.object({ plannedArrivalAt: queryMoment }) },
    responses: answers('as if it were sealed now', departure),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const plannedArrivalAt = c.req.valid('query').plannedArrivalAt ?? null
    const found = await departureNow(c.var.ctx, c.var.actor, { shipmentId, plannedArrivalAt })
    return isRefusal(found) ? problem(c, found) : c.json(printDeparture(found), 200)
  },
})

export const custodyRoutes = [record, list, departing] as const
