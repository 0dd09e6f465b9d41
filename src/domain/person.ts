import type { DecidingRole } from './disposition.ts'
import { type Refusal, refuse } from './refusal.ts'

/**
 * What a person can be in an organisation (domain page section 7). Several roles may be held at once, except that who
 * administers has no QA rights.
 */
export const PERSON_ROLES = [
  'packer',
  'dispatcher',
  'carrier',
  'distributor',
  'receiver',
  'verifier',
  'responsible_pharmacist',
  'physician',
  'qa_sponsor',
  'qa_site',
  'administrator',
  'auditor',
] as const
export type PersonRole = (typeof PERSON_ROLES)[number]

/** Roles that decide about units, and that a sponsor may give to people of another organisation. */
export const DECIDING_ROLES = ['qa_sponsor', 'qa_site', 'responsible_pharmacist'] as const satisfies DecidingRole[]

const EXCLUDED_BY_ADMINISTRATION: readonly PersonRole[] = [...DECIDING_ROLES, 'physician']

/** Null where the roles may be held together for one organisation. */
export function refuseRoles(roles: readonly PersonRole[]): Refusal | null {
  const excluded = roles.filter((role) => EXCLUDED_BY_ADMINISTRATION.includes(role))
  if (!roles.includes('administrator') || excluded.length === 0) return null
  return refuse(
    'invalid',
    `Who administers has no QA rights: not administrator and ${excluded.join(', ')} in one person.`,
  )
}

/** Whether a role may be held for another organisation than one's own: only those that decide for a sponsor. */
export function isHeldForOthers(role: PersonRole): boolean {
  return DECIDING_ROLES.some((deciding) => deciding === role)
}

/** Failed attempts in a row after which a person is locked out, and for how long (21 CFR 11.300: misuse is stopped). */
export const MAX_FAILED_ATTEMPTS = 5
export const LOCK_OUT_MS = 15 * 60_000

/** Attempts since the last good one, the running ones included; `attemptedAt` is the newest that was let through. */
export type Attempts = { readonly failedAttempts: number; readonly attemptedAt: number | null }

/** Until when a person is locked out, epoch milliseconds; null where an attempt is let through. */
export function lockedUntil({ failedAttempts, attemptedAt }: Attempts, now: number): number | null {
  if (failedAttempts < MAX_FAILED_ATTEMPTS || attemptedAt === null) return null
  const until = attemptedAt + LOCK_OUT_MS
  return now < until ? until : null
}

/**
 * How the attempts stand after one more is let through. It counts as failed until the password is found right, so that
 * neither many attempts at once nor a crash between them give free guesses.
 */
export function afterAttempt(attempts: Attempts, now: number): Attempts {
  const isOver = attempts.failedAttempts >= MAX_FAILED_ATTEMPTS
  return { failedAttempts: isOver ? 1 : attempts.failedAttempts + 1, attemptedAt: now }
}

export const MIN_PASSWORD_CHARS = 12
export const MAX_PASSWORD_CHARS = 128

/** Null where the password may be chosen; length protects, rules about characters do not (NIST SP 800-63B 5.1.1.2). */
export function refusePassword(wanted: string, person: { userName: string; current: string }): Refusal | null {
  const length = [...wanted].length
  if (length < MIN_PASSWORD_CHARS || length > MAX_PASSWORD_CHARS) {
    return refuse(
      'password_unfit',
      `A password has ${MIN_PASSWORD_CHARS} to ${MAX_PASSWORD_CHARS} characters: take a sentence that only you know.`,
    )
  }
  if (wanted === person.current) return refuse('password_unfit', 'Choose another password than the one you have.')
  if (wanted.toLowerCase().includes(person.userName) || new Set(wanted).size < 5) {
    return refuse('password_unfit', 'The password is too easy to guess: neither your user name nor a few letters.')
  }
  return null
}
