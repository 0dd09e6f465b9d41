import { createRoute, z } from '@hono/zod-openapi'
import { getMessage, type KeptMessage, listMessages, MESSAGE_OUTCOMES } from '../actions/messages.ts'
import { releaseMessage } from '../actions/release-message.ts'
import { isRefusal } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { answers, body, listOf, repeatable } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { byId, printedInstant, prose } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'
import { problem } from './problem.ts'

const message = z
  .object({
    id: z.int(),
    outcome: z.enum(MESSAGE_OUTCOMES),
    reason: z.string().meta({ description: 'a stable code' }),
    detail: z.string(),
    topic: z.string(),
    contentType: z.string().nullable(),
    sensorId: z.int().nullable(),
    payloadBytes: z.int(),
    receivedAt: printedInstant,
    release: z.object({ reason: z.string(), readings: z.int(), knownAt: printedInstant }).nullable(),
  })
  .openapi('Message')

const wholeMessage = message
  .extend({
    payloadBase64: z.string().meta({ description: 'the bytes as they came in' }),
    payloadText: z.string().nullable().meta({ description: 'the same where they are UTF-8' }),
  })
  .openapi('WholeMessage')

const tags = ['Messages']

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/messages',
    tags,
    summary: 'The messages a person must look at, newest first: rejected, held (clock), quarantined (unknown sensor)',
    request: { query: pageQuery.extend({ outcome: z.enum(MESSAGE_OUTCOMES).optional() }) },
    responses: answers('a page of them', listOf(message)),
  }),
  handler: async (c) => {
    const { outcome = null, ...page } = c.req.valid('query')
    const found = await listMessages(c.var.ctx, c.var.actor, { outcome, page: pageOf(page) })
    return c.json(printPage(found, printMessage), 200)
  },
})

const get = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/messages/{id}',
    tags,
    summary: 'One kept message with its raw bytes',
    request: { params: byId },
    responses: answers('the message', wholeMessage),
  }),
  handler: async (c) => {
    const found = await getMessage(c.var.ctx, c.var.actor, c.req.valid('param').id)
    if (isRefusal(found)) return problem(c, found)
    const { payload, ...rest } = found
    const bytes = { payloadBase64: payload.toString('base64'), payloadText: utf8OrNull(payload) }
    return c.json({ ...printMessage(rest), ...bytes }, 200)
  },
})

const release = defineRoute({
  route: createRoute({
    method: 'post',
    path: '/messages/{id}/release',
    tags,
    summary: 'Send a held or quarantined message through the door again: its readings are to count',
    request: { params: byId, headers: repeatable, body: body(z.object({ reason: prose })) },
    responses: answers('what became of it', z.object({ readings: z.int(), outcome: z.string() })),
  }),
  handler: async (c) => {
    const input = { messageId: c.req.valid('param').id, reason: c.req.valid('json').reason }
    const released = await releaseMessage(c.var.ctx, c.var.actor, input)
    return isRefusal(released) ? problem(c, released) : c.json(released, 200)
  },
})

export const messageRoutes = [list, get, release] as const

function printMessage({ receivedAt, release, ...rest }: KeptMessage): z.infer<typeof message> {
  return {
    ...rest,
    receivedAt: isoInstant(receivedAt),
    release: release && { ...release, knownAt: isoInstant(release.knownAt) },
  }
}

function utf8OrNull(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
