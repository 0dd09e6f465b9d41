import { transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { refusePassword } from '../domain/person.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { type Credentials, checkCredentials, isFault } from './credentials.ts'
import { endSessions } from './end-sessions.ts'
import { hashPassword, newPassword } from './passwords.ts'
import { changePerson, insertPassword, type Person } from './persons.ts'
import { personActor, refuseSignIn } from './sessions.ts'

/**
 * Changes one's own password, a temporary one too: whoever knows the present one may, with or without a session; every
 * session of the person ends. Refused as signing in is, and `password_unfit`.
 */
export async function changePassword(
  ctx: Ctx,
  input: Credentials & { newPassword: string },
): Promise<{ changedAt: number } | Refusal> {
  const checked = await checkCredentials(ctx, input)
  if (isRefusal(checked)) return checked
  const isTemporary = isFault(checked) && checked.fault === 'temporary'
  if (isFault(checked) && !isTemporary) return refuseSignIn(ctx, checked)
  const account = isFault(checked) ? checked.account : checked
  if (account === null) throw new Error('a temporary password of nobody')
  const unfit = refusePassword(input.newPassword, { userName: account.userName, current: input.password })
  if (unfit !== null) return unfit
  const hash = await hashPassword(input.newPassword)
  if (isRefusal(hash)) return hash
  const changedAt = ctx.now()
  await transaction(ctx.db, async (tx) => {
    await insertPassword(tx, { personId: account.id, hash, temporary: false, knownAt: changedAt })
    await endSessions(tx, account.id, changedAt)
    const deed = { at: changedAt, action: 'password_changed', subjectKind: 'person', subjectId: account.id }
    await audit(tx, personActor(account), [deed])
  })
  return { changedAt }
}

/**
 * Gives a person a new temporary password: who forgot theirs, is locked out, or was disabled. The answer is the only
 * place where it ever stands.
 */
export async function resetPassword(
  ctx: Ctx,
  actor: Actor,
  input: { personId: number; reason: string },
): Promise<{ person: Person; temporaryPassword: string } | Refusal> {
  const no = denied(actor, 'manage_organisations')
  if (no !== null) return no
  const temporaryPassword = newPassword()
  const hash = await hashPassword(temporaryPassword)
  if (isRefusal(hash)) return hash
  const person = await changePerson(ctx, actor, { ...input, change: { kind: 'password_reset', hash } })
  return isRefusal(person) ? person : { person, temporaryPassword }
}
