import type { Selectable } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { type Listing, listing, type Page } from './page.ts'
import { canSeeAuditEntry } from './visibility.ts'

/** One deed on record: who, when, what before and after, why. */
export type AuditEntry = {
  id: number
  knownAt: number
  actorKind: string
  actorId: string
  organisationId: number | null
  role: string | null
  action: string
  subjectKind: string
  subjectId: string
  before: unknown
  after: unknown
  reason: string | null
  requestId: string | null
}

/** The entries the actor may see, newest first; of one kind of subject, or of one subject, where asked. */
export async function listAuditEntries(
  ctx: Ctx,
  actor: Actor,
  asked: { subjectKind: string | null; subjectId: string | null; page: Page },
): Promise<Listing<AuditEntry>> {
  let query = ctx.db.kysely
    .selectFrom('audit_entry')
    .selectAll()
    .where((eb) => canSeeAuditEntry(actor, eb))
  if (asked.subjectKind !== null) query = query.where('subject_kind', '=', asked.subjectKind)
  if (asked.subjectId !== null) query = query.where('subject_id', '=', asked.subjectId)
  if (asked.page.after !== null) query = query.where('id', '<', asked.page.after)
  const rows = await query
    .orderBy('id', 'desc')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows.map(entry), asked.page.limit, ({ id }) => id)
}

function entry(row: Selectable<Tables['audit_entry']>): AuditEntry {
  return {
    id: row.id,
    knownAt: row.known_at,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    organisationId: row.organisation_id,
    role: row.role,
    action: row.action,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    before: row.before,
    after: row.after,
    reason: row.reason,
    requestId: row.request_id,
  }
}
