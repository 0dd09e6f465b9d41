import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { authenticate } from '../actions/authenticate.ts'
import { answerProblem } from './problem.ts'

/** Lets in whoever shows a valid API key, as the actor of the request; everyone else is asked for one. */
export const authenticateRequest = createMiddleware(async (c, next) => {
  const key = bearerOf(c)
  if (key === null) return answerUnauthenticated(c, 'Send your API key as Authorization: Bearer <key>.')
  const actor = await authenticate(c.var.ctx, key)
  if (actor === null) return answerUnauthenticated(c, 'This API key is unknown or revoked: ask for a new one.')
  c.set('actor', { ...actor, requestId: c.var.requestId })
  await next()
})

/** Longer than any key we issue or take as first key. */
const MAX_KEY_LENGTH = 512

/** The API key of a request; null where there is none. */
export function bearerOf(c: Context): string | null {
  const key = /^Bearer +([\x21-\x7e]+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]
  return key === undefined || key.length > MAX_KEY_LENGTH ? null : key
}

function answerUnauthenticated(c: Context, detail: string) {
  return answerProblem(c, 'unauthenticated', { detail, headers: { 'WWW-Authenticate': 'Bearer' } })
}
