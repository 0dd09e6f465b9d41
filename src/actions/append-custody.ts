import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import type { Canonical } from '../domain/canonical.ts'
import { type CustodyEvent, eventRecord } from '../domain/custody-event.ts'
import type { NamedEvaluation } from '../domain/evaluation-hash.ts'
import { appendEntry, type ChainHead, type LedgerEntry } from '../domain/ledger.ts'
import { CUSTODY_EVENT } from '../domain/verify-ledger.ts'
import { audit } from './audit.ts'
import type { Ledger } from './custody-ledger.ts'
import { type Signer, sign } from './signatures.ts'
import { sha256 } from './store-evaluations.ts'

/** An event to append, by whom, and who has proved that they sign it. The place in the ledger is given here. */
export type Appending = {
  actor: Actor
  shipmentId: number
  event: Omit<CustodyEvent, 'seq' | 'signatures'>
  signers: readonly Signer[]
  /** The one relied on, which the signatures name; null where the event rests on none. */
  evaluation: NamedEvaluation | null
}

/**
 * Appends a custody event to a ledger whose shipment is locked and whose refusals are the caller's; answers the ledger
 * with it. A signature covers the entry with its place and link, and stands in the entry that is hashed: neither can be
 * taken out, nor put elsewhere.
 */
export async function appendCustody(tx: Tx, ctx: Ctx, asked: Appending & { ledger: Ledger }): Promise<Appended> {
  const { actor, shipmentId, ledger, signers } = asked
  const stated = { ...asked.event, seq: ledger.head.seq + 1 }
  const unsigned = appendEntry(ledger.head, { ...eventRecord(stated), shipmentId }, sha256)
  const id = `${shipmentId}/${unsigned.seq}`
  const record = { type: CUSTODY_EVENT, id, sha256: unsigned.hash, shipmentId, evaluation: asked.evaluation }
  const signatures: Canonical[] = []
  for (const signer of signers) signatures.push((await sign(tx, ctx, { signer, record })).entry)
  const event: CustodyEvent = signatures.length === 0 ? stated : { ...stated, signatures }
  const entry = appendEntry(ledger.head, { ...eventRecord(event), shipmentId }, sha256)
  await insertEntry(tx, { shipmentId, organisationId: organisationOf(actor), at: event.at, entry })
  const deed = { at: event.recordedAt, action: `custody_${event.kind}`, subjectKind: 'shipment', subjectId: shipmentId }
  await audit(tx, actor, [{ ...deed, after: { seq: entry.seq, hash: entry.hash }, reason: event.reason ?? null }])
  return { ...withEntry(ledger, entry), events: [...ledger.events, event], event, entry }
}

export type Appended = Ledger & { event: CustodyEvent; entry: LedgerEntry }

/** The ledger with one more entry. */
export function withEntry(ledger: Ledger, entry: LedgerEntry): Ledger & { head: ChainHead } {
  return { ...ledger, entries: [...ledger.entries, entry], head: { seq: entry.seq, hash: entry.hash } }
}

type Inserted = { shipmentId: number; organisationId: number | null; at: number; entry: LedgerEntry }

/** Stores an entry of any kind; `at` is when what it says happened, the organisation null for the service's own. */
export async function insertEntry(tx: Tx, inserted: Inserted): Promise<void> {
  const { seq, prevHash, hash, ...record } = inserted.entry
  await tx
    .insertInto('custody_event')
    .values({
      shipment_id: inserted.shipmentId,
      seq,
      kind: String(record.kind),
      at: at(inserted.at),
      known_at: at(Date.parse(String(record.recordedAt))),
      organisation_id: inserted.organisationId,
      record: json(record),
      prev_hash: prevHash,
      hash,
    })
    .execute()
}
