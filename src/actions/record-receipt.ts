import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { refuseEvent } from '../domain/custody-admissible.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { CustodyEvent } from '../domain/custody-event.ts'
import { refuseVerifier } from '../domain/disposition.ts'
import { type ReceiptRecord, type ReceiptSaid, receiptRecord } from '../domain/receipt-record.ts'
import type { JudgedUnit } from '../domain/receipt-steps.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Stamp } from '../domain/stamp.ts'
import { IN_CONTAINER } from '../domain/window.ts'
import { appendCustody } from './append-custody.ts'
import { audit } from './audit.ts'
import { type Ledger, loadLedger } from './custody-ledger.ts'
import { refuseStrangers } from './custody-signers.ts'
import { type Budgets, decideOn } from './decide-on.ts'
import { followLedger, loadSeenShipment } from './follow-ledger.ts'
import { judgedReceipt } from './judged-receipt.ts'
import { organisationKeys } from './organisations.ts'
import { appendReadingsRoot, type Rooted } from './readings-roots.ts'
import { loadGround } from './receipt-ground.ts'
import { loadSignedActs, personKey, type SignedActs, standingsOf } from './receipt-steps.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import { authenticateSigner, type Signer, type Signing } from './signatures.ts'
import { stampHead } from './stamps.ts'
import { sha256 } from './store-evaluations.ts'
import { loadReceipts } from './stored-receipt.ts'
import { appendVerification, finishOf, RECEIPT } from './verify-receipt.ts'

/** What a receiver says; `receivedAt` null: when the `received` event says. `second` verifies at the same tablet. */
export type ReceiptInput = Omit<ReceiptSaid, 'receivedAt' | 'dataOwner' | 'dataAbsent'> & {
  shipmentId: number
  receivedAt: number | null
  /** Null: the receiver. */
  dataOwner: string | null
  /** Why no more readings will come; null: they may. */
  dataAbsentReason: string | null
  signing: Signing
  second: (Signing & { userName: string }) | null
}

/** The receipt as it was signed, the units that a second person made available, the stamp over the ledger's head. */
export type ReceiptRecorded = { revision: number; recordSha256: string; accepted: string[]; stamp: Stamp | null }

/**
 * Records a receipt, signed by the one who received: every answer as it was given, the findings and the verdict on each
 * unit as everything known then comes to, held by the hash in a signed custody event. Whatever is wrong with the
 * shipment is found, not refused. Said again it is a new revision; the former stays. Units that must be held get their
 * `quarantined` event, as does the shipment its `received` where none was recorded. Refused: `not_found`, `invalid`
 * without a time of receipt, `in_the_future`, and what signing refuses; then nothing is written.
 */
export async function recordReceipt(ctx: Ctx, actor: Actor, input: ReceiptInput): Promise<ReceiptRecorded | Refusal> {
  const { shipmentId } = input
  const no = denied(actor, 'record_custody') ?? (await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId))
  if (no !== null) return no
  const signers = await receiptSigners(ctx, actor, input)
  if (isRefusal(signers)) return signers
  return decideOn(ctx, shipmentId, (tx, budgets) => append(tx, ctx, { actor, input, signers, budgets }))
}

type Signers = { receiver: Signer; verifier: Signer | null }

async function receiptSigners(ctx: Ctx, actor: Actor, input: ReceiptInput): Promise<Signers | Refusal> {
  const { signing, second, shipmentId } = input
  if (signing.meaning !== 'received') return refuse('invalid', 'The receiver signs a receipt as "received".')
  if (second !== null && second.meaning !== 'verified') {
    return refuse('invalid', 'The second person signs a receipt as "verified".')
  }
  const asked = {
    about: { type: RECEIPT, id: String(shipmentId), shipmentId },
    roleForId: actor.organisationId ?? ('own' as const),
  }
  const receiver = await authenticateSigner(ctx, actor, { ...asked, signing })
  if (isRefusal(receiver) || second === null) return isRefusal(receiver) ? receiver : { receiver, verifier: null }
  const verifier = await authenticateSigner(ctx, actor, { ...asked, signing: second })
  if (isRefusal(verifier)) return verifier
  const people = { receiver: personKey(receiver.account.id), verifier: personKey(verifier.account.id) }
  return refuseVerifier(people) ?? { receiver, verifier }
}

type Recording = { actor: Actor; input: ReceiptInput; signers: Signers; budgets: Budgets }

async function append(tx: Tx, ctx: Ctx, recording: Recording): Promise<ReceiptRecorded | Refusal> {
  const { actor, input, signers, budgets } = recording
  const { shipmentId } = input
  const shipment = await loadSeenShipment(tx, actor, shipmentId)
  if (shipment === undefined) return noShipment(shipmentId)
  const all = [signers.receiver, ...(signers.verifier === null ? [] : [signers.verifier])]
  const strange = await refuseStrangers(tx, shipmentId, { others: all, taker: null })
  if (strange !== null) return strange
  const keys = await organisationKeys(tx, [organisationOf(actor)])
  const byOrg = keys.get(organisationOf(actor)) ?? ''
  const ledger = await loadLedger(tx, shipmentId)
  const arrival = arrivalOf(recording, { ledger, byOrg, now: ctx.now() })
  if (isRefusal(arrival)) return arrival
  const rooted = await appendReadingsRoot(tx, ctx, { shipmentId, ledger })
  const arrived = await appendArrival(tx, ctx, { ...recording, event: arrival.event, rooted })
  const said = saidOf(recording, { receivedAt: arrival.receivedAt, now: ctx.now() })
  const signed = await appendReceipt(tx, ctx, { ...recording, said, byOrg, rooted: arrived })
  const verified = await verifyAtOnce(tx, ctx, { ...recording, ...signed, budgets })
  const grown = verified?.ledger ?? signed.rooted
  const stamp = await stampHead(tx, ctx, { shipmentId, head: grown.head })
  await followLedger(tx, ctx, { shipment, ledger: grown, seq: signed.rooted.head.seq })
  const { revision, recordSha256 } = signed
  return { revision, recordSha256, accepted: verified?.accepted ?? [], stamp }
}

type Arrival = { receivedAt: number; event: CustodyEvent | null }

/** When it was received, by the organisation's own event, else by what is said now, which makes that event. */
function arrivalOf(
  { actor, input }: Recording,
  { ledger, byOrg, now }: { ledger: Ledger; byOrg: string; now: number },
): Arrival | Refusal {
  const own = effectiveEvents(ledger.events).find((event) => event.kind === 'received' && event.byOrg === byOrg)
  if (own !== undefined) return { receivedAt: own.at, event: null }
  const { receivedAt, seals, weightG, displayMilliC, units } = input
  if (receivedAt === null) return refuse('invalid', 'receivedAt: say when the shipment was received.')
  const event: CustodyEvent = {
    kind: 'received',
    at: receivedAt,
    recordedAt: now,
    seq: ledger.head.seq + 1,
    byOrg,
    actor: `${actor.kind}:${actor.id}`,
    units: units.filter(({ inBox }) => inBox).map(({ code }) => code),
    ...(seals === null ? {} : { seals }),
    details: { ...(weightG !== null && { weightG }), ...(displayMilliC !== null && { displayMilliC }) },
  }
  return refuseEvent(event, { now, recorded: ledger.events }) ?? { receivedAt, event }
}

type Arriving = Recording & { event: CustodyEvent | null; rooted: Rooted }

async function appendArrival(tx: Tx, ctx: Ctx, arriving: Arriving): Promise<Rooted> {
  const { actor, input, signers, event, rooted } = arriving
  if (event === null) return rooted
  const { evaluation } = rooted
  const appending = { actor, shipmentId: input.shipmentId, event, signers: [signers.receiver], evaluation }
  const appended = await appendCustody(tx, ctx, { ...appending, ledger: rooted })
  return { entries: appended.entries, events: appended.events, head: appended.head, evaluation }
}

function saidOf({ input, signers }: Recording, { receivedAt, now }: { receivedAt: number; now: number }): ReceiptSaid {
  const { printedName } = signers.receiver.account
  const { box, seals, displayMilliC, loggerClock, weightG, units, dataOwner, dataAbsentReason: reason } = input
  const dataAbsent = reason === null ? null : { by: printedName, at: now, reason }
  const said = { receivedAt, box, seals, displayMilliC, loggerClock, weightG, units }
  return { ...said, dataOwner: dataOwner ?? printedName, dataAbsent }
}

type Receiving = Recording & { said: ReceiptSaid; byOrg: string; rooted: Rooted }

async function appendReceipt(tx: Tx, ctx: Ctx, { actor, input, signers, budgets, said, byOrg, rooted }: Receiving) {
  const { shipmentId } = input
  const { account } = signers.receiver
  const [now, organisationId] = [ctx.now(), organisationOf(actor)]
  const ground = await loadGround(tx, { shipmentId, organisationId, asOf: now, budgets })
  const { units, data } = judgedReceipt(said, ground)
  const judged = units.map(({ code, verdict, findings }) => ({ code, verdict, findings }))
  const acts = await loadSignedActs(tx, shipmentId)
  const revision = acts.receipts.length + 1
  const { evaluation } = rooted
  const people = { receiver: personKey(account.id), receiverName: account.printedName }
  const receipt: ReceiptRecord = {
    ...{ ...said, ...people, shipmentId, revision, organisation: byOrg },
    ...{ recordedAt: now, evaluation, data, judged },
  }
  const record = receiptRecord(receipt)
  const recordSha256 = sha256(canonicalJson(record))
  const codes = judged.map(({ code }) => code)
  const held = newlyHeld(judged, said, { acts, codes, needsQa: ground.terms.needsQa, inReReview: ground.inReReview })
  const named = held.length > 0 ? held : said.units.filter(({ inBox }) => inBox).map(({ code }) => code)
  const event = {
    kind: held.length > 0 ? ('quarantined' as const) : ('inspected' as const),
    ...{ at: now, recordedAt: now, byOrg, actor: `${actor.kind}:${actor.id}`, units: named },
    details: { receiptRevision: revision, receiptSha256: recordSha256, ...(allStay(said, named) && STAYS) },
  }
  const appending = { actor, shipmentId, event, signers: [signers.receiver], evaluation, ledger: rooted }
  const appended = await appendCustody(tx, ctx, appending)
  const stored = { record: json(record), record_sha256: recordSha256, event_seq: appended.entry.seq }
  await tx
    .insertInto('receipt')
    .values({
      ...{ shipment_id: shipmentId, revision, organisation_id: organisationId, receiver_id: account.id },
      ...{ received_at: at(said.receivedAt), known_at: at(now), ...stored },
    })
    .execute()
  const deed = { at: now, action: 'record_receipt', subjectKind: 'shipment', subjectId: shipmentId }
  await audit(tx, actor, [{ ...deed, after: { revision, recordSha256, judged } }])
  const { entries, events, head } = appended
  return { revision, recordSha256, rooted: { entries, events, head, evaluation } }
}

const STAYS = { storage: IN_CONTAINER }

function allStay({ units }: ReceiptSaid, codes: readonly string[]): boolean {
  const stays = (code: string) => units.find((unit) => unit.code === code)?.transfer === 'stays_in_container'
  return codes.length > 0 && codes.every(stays)
}

type Before = { acts: SignedActs; codes: readonly string[]; needsQa: boolean; inReReview: boolean }

/** Units in the box that this receipt must hold and that neither stand held already nor were decided about. */
function newlyHeld(judged: readonly JudgedUnit[], { units }: ReceiptSaid, before: Before): string[] {
  const standings = standingsOf(before.acts, before)
  const missing = units.filter(({ inBox }) => !inBox).map(({ code }) => code)
  const isFree = (code: string) => {
    const state = standings.get(code)?.state ?? 'not_received'
    return state === 'not_received' || state === 'undecided' || state === 'available'
  }
  const mustHold = judged.filter(({ code, verdict }) => verdict !== 'ACCEPT' && isFree(code) && !missing.includes(code))
  return mustHold.map(({ code }) => code)
}

async function verifyAtOnce(
  tx: Tx,
  ctx: Ctx,
  { actor, input, signers, budgets, rooted }: Recording & { rooted: Rooted },
) {
  if (signers.verifier === null) return null
  const receipt = (await loadReceipts(tx, input.shipmentId)).at(-1)
  if (receipt === undefined) return null
  const signer = signers.verifier
  const finish = await finishOf(tx, { receipt, signer, budgets, asOf: ctx.now() })
  return appendVerification(tx, ctx, { actor, signer, receipt, finish, rooted, remark: null })
}
