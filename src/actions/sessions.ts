import { sql } from 'kysely'
import { z } from 'zod'
import { transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, SERVICE } from '../domain/actor.ts'
import { PERSON_ROLES } from '../domain/person.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { type Account, type CredentialFault, type Credentials, checkCredentials, isFault } from './credentials.ts'
import { getPerson, type Person } from './persons.ts'
import { isSecret, newSecret, secretHash } from './secret.ts'

/** A person who is signed in. */
export type Session = { id: number; person: Person; knownAt: number; expiresAt: number }

/** Tells a session from an API key, and lets secret scanners find one that leaked. */
const SESSION_PREFIX = 'unbs_'
/** Nobody touched the tablet: somebody else may have it now. */
const MAX_IDLE_MS = 30 * 60_000
/** One shift. */
const MAX_SESSION_MS = 12 * 3_600_000
/** How exactly the last use is kept, so that reading does not write. */
const USED_EVERY_MS = 60_000

/**
 * Signs a person in: from then on the token lets them in as themselves, and signs nothing. The answer is the only place
 * where `token` ever stands. Refused: `sign_in_failed`, `locked_out`, `person_disabled`, `password_change_required`,
 * `busy`.
 */
export async function signIn(ctx: Ctx, given: Credentials): Promise<(Session & { token: string }) | Refusal> {
  const account = await checkCredentials(ctx, given)
  if (isRefusal(account)) return account
  if (isFault(account)) return refuseSignIn(ctx, account)
  const token = SESSION_PREFIX + newSecret()
  const knownAt = ctx.now()
  const expiresAt = knownAt + MAX_SESSION_MS
  const { id } = await transaction(ctx.db, async (tx) => {
    const session = await tx
      .insertInto('person_session')
      .values({
        person_id: account.id,
        token_sha256: secretHash(token),
        known_at: at(knownAt),
        used_at: at(knownAt),
        expires_at: at(expiresAt),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    const deed = { at: knownAt, action: 'session_begun', subjectKind: 'person', subjectId: account.id }
    await audit(tx, personActor(account), [{ ...deed, after: { sessionId: session.id } }])
    return session
  })
  const person = await getPerson(ctx, personActor(account), account.id)
  return isRefusal(person) ? person : { id, person, knownAt, expiresAt, token }
}

/** The person themselves, acting without a session. */
export function personActor({ id, organisationId }: Pick<Account, 'id' | 'organisationId'>): Actor {
  return { kind: 'person', id: String(id), organisationId, role: null, personRoles: [], requestId: null }
}

/** Puts the failed attempt on record, and says what to do. An attempt during a lock-out leaves no row of its own. */
export async function refuseSignIn(ctx: Ctx, found: CredentialFault): Promise<Refusal> {
  const { fault, account } = found
  ctx.metrics.failedSignIns.inc()
  if (account !== null && fault !== 'locked') {
    const deed = {
      at: ctx.now(),
      action: 'sign_in_failed',
      subjectKind: 'person',
      subjectId: account.id,
      reason: fault,
    }
    await transaction(ctx.db, (tx) => audit(tx, SERVICE, [{ ...deed, after: lockOf(found) }]))
  }
  const wrong = 'User name or password is wrong. After five failed attempts an account is locked for a quarter hour.'
  return refusalOf(found) ?? refuse('sign_in_failed', wrong)
}

/** What stands on record of a failed attempt. */
export function lockOf({ lockedUntilAt }: CredentialFault): { lockedUntil: string | null } {
  return { lockedUntil: lockedUntilAt === null ? null : isoInstant(lockedUntilAt) }
}

/** The refusal of a fault; null where user name or password are wrong, for which each caller has its own words. */
export function refusalOf({ fault, lockedUntilAt }: CredentialFault): Refusal | null {
  switch (fault) {
    case 'locked': {
      const until = lockedUntilAt === null ? 'later' : `after ${isoInstant(lockedUntilAt)}`
      return refuse('locked_out', `Too many failed attempts: try again ${until}, or ask your administrator.`)
    }
    case 'disabled':
      return refuse('person_disabled', 'This account is disabled: ask your administrator.')
    case 'temporary':
      return refuse('password_change_required', 'This password was made by your administrator: choose your own first.')
    case 'wrong':
      return null
  }
}

/** Whether a bearer token is a session's, not an API key. */
export function isSessionToken(token: string): boolean {
  return token.startsWith(SESSION_PREFIX)
}

/** The person of a session that runs; null for one that ended, that nobody used for half an hour, or that never was. */
export async function sessionActor(ctx: Ctx, token: string): Promise<Omit<Actor, 'requestId'> | null> {
  const now = ctx.now()
  const row = await ctx.db.kysely
    .selectFrom('person_session')
    .innerJoin('person', 'person.id', 'person_session.person_id')
    .select(['person_session.id', 'person_session.token_sha256', 'person_session.used_at'])
    .select(['person.id as personId', 'person.organisation_id'])
    .select(
      sql<string[]>`array(select r.role from person_role r where r.person_id = person.id
        and r.organisation_id = person.organisation_id and r.revoked_at is null order by r.id)`.as('roles'),
    )
    .where('person_session.token_sha256', '=', secretHash(token))
    .where('person_session.ended_at', 'is', null)
    .where('person_session.expires_at', '>', at(now))
    .where('person_session.used_at', '>', at(now - MAX_IDLE_MS))
    .where('person.disabled_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined || !isSecret(token, row.token_sha256)) return null
  if (row.used_at < now - USED_EVERY_MS) await touch(ctx, row.id, now)
  return {
    kind: 'person',
    id: String(row.personId),
    organisationId: row.organisation_id,
    role: null,
    personRoles: roles.parse(row.roles),
    sessionId: row.id,
  }
}

const roles = z.array(z.enum(PERSON_ROLES))

async function touch(ctx: Ctx, sessionId: number, now: number): Promise<void> {
  await ctx.db.kysely
    .updateTable('person_session')
    .set({ used_at: at(now) })
    .where('id', '=', sessionId)
    .execute()
}

/** The session that asks, with who it is. Refused: `not_found` for a machine. */
export async function currentSession(ctx: Ctx, actor: Actor): Promise<Session | Refusal> {
  if (actor.sessionId === undefined) return NO_SESSION
  const person = await getPerson(ctx, actor, Number(actor.id))
  if (isRefusal(person)) return person
  const row = await ctx.db.kysely
    .selectFrom('person_session')
    .select(['id', 'known_at', 'expires_at'])
    .where('id', '=', actor.sessionId)
    .executeTakeFirstOrThrow()
  return { id: row.id, person, knownAt: row.known_at, expiresAt: row.expires_at }
}

const NO_SESSION = refuse('not_found', 'You came with an API key: there is no session. Sign in with POST /sessions.')

/** Signs out: the token lets nobody in from now on. */
export async function endSession(ctx: Ctx, actor: Actor): Promise<{ endedAt: number } | Refusal> {
  const { sessionId } = actor
  if (sessionId === undefined) return NO_SESSION
  const endedAt = ctx.now()
  await transaction(ctx.db, async (tx) => {
    await tx
      .updateTable('person_session')
      .set({ ended_at: at(endedAt) })
      .where('id', '=', sessionId)
      .execute()
    const deed = { at: endedAt, action: 'session_ended', subjectKind: 'person', subjectId: actor.id }
    await audit(tx, actor, [{ ...deed, after: { sessionId } }])
  })
  return { endedAt }
}
