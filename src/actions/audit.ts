import { sql } from 'kysely'
import { instants, texts } from '../../db/binary.ts'
import type { Tx } from '../../db/connect.ts'
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
  const columns = [
    sql`${instants(deeds.map((deed) => deed.at))}::timestamptz[]`,
    sql`${texts(deeds.map((deed) => deed.action))}::text[]`,
    sql`${texts(deeds.map((deed) => deed.subjectKind))}::text[]`,
    sql`${texts(deeds.map((deed) => String(deed.subjectId)))}::text[]`,
    sql`${texts(deeds.map((deed) => textOrNull(deed.before)))}::text[]`,
    sql`${texts(deeds.map((deed) => textOrNull(deed.after)))}::text[]`,
    sql`${texts(deeds.map((deed) => deed.reason ?? null))}::text[]`,
  ]
  // a batch of messages leaves dozens: columns cost a fifth of a row of values each
  await sql`insert into audit_entry (known_at, actor_kind, actor_id, organisation_id, role, action, subject_kind,
      subject_id, before, after, reason, request_id)
    select known_at, ${actor.kind}, ${actor.id}, ${actor.organisationId}, ${rolesShown(actor)}, action, subject_kind,
      subject_id, before::jsonb, after::jsonb, reason, ${actor.requestId}
    from unnest(${sql.join(columns)}) with ordinality
      as d(known_at, action, subject_kind, subject_id, before, after, reason, ord)
    order by ord`.execute(tx)
  if (actor.claim !== undefined) await spendClaim(tx, actor, actor.claim)
}

function textOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value)
}
