import { createRoute, z } from '@hono/zod-openapi'
import { changePassword } from '../actions/person-passwords.ts'
import { currentSession, endSession, type Session, signIn } from '../actions/sessions.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { API_PATH, answers, body, created } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { printedInstant } from './inputs.ts'
import { password, person, printPerson, userName } from './person-body.ts'
import { problem } from './problem.ts'

const session = z.object({ id: z.int(), person, knownAt: printedInstant, expiresAt: printedInstant }).openapi('Session')

const newSession = session
  .extend({ token: z.string().meta({ description: 'send it as Authorization: Bearer; shown in this answer only' }) })
  .openapi('NewSession')

const tags = ['Sessions']

const begin = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/sessions',
    tags,
    security: [],
    summary: 'Sign in: a token for half an hour of silence, twelve hours in all; it lets you in and signs nothing',
    request: { body: body(z.object({ userName, password })) },
    responses: created('signed in; the token is shown here and never again', newSession),
  }),
  handler: async (c) => {
    const begun = await signIn(c.var.ctx, c.req.valid('json'))
    if (isRefusal(begun)) return problem(c, begun)
    const { token, ...rest } = begun
    return c.json({ ...printSession(rest), token }, 201, { Location: `${API_PATH}/sessions/current` })
  },
})

const current = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/sessions/current',
    tags,
    summary: 'Who you are, with your roles',
    responses: answers('your session', session),
  }),
  handler: async (c) => {
    const found = await currentSession(c.var.ctx, c.var.actor)
    return isRefusal(found) ? problem(c, found) : c.json(printSession(found), 200)
  },
})

const end = defineRoute({
  route: createRoute({
    method: 'delete',
    path: '/sessions/current',
    tags,
    summary: 'Sign out: the token lets nobody in any more',
    responses: answers('signed out', z.object({ endedAt: printedInstant })),
  }),
  handler: async (c) => {
    const ended = await endSession(c.var.ctx, c.var.actor)
    return isRefusal(ended) ? problem(c, ended) : c.json({ endedAt: isoInstant(ended.endedAt) }, 200)
  },
})

const change = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/password-changes',
    tags,
    security: [],
    summary: 'Choose another password, or the first one of your own; ends all your sessions',
    request: { body: body(z.object({ userName, password, newPassword: password })) },
    responses: answers('changed', z.object({ changedAt: printedInstant })),
  }),
  handler: async (c) => {
    const changed = await changePassword(c.var.ctx, c.req.valid('json'))
    return isRefusal(changed) ? problem(c, changed) : c.json({ changedAt: isoInstant(changed.changedAt) }, 200)
  },
})

export const sessionRoutes = [begin, current, end, change] as const

function printSession({ id, person: who, knownAt, expiresAt }: Session): z.infer<typeof session> {
  return { id, person: printPerson(who), knownAt: isoInstant(knownAt), expiresAt: isoInstant(expiresAt) }
}
