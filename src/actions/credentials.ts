import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { afterAttempt, lockedUntil, MAX_FAILED_ATTEMPTS } from '../domain/person.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { isPassword } from './passwords.ts'

/** By what people prove who they are. A second factor would be one more member, asked for by `checkCredentials`. */
export type Credentials = { userName: string; password: string }

/** Whose password it is. */
export type Account = {
  id: number
  organisationId: number
  userName: string
  printedName: string
  siteId: number | null
}

/**
 * Why credentials do not do. `account` is null where nobody has the user name, which then must not be kept either:
 * people type their password into the wrong field. `disabled` and `temporary` are told to who knows the password only.
 */
export type CredentialFault = {
  fault: 'wrong' | 'locked' | 'disabled' | 'temporary'
  account: Account | null
  lockedUntilAt: number | null
}

/**
 * Checks user name and password in transactions of its own, so that what fails afterwards does not undo that somebody
 * tried; never call it inside a transaction. An attempt counts as failed before the password is looked at
 * (`afterAttempt`) and is taken back once it is right. Refused: `busy`.
 */
export async function checkCredentials(
  ctx: Ctx,
  { userName, password }: Credentials,
): Promise<Account | CredentialFault | Refusal> {
  const now = ctx.now()
  const begun = await transaction(ctx.db, (tx) => letThrough(tx, userName.toLowerCase(), now))
  if (begun?.outcome === 'locked')
    return { fault: 'locked', account: begun.account, lockedUntilAt: begun.lockedUntilAt }
  const isRight = await isPassword(password, begun?.hash ?? null)
  if (isRefusal(isRight)) {
    // nothing was tried: the machine had no time to look at it
    if (begun !== null) await takeBack(ctx, begun.account.id)
    return isRight
  }
  if (begun === null) return { fault: 'wrong', account: null, lockedUntilAt: null }
  const { account, disabledAt, temporary } = begun
  if (!isRight) {
    const isLast = begun.failedAttempts >= MAX_FAILED_ATTEMPTS
    return { fault: 'wrong', account, lockedUntilAt: isLast ? lockedUntil({ ...begun, attemptedAt: now }, now) : null }
  }
  await forgetAttempts(ctx, account.id)
  if (disabledAt !== null) return { fault: 'disabled', account, lockedUntilAt: null }
  return temporary ? { fault: 'temporary', account, lockedUntilAt: null } : account
}

/** Tells a fault from an account. */
export function isFault(checked: Account | CredentialFault): checked is CredentialFault {
  return 'fault' in checked
}

type Begun =
  | { outcome: 'locked'; account: Account; lockedUntilAt: number }
  | {
      outcome: 'tried'
      account: Account
      disabledAt: number | null
      hash: string | null
      temporary: boolean
      /** This one included. */
      failedAttempts: number
    }

async function letThrough(tx: Tx, userName: string, now: number): Promise<Begun | null> {
  const row = await tx.selectFrom('person').selectAll().where('user_name', '=', userName).forUpdate().executeTakeFirst()
  if (row === undefined) return null
  const account: Account = {
    id: row.id,
    organisationId: row.organisation_id,
    userName: row.user_name,
    printedName: row.printed_name,
    siteId: row.site_id,
  }
  const attempts = { failedAttempts: row.failed_attempts, attemptedAt: row.attempted_at }
  const lockedUntilAt = lockedUntil(attempts, now)
  if (lockedUntilAt !== null) return { outcome: 'locked', account, lockedUntilAt }
  const { failedAttempts } = afterAttempt(attempts, now)
  await tx
    .updateTable('person')
    .set({ failed_attempts: failedAttempts, attempted_at: at(now) })
    .where('id', '=', row.id)
    .execute()
  const stored = await newestPassword(tx, row.id)
  return {
    outcome: 'tried',
    account,
    disabledAt: row.disabled_at,
    hash: stored?.hash ?? null,
    temporary: stored?.temporary ?? true,
    failedAttempts,
  }
}

/** The password that rules. */
export async function newestPassword(tx: Tx, personId: number) {
  return tx
    .selectFrom('person_password')
    .select(['hash', 'temporary'])
    .where('person_id', '=', personId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

async function forgetAttempts(ctx: Ctx, personId: number): Promise<void> {
  await ctx.db.kysely.updateTable('person').set({ failed_attempts: 0 }).where('id', '=', personId).execute()
}

async function takeBack(ctx: Ctx, personId: number): Promise<void> {
  await ctx.db.kysely
    .updateTable('person')
    .set({ failed_attempts: sql<number>`greatest(failed_attempts - 1, 0)` })
    .where('id', '=', personId)
    .execute()
}
