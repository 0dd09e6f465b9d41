import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import { BOX_ITEMS, UNIT_ITEMS } from '../domain/checklist.ts'
import { FINDING_CODES, VERDICTS } from '../domain/finding.ts'
import type { ReceiptRecord } from '../domain/receipt-record.ts'
import { instant } from './custody-ledger.ts'

/** A receipt as it was signed; the newest revision of a shipment rules. */
export type StoredReceipt = {
  id: number
  shipmentId: number
  revision: number
  organisationId: number
  receiverId: number
  record: ReceiptRecord
  recordSha256: string
  /** The signed custody event that names the record. */
  eventSeq: number
  knownAt: number
}

/** The receipts of a shipment by revision, ascending. */
export async function loadReceipts(tx: Pick<Tx, 'selectFrom'>, shipmentId: number): Promise<StoredReceipt[]> {
  const rows = await tx
    .selectFrom('receipt')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('revision')
    .execute()
  return rows.map(storedReceipt)
}

const answer = z.object({ said: z.enum(['yes', 'no', 'not_done']), remark: z.string().nullable() })

/** An answer to every question about the box, and about a unit. */
export const boxAnswers = z.record(z.enum(BOX_ITEMS), answer)
export const unitAnswers = z.record(z.enum(UNIT_ITEMS), answer)

/** A unit with its verdict, as records of receipts and decisions have it. */
export const judgedUnit = z.object({
  code: z.string(),
  verdict: z.enum(VERDICTS),
  findings: z.array(z.enum(FINDING_CODES)),
})

/** An evaluation as records name it. */
export const evaluation = z.object({ version: z.int(), sha256: z.string() })

const record = z.object({
  shipmentId: z.int(),
  revision: z.int(),
  organisation: z.string(),
  receiver: z.string(),
  receiverName: z.string(),
  receivedAt: instant,
  recordedAt: instant,
  evaluation: evaluation.nullable(),
  box: boxAnswers,
  seals: z.array(z.string()).nullable(),
  displayMilliC: z.int().nullable(),
  loggerClock: z.object({ showsAt: instant, at: instant }).nullable(),
  weightG: z.int().nullable(),
  dataOwner: z.string(),
  dataAbsent: z.object({ by: z.string(), at: instant, reason: z.string() }).nullable(),
  data: z.discriminatedUnion('state', [
    z.object({ state: z.literal('complete') }),
    z.object({ state: z.literal('pending'), owner: z.string(), dueAt: instant, clearedBy: z.string() }),
    z.object({ state: z.literal('absent'), because: z.enum(['declared', 'overdue']), sinceAt: instant }),
  ]),
  units: z.array(
    z.object({
      code: z.string(),
      inBox: z.boolean(),
      answers: unitAnswers,
      transfer: z.union([z.literal('stays_in_container'), z.object({ outAt: instant, storedAt: instant })]).nullable(),
      place: z.string().nullable(),
    }),
  ),
  judged: z.array(judgedUnit),
}) satisfies z.ZodType<ReceiptRecord>

function storedReceipt(row: Selectable<Tables['receipt']>): StoredReceipt {
  return {
    id: row.id,
    shipmentId: row.shipment_id,
    revision: row.revision,
    organisationId: row.organisation_id,
    receiverId: row.receiver_id,
    record: record.parse(row.record),
    recordSha256: row.record_sha256,
    eventSeq: row.event_seq,
    knownAt: row.known_at,
  }
}

/** The second person under a revision, and the units that became available by it. */
export type StoredVerification = {
  revision: number
  organisationId: number
  verifierId: number
  verifierName: string
  accepted: string[]
  remark: string | null
  evaluation: z.infer<typeof evaluation> | null
  recordSha256: string
  eventSeq: number
  knownAt: number
}

const verification = z.object({
  verifierName: z.string(),
  accepted: z.array(z.string()),
  remark: z.string().nullable(),
  evaluation: evaluation.nullable(),
})

/** The verifications of a shipment's receipts, in order of recording. */
export async function loadVerifications(tx: Pick<Tx, 'selectFrom'>, shipmentId: number): Promise<StoredVerification[]> {
  const rows = await tx
    .selectFrom('receipt_verification')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  return rows.map((row) => {
    const { verifierName, accepted, remark, evaluation: relied } = verification.parse(row.record)
    return {
      revision: row.revision,
      organisationId: row.organisation_id,
      verifierId: row.verifier_id,
      verifierName,
      accepted,
      remark,
      evaluation: relied,
      recordSha256: row.record_sha256,
      eventSeq: row.event_seq,
      knownAt: row.known_at,
    }
  })
}
