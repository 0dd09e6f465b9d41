import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import { SERVICE } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { insertApiKey, newApiKey } from './api-keys.ts'
import { insertOrganisation } from './organisations.ts'
import { secretHash } from './secret.ts'

export type BootstrapKey = { key: string; organisationId: number; created: boolean }

/**
 * The first key of an installation: creates the organisation that runs it and its administrator's key, where no key was
 * ever issued. With a `secret` that is a key already it answers that one; so a start may repeat it. `already_exists`
 * where keys exist and the secret is none of them: they cannot be shown again.
 */
export async function bootstrapKey(
  ctx: Ctx,
  input: { organisationName: string; secret?: string },
): Promise<BootstrapKey | Refusal> {
  return transaction(ctx.db, async (tx) => {
    // two programs starting at once must not both find no key
    await sql`select pg_advisory_xact_lock(hashtext('bootstrap_key'))`.execute(tx)
    const issued = await tx.selectFrom('api_key').select('id').limit(1).executeTakeFirst()
    if (issued === undefined) return firstKey(tx, { ...input, knownAt: ctx.now() })
    if (input.secret === undefined) return refuse('already_exists', KEYS_EXIST)
    const same = await tx
      .selectFrom('api_key')
      .select('organisation_id')
      .where('secret_sha256', '=', secretHash(input.secret))
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (same === undefined) return refuse('already_exists', KEYS_EXIST)
    return { key: input.secret, organisationId: same.organisation_id, created: false }
  })
}

async function firstKey(tx: Tx, input: { organisationName: string; secret?: string; knownAt: number }) {
  const { organisationName: name, secret: key = newApiKey(), knownAt } = input
  const { id: organisationId } = await insertOrganisation(tx, SERVICE, { name, gln: null, knownAt })
  await insertApiKey(tx, SERVICE, { organisationId, role: 'administrator', label: 'first key', key, knownAt })
  return { key, organisationId, created: true }
}

const KEYS_EXIST = 'This database has API keys already: use one of them, or let its administrator issue a new one.'
