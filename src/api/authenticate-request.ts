import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { authenticate } from '../actions/authenticate.ts'
import { API_PATH } from './answers.ts'
import { answerProblem } from './problem.ts'

/**
 * Lets in whoever shows a valid API key or session, as the actor of the request; everyone else is asked for one, except
 * where people prove by user name and password who they are.
 */
export const authenticateRequest = createMiddleware(async (c, next) => {
  if (isOpen(c)) return next()
  const key = bearerOf(c)
  if (key === null) {
    return answerUnauthenticated(
      c,
      'Send your API key, or the token of POST /sessions, as Authorization: Bearer <key>.',
    )
  }
  const actor = await authenticate(c.var.ctx, key)
  if (actor === null) {
    return answerUnauthenticated(c, 'This API key is unknown or revoked, or the session has ended: sign in again.')
  }
  c.set('actor', { ...actor, requestId: c.var.requestId })
  await next()
})

const OPEN = new Set([`POST ${API_PATH}/sessions`, `POST ${API_PATH}/password-changes`])

/** Whether a request comes before anyone is let in: it has no actor, and is not repeatable. */
export function isOpen(c: Context): boolean {
  return OPEN.has(`${c.req.method} ${c.req.path}`)
}

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
