import type { Id, Instant, InstantOrNull, Json, OrNull } from './rows.ts'

/** Rows of containers and of what channels beyond temperature tell about them; see `tables.ts`. */
export type Container = {
  id: Id
  organisation_id: number
  serial: string
  kind: string
  grai: OrNull<string>
  qualified_until: InstantOrNull
  hold_time_ms: OrNull<number>
  coolant_capacity_milli: OrNull<number>
  coolant_loss_milli_per_day: OrNull<number>
  empty_mass_g: OrNull<number>
  dynamic_hold_time_ms: OrNull<number>
  known_at: Instant
}
export type ObservationRow = {
  sensor_id: number
  measured_at: Instant
  received_at: Instant
  batch_id: number
  seq: OrNull<number>
  value: OrNull<number>
  quantity: number
  channel: string
  raw: OrNull<string>
}
export type LorawanRegistration = {
  id: Id
  sensor_id: number
  dev_eui: string
  decoder: OrNull<string>
  fields: Json
  reason: OrNull<string>
  known_at: Instant
  superseded_at: InstantOrNull
}
