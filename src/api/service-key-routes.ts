import { createRoute, z } from '@hono/zod-openapi'
import { listServiceKeys, rotateServiceKey } from '../actions/service-keys.ts'
import { isRefusal } from '../domain/refusal.ts'
import type { ServiceKey } from '../domain/stamp.ts'
import { isoInstant } from '../domain/units.ts'
import { body, created, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { isoOrNull, printedInstant, prose } from './inputs.ts'
import { problem } from './problem.ts'

/** A public key as RFC 7517 and RFC 8037 have it, with the time in which stamps were made with it. */
export const serviceKey = z
  .object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    alg: z.literal('EdDSA'),
    use: z.literal('sig'),
    kid: z.string().meta({ description: 'RFC 7638 thumbprint' }),
    x: z.string(),
    fromAt: printedInstant,
    untilAt: printedInstant.nullable().meta({ description: 'null: stamps are made with it now' }),
  })
  .openapi('ServiceKey')

const tags = ['Service keys']

const JWKS = 'application/jwk-set+json'

const published = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/.well-known/jwks.json',
    tags,
    security: [],
    summary: 'Every key with which the service stamps or stamped ledger heads, the newest first',
    responses: {
      200: { description: 'a JWK set', content: { [JWKS]: { schema: z.object({ keys: z.array(serviceKey) }) } } },
    },
  }),
  handler: async (c) => {
    const keys = await listServiceKeys(c.var.ctx.db.kysely)
    const headers = { 'Content-Type': JWKS, 'Cache-Control': 'public, max-age=300' }
    return c.json({ keys: keys.map(printServiceKey) }, 200, headers)
  },
})

/** Beside the API: whoever verifies needs no account. */
export const publishedKeyRoutes = [published] as const

const rotate = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/service-keys',
    tags,
    summary: 'Stamp with a new key from now on (administrator of the installation)',
    request: { headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: created('in use; the former ones stay published', serviceKey),
  }),
  handler: async (c) => {
    const made = await rotateServiceKey(c.var.ctx, c.var.actor, c.req.valid('json'))
    if (isRefusal(made)) return problem(c, made)
    return c.json(printServiceKey(made), 201, { Location: '/.well-known/jwks.json' })
  },
})

export const serviceKeyRoutes = [rotate] as const

/** As the API and the key set answer it. */
export function printServiceKey({ kid, x, fromAt, untilAt }: ServiceKey): z.infer<typeof serviceKey> {
  const plain = { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' } as const
  return { ...plain, kid, x, fromAt: isoInstant(fromAt), untilAt: isoOrNull(untilAt) }
}
