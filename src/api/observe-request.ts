import { createMiddleware } from 'hono/factory'
import { matchedRoutes } from 'hono/route'
import type { Actor } from '../domain/actor.ts'

/** One log line and one measurement per request. Neither holds a key, a query or a body. */
export const observeRequest = createMiddleware(async (c, next) => {
  const { ctx, requestId } = c.var
  const stop = ctx.metrics.requests.startTimer()
  await next()
  // the pattern, not the path: ids would make the number of series unbounded
  const route = matchedRoutes(c).findLast(({ method }) => method !== 'ALL')?.path ?? 'none'
  const { method, path } = c.req
  const { status } = c.res
  const seconds = stop({ method: route === 'none' ? 'any' : method, route, status })
  const actor: Actor | undefined = c.get('actor')
  const who = { organisationId: actor?.organisationId, [actor?.kind === 'person' ? 'personId' : 'apiKeyId']: actor?.id }
  ctx.log.info({ requestId, method, path, status, ms: Math.round(seconds * 1000), ...who }, 'request')
})
