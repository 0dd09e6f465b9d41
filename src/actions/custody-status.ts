import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { CUSTODY_DEFAULTS, type Custody, foldCustody } from '../domain/custody.ts'
import { findingSeverity, findingText } from '../domain/custody-finding.ts'
import { type LedgerEntry, verifyChain } from '../domain/ledger.ts'
import type { Refusal } from '../domain/refusal.ts'
import { type Ledger, loadLedger } from './custody-ledger.ts'
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
  /** `seq` of handover entries that a person signed, that a machine attested, and those given by acknowledgement. */
  signed: readonly number[]
  attested: readonly number[]
  acknowledgements: readonly number[]
  units: { code: string; terminal: { kind: string; at: number } | null }[]
  /** Hash of the newest ledger entry. */
  headHash: string
}

/** What a chain of custody is answered from: the verified ledger, and whom its keys name. */
export type CustodyFacts = {
  ledger: Ledger
  firstBadSeq: number | null
  coi: string | null
  maxHandoverMs: number
  consigneeOrg: string
  organisations: ReadonlyMap<string, { id: number; name: string }>
}

/** Folds a shipment's ledger as of an instant, after verifying its hash chain. */
export async function custodyAnswer(tx: Tx, shipmentId: number, asOf: number): Promise<CustodyAnswer> {
  return custodyOf(await loadCustody(tx, shipmentId), asOf)
}

/** Loads a shipment's ledger, or what was known of it by an instant, and verifies its hash chain. */
export async function loadCustody(tx: Tx, shipmentId: number, knownAt: number | 'now' = 'now'): Promise<CustodyFacts> {
  const shipment = await tx
    .selectFrom('shipment')
    .innerJoin('organisation', 'organisation.id', 'shipment.consignee_id')
    .select(['shipment.coi', 'shipment.max_handover_ms', 'organisation.id', 'organisation.gln'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const ledger = await loadLedger(tx, shipmentId, knownAt)
  const verified = verifyChain(ledger.entries, sha256)
  return {
    ledger,
    firstBadSeq: verified.valid ? null : verified.firstBadSeq,
    coi: shipment.coi,
    maxHandoverMs: shipment.max_handover_ms,
    consigneeOrg: organisationKey(shipment),
    organisations: await loadOrganisations(tx, ledger),
  }
}

/** The chain of custody as of an instant. */
export function custodyOf(facts: CustodyFacts, asOf: number): CustodyAnswer {
  const custody = foldCustody(facts.ledger.events, {
    ...CUSTODY_DEFAULTS,
    asOf,
    destinationOrg: facts.consigneeOrg,
    maxHandoverMs: facts.maxHandoverMs,
    coi: facts.coi,
    firstBadSeq: facts.firstBadSeq,
  })
  const { lastEvent, currentHolder } = custody
  const holder = currentHolder === null ? undefined : facts.organisations.get(currentHolder)
  return {
    chainStatus: custody.chainStatus,
    holder:
      currentHolder === null
        ? null
        : { key: currentHolder, organisationId: holder?.id ?? null, name: holder?.name ?? null },
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
    attested: custody.attested,
    acknowledgements: custody.acknowledgements,
    units: [...custody.units].map(([code, terminal]) => ({
      code,
      terminal: terminal && { kind: terminal.kind, at: terminal.at },
    })),
    headHash: facts.ledger.head.hash,
  }
}

/** The ledger of a shipment with its hashes, in order of recording. Refused: `not_found`. */
export async function listCustody(ctx: Ctx, actor: Actor, shipmentId: number): Promise<LedgerEntry[] | Refusal> {
  return ctx.db.kysely.transaction().execute(async (tx) => {
    return (await refuseUnlessSeen(tx, actor, shipmentId)) ?? (await loadLedger(tx, shipmentId)).entries
  })
}

/** Everybody who can be a holder: custody begins with an event's organisation and moves to the one it is handed to. */
async function loadOrganisations(tx: Tx, { events }: Ledger): Promise<Map<string, { id: number; name: string }>> {
  const keys = [...new Set(events.flatMap(({ byOrg, toOrg }) => [byOrg, ...(toOrg === undefined ? [] : [toOrg])]))]
  if (keys.length === 0) return new Map()
  const ids = keys.flatMap((key) => /^organisation:(\d+)$/.exec(key)?.[1] ?? [])
  const rows = await tx
    .selectFrom('organisation')
    .select(['id', 'name', 'gln'])
    .where((eb) => eb.or([eb('gln', 'in', keys), eb('id', 'in', [0, ...ids.map(Number)])]))
    .execute()
  // an organisation that got its GLN later is still meant by its former key
  return new Map(
    rows.flatMap(({ id, name, gln }) => [
      [`organisation:${id}`, { id, name }] as const,
      ...(gln === null ? [] : [[gln, { id, name }] as const]),
    ]),
  )
}
