import { createRoute, z } from '@hono/zod-openapi'
import { approveProfile } from '../actions/approve-profile.ts'
import { addProfile, getProfile, listProfiles, type ProfileVersion } from '../actions/profiles.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, line, moment, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'
import { printedProfile, printProfile, profileBody } from './profile-body.ts'

const approval = z.object({
  approver: z.string(),
  source: z.string(),
  effectiveAt: printedInstant,
  knownAt: printedInstant,
})

const profile = printedProfile
  .extend({
    id: z.int(),
    productId: z.int(),
    version: z.int(),
    approval: approval.nullable(),
    approvalProblems: z.array(z.string()).meta({ description: 'what stands in the way of an approval' }),
    knownAt: printedInstant,
  })
  .openapi('Profile')

const tags = ['Profiles']

const add = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/products/{id}/profiles',
    tags,
    summary: 'Add the next version of a product’s temperature limits (sponsor who owns it)',
    request: { params: byId, headers: repeatable, body: body(profileBody) },
    responses: created('added', profile),
  }),
  handler: async (c) => {
    const input = { productId: c.req.valid('param').id, profile: c.req.valid('json') }
    const added = await addProfile(c.var.ctx, c.var.actor, input)
    if (isRefusal(added)) return problem(c, added)
    return c.json(printVersion(added), 201, { Location: `${API_PATH}/profiles/${added.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/products/{id}/profiles',
    tags,
    summary: 'The versions of a product’s limits',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(profile)),
  }),
  handler: async (c) => {
    const asked = { productId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    const found = await listProfiles(c.var.ctx, c.var.actor, asked)
    return isRefusal(found) ? problem(c, found) : c.json(printPage(found, printVersion), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/profiles/{id}',
    tags,
    summary: 'One version of a product’s limits',
    request: { params: byId },
    responses: answers('the version', profile),
  }),
  handler: async (c) => {
    const found = await getProfile(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printVersion(found), 200)
  },
})

const approve = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/profiles/{id}/approval',
    tags,
    summary: 'Record the approval of a version; refused with every problem while the rules are not met (sponsor)',
    request: {
      params: byId,
      headers: repeatable,
      body: body(z.object({ approver: line, source: prose, effectiveAt: moment })),
    },
    responses: created('approved', profile),
  }),
  handler: async (c) => {
    const profileId = c.req.valid('param').id
    const approved = await approveProfile(c.var.ctx, c.var.actor, { profileId, ...c.req.valid('json') })
    if (isRefusal(approved)) return problem(c, approved)
    return c.json(printVersion(approved), 201, { Location: `${API_PATH}/profiles/${profileId}` })
  },
})

export const profileRoutes = [add, list, get, approve] as const

function printVersion(found: ProfileVersion): z.infer<typeof profile> {
  const { id, productId, version, approval, approvalProblems } = found
  const printed = approval && {
    ...approval,
    effectiveAt: isoInstant(approval.effectiveAt),
    knownAt: isoInstant(approval.knownAt),
  }
  const known = { approval: printed, approvalProblems, knownAt: isoInstant(found.knownAt) }
  return { id, productId, version, ...printProfile(found.profile), ...known }
}
