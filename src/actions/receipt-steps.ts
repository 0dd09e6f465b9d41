import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { CustodyEvent } from '../domain/custody-event.ts'
import { DECISIONS, type Decision, type UnitStanding } from '../domain/disposition.ts'
import { type JudgedUnit, type ReceiptStep, unitStandings } from '../domain/receipt-steps.ts'
import { ledgerEvent } from './custody-ledger.ts'
import {
  evaluation,
  judgedUnit,
  loadReceipts,
  loadVerifications,
  type StoredReceipt,
  type StoredVerification,
} from './stored-receipt.ts'

/** A decision as it was signed. */
export type StoredDisposition = {
  number: number
  disposition: Decision
  organisationId: number
  signerId: number
  signerName: string
  reason: string
  /** Each unit with what was found about it then. */
  units: JudgedUnit[]
  /** Numbers of the deviations that cover what was found. */
  deviations: string[]
  exceptionalRelease: number | null
  witness: string | null
  evaluation: z.infer<typeof evaluation> | null
  recordSha256: string
  eventSeq: number
  knownAt: number
}

const disposition = z.object({
  signerName: z.string(),
  reason: z.string(),
  units: z.array(judgedUnit),
  deviations: z.array(z.string()),
  exceptionalRelease: z.int().nullable(),
  witness: z.string().nullable(),
  evaluation: evaluation.nullable(),
})
const decision = z.enum(DECISIONS)

/** The decisions about a shipment's units, in order. */
export async function loadDispositions(tx: Pick<Tx, 'selectFrom'>, shipmentId: number): Promise<StoredDisposition[]> {
  const rows = await tx
    .selectFrom('disposition')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('number')
    .execute()
  return rows.map((row) => ({
    ...disposition.parse(row.record),
    number: row.number,
    disposition: decision.parse(row.disposition),
    organisationId: row.organisation_id,
    signerId: row.signer_id,
    recordSha256: row.record_sha256,
    eventSeq: row.event_seq,
    knownAt: row.known_at,
  }))
}

/** All that people signed about the units of a shipment, as stored. */
export type SignedActs = {
  receipts: StoredReceipt[]
  verifications: StoredVerification[]
  dispositions: StoredDisposition[]
  /** Units that were given, by the ledger. */
  administered: CustodyEvent[]
}

/** Loads what people signed about the units of a shipment, and what was given. */
export async function loadSignedActs(tx: Tx, shipmentId: number): Promise<SignedActs> {
  const given = await tx
    .selectFrom('custody_event')
    .select(['seq', 'record'])
    .where('shipment_id', '=', shipmentId)
    .where('kind', '=', 'administered')
    .orderBy('seq')
    .execute()
  return {
    receipts: await loadReceipts(tx, shipmentId),
    verifications: await loadVerifications(tx, shipmentId),
    dispositions: await loadDispositions(tx, shipmentId),
    administered: given.map(ledgerEvent),
  }
}

/** Where each unit stands by what was signed; codes of units that are on no packing list may be among them. */
export function standingsOf(
  acts: SignedActs,
  { codes, needsQa, inReReview }: { codes: readonly string[]; needsQa: boolean; inReReview: boolean },
): Map<string, UnitStanding> {
  // the newest of all: what was signed since does not end a re-review, only its own decision does
  const late = { is: 'ground_changed', seq: Number.MAX_SAFE_INTEGER, version: 0, units: codes } as const
  return unitStandings([...stepsOf(acts), ...(inReReview ? [late] : [])], { codes, needsQa })
}

function stepsOf({ receipts, verifications, dispositions, administered }: SignedActs): ReceiptStep[] {
  return [
    ...receipts.map(({ eventSeq: seq, record: { evaluation: relied, receiver, judged } }) => {
      return { is: 'receipt' as const, seq, version: relied?.version ?? 0, receiver, units: judged }
    }),
    ...verifications.map(({ eventSeq: seq, evaluation: relied, verifierId, accepted }) => {
      const verifier = personKey(verifierId)
      return { is: 'verification' as const, seq, version: relied?.version ?? 0, verifier, accepted }
    }),
    ...dispositions.map(({ eventSeq: seq, evaluation: relied, signerId, disposition: decided, units }) => {
      const signer = personKey(signerId)
      return { is: 'disposition' as const, seq, version: relied?.version ?? 0, decision: decided, signer, units }
    }),
    ...administered.map(({ seq, at, units }) => ({ is: 'administered' as const, seq, at, units })),
  ]
}

/** A person as records and ledger entries name them. */
export function personKey(id: number): string {
  return `person:${id}`
}
