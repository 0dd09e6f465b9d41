import type { Id, Instant, Json, OrNull } from './rows.ts'

/** Rows of receipts and of what people decided about units; see `tables.ts`. */
export type ProductReceiptTerms = {
  id: Id
  product_id: number
  max_transfer_ms: number
  needs_qa: boolean
  reason: string
  known_at: Instant
}
export type ReceiptRow = {
  id: Id
  shipment_id: number
  revision: number
  organisation_id: number
  receiver_id: number
  received_at: Instant
  record: Json
  record_sha256: string
  event_seq: number
  known_at: Instant
}
export type ReceiptVerificationRow = {
  id: Id
  shipment_id: number
  revision: number
  organisation_id: number
  verifier_id: number
  record: Json
  record_sha256: string
  event_seq: number
  known_at: Instant
}
export type DeviationRow = {
  id: Id
  shipment_id: number
  number: string
  system: string
  classification: string
  units: Json
  findings: Json
  note: OrNull<string>
  organisation_id: number
  opened_by: string
  opened_at: Instant
  known_at: Instant
}
export type DeviationClosingRow = {
  deviation_id: number
  closed_at: Instant
  conclusion: string
  organisation_id: number
  closed_by: string
  known_at: Instant
}
export type ExceptionalReleaseRow = {
  id: Id
  shipment_id: number
  number: number
  units: Json
  findings: Json
  organisation_id: number
  known_at: Instant
}
export type ExceptionalReleaseStepRow = {
  id: Id
  exceptional_release_id: number
  step: string
  form: string
  name: string
  said_by: OrNull<string>
  said_at: Instant
  authority_notice: OrNull<string>
  record: Json
  record_sha256: string
  signature_id: OrNull<number>
  organisation_id: number
  known_at: Instant
}
export type DispositionRow = {
  id: Id
  shipment_id: number
  number: number
  disposition: string
  organisation_id: number
  signer_id: number
  exceptional_release_id: OrNull<number>
  record: Json
  record_sha256: string
  event_seq: number
  known_at: Instant
}
