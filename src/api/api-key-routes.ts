import { createRoute, z } from '@hono/zod-openapi'
import { type ApiKey, issueApiKey, listApiKeys, revokeApiKey } from '../actions/api-keys.ts'
import { ROLES } from '../domain/actor.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, isoOrNull, line, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const apiKey = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    role: z.enum(ROLES),
    label: z.string(),
    knownAt: printedInstant,
    revokedAt: printedInstant.nullable(),
  })
  .openapi('ApiKey')

const newKey = apiKey
  .extend({ key: z.string().meta({ description: 'shown in this answer only' }) })
  .openapi('NewApiKey')

const tags = ['API keys']

const issue = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/organisations/{id}/api-keys',
    tags,
    summary: 'Issue an API key to a machine of the organisation (administrator)',
    request: {
      params: byId,
      headers: repeatable,
      body: body(z.object({ role: z.enum(ROLES), label: line })),
    },
    responses: created('issued; the key is shown here and never again', newKey),
  }),
  handler: async (c) => {
    const organisationId = c.req.valid('param').id
    const issued = await issueApiKey(c.var.ctx, c.var.actor, { organisationId, ...c.req.valid('json') })
    if (isRefusal(issued)) return problem(c, issued)
    const { key, ...rest } = issued
    const Location = `${API_PATH}/organisations/${organisationId}/api-keys`
    return c.json({ ...printKey(rest), key }, 201, { Location })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/organisations/{id}/api-keys',
    tags,
    summary: 'The API keys of an organisation, without their secrets (administrator)',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(apiKey)),
  }),
  handler: async (c) => {
    const asked = { organisationId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await listApiKeys(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printKey), 200)
  },
})

const revoke = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/api-keys/{id}/revocation',
    tags,
    summary: 'End an API key at once (administrator)',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('the key, revoked', apiKey),
  }),
  handler: async (c) => {
    const { reason } = c.req.valid('json')
    const revoked = await revokeApiKey(c.var.ctx, c.var.actor, { apiKeyId: c.req.valid('param').id, reason })
    return isRefusal(revoked) ? problem(c, revoked) : c.json(printKey(revoked), 200)
  },
})

export const apiKeyRoutes = [issue, list, revoke] as const

function printKey({ knownAt, revokedAt, ...rest }: ApiKey): z.infer<typeof apiKey> {
  return { ...rest, knownAt: isoInstant(knownAt), revokedAt: isoOrNull(revokedAt) }
}
