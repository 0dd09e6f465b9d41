import { createRoute, z } from '@hono/zod-openapi'
import {
  getOrganisation,
  listOrganisations,
  type Organisation,
  registerOrganisation,
} from '../actions/organisations.ts'
import { addSite, listSites, type Site } from '../actions/sites.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, gln, line, printedInstant, timeZone } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const organisation = z
  .object({ id: z.int(), name: z.string(), gln: z.string().nullable(), knownAt: printedInstant })
  .openapi('Organisation')

const site = z
  .object({
    id: z.int(),
    organisationId: z.int(),
    name: z.string(),
    gln: z.string().nullable(),
    timeZone: z.string(),
    knownAt: printedInstant,
  })
  .openapi('Site')

const tags = ['Organisations']

const register = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/organisations',
    tags,
    summary: 'Register an organisation (administrator of the installation)',
    request: { headers: repeatable, body: body(z.object({ name: line, gln: gln.nullish() })) },
    responses: created('registered', organisation),
  }),
  handler: async (c) => {
    const { name, gln = null } = c.req.valid('json')
    const registered = await registerOrganisation(c.var.ctx, c.var.actor, { name, gln })
    if (isRefusal(registered)) return problem(c, registered)
    return c.json(printOrganisation(registered), 201, { Location: `${API_PATH}/organisations/${registered.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/organisations',
    tags,
    summary: 'The organisations you may see',
    request: { query: pageQuery },
    responses: answers('a page of them', listOf(organisation)),
  }),
  handler: async (c) => {
    const found = await listOrganisations(c.var.ctx, c.var.actor, pageOf(c.req.valid('query')))
    return c.json(printPage(found, printOrganisation), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/organisations/{id}',
    tags,
    summary: 'One organisation',
    request: { params: byId },
    responses: answers('the organisation', organisation),
  }),
  handler: async (c) => {
    const found = await getOrganisation(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printOrganisation(found), 200)
  },
})

const addSiteRoute = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/organisations/{id}/sites',
    tags,
    summary: 'Add a site (administrator)',
    request: { params: byId, headers: repeatable, body: body(z.object({ name: line, gln: gln.nullish(), timeZone })) },
    responses: created('added', site),
  }),
  handler: async (c) => {
    const organisationId = c.req.valid('param').id
    const { gln = null, ...given } = c.req.valid('json')
    const added = await addSite(c.var.ctx, c.var.actor, { organisationId, gln, ...given })
    if (isRefusal(added)) return problem(c, added)
    return c.json(printSite(added), 201, { Location: `${API_PATH}/organisations/${organisationId}/sites` })
  },
})

const listSitesRoute = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/organisations/{id}/sites',
    tags,
    summary: 'The sites of an organisation',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(site)),
  }),
  handler: async (c) => {
    const organisationId = c.req.valid('param').id
    const page = pageOf(c.req.valid('query'))
    const found = await listSites(c.var.ctx, c.var.actor, { organisationId, page })
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printSite), 200)
  },
})

export const organisationRoutes = [register, list, get, addSiteRoute, listSitesRoute] as const

function printOrganisation({ knownAt, ...rest }: Organisation): z.infer<typeof organisation> {
  return { ...rest, knownAt: isoInstant(knownAt) }
}

function printSite({ knownAt, ...rest }: Site): z.infer<typeof site> {
  return { ...rest, knownAt: isoInstant(knownAt) }
}
