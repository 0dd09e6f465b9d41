import type { Id, Instant, Json, OrNull } from './rows.ts'

/** Rows of how long data is kept, what must not go, and where archived months went; see `tables.ts`. */
export type ProductRetentionRow = {
  id: Id
  product_id: number
  years: Json
  shelf_life_years: OrNull<number>
  reason: string
  known_at: Instant
}
export type LegalHoldRow = {
  id: Id
  organisation_id: number
  subject: string
  shipment_id: OrNull<number>
  product_id: OrNull<number>
  lot: OrNull<string>
  sensor_id: OrNull<number>
  reason: string
  actor_kind: string
  actor_id: string
  lifts_id: OrNull<number>
  known_at: Instant
}
export type ArchiveRow = {
  id: Id
  name: string
  table_name: string
  month: string
  rows: number
  conflicts: number
  manifest: Json
  manifest_sha256: string
  known_at: Instant
}
export type ArchiveRestoration = { archive_id: number; known_at: Instant }
export type ArchivedSeries = { archive_id: number; placement_id: number; cells: Json }
