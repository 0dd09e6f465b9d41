import { createRoute, z } from '@hono/zod-openapi'
import {
  CONTAINER_KINDS,
  type Container,
  getContainer,
  listContainers,
  registerContainer,
} from '../actions/containers.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { milliseconds } from '../fields.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, isoOrNull, line, moment, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const container = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    serial: z.string(),
    kind: z.enum(CONTAINER_KINDS),
    grai: z.string().nullable(),
    qualifiedUntil: printedInstant.nullable(),
    holdTimeS: z.number().nullable().meta({ description: 'how long its qualification holds its temperature' }),
    knownAt: printedInstant,
  })
  .openapi('Container')

const YEAR_MS = 366 * 86_400_000

const containerBody = z.object({
  serial: line,
  kind: z.enum(CONTAINER_KINDS),
  grai: line.nullish(),
  qualifiedUntil: moment.nullish(),
  holdTimeS: milliseconds.refine((ms) => ms > 0 && ms <= YEAR_MS, 'must be more than 0 s and at most a year').nullish(),
})

const tags = ['Containers']

const register = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/containers',
    tags,
    summary: 'Register a box or dewar of your organisation',
    request: { headers: repeatable, body: body(containerBody) },
    responses: created('registered', container),
  }),
  handler: async (c) => {
    const { grai = null, qualifiedUntil = null, holdTimeS = null, ...given } = c.req.valid('json')
    const input = { ...given, grai, qualifiedUntil, holdTimeMs: holdTimeS }
    const registered = await registerContainer(c.var.ctx, c.var.actor, input)
    if (isRefusal(registered)) return problem(c, registered)
    return c.json(printContainer(registered), 201, { Location: `${API_PATH}/containers/${registered.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/containers',
    tags,
    summary: 'The containers you may see: your own, and those of your shipments',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(container)),
  }),
  handler: async (c) => {
    const found = await listContainers(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printContainer), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/containers/{id}',
    tags,
    summary: 'One container',
    request: { params: byId },
    responses: answers('the container', container),
  }),
  handler: async (c) => {
    const found = await getContainer(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printContainer(found), 200)
  },
})

export const containerRoutes = [register, list, get] as const

function printContainer({ qualifiedUntil, holdTimeMs, knownAt, ...rest }: Container): z.infer<typeof container> {
  return {
    ...rest,
    qualifiedUntil: isoOrNull(qualifiedUntil),
    holdTimeS: holdTimeMs === null ? null : holdTimeMs / 1000,
    knownAt: isoInstant(knownAt),
  }
}
