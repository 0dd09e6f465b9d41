import { createHmac, randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { z } from 'zod'
import { claimRequest, type KeptAnswer, keepAnswer, releaseClaim } from '../actions/idempotency.ts'
import type { Actor, Claim } from '../domain/actor.ts'
import { isRefusal } from '../domain/refusal.ts'
import { IMPORT_PATH } from './answers.ts'
import { bearerOf, isOpen } from './authenticate-request.ts'
import { answerProblem, problem } from './problem.ts'
import { openAnswer, sealAnswer } from './sealed-answer.ts'

/**
 * Makes a POST with `Idempotency-Key` repeatable: it is done once, and every repeat of the same request with the same
 * API key or session gets the first answer. What was refused or failed changed nothing and is tried again. How "once"
 * holds when processes die or race is told at `claimRequest`.
 */
export const repeatRequest = createMiddleware(async (c, next) => {
  const key = c.req.header('Idempotency-Key')
  if (c.req.method !== 'POST' || key === undefined || isOpen(c)) return next()
  // a file repeats itself: its bytes name the import, and hashing them here would hold all of them
  if (c.req.path === IMPORT_PATH) return next()
  if (!KEY.test(key)) {
    return answerProblem(c, 'malformed', { detail: 'An Idempotency-Key has 1 to 255 printable ASCII characters.' })
  }
  const { ctx, actor } = c.var
  const claim = { key, attempt: randomUUID() }
  const kept = await claimRequest(ctx, actor, { ...claim, requestSha256: await requestHash(c, actor) })
  if (isRefusal(kept)) return problem(c, kept)
  if (kept !== null) return replay(c, key, kept)
  c.set('actor', { ...actor, claim })
  await next()
  await settle(c, actor, claim)
})

const KEY = /^[\x21-\x7e]{1,255}$/

/** Keyed with what the database does not hold: a body may have a password in it, which a plain hash would give away. */
async function requestHash(c: Context, actor: Actor): Promise<string> {
  const { pathname, search } = new URL(c.req.url)
  const hash = createHmac('sha256', bearerOf(c) ?? '').update(
    JSON.stringify([actor.id, c.req.method, pathname, search]),
  )
  return hash.update(new Uint8Array(await c.req.arrayBuffer())).digest('hex')
}

async function settle(c: Context, actor: Actor, claim: Claim): Promise<void> {
  const { ctx, requestId } = c.var
  try {
    if (!c.res.ok) return await releaseClaim(ctx, actor, claim)
    const answer = { body: await c.res.clone().text(), location: c.res.headers.get('Location') }
    const response = { sealed: sealAnswer(JSON.stringify(answer), secretOf(c, claim.key)) }
    await keepAnswer(ctx, actor, { claim, status: c.res.status, response })
  } catch (error) {
    // the deed is done or undone by now: the client gets that answer, only a repeat of it will be told that it is lost
    ctx.log.warn({ err: error, requestId }, 'the answer to a repeatable request could not be kept')
  }
}

function replay(c: Context, key: string, kept: KeptAnswer): Response {
  const { sealed } = z.object({ sealed: z.string() }).parse(kept.response)
  const { body, location } = storedAnswer.parse(JSON.parse(openAnswer(sealed, secretOf(c, key))))
  const headers = new Headers({ 'Content-Type': 'application/json', 'Idempotency-Replayed': 'true' })
  if (location !== null) headers.set('Location', location)
  return new Response(body, { status: kept.status, headers })
}

const storedAnswer = z.object({ body: z.string(), location: z.string().nullable() })

function secretOf(c: Context, idempotencyKey: string) {
  return { apiKey: bearerOf(c) ?? '', idempotencyKey }
}
