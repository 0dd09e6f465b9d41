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
export type SignatureRow = {
  id: Id
  person_id: number
  user_name: string
  printed_name: string
  organisation_id: number
  organisation_key: string
  role: string
  role_for_id: number
  role_for_key: string
  meaning: string
  reason: OrNull<string>
  tz_offset: string
  record_type: string
  record_id: string
  record_sha256: string
  evaluation_version: OrNull<number>
  evaluation_sha256: OrNull<string>
  shipment_id: OrNull<number>
  sha256: string
  known_at: Instant
}
export type ServiceKeyRow = { id: Id; kid: string; public_key: string; salt: string; reason: string; known_at: Instant }
export type LedgerStampRow = {
  shipment_id: number
  seq: number
  hash: string
  kid: string
  signature: string
  known_at: Instant
}
