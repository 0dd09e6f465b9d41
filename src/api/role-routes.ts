import { createRoute, z } from '@hono/zod-openapi'
import { grantRole, listRoleGrants, type RoleGrant, revokeRole } from '../actions/person-roles.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, isoOrNull, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { personRole, userName } from './person-body.ts'
import { problem } from './problem.ts'

const grant = z
  .object({
    id: z.int(),
    organisationId: z.int().meta({ description: 'the role is held for this organisation' }),
    role: personRole,
    person: z.object({ id: z.int(), userName: z.string(), printedName: z.string(), organisationId: z.int() }),
    knownAt: printedInstant,
    revokedAt: printedInstant.nullable(),
  })
  .openapi('RoleGrant')

const tags = ['Persons']

const give = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/organisations/{id}/role-grants',
    tags,
    summary: 'Give a person a role for the organisation; people of others only such as decide for it (administrator)',
    request: { params: byId, headers: repeatable, body: body(z.object({ userName, role: personRole })) },
    responses: created('given', grant),
  }),
  handler: async (c) => {
    const organisationId = c.req.valid('param').id
    const given = await grantRole(c.var.ctx, c.var.actor, { organisationId, ...c.req.valid('json') })
    if (isRefusal(given)) return problem(c, given)
    return c.json(printGrant(given), 201, { Location: `${API_PATH}/organisations/${organisationId}/role-grants` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/organisations/{id}/role-grants',
    tags,
    summary: 'Every role ever given for the organisation, revoked ones included (administrator)',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(grant)),
  }),
  handler: async (c) => {
    const asked = { organisationId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await listRoleGrants(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printGrant), 200)
  },
})

const takeBack = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/organisations/{id}/role-revocations',
    tags,
    summary: 'Take a role back at once; what was signed in it stays signed (administrator)',
    request: {
      params: byId,
      headers: repeatable,
      body: body(z.object({ userName, role: personRole, reason: prose })),
    },
    responses: answers('the role, revoked', grant),
  }),
  handler: async (c) => {
    const organisationId = c.req.valid('param').id
    const revoked = await revokeRole(c.var.ctx, c.var.actor, { organisationId, ...c.req.valid('json') })
    return isRefusal(revoked) ? problem(c, revoked) : c.json(printGrant(revoked), 200)
  },
})

export const roleRoutes = [give, list, takeBack] as const

function printGrant({ knownAt, revokedAt, ...rest }: RoleGrant): z.infer<typeof grant> {
  return { ...rest, knownAt: isoInstant(knownAt), revokedAt: isoOrNull(revokedAt) }
}
