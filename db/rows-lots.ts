import type { Id, Instant, OrNull } from './rows.ts'

/** Rows of what sponsors say about lots; see `tables.ts`. */
export type LotDecisionRow = {
  id: Id
  product_id: number
  lot: string
  kind: string
  batch_status: OrNull<string>
  reference: OrNull<string>
  reason: string
  lifts_id: OrNull<number>
  known_at: Instant
}
