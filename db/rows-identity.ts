import type { Id, Instant, Json, OrNull } from './rows.ts'

/** Rows of which order a shipment answers, and of what people read off labels; see `tables.ts`. */
export type ShipmentOrder = {
  id: Id
  shipment_id: number
  order_id: number
  reason: OrNull<string>
  known_at: Instant
}
export type LabelScanRow = {
  id: Id
  shipment_id: number
  unit_code: OrNull<string>
  organisation_id: number
  person_key: string
  person_name: string
  read_at: Instant
  place: OrNull<string>
  remark: OrNull<string>
  parts: Json
  known_at: Instant
}
