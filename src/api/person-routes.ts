import { createRoute, z } from '@hono/zod-openapi'
import { resetPassword } from '../actions/person-passwords.ts'
import { addPerson, changePerson, getPerson, listPersons } from '../actions/persons.ts'
import { isRefusal } from '../domain/refusal.ts'
import { API_PATH, answers, body, created, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, id, line, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { person, personRole, printPerson, userName } from './person-body.ts'
import { problem } from './problem.ts'

const email = z.email().max(200)

const withPassword = z
  .object({
    person,
    temporaryPassword: z
      .string()
      .meta({ description: 'shown in this answer only; opens nothing but POST /password-changes' }),
  })
  .openapi('PersonWithPassword')

const tags = ['Persons']

const add = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/organisations/{id}/persons',
    tags,
    summary: 'Add a person to the organisation, with a temporary password (administrator)',
    request: {
      params: byId,
      headers: repeatable,
      body: body(
        z.object({
          userName,
          printedName: line,
          email: email.nullish(),
          siteId: id.nullish(),
          roles: z.array(personRole).max(personRole.options.length).default([]),
        }),
      ),
    },
    responses: created('added', withPassword),
  }),
  handler: async (c) => {
    const { email: address = null, siteId = null, ...rest } = c.req.valid('json')
    const organisationId = c.req.valid('param').id
    const added = await addPerson(c.var.ctx, c.var.actor, { ...rest, organisationId, email: address, siteId })
    if (isRefusal(added)) return problem(c, added)
    const printed = { person: printPerson(added.person), temporaryPassword: added.temporaryPassword }
    return c.json(printed, 201, { Location: `${API_PATH}/persons/${added.person.id}` })
  },
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/organisations/{id}/persons',
    tags,
    summary: 'The people of your organisation, disabled ones included',
    request: { params: byId, query: pageQuery },
    responses: answers('a page of them', listOf(person)),
  }),
  handler: async (c) => {
    const asked = { organisationId: c.req.valid('param').id, page: pageOf(c.req.valid('query')) }
    return c.json(printPage(await listPersons(c.var.ctx, c.var.actor, asked), printPerson), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/persons/{id}',
    tags,
    summary: 'One person of your organisation',
    request: { params: byId },
    responses: answers('the person', person),
  }),
  handler: async (c) => {
    const found = await getPerson(c.var.ctx, c.var.actor, c.req.valid('param').id)
    return isRefusal(found) ? problem(c, found) : c.json(printPerson(found), 200)
  },
})

const correct = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/persons/{id}/correction',
    tags,
    summary: 'Put right name, e-mail or site; what was signed keeps the name it was signed with (administrator)',
    request: {
      params: byId,
      headers: repeatable,
      body: body(
        z.object({
          reason: prose,
          printedName: line.optional(),
          email: email.nullable().optional(),
          siteId: id.nullable().optional(),
        }),
      ),
    },
    responses: answers('the person as corrected', person),
  }),
  handler: async (c) => {
    const { reason, ...given } = c.req.valid('json')
    const particulars = {
      ...(given.printedName === undefined ? {} : { printedName: given.printedName }),
      ...(given.email === undefined ? {} : { email: given.email }),
      ...(given.siteId === undefined ? {} : { siteId: given.siteId }),
    }
    const input = { personId: c.req.valid('param').id, reason, change: { kind: 'corrected', particulars } as const }
    const changed = await changePerson(c.var.ctx, c.var.actor, input)
    return isRefusal(changed) ? problem(c, changed) : c.json(printPerson(changed), 200)
  },
})

const disable = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/persons/{id}/disabling',
    tags,
    summary: 'Let a person in no more, from this moment; nothing of theirs is deleted (administrator)',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('the person, disabled', person),
  }),
  handler: async (c) => {
    const input = { personId: c.req.valid('param').id, change: { kind: 'disabled' } as const, ...c.req.valid('json') }
    const changed = await changePerson(c.var.ctx, c.var.actor, input)
    return isRefusal(changed) ? problem(c, changed) : c.json(printPerson(changed), 200)
  },
})

const reset = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/persons/{id}/password-reset',
    tags,
    summary: 'Give a person a new temporary password: forgotten, locked out, or disabled before (administrator)',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('the person, with the password', withPassword),
  }),
  handler: async (c) => {
    const input = { personId: c.req.valid('param').id, ...c.req.valid('json') }
    const done = await resetPassword(c.var.ctx, c.var.actor, input)
    if (isRefusal(done)) return problem(c, done)
    return c.json({ person: printPerson(done.person), temporaryPassword: done.temporaryPassword }, 200)
  },
})

export const personRoutes = [add, list, get, correct, disable, reset] as const
