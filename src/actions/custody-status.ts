import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { CUSTODY_DEFAULTS, type Custody, foldCustody } from '../domain/custody.ts'
import { findingSeverity, findingText } from '../domain/custody-finding.ts'
import { type LedgerEntry, verifyChain } from '../domain/ledger.ts'
import type { Refusal } from '../domain/refusal.ts'
import { loadLedger } from './custody-ledger.ts'
import { organisationKey } from './organisations.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { sha256 } from './store-evaluations.ts'

/** How a shipment's chain of custody stands; `seq` names the ledger entry a finding is about. */
export type CustodyAnswer = {
  chainStatus: Custody['chainStatus']
  holder: { key: string; organisationId: number | null; name: string | null } | null
  lastEvent: { seq: number; kind: string; at: number; byOrg: string } | null
  seals: readonly string[] | null
  findings: { code: string; seq: number | null; kind: string | null; severity: string; text: string }[]
  /** `seq` of handover entries that a person signed, and of those given by acknowledgement. */
  signed: readonly number[]
  acknowledgements: readonly number[]
  units: { code: string; terminal: { kind: string; at: number } | null }[]
  /** Hash of the newest ledger entry. */
  headHash: string
}

/** Folds a shipment's ledger as of an instant, after verifying its hash chain. */
export async function custodyAnswer(tx: Tx, shipmentId: number, asOf: number): Promise<CustodyAnswer> {
  const shipment = await tx
    .selectFrom('shipment')
    .innerJoin('organisation', 'organisation.id', 'shipment.consignee_id')
    .select(['shipment.coi', 'shipment.max_handover_ms', 'organisation.id', 'organisation.gln'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const ledger = await loadLedger(tx, shipmentId)
  const verified = verifyChain(ledger.entries, sha256)
  const custody = foldCustody(ledger.events, {
    ...CUSTODY_DEFAULTS,
    asOf,
    destinationOrg: organisationKey(shipment),
    maxHandoverMs: shipment.max_handover_ms,
    coi: shipment.coi,
    firstBadSeq: verified.valid ? null : verified.firstBadSeq,
  })
  const { lastEvent } = custody
  return {
    chainStatus: custody.chainStatus,
    holder: await holderOf(tx, custody.currentHolder),
    lastEvent: lastEvent && { seq: lastEvent.seq, kind: lastEvent.kind, at: lastEvent.at, byOrg: lastEvent.byOrg },
    seals: custody.seals,
    findings: custody.findings.map((finding) => ({
      code: finding.code,
      seq: finding.seq,
      kind: 'kind' in finding ? finding.kind : null,
      severity: findingSeverity[finding.code],
      text: findingText[finding.code],
    })),
    signed: custody.signed,
    acknowledgements: custody.acknowledgements,
    units: [...custody.units].map(([code, terminal]) => ({
      code,
      terminal: terminal && { kind: terminal.kind, at: terminal.at },
    })),
    headHash: ledger.head.hash,
  }
}

/** The ledger of a shipment with its hashes, in order of recording. Refused: `not_found`. */
export async function listCustody(ctx: Ctx, actor: Actor, shipmentId: number): Promise<LedgerEntry[] | Refusal> {
  return ctx.db.kysely.transaction().execute(async (tx) => {
    return (await refuseUnlessSeen(tx, actor, shipmentId)) ?? (await loadLedger(tx, shipmentId)).entries
  })
}

async function holderOf(tx: Tx, key: string | null): Promise<CustodyAnswer['holder']> {
  if (key === null) return null
  const id = /^organisation:(\d+)$/.exec(key)?.[1]
  const query = tx.selectFrom('organisation').select(['id', 'name'])
  const row = await (id === undefined
    ? query.where('gln', '=', key)
    : query.where('id', '=', Number(id))
  ).executeTakeFirst()
  return { key, organisationId: row?.id ?? null, name: row?.name ?? null }
}
