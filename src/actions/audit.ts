import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import { type Actor, rolesShown } from '../domain/actor.ts'
import { spendClaim } from './idempotency.ts'

/** One deed: what was done to which subject, how it stood before and after, and why. */
export type Deed = {
  at: number
  action: string
  subjectKind: string
  subjectId: number | string
  before?: unknown
  after?: unknown
  reason?: string | null
}

/**
 * Writes the audit rows of deeds into the transaction of the deeds: no row, no deed. Where the request came with an
 * idempotency key, the same transaction spends it: no claim, no deed.
 */
export async function audit(tx: Tx, actor: Actor, deeds: readonly Deed[]): Promise<void> {
  if (deeds.length === 0) return
  const rows = deeds.map((deed) => ({
    known_at: at(deed.at),
    actor_kind: actor.kind,
    actor_id: actor.id,
    organisation_id: actor.organisationId,
    role: rolesShown(actor),
    action: deed.action,
    subject_kind: deed.subjectKind,
    subject_id: String(deed.subjectId),
    before: deed.before === undefined ? null : json(deed.before),
    after: deed.after === undefined ? null : json(deed.after),
    reason: deed.reason ?? null,
    request_id: actor.requestId,
  }))
  await tx.insertInto('audit_entry').values(rows).execute()
  if (actor.claim !== undefined) await spendClaim(tx, actor, actor.claim)
}
