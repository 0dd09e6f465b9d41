import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import type { CustodyKind } from '../domain/custody-event.ts'
import { refuseFinish, refuseVerifier } from '../domain/disposition.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Stamp } from '../domain/stamp.ts'
import { isoInstant } from '../domain/units.ts'
import { IN_CONTAINER } from '../domain/window.ts'
import { appendCustody } from './append-custody.ts'
import { audit } from './audit.ts'
import { loadLedger } from './custody-ledger.ts'
import { refuseStrangers } from './custody-signers.ts'
import { type Budgets, decideOn } from './decide-on.ts'
import { followLedger, loadSeenShipment } from './follow-ledger.ts'
import { judgedReceipt } from './judged-receipt.ts'
import { organisationKeys } from './organisations.ts'
import { appendReadingsRoot, type Rooted } from './readings-roots.ts'
import { loadGround } from './receipt-ground.ts'
import { loadSignedActs, personKey, standingsOf } from './receipt-steps.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import { authenticateSigner, type Signer, type Signing } from './signatures.ts'
import { stampHead } from './stamps.ts'
import { sha256 } from './store-evaluations.ts'
import type { StoredReceipt } from './stored-receipt.ts'

/** The second person's word under a revision of a receipt. */
export type VerificationInput = {
  shipmentId: number
  revision: number
  /** Units that must become available by it, or nothing is signed. */
  units: readonly string[]
  remark: string | null
  signing: Signing
}

/** The units that became available, and the stamp over the ledger's head; null where nothing is stamped. */
export type Verified = { revision: number; accepted: string[]; stamp: Stamp | null }

/** Record type under which a signing that failed is entered. */
export const RECEIPT = 'receipt'

/**
 * Verifies the newest receipt by a second person of the same organisation, and makes those units available that nothing
 * but open tasks ever held and whose verdict is ACCEPT now: a hold is never lifted by better data alone. Refused:
 * `not_received`, `changed_meanwhile` under an older revision, `same_person`, `verdict_not_accept`, `qa_decides` or
 * `already_decided` for a unit that must become available and may not, and what signing refuses.
 */
export async function verifyReceipt(ctx: Ctx, actor: Actor, input: VerificationInput): Promise<Verified | Refusal> {
  const { shipmentId, signing } = input
  const no = denied(actor, 'record_custody') ?? (await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId))
  if (no !== null) return no
  if (signing.meaning !== 'verified') return refuse('invalid', 'The second person signs a receipt as "verified".')
  const about = { type: RECEIPT, id: String(shipmentId), shipmentId }
  const signer = await authenticateSigner(ctx, actor, { signing, about, roleForId: actor.organisationId ?? 'own' })
  if (isRefusal(signer)) return signer
  return decideOn(ctx, shipmentId, async (tx, budgets) => {
    const shipment = await loadSeenShipment(tx, actor, shipmentId)
    if (shipment === undefined) return noShipment(shipmentId)
    const { receipts } = await loadSignedActs(tx, shipmentId)
    const receipt = receipts.at(-1)
    const refusal =
      refuseRevision(receipt, input, signer) ??
      (await refuseStrangers(tx, shipmentId, { others: [signer], taker: null }))
    if (receipt === undefined || refusal !== null) return refusal ?? refuse('not_received', NOT_RECEIVED)
    const finish = await finishOf(tx, { receipt, signer, budgets, asOf: ctx.now() })
    const unfinished = refuseUnfinished(finish, input.units)
    if (unfinished !== null) return unfinished
    const rooted = await appendReadingsRoot(tx, ctx, { shipmentId, ledger: await loadLedger(tx, shipmentId) })
    const verifying = { actor, signer, receipt, finish, rooted, remark: input.remark }
    const { ledger, accepted, seq } = await appendVerification(tx, ctx, verifying)
    const stamp = await stampHead(tx, ctx, { shipmentId, head: ledger.head })
    await followLedger(tx, ctx, { shipment, ledger, seq })
    return { revision: receipt.revision, accepted, stamp }
  })
}

const NOT_RECEIVED = 'The shipment has not been received: record the receipt first.'

function refuseRevision(
  receipt: StoredReceipt | undefined,
  { revision }: VerificationInput,
  { account, roleForId }: Signer,
): Refusal | null {
  if (receipt === undefined) return refuse('not_received', NOT_RECEIVED)
  if (receipt.revision !== revision) {
    return refuse('changed_meanwhile', `The receipt is at revision ${receipt.revision} now: read it, then sign.`)
  }
  if (roleForId !== receipt.organisationId) {
    return refuse('not_allowed', 'A receipt is verified by a second person of the organisation that received.')
  }
  return refuseVerifier({ receiver: receipt.record.receiver, verifier: personKey(account.id) })
}

/** Why each unit does not become available by the second person; null where it does. */
export type Finish = { refusals: ReadonlyMap<string, Refusal | null>; needsQa: boolean }

type Finishing = { receipt: StoredReceipt; signer: Signer; budgets: Budgets; asOf: number }

/** Which units become available by the second person, by all that is known now. */
export async function finishOf(tx: Tx, { receipt, signer, budgets, asOf }: Finishing): Promise<Finish> {
  const { shipmentId, organisationId, record } = receipt
  const ground = await loadGround(tx, { shipmentId, organisationId, asOf, budgets })
  const { units } = judgedReceipt(record, ground)
  const { needsQa } = ground.terms
  const codes = units.map(({ code }) => code)
  const standings = standingsOf(await loadSignedActs(tx, shipmentId), { codes, needsQa, inReReview: ground.inReReview })
  const people = { receiver: record.receiver, verifier: personKey(signer.account.id) }
  const refusals = units.map((unit) => {
    const standing = standings.get(unit.code)
    const unknown = refuse('not_received', NOT_RECEIVED)
    return [unit.code, standing === undefined ? unknown : refuseFinish(people, { standing, current: unit })] as const
  })
  return { refusals: new Map(refusals), needsQa }
}

function refuseUnfinished({ refusals }: Finish, units: readonly string[]): Refusal | null {
  for (const code of units) {
    const refusal = refusals.get(code)
    if (refusal === undefined) return refuse('not_found', `There is no unit ${code} in this shipment.`)
    if (refusal !== null) return { ...refusal, detail: `${code}: ${refusal.detail}` }
  }
  return null
}

/** A receipt whose shipment is locked, the one who verifies it, and the ledger with its root. */
export type Verifying = {
  actor: Actor
  signer: Signer
  receipt: StoredReceipt
  finish: Finish
  rooted: Rooted
  remark: string | null
}

/** Appends the verification; what it was refused for was asked before. */
export async function appendVerification(tx: Tx, ctx: Ctx, verifying: Verifying) {
  const { actor, signer, receipt, finish, rooted, remark } = verifying
  const { shipmentId, revision, organisationId, record } = receipt
  const now = ctx.now()
  const accepted = [...finish.refusals].flatMap(([code, refusal]) => (refusal === null ? [code] : []))
  const said = {
    shipmentId,
    revision,
    receiptSha256: receipt.recordSha256,
    verifier: personKey(signer.account.id),
    verifierName: signer.account.printedName,
    recordedAt: isoInstant(now),
    evaluation: rooted.evaluation && { ...rooted.evaluation },
    accepted,
    remark,
  }
  const recordSha256 = sha256(canonicalJson(said))
  const isAvailable = accepted.length > 0 && !finish.needsQa
  const kind: CustodyKind = isAvailable ? 'accepted' : 'inspected'
  const staying = record.units.filter(({ transfer }) => transfer === 'stays_in_container').map(({ code }) => code)
  const stays = isAvailable && accepted.every((code) => staying.includes(code))
  const keys = await organisationKeys(tx, [organisationId])
  const event = {
    kind,
    at: now,
    recordedAt: now,
    byOrg: keys.get(organisationId) ?? '',
    actor: `${actor.kind}:${actor.id}`,
    units: isAvailable ? accepted : record.units.filter(({ inBox }) => inBox).map(({ code }) => code),
    details: { receiptRevision: revision, verificationSha256: recordSha256, ...(stays && { storage: IN_CONTAINER }) },
  }
  const appending = { actor, shipmentId, event, signers: [signer], evaluation: rooted.evaluation }
  const ledger = await appendCustody(tx, ctx, { ...appending, ledger: rooted })
  const row = { shipment_id: shipmentId, revision, organisation_id: organisationId, verifier_id: signer.account.id }
  const stored = { record: json(said), record_sha256: recordSha256, event_seq: ledger.entry.seq, known_at: at(now) }
  await tx
    .insertInto('receipt_verification')
    .values({ ...row, ...stored })
    .execute()
  const deed = { at: now, action: 'verify_receipt', subjectKind: 'shipment', subjectId: shipmentId }
  await audit(tx, actor, [{ ...deed, after: { revision, accepted, recordSha256 }, reason: remark }])
  return { ledger, accepted, seq: ledger.entry.seq }
}
