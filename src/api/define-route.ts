import type { RouteConfig, RouteHandler } from '@hono/zod-openapi'
import type { Env } from 'hono'

/**
 * A route with its handler, which is checked against the route's request and declared answers. (The library's own
 * function for this does not compile under `exactOptionalPropertyTypes`.)
 */
export function defineRoute<Route extends RouteConfig>(definition: {
  route: Route
  handler: RouteHandler<Route, Env>
}): { route: Route; handler: RouteHandler<Route, Env> } {
  return definition
}
