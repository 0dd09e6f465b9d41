import { type RawBuilder, sql } from 'kysely'
import type * as rows from './rows.ts'
import type * as budget from './rows-budget.ts'
import type * as channels from './rows-channels.ts'
import type * as identity from './rows-identity.ts'
import type * as keeping from './rows-keeping.ts'
import type * as loggers from './rows-loggers.ts'
import type * as lots from './rows-lots.ts'
import type * as people from './rows-people.ts'
import type * as receipts from './rows-receipt.ts'
import type * as reviews from './rows-reviews.ts'

/**
 * The tables as TypeScript sees them; `test/db/tables.pg.test.ts` holds them against the migrated database.
 * Instants are read as epoch milliseconds and written through `at()`.
 */
export type Tables = {
  organisation: rows.Organisation
  site: rows.Site
  api_key: rows.ApiKey
  person: people.Person
  person_role: people.PersonRoleRow
  person_password: people.PersonPassword
  person_session: people.PersonSession
  signature: people.SignatureRow
  service_key: people.ServiceKeyRow
  ledger_stamp: people.LedgerStampRow
  product: rows.Product
  profile: rows.ProfileRow
  profile_approval: rows.ProfileApproval
  sensor: rows.Sensor
  lorawan_registration: channels.LorawanRegistration
  calibration: rows.Calibration
  therapy_order: rows.TherapyOrder
  container: channels.Container
  shipment: rows.Shipment
  shipment_party: rows.ShipmentParty
  shipment_profile: rows.ShipmentProfile
  shipment_order: identity.ShipmentOrder
  label_scan: identity.LabelScanRow
  unit: rows.Unit
  unit_declaration: budget.UnitDeclaration
  unit_split: budget.UnitSplit
  budget_posting: budget.BudgetPosting
  budget_entry: budget.BudgetEntry
  placement: rows.Placement
  batch: rows.Batch
  reading: rows.Reading
  conflict: rows.Conflict
  observation: channels.ObservationRow
  kept_message: rows.KeptMessage
  kept_message_release: rows.KeptMessageRelease
  custody_event: rows.CustodyEventRow
  evaluation: rows.EvaluationRow
  checkpoint: rows.Checkpoint
  judged_interval: rows.JudgedInterval
  audit_entry: rows.AuditEntry
  idempotency: rows.Idempotency
  logger_file: loggers.LoggerFile
  logger_file_part: loggers.LoggerFilePart
  logger_import: loggers.LoggerImport
  logger_import_run: loggers.LoggerImportRun
  readout: loggers.Readout
  reading_again: loggers.ReadingAgain
  sensor_sequence: rows.SensorSequence
  sensor_stripe: rows.SensorStripe
  shipment_stripe: rows.ShipmentStripe
  sequence_event: rows.SequenceEvent
  product_retention: keeping.ProductRetentionRow
  legal_hold: keeping.LegalHoldRow
  archive: keeping.ArchiveRow
  archive_restoration: keeping.ArchiveRestoration
  archived_series: keeping.ArchivedSeries
  lot_decision: lots.LotDecisionRow
  re_review: reviews.ReReviewRow
  re_review_decision: reviews.ReReviewDecisionRow
  product_receipt_terms: receipts.ProductReceiptTerms
  receipt: receipts.ReceiptRow
  receipt_verification: receipts.ReceiptVerificationRow
  deviation: receipts.DeviationRow
  deviation_closing: receipts.DeviationClosingRow
  exceptional_release: receipts.ExceptionalReleaseRow
  exceptional_release_step: receipts.ExceptionalReleaseStepRow
  disposition: receipts.DispositionRow
  schema_migration: rows.SchemaMigration
}

/** Epoch milliseconds as a timestamptz value, for inserts and comparisons. */
export function at(ms: number): RawBuilder<number> {
  return sql<number>`${new Date(ms).toISOString()}::timestamptz`
}

/** The same where there may be none. */
export function atOrNull(ms: number | null): RawBuilder<number> | null {
  return ms === null ? null : at(ms)
}

/** Any of these numbers, however many: a statement takes at most 65,535 parameters, a list of them one each. */
export function anyOf(numbers: readonly number[]): RawBuilder<number> {
  return sql<number>`any(${`{${numbers.join(',')}}`}::bigint[])`
}

/** Any JSON value for a jsonb column; `pg` would write an array as a Postgres array. */
export function json(value: unknown): RawBuilder<unknown> {
  return sql`${JSON.stringify(value)}::jsonb`
}
