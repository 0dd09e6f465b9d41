import type { Generated } from 'kysely'
import type { Id, Instant, Json } from './rows.ts'

/** Rows of late truth; see `tables.ts`. */
export type ReReviewRow = {
  id: Id
  shipment_id: number
  evaluation_version: number
  evaluation_sha256: string
  found: Json
  found_sha256: string
  ordinal: Generated<number>
  known_at: Instant
}
export type ReReviewDecisionRow = {
  id: Id
  shipment_id: number
  up_to_id: number
  evaluation_version: number
  evaluation_sha256: string
  conclusion: string
  reason: string
  ordinal: Generated<number>
  known_at: Instant
}
