import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, ROLES, type Role } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { refuseUnlessAdministered } from './organisations.ts'
import { type Listing, listing, type Page } from './page.ts'
import { newSecret, secretHash } from './secret.ts'

/** A machine of an organisation. The key itself is known to its holder alone. */
export type ApiKey = {
  id: number
  organisationId: number
  role: Role
  label: string
  knownAt: number
  revokedAt: number | null
}

/** The prefix lets secret scanners find a key that leaked. */
const KEY_PREFIX = 'unb_'

/** Issues a key; the answer is the only place where `key` ever stands. */
export async function issueApiKey(
  ctx: Ctx,
  actor: Actor,
  input: Pick<ApiKey, 'organisationId' | 'role' | 'label'>,
): Promise<(ApiKey & { key: string }) | Refusal> {
  const key = newApiKey()
  const issued = await transaction(ctx.db, async (tx) => {
    const no = await refuseUnlessAdministered(tx, actor, input.organisationId)
    return no ?? insertApiKey(tx, actor, { ...input, key, knownAt: ctx.now() })
  })
  return isRefusal(issued) ? issued : { ...issued, key }
}

/** A key nobody has yet. */
export function newApiKey(): string {
  return KEY_PREFIX + newSecret()
}

/** Writes the row and its audit entry, for whoever checked before that this is allowed. */
export async function insertApiKey(
  tx: Tx,
  actor: Actor,
  input: Pick<ApiKey, 'organisationId' | 'role' | 'label' | 'knownAt'> & { key: string },
): Promise<ApiKey> {
  const { organisationId, role, label, knownAt } = input
  const secret_sha256 = secretHash(input.key)
  const row = await tx
    .insertInto('api_key')
    .values({ organisation_id: organisationId, role, label, secret_sha256, known_at: at(knownAt) })
    .returningAll()
    .executeTakeFirstOrThrow()
  const deed = { action: 'issue_api_key', subjectKind: 'api_key', subjectId: row.id }
  await audit(tx, actor, [{ ...deed, at: knownAt, after: { organisationId, role, label } }])
  return apiKey(row)
}

/** The keys of an organisation the actor administers, revoked ones included, in order of id. */
export async function listApiKeys(
  ctx: Ctx,
  actor: Actor,
  asked: { organisationId: number; page: Page },
): Promise<Listing<ApiKey> | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const no = await refuseUnlessAdministered(tx, actor, asked.organisationId)
    if (no !== null) return no
    const rows = await tx
      .selectFrom('api_key')
      .selectAll()
      .where('organisation_id', '=', asked.organisationId)
      .where('id', '>', asked.page.after ?? 0)
      .orderBy('id')
      .limit(asked.page.limit + 1)
      .execute()
    return listing(rows.map(apiKey), asked.page.limit, ({ id }) => id)
  })
}

/** Ends a key at once. A revoked key stays as it is: repeating does no harm and leaves no second trace. */
export async function revokeApiKey(
  ctx: Ctx,
  actor: Actor,
  input: { apiKeyId: number; reason: string },
): Promise<ApiKey | Refusal> {
  const no = denied(actor, 'manage_organisations')
  if (no !== null) return no
  return transaction(ctx.db, async (tx) => {
    const row = await tx
      .selectFrom('api_key')
      .selectAll()
      .where('id', '=', input.apiKeyId)
      .forUpdate()
      .executeTakeFirst()
    const administered = row && (await refuseUnlessAdministered(tx, actor, row.organisation_id)) === null
    if (!administered) return refuse('not_found', `There is no API key ${input.apiKeyId}.`)
    if (row.revoked_at !== null) return apiKey(row)
    const revokedAt = ctx.now()
    await tx
      .updateTable('api_key')
      .set({ revoked_at: at(revokedAt) })
      .where('id', '=', row.id)
      .execute()
    const deed = { action: 'revoke_api_key', subjectKind: 'api_key', subjectId: row.id, reason: input.reason }
    await audit(tx, actor, [{ ...deed, at: revokedAt, before: { revokedAt: null }, after: { revokedAt } }])
    return apiKey({ ...row, revoked_at: revokedAt })
  })
}

const role = z.enum(ROLES)

function apiKey(row: Selectable<Tables['api_key']>): ApiKey {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    role: role.parse(row.role),
    label: row.label,
    knownAt: row.known_at,
    revokedAt: row.revoked_at,
  }
}
