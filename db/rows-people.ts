import type { Generated } from 'kysely'
import type { Id, Instant, InstantOrNull, OrNull } from './rows.ts'

/*
 * The rows of people and of what they sign; `rows.ts` has the others and says how instants are read and written.
 */

export type Person = {
  id: Id
  organisation_id: number
  user_name: string
  printed_name: string
  email: OrNull<string>
  site_id: OrNull<number>
  known_at: Instant
  disabled_at: InstantOrNull
  failed_attempts: Generated<number>
  attempted_at: InstantOrNull
}
export type PersonRoleRow = {
  id: Id
  person_id: number
  organisation_id: number
  role: string
  known_at: Instant
  revoked_at: InstantOrNull
}
export type PersonPassword = { id: Id; person_id: number; hash: string; temporary: boolean; known_at: Instant }
export type PersonSession = {
  id: Id
  person_id: number
  token_sha256: Buffer
  known_at: Instant
  used_at: Instant
  expires_at: Instant
  ended_at: InstantOrNull
}
