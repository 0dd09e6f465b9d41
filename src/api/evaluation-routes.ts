import { createRoute, z } from '@hono/zod-openapi'
import { type EvaluationHead, getEvaluation, listEvaluations } from '../actions/evaluations.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { answers, listOf } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, idParam, isoOrNull, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const head = z.object({
  shipmentId: z.int(),
  version: z.int(),
  judgeVersion: z.int().meta({ description: 'the frozen behaviour of the judging engine that made it' }),
  profileId: z.int(),
  status: z.string(),
  severity: z.string().nullable(),
  complete: z.boolean(),
  reasons: z.array(z.string()).meta({
    description: 'why the status is not better; with CALIBRATION_INVALID it is served as indeterminate at best',
  }),
  windowFrom: printedInstant.nullable(),
  windowTo: printedInstant.nullable(),
  inputsSha256: z.string(),
  contentSha256: z.string(),
  knownAt: printedInstant,
})

const hashed =
  'as it is hashed (canonical JSON, RFC 8785): instants in epoch milliseconds, temperatures in milli-degrees'

const evaluationHead = head.openapi('EvaluationHead')

const evaluation = head
  .extend({
    inputs: z.looseObject({}).meta({ description: `what it was made from, ${hashed}` }),
    content: z.looseObject({}).meta({ description: `its events, gaps and alarms, ${hashed}` }),
    statistics: z
      .looseObject({})
      .nullable()
      .meta({ description: 'counts, coverage and the extent of what was open, as of knownAt' }),
    readingsRoot: z
      .object({ seq: z.int(), root: z.string() })
      .nullable()
      .meta({ description: 'the readings it rests on as one hash, and its ledger entry; null: nobody relied on it' }),
  })
  .openapi('Evaluation')

const tags = ['Evaluations']

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/evaluations',
    tags,
    summary: 'The versions of a shipment’s judgement, newest first',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(evaluationHead)),
  }),
  handler: async (c) => {
    const asked = { shipmentId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await listEvaluations(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printHead), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/evaluations/{version}',
    tags,
    summary: 'One version with its inputs, events, gaps and alarms',
    request: { params: byId.extend({ version: idParam }) },
    responses: answers('the version', evaluation),
  }),
  handler: async (c) => {
    const { id: shipmentId, version } = c.req.valid('param')
    const found = await getEvaluation(c.var.ctx, c.var.actor, { shipmentId, version })
    if (isRefusal(found)) return problem(c, found)
    const { inputs, content, statistics, readingsRoot, ...rest } = found
    return c.json({ ...printHead(rest), ...stored.parse({ inputs, content, statistics }), readingsRoot }, 200)
  },
})

export const evaluationRoutes = [list, get] as const

const stored = evaluation.pick({ inputs: true, content: true, statistics: true })

function printHead({ windowFromAt, windowToAt, knownAt, ...rest }: EvaluationHead): z.infer<typeof evaluationHead> {
  const window = { windowFrom: isoOrNull(windowFromAt), windowTo: isoOrNull(windowToAt) }
  return { ...rest, ...window, knownAt: isoInstant(knownAt) }
}
