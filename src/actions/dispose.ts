import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { type Decision, MAY_DISPOSE } from '../domain/disposition.ts'
import type { NamedEvaluation } from '../domain/evaluation-hash.ts'
import { judgedRecord } from '../domain/receipt-record.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Meaning } from '../domain/signature.ts'
import type { Stamp } from '../domain/stamp.ts'
import { isoInstant } from '../domain/units.ts'
import { IN_CONTAINER } from '../domain/window.ts'
import { type Appended, appendCustody } from './append-custody.ts'
import { audit } from './audit.ts'
import { loadLedger } from './custody-ledger.ts'
import { receiversOf, refuseStrangers } from './custody-signers.ts'
import { type Budgets, decideOn } from './decide-on.ts'
import { type DecidedUnit, decidedUnits } from './decided-units.ts'
import { followLedger, loadSeenShipment } from './follow-ledger.ts'
import { organisationKeys } from './organisations.ts'
import { appendReadingsRoot, type Rooted } from './readings-roots.ts'
import { personKey } from './receipt-steps.ts'
import { loadReceiptView, type ReceiptView } from './receipt-view.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import { authenticateSigner, type Signer, type Signing } from './signatures.ts'
import { stampHead } from './stamps.ts'
import { sha256 } from './store-evaluations.ts'

/** A decision a person wants to sign about named units. */
export type DispositionInput = {
  shipmentId: number
  decision: Decision
  units: readonly string[]
  reason: string
  /** The evaluation that was read; null: there was none. A quarantine does not wait for it. */
  cited: NamedEvaluation | null
  exceptionalRelease: number | null
  /** How it was destroyed, or to whom returned. */
  method: string | null
  signing: Signing
  /** The witness of a destruction. */
  second: (Signing & { userName: string }) | null
}

export type Disposed = {
  number: number
  recordSha256: string
  units: DecidedUnit[]
  evaluation: NamedEvaluation | null
  entry: Appended['entry']
  stamp: Stamp | null
}

/** What a person means by signing a decision; a return is approved. */
const MEANING: Record<Decision, Meaning> = {
  quarantined: 'quarantined',
  released: 'released',
  rejected: 'rejected',
  released_exceptionally: 'released_exceptionally',
  returned: 'approved',
  destroyed: 'destroyed',
}

/** Record type under which a signing that failed is entered. */
const DISPOSITION = 'disposition'

/**
 * Signs a decision about named units: all of them or none. The signature covers the custody event, which names the
 * record by its hash, and the evaluation relied on. The service recommends and never decides: without this no unit is
 * released, rejected, returned or destroyed. Refused as `refuseDisposition` and `refuseExceptional` say, and as signing
 * is; `changed_meanwhile` where the evaluation is not the newest; `not_found` for a unit that is not in the shipment.
 */
export async function dispose(ctx: Ctx, actor: Actor, input: DispositionInput): Promise<Disposed | Refusal> {
  const { shipmentId } = input
  const no = denied(actor, 'record_custody') ?? (await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId))
  if (no !== null) return no
  const sponsorId = await sponsorOf(ctx, shipmentId)
  const signers = await dispositionSigners(ctx, actor, { input, sponsorId })
  if (isRefusal(signers)) return signers
  return decideOn(ctx, shipmentId, (tx, budgets) => append(tx, ctx, { actor, input, sponsorId, signers, budgets }))
}

async function sponsorOf(ctx: Ctx, shipmentId: number): Promise<number> {
  const row = await ctx.db.kysely
    .selectFrom('shipment')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .select('product.organisation_id')
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  return row.organisation_id
}

type Signers = { signer: Signer; witness: Signer | null }

async function dispositionSigners(
  ctx: Ctx,
  actor: Actor,
  { input, sponsorId }: { input: DispositionInput; sponsorId: number },
): Promise<Signers | Refusal> {
  const { decision, signing, second, shipmentId } = input
  const meaning = MEANING[decision]
  if (signing.meaning !== meaning) return refuse('invalid', `Whoever decides "${decision}" signs it as "${meaning}".`)
  if (second !== null && (decision !== 'destroyed' || second.meaning !== 'witnessed')) {
    return refuse('invalid', 'A second person signs a destruction as "witnessed", and no other decision.')
  }
  const about = { type: DISPOSITION, id: String(shipmentId), shipmentId }
  const own = actor.organisationId ?? ('own' as const)
  const held = decision === 'quarantined' ? { roleForId: own } : { roleForId: sponsorId, roles: MAY_DISPOSE[decision] }
  const signer = await authenticateSigner(ctx, actor, { signing, about, ...held })
  if (isRefusal(signer) || second === null) return isRefusal(signer) ? signer : { signer, witness: null }
  const witness = await authenticateSigner(ctx, actor, { signing: second, about, roleForId: 'own' })
  if (isRefusal(witness)) return witness
  if (witness.account.id === signer.account.id) {
    return refuse('same_person', 'The second signature must be that of another person.')
  }
  return { signer, witness }
}

type Deciding = { actor: Actor; input: DispositionInput; sponsorId: number; signers: Signers; budgets: Budgets }

async function append(tx: Tx, ctx: Ctx, deciding: Deciding): Promise<Disposed | Refusal> {
  const { actor, input, sponsorId, signers, budgets } = deciding
  const { shipmentId } = input
  const shipment = await loadSeenShipment(tx, actor, shipmentId)
  if (shipment === undefined) return noShipment(shipmentId)
  const { signer, witness } = signers
  const all = witness === null ? [signer] : [signer, witness]
  const strange = await refuseStrangers(tx, shipmentId, { others: all, taker: null })
  if (strange !== null) return strange
  const view = await loadReceiptView(tx, { shipmentId, asOf: ctx.now(), budgets })
  const ledger = await loadLedger(tx, shipmentId)
  const receivers = [...receiversOf(ledger), ...view.receipts.map(({ record }) => record.receiver)]
  const units = decidedUnits(view, { ...input, sponsorId, receivers, signer, witness })
  if (isRefusal(units)) return units
  const rooted = await appendReadingsRoot(tx, ctx, { shipmentId, ledger })
  const { number, recordSha256, appended } = await appendDecision(tx, ctx, { ...deciding, view, units, rooted })
  const stamp = await stampHead(tx, ctx, { shipmentId, head: appended.head })
  await followLedger(tx, ctx, { shipment, ledger: appended, seq: appended.entry.seq })
  return { number, recordSha256, units, evaluation: rooted.evaluation, entry: appended.entry, stamp }
}

type Appending = Deciding & { view: ReceiptView; units: DecidedUnit[]; rooted: Rooted }

async function appendDecision(tx: Tx, ctx: Ctx, { actor, input, signers, view, units, rooted }: Appending) {
  const { shipmentId, decision, reason } = input
  const { signer, witness } = signers
  const now = ctx.now()
  const organisationId = organisationOf(actor)
  const byOrg = (await organisationKeys(tx, [organisationId])).get(organisationId) ?? ''
  const number = view.dispositions.length + 1
  const exceptional = view.exceptionalReleases.find((one) => one.number === input.exceptionalRelease) ?? null
  const said = recordOf({ input, view, units, number, signers, byOrg, now, evaluation: rooted.evaluation })
  const recordSha256 = sha256(canonicalJson(said))
  const codes = units.map(({ code }) => code)
  const stays = codes.every((code) => {
    return view.units.find((unit) => unit.code === code)?.said?.transfer === 'stays_in_container'
  })
  const event = {
    kind: decision,
    ...{ at: now, recordedAt: now, byOrg, actor: `${actor.kind}:${actor.id}`, units: codes, reason },
    ...(witness && { witness: witness.account.printedName }),
    details: {
      ...{ disposition: number, recordSha256, deviations: said.deviations },
      ...(input.method !== null && { method: input.method }),
      ...(stays && { storage: IN_CONTAINER }),
    },
  }
  const signing = { signers: witness === null ? [signer] : [signer, witness], evaluation: rooted.evaluation }
  const appended = await appendCustody(tx, ctx, { actor, shipmentId, event, ...signing, ledger: rooted })
  await tx
    .insertInto('disposition')
    .values({
      ...{ shipment_id: shipmentId, number, disposition: decision, organisation_id: organisationId },
      ...{ signer_id: signer.account.id, exceptional_release_id: exceptional?.id ?? null },
      ...{ record: json(said), record_sha256: recordSha256, event_seq: appended.entry.seq, known_at: at(now) },
    })
    .execute()
  const deed = { at: now, action: 'dispose', subjectKind: 'shipment', subjectId: shipmentId }
  await audit(tx, actor, [{ ...deed, after: { number, decision, units: codes, recordSha256 }, reason }])
  return { number, recordSha256, appended }
}

type Said = Pick<Appending, 'input' | 'view' | 'units' | 'signers'> & {
  number: number
  byOrg: string
  now: number
  evaluation: NamedEvaluation | null
}

/** The record of a decision as it is hashed. */
function recordOf({ input, view, units, signers, number, byOrg, now, evaluation }: Said) {
  const exceptional = view.exceptionalReleases.find((one) => one.number === input.exceptionalRelease)
  const receipt = view.receipts.at(-1)
  return {
    ...{ shipmentId: input.shipmentId, number, disposition: input.decision, organisation: byOrg },
    signer: personKey(signers.signer.account.id),
    signerName: signers.signer.account.printedName,
    recordedAt: isoInstant(now),
    reason: input.reason,
    units: units.map(judgedRecord),
    deviations: [...new Set(units.flatMap(({ deviations }) => deviations))].sort(),
    exceptionalRelease: exceptional?.number ?? null,
    exceptionalSteps: (exceptional?.steps ?? []).map((step) => step.recordSha256),
    witness: signers.witness?.account.printedName ?? null,
    method: input.method,
    evaluation: evaluation && { ...evaluation },
    receiptRevision: receipt?.revision ?? null,
    receiptSha256: receipt?.recordSha256 ?? null,
  }
}
