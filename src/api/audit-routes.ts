import { createRoute, z } from '@hono/zod-openapi'
import { type AuditEntry, listAuditEntries } from '../actions/audit-entries.ts'
import { isoInstant } from '../domain/units.ts'
import { answers, listOf } from './answers.ts'
import { defineRoute } from './define-route.ts'
import { line, printedInstant } from './inputs.ts'
import { pageOf, pageQuery, printPage } from './paging.ts'

const entry = z
  .object({
    id: z.int(),
    knownAt: printedInstant,
    actorKind: z.string(),
    actorId: z.string(),
    organisationId: z.int().nullable(),
    role: z.string().nullable(),
    action: z.string(),
    subjectKind: z.string(),
    subjectId: z.string(),
    before: z.looseObject({}).nullable(),
    after: z.looseObject({}).nullable(),
    reason: z.string().nullable(),
    requestId: z.string().nullable(),
  })
  .openapi('AuditEntry')

const query = pageQuery.extend({
  subjectKind: line.optional(),
  subjectId: line.optional(),
})

const list = defineRoute({
  route: createRoute({
    method: 'get',
    path: '/audit-entries',
    tags: ['Audit'],
    summary: 'Who did what, when and why, newest first: your organisation’s deeds, and everyone’s on your shipments',
    request: { query },
    responses: answers('a page of them', listOf(entry)),
  }),
  handler: async (c) => {
    const { subjectKind = null, subjectId = null, ...page } = c.req.valid('query')
    const found = await listAuditEntries(c.var.ctx, c.var.actor, { subjectKind, subjectId, page: pageOf(page) })
    return c.json(printPage(found, printEntry), 200)
  },
})

export const auditRoutes = [list] as const

const changes = entry.pick({ before: true, after: true })

function printEntry({ knownAt, before, after, ...rest }: AuditEntry): z.infer<typeof entry> {
  return { ...rest, ...changes.parse({ before, after }), knownAt: isoInstant(knownAt) }
}
