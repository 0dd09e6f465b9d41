import type { ColumnType, Generated, GeneratedAlways, RawBuilder } from 'kysely'

/*
 * The rows of each table. Instants are read as epoch milliseconds and written through `at()` of `tables.ts`.
 */

export type Instant = ColumnType<number, RawBuilder<number>, RawBuilder<number>>
export type InstantOrNull = ColumnType<number | null, RawBuilder<number> | null | undefined, RawBuilder<number> | null>
export type Json = ColumnType<unknown, RawBuilder<unknown>, RawBuilder<unknown>>
export type JsonOrNull = ColumnType<unknown, RawBuilder<unknown> | null | undefined, RawBuilder<unknown> | null>
export type OrNull<T> = ColumnType<T | null, T | null | undefined, T | null>
export type Id = GeneratedAlways<number>

export type Organisation = { id: Id; name: string; gln: OrNull<string>; known_at: Instant }
export type Site = {
  id: Id
  organisation_id: number
  name: string
  gln: OrNull<string>
  time_zone: string
  known_at: Instant
}
export type ApiKey = {
  id: Id
  organisation_id: number
  role: string
  label: string
  secret_sha256: Buffer
  known_at: Instant
  revoked_at: InstantOrNull
}
export type Product = { id: Id; organisation_id: number; name: string; gtin: OrNull<string>; known_at: Instant }
export type ProfileRow = {
  id: Id
  product_id: number
  version: number
  name: string
  definition: Json
  example: boolean
  known_at: Instant
}
export type ProfileApproval = {
  profile_id: number
  approver: string
  source: string
  effective_at: Instant
  known_at: Instant
}
export type Sensor = {
  id: Id
  organisation_id: number
  serial: string
  model: string
  range_low_milli_c: OrNull<number>
  range_high_milli_c: OrNull<number>
  noisy: boolean
  secret_sha256: Buffer
  known_at: Instant
  revision: Generated<number>
}
export type Calibration = {
  id: Id
  sensor_id: number
  channel: string
  certificate: string
  laboratory: string
  calibrated_at: Instant
  due_at: Instant
  points: Json
  uncertainty_milli_c: number
  as_found: OrNull<string>
  known_at: Instant
  superseded_at: InstantOrNull
  superseded_reason: OrNull<string>
}
export type TherapyOrder = {
  id: Id
  organisation_id: number
  number: string
  product_id: number
  consignee_id: number
  coi: OrNull<string>
  coi_scheme: OrNull<string>
  expected: Json
  needed_by: InstantOrNull
  known_at: Instant
}
export type Shipment = {
  id: Id
  organisation_id: number
  reference: string
  order_id: OrNull<number>
  product_id: number
  consignee_id: number
  container_id: OrNull<number>
  sscc: OrNull<string>
  coi: OrNull<string>
  coi_scheme: OrNull<string>
  max_handover_ms: number
  known_at: Instant
  profile_id: number
  packed_at: InstantOrNull
  closed_at: InstantOrNull
  judge_from: InstantOrNull
  root_due: Generated<boolean>
  review_due: Generated<boolean>
  revision: Generated<number>
  keeper: OrNull<number>
}
export type ShipmentParty = { shipment_id: number; organisation_id: number; role: string; known_at: Instant }
export type ShipmentProfile = {
  id: Id
  shipment_id: number
  profile_id: number
  reason: OrNull<string>
  known_at: Instant
}
export type Unit = {
  id: Id
  shipment_id: number
  code: string
  gtin: OrNull<string>
  serial: OrNull<string>
  din: OrNull<string>
  lot: OrNull<string>
  expiry_at: InstantOrNull
  expiry_local: OrNull<string>
  known_at: Instant
}
export type Placement = {
  id: Id
  sensor_id: number
  channel: string
  shipment_id: number
  role: string
  from_at: Instant
  to_at: InstantOrNull
  until_window_end: boolean
  calibration_id: OrNull<number>
  corrects_id: OrNull<number>
  reason: OrNull<string>
  known_at: Instant
  superseded_at: InstantOrNull
}
export type Batch = {
  ordinal: Generated<number>
  id: Generated<number>
  known_at: Instant
  messages: number
  readings: number
  duplicates: number
  conflicts: number
  import_id: OrNull<number>
}
export type Reading = {
  sensor_id: number
  measured_at: Instant
  received_at: Instant
  batch_id: number
  seq: OrNull<number>
  value_milli_c: OrNull<number>
  channel: string
  raw: OrNull<string>
  source: Generated<number>
}
export type Conflict = {
  id: Id
  sensor_id: number
  channel: string
  measured_at: Instant
  value_milli_c: OrNull<number>
  raw: OrNull<string>
  seq: OrNull<number>
  received_at: Instant
  batch_id: number
  payload: Buffer
  source: Generated<number>
}
export type KeptMessage = {
  id: Id
  outcome: string
  reason: string
  detail: string
  topic: string
  content_type: OrNull<string>
  payload: Buffer
  sensor_id: OrNull<number>
  received_at: Instant
  known_at: Instant
  dev_eui: OrNull<string>
}
export type KeptMessageRelease = { kept_message_id: number; reason: string; readings: number; known_at: Instant }
export type CustodyEventRow = {
  ordinal: Generated<number>
  shipment_id: number
  seq: number
  kind: string
  at: Instant
  known_at: Instant
  organisation_id: OrNull<number>
  record: Json
  prev_hash: string
  hash: string
}
export type EvaluationRow = {
  ordinal: Generated<number>
  id: Id
  shipment_id: number
  version: number
  judge_version: number
  profile_id: number
  status: string
  severity: OrNull<string>
  complete: boolean
  window_from_at: InstantOrNull
  window_to_at: InstantOrNull
  inputs: Json
  inputs_sha256: string
  content: Json
  content_sha256: string
  statistics: Json
  known_at: Instant
}
export type Checkpoint = {
  placement_id: number
  ordinal: number
  up_to_at: number
  fingerprint: string
  valid: number
  faults: number
  conflicts: number
  intervals: number
  covered_ms: number
  state: number[]
}
export type JudgedInterval = {
  placement_id: number
  ordinal: number
  level: number
  kind: number
  from_ms: number
  to_ms: number
  last_out_ms: OrNull<number>
  extreme_milli_c: OrNull<number>
}
export type AuditEntry = {
  id: Id
  known_at: Instant
  actor_kind: string
  actor_id: string
  organisation_id: OrNull<number>
  role: OrNull<string>
  action: string
  subject_kind: string
  subject_id: string
  before: JsonOrNull
  after: JsonOrNull
  reason: OrNull<string>
  request_id: OrNull<string>
}
export type Idempotency = {
  organisation_id: number
  key: string
  request_sha256: string
  status: number
  response: Json
  known_at: Instant
}
export type SchemaMigration = { number: number; name: string; sha256: string; applied_at: Instant }
export type SensorSequence = {
  sensor_id: number
  epoch: number
  seen: string
  up_to_at: Instant
  begun_at: InstantOrNull
  missing_since: InstantOrNull
  asked: OrNull<string>
  asked_times: Generated<string>
  attempts: Generated<number>
  resend_due_at: InstantOrNull
}
export type SensorStripe = { id: number; revision: Generated<number> }
export type ShipmentStripe = { id: number; revision: Generated<number>; keeper: OrNull<number> }
export type SequenceEvent = {
  id: Id
  sensor_id: number
  epoch: number
  kind: string
  from_seq: number
  to_seq: number
  batch_id: number
  known_at: Instant
}
