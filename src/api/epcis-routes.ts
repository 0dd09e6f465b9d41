import { createHash } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { shipmentRecord } from '../actions/recorded-events.ts'
import { epcisDocument, epcisEvents, epcisQueryDocument } from '../documents/epcis.ts'
import { CONTEXT_PATH, namespaceOf, ownContext } from '../documents/epcis-context.ts'
import type { EpcisEvent } from '../documents/epcis-event.ts'
import { placeOfEventId } from '../documents/epcis-id.ts'
import { parseEpcisQuery, QUERY_PARAMETERS } from '../documents/epcis-query.ts'
import { termsOf } from '../documents/epcis-terms.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, PROBLEM_RESPONSES } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { epcisPage } from './epcis-page.ts'
import { epcisProblem } from './epcis-problem.ts'
import { byId } from './inputs.ts'
import { problem } from './problem.ts'

const event = z.custom<EpcisEvent>().openapi('EpcisEvent', {
  type: 'object',
  description: 'an event of GS1 EPCIS 2.0, which its JSON Schema describes; own fields begin with cc:',
  required: ['type', 'eventID', 'eventTime', 'eventTimeZoneOffset'],
})

const envelope = z.object({
  '@context': z.array(z.unknown()),
  schemaVersion: z.literal('2.0'),
  creationDate: z.string(),
})

const document = envelope
  .extend({ type: z.literal('EPCISDocument'), epcisBody: z.object({ eventList: z.array(event) }) })
  .openapi('EpcisDocument')

const queryDocument = envelope
  .extend({
    type: z.literal('EPCISQueryDocument'),
    epcisBody: z.object({
      queryResults: z.object({ queryName: z.string(), resultsBody: z.object({ eventList: z.array(event) }) }),
    }),
  })
  .openapi('EpcisQueryDocument')

const LD_JSON = 'application/ld+json'

const headers = z.object({
  'GS1-EPCIS-Version': z.string(),
  'GS1-CBV-Version': z.string(),
  'GS1-EPC-Format': z.string(),
  'GS1-Extensions': z.string().meta({ description: 'the prefix of own fields, and what it stands for' }),
})
const pageHeaders = headers.extend({
  Link: z.string().optional().meta({ description: 'the next page, rel="next"; absent on the last one' }),
})

/** Everything is said in version 2.0 with Digital Links, whatever was asked for. */
function ldHeaders(c: Context): Record<string, string> {
  return {
    'Content-Type': LD_JSON,
    'GS1-EPCIS-Version': '2.0',
    'GS1-CBV-Version': '2.0',
    'GS1-EPC-Format': 'Always_GS1_Digital_Link',
    'GS1-Extensions': `cc=${namespaceOf(c.var.deps.publicUrl)}`,
  }
}

const tags = ['EPCIS']

const ofShipment = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/epcis',
    tags,
    summary: 'Everything about a shipment as an EPCIS 2.0 document, in order of recording',
    request: { params: byId },
    responses: {
      200: { description: 'the document', headers, content: { [LD_JSON]: { schema: document } } },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const record = await shipmentRecord(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(record)) return problem(c, record)
    const events = epcisEvents(record, terms(c)).map((told) => told.event)
    const { publicUrl } = c.var.deps
    const made = epcisDocument(events, { publicUrl, knownAt: isoInstant(c.var.ctx.now()) })
    return c.json({ ...made, '@context': [...made['@context']], epcisBody: { eventList: events } }, 200, ldHeaders(c))
  },
})

const query = z.object(
  Object.fromEntries(
    Object.entries(QUERY_PARAMETERS).map(([name, means]) => [
      name,
      z
        .union([z.string(), z.array(z.string())])
        .optional()
        .meta({ type: 'string', description: means }),
    ]),
  ),
)

const search = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/epcis/events',
    tags,
    summary: 'Events of all your shipments that meet a query (SimpleEventQuery); several values are separated by |',
    request: { query },
    responses: {
      200: { description: 'a page of events', headers: pageHeaders, content: { [LD_JSON]: { schema: queryDocument } } },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const asked = { terms: terms(c), query: parseEpcisQuery(c.req.queries(), terms(c).idUrl) }
    if ('problem' in asked.query) return epcisProblem(c, 'QueryParameterException', asked.query.problem)
    const page = await epcisPage(c.var.ctx, c.var.actor, { ...asked, query: asked.query })
    if ('wrong' in page) return page.wrong === 'token' ? wrongToken(c) : tooLarge(c)
    const link = page.nextPageToken === null ? {} : { Link: `<${nextPage(c, page.nextPageToken)}>; rel="next"` }
    return c.json(answer(c, page.events), 200, { ...ldHeaders(c), ...link })
  },
})

const one = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/epcis/events/{eventID}',
    tags,
    summary: 'One event, and the declaration that it was wrong where there is one',
    request: { params: z.object({ eventID: z.string().max(200) }) },
    responses: {
      200: { description: 'the event', headers, content: { [LD_JSON]: { schema: queryDocument } } },
      ...PROBLEM_RESPONSES,
    },
  }),
  handler: async (c) => {
    const id = c.req.valid('param').eventID.toLowerCase()
    const place = placeOfEventId(id)
    const record = place === null ? null : await shipmentRecord(c.var.ctx, c.var.actor, place.shipmentId)
    if (record === null || isRefusal(record)) return noEvent(c)
    const events = epcisEvents(record, terms(c)).flatMap((told) => (told.event.eventID === id ? [told.event] : []))
    return events.length === 0 ? noEvent(c) : c.json(answer(c, events), 200, ldHeaders(c))
  },
})

const context = defineRoute({
  route: createRoute({
    method: 'get',
    path: CONTEXT_PATH,
    tags,
    security: [],
    summary: 'What the own fields of exported events mean (JSON-LD context); documents can be read without it',
    responses: { 200: { description: 'the context', content: { [LD_JSON]: { schema: z.looseObject({}) } } } },
  }),
  handler: (c) => {
    const headers = { 'Content-Type': LD_JSON, 'Cache-Control': 'public, max-age=86400' }
    return c.json(ownContext(c.var.deps.publicUrl), 200, headers)
  },
})

export const epcisRoutes = [ofShipment, search, one] as const
export const epcisContextRoutes = [context] as const

function terms(c: Context) {
  return termsOf(c.var.deps.publicUrl, (text) => createHash('sha256').update(text).digest('hex'))
}

function answer(c: Context, found: readonly EpcisEvent[]) {
  const eventList = [...found]
  const envelope = { publicUrl: c.var.deps.publicUrl, knownAt: isoInstant(c.var.ctx.now()) }
  const made = epcisQueryDocument(eventList, envelope)
  const queryResults = { ...made.epcisBody.queryResults, resultsBody: { eventList } }
  return { ...made, '@context': [...made['@context']], epcisBody: { queryResults } }
}

/** The address of this request with the token in it: a page is of the same question. */
function nextPage(c: Context, nextPageToken: string): string {
  const parameters = new URL(c.req.url).searchParams
  parameters.set('nextPageToken', nextPageToken)
  return `${c.var.deps.publicUrl}${API_PATH}/epcis/events?${parameters}`
}

function wrongToken(c: Context) {
  const detail = 'nextPageToken: is none of this question: take it from the Link header of the page before'
  return epcisProblem(c, 'QueryParameterException', detail)
}

function tooLarge(c: Context) {
  const detail =
    'Too many records would have to be sorted: leave out orderBy=eventTime, or narrow the question with MATCH_anyEPC ' +
    'or GE_recordTime and LT_recordTime.'
  return epcisProblem(c, 'QueryTooLargeException', detail)
}

function noEvent(c: Context) {
  return epcisProblem(c, 'NoSuchNameException', 'There is no event of this id.')
}
