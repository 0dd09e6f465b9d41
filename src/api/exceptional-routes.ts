import { createRoute, z } from '@hono/zod-openapi'
import { listExceptionalReleases } from '../actions/exceptional-releases.ts'
import { addExceptionalWord, type NewWord, requestExceptionalRelease } from '../actions/exceptional-words.ts'
import { STEP_FORMS } from '../domain/exceptional-steps.ts'
import { isRefusal } from '../domain/refusal.ts'
import { API_PATH, answers, body, created, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { exceptionalRelease, printExceptional } from './exceptional-answer.ts'
import { byId, idParam, line, moment, prose } from './inputs.ts'
import { problem } from './problem.ts'
import { signing } from './signing-body.ts'

const MAX_UNITS = 500
const tags = ['Receipt']

const word = z.object({
  form: z.enum(STEP_FORMS).default('signed').meta({ description: 'verbal: an evaluation by phone, no signature' }),
  name: line.optional().meta({ description: 'who gave the word, where it is not signed here' }),
  by: z.enum(['sponsor_qa', 'manufacturer']).optional().meta({ description: 'evaluation only' }),
  at: moment.optional().meta({ description: 'when it was given, where it is not signed here' }),
  statement: prose.meta({ description: 'why it is urgent; what the risk is; no patient data' }),
  authorityNotice: line.optional().meta({ description: 'reference of the notice to the authority' }),
  attachment: z
    .object({
      reference: line,
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .nullable()
        .default(null),
    })
    .optional()
    .meta({ description: 'the form that a physician without account signed' }),
  signing: signing.optional(),
})

function newWord({ signing: given, ...said }: z.infer<typeof word>): NewWord {
  return {
    form: said.form,
    name: said.name ?? null,
    by: said.by ?? null,
    at: said.at ?? null,
    statement: said.statement,
    authorityNotice: said.authorityNotice ?? null,
    attachment: said.attachment ?? null,
    signing: given ?? null,
  }
}

const request = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/exceptional-releases',
    tags,
    summary: 'Urgent use with open findings: the physician’s request',
    request: {
      params: byId,
      headers: repeatable,
      body: body(word.extend({ units: z.array(line).min(1).max(MAX_UNITS) }).openapi('NewExceptionalRelease')),
    },
    responses: created('begun', exceptionalRelease),
  }),
  handler: async (c) => {
    const shipmentId = c.req.valid('param').id
    const { units, ...said } = c.req.valid('json')
    const asked = { shipmentId, units: [...new Set(units)], word: newWord(said) }
    const done = await requestExceptionalRelease(c.var.ctx, c.var.actor, asked)
    if (isRefusal(done)) return problem(c, done)
    return c.json(printExceptional(done), 201, { Location: `${API_PATH}/shipments/${shipmentId}/exceptional-releases` })
  },
})

const add = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/shipments/{id}/exceptional-releases/{number}/steps',
    tags,
    summary: 'The risk evaluation, its e-signature where it was verbal, the physician’s confirmation',
    request: {
      params: byId.extend({ number: idParam }),
      headers: repeatable,
      body: body(word.extend({ step: z.enum(['evaluation', 'evaluation_signature', 'confirmation']) })),
    },
    responses: created('given', exceptionalRelease),
  }),
  handler: async (c) => {
    const { id: shipmentId, number } = c.req.valid('param')
    const { step, ...said } = c.req.valid('json')
    const done = await addExceptionalWord(c.var.ctx, c.var.actor, { shipmentId, number, step, word: newWord(said) })
    if (isRefusal(done)) return problem(c, done)
    return c.json(printExceptional(done), 201, { Location: `${API_PATH}/shipments/${shipmentId}/exceptional-releases` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/shipments/{id}/exceptional-releases',
    tags,
    summary: 'The exceptional releases of a shipment, with every word given',
    request: { params: byId },
    responses: answers('all of them', z.object({ items: z.array(exceptionalRelease) })),
  }),
  handler: async (c) => {
    const found = await listExceptionalReleases(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json({ items: found.map(printExceptional) }, 200)
  },
})

export const exceptionalRoutes = [request, add, list] as const
