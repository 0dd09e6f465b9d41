import { z } from 'zod'
import type { Ctx } from '../context.ts'
import { type Actor, ROLES } from '../domain/actor.ts'
import { isSecret, secretHash } from './secret.ts'
import { isSessionToken, sessionActor } from './sessions.ts'

/**
 * The machine that holds an API key, or the person whose session it is; null for what was never issued, is revoked or
 * has ended.
 */
export async function authenticate(ctx: Ctx, key: string): Promise<Omit<Actor, 'requestId'> | null> {
  if (isSessionToken(key)) return sessionActor(ctx, key)
  const row = await ctx.db.kysely
    .selectFrom('api_key')
    .select(['id', 'organisation_id', 'role', 'secret_sha256'])
    .where('secret_sha256', '=', secretHash(key))
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined || !isSecret(key, row.secret_sha256)) return null
  return { kind: 'machine', id: String(row.id), organisationId: row.organisation_id, role: role.parse(row.role) }
}

const role = z.enum(ROLES)
