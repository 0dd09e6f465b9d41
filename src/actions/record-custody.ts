import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { refuseEvent } from '../domain/custody-admissible.ts'
import type { CustodyEvent, CustodyKind, CustodyStatement } from '../domain/custody-event.ts'
import { refuseSealingOver } from '../domain/departure.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { RELIES } from '../domain/reliance.ts'
import type { Stamp } from '../domain/stamp.ts'
import { type Appending, appendCustody } from './append-custody.ts'
import { type Ledger, loadLedger, type StatedFields } from './custody-ledger.ts'
import {
  type CustodySigners,
  type CustodySigning,
  custodySigners,
  NOBODY,
  refuseStrangers,
  takerActor,
  witnessOf,
} from './custody-signers.ts'
import { type CustodyAnswer, custodyAnswer } from './custody-status.ts'
import { type Budgets, decideOn } from './decide-on.ts'
import { type DepartureCheck, departureCheck, plannedArrival } from './departure-check.ts'
import { followLedger, loadSeenShipment, lockWithSensors } from './follow-ledger.ts'
import { judgePending } from './judge.ts'
import { organisationKeys } from './organisations.ts'
import { appendReadingsRoot } from './readings-roots.ts'
import { isSealing, refuseSealing } from './sealing.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import type { Signer } from './signatures.ts'
import { stampHead } from './stamps.ts'

/** What was said about a shipment, and who signs it; `signing` null: a machine attests, or a person only reports. */
export type CustodyInput = { shipmentId: number; statement: StatedFields; signing?: CustodySigning | null }

/**
 * The ledger entry; that of the taker's acceptance where one was signed with it; the stamp over the head they left, or
 * null where this installation stamps nothing; and how the chain stands.
 */
export type CustodyRecorded = {
  event: LedgerEntry
  accepted: LedgerEntry | null
  stamp: Stamp | null
  /** What a sealing was done in spite of; null for every other event. */
  departure: DepartureCheck | null
  custody: CustodyAnswer
}

/**
 * Appends a custody event to the shipment's hash chain and answers with how the chain stands. The ledger refuses only
 * what is no statement about the world: `invalid`, `in_the_future`, `not_found`, and `not_allowed` for a role or
 * organisation that may not speak here; sealing on a profile that does not rule is refused as a decision, and a
 * signature as `authenticateSigner` says, before anything is written. Everything else is recorded and found. Whatever
 * relies on the readings (a handover, receipt or decision) stands on a `readings_root`, and its signatures name the
 * evaluation. An event that moves the judging window ends or reopens placements with it and judges the shipment again.
 */
export async function recordCustody(ctx: Ctx, actor: Actor, input: CustodyInput): Promise<CustodyRecorded | Refusal> {
  const no = denied(actor, 'record_custody')
  if (no !== null) return no
  const { shipmentId, statement, signing = null } = input
  const signers = signing === null ? NOBODY : await custodySigners(ctx, actor, { shipmentId, statement, signing })
  if (isRefusal(signers)) return signers
  const recording = { actor, shipmentId, statement, signers }
  const result =
    statement.kind === 'sealed'
      ? await recordSealing(ctx, recording)
      : await transaction(ctx.db, (tx) => append(tx, ctx, { ...recording, budgets: null }))
  if (isRefusal(result)) return result
  await judgePending(ctx, shipmentId)
  const custody = await ctx.db.kysely.transaction().execute((tx) => custodyAnswer(tx, shipmentId, ctx.now()))
  return { ...result, custody }
}

type Recording = { actor: Actor; shipmentId: number; statement: StatedFields; signers: CustodySigners }

/** Sealing is answered with what is known to be wrong: so what waits for judging is judged first. */
async function recordSealing(ctx: Ctx, recording: Recording) {
  const { actor, shipmentId } = recording
  const unseen = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  return unseen ?? decideOn(ctx, shipmentId, (tx, budgets) => append(tx, ctx, { ...recording, budgets }))
}

async function append(tx: Tx, ctx: Ctx, recording: Recording & { budgets: Budgets | null }) {
  const { actor, shipmentId, statement, signers, budgets } = recording
  await lockWithSensors(tx, shipmentId)
  const shipment = await loadSeenShipment(tx, actor, shipmentId)
  if (shipment === undefined) return noShipment(shipmentId)
  const ledger = await loadLedger(tx, shipmentId)
  const stating = { statement: { ...witnessOf(signers), ...statement }, ledger, now: ctx.now() }
  const said = await stated(tx, actor, stating)
  if (isRefusal(said)) return said
  const { event, departure } = await checked(tx, actor, { shipmentId, event: said, budgets })
  const refusal =
    refuseEvent(event, { now: ctx.now(), recorded: ledger.events }) ??
    (await refuseForeignCorrection(tx, actor, { shipmentId, event, ledger })) ??
    (await refuseStrangers(tx, shipmentId, signers)) ??
    refuseDecision(event, ledger) ??
    (isSealing(event) ? await refuseSealing(tx, ctx, shipment.profile_id) : null) ??
    refuseSealingOver(departure?.findings ?? [], event.reason)
  if (refusal !== null) return refusal
  const { others, taker } = signers
  const relied = RELIES.has(event.kind)
    ? await appendReadingsRoot(tx, ctx, { shipmentId, ledger })
    : { ...ledger, evaluation: null }
  const { evaluation } = relied
  const given = await appendCustody(tx, ctx, { actor, shipmentId, event, signers: others, evaluation, ledger: relied })
  const accepting = taker && acceptance(actor, shipmentId, { event: given.event, taker })
  const taken = accepting && (await appendCustody(tx, ctx, { ...accepting, evaluation, ledger: given }))
  const { head } = taken ?? given
  const stamp = await stampHead(tx, ctx, { shipmentId, head })
  await followLedger(tx, ctx, { shipment, ledger: taken ?? given, seq: given.event.seq })
  return { event: given.entry, accepted: taken?.entry ?? null, stamp, departure }
}

type Checking = { shipmentId: number; event: CustodyEvent; budgets: Budgets | null }

/** What a sealing is done in spite of stands in its event. */
async function checked(tx: Tx, actor: Actor, { shipmentId, event, budgets }: Checking) {
  if (event.kind !== 'sealed' || budgets === null) return { event, departure: null }
  const asked = { shipmentId, organisationId: organisationOf(actor), sealedAt: event.at, budgets }
  const departure = await departureCheck(tx, { ...asked, plannedArrivalAt: plannedArrival(event) })
  return { event: { ...event, details: { ...event.details, departureFindings: departure.findings } }, departure }
}

/**
 * A decision is no statement about the world: it is signed as a disposition, with the evaluation it rests on, and
 * changed by another decision only.
 */
function refuseDecision(event: CustodyEvent, ledger: Ledger): Refusal | null {
  const corrected = ledger.events.find(({ seq }) => seq === event.corrects)
  const isOne = [event.kind, event.replacement?.kind, corrected?.kind].some((kind) => kind && DECIDED.has(kind))
  if (!isOne) return null
  const how = 'it is signed with the evaluation it rests on (POST /shipments/{id}/dispositions)'
  return refuse('decides_elsewhere', `Whether a unit may be used is a decision, and no custody event: ${how}.`)
}

/** `returned` and `destroyed` happen to a unit, too: that is recorded, whoever decided it. */
const DECIDED: ReadonlySet<CustodyKind> = new Set(['released', 'rejected', 'released_exceptionally'])

/** What the taker signs: the same handover, the same time, place, bags and seals, which both have seen. */
function acceptance(
  actor: Actor,
  shipmentId: number,
  { event, taker }: { event: CustodyEvent; taker: Signer },
): Omit<Appending, 'evaluation'> {
  const { toOrg = '', at, units, coi, seals, handoverId, place, tzOffset, recordedAt } = event
  const by = takerActor(actor, taker)
  const said = { at, units, coi, seals, handoverId, place, tzOffset, recordedAt }
  const accepted = { ...said, kind: 'handover_accept', byOrg: toOrg, actor: `${by.kind}:${by.id}` } as const
  return { actor: by, shipmentId, event: accepted, signers: [taker] }
}

type Stating = { statement: StatedFields; ledger: Ledger; now: number }

/**
 * Completes what was said with who says it: an organisation speaks for itself only. What takes the place of a corrected
 * event stays the word of the organisation that made that one.
 */
async function stated(tx: Tx, actor: Actor, { statement, ledger, now }: Stating): Promise<CustodyEvent | Refusal> {
  const { toOrganisationId, replacement, ...fields } = statement
  const own = actor.organisationId
  if (own === null) return refuse('not_allowed', 'Only a machine or person of an organisation can make a statement.')
  const named = [own, toOrganisationId, replacement?.toOrganisationId]
  const ids = named.flatMap((id) => id ?? [])
  const keys = await organisationKeys(tx, ids)
  const unknown = ids.find((id) => !keys.has(id))
  if (unknown !== undefined) return refuse('not_found', `There is no organisation ${unknown}.`)
  const said = { byOrg: keys.get(own) ?? '', actor: `${actor.kind}:${actor.id}` }
  const to = (id: number | undefined) => (id === undefined ? {} : { toOrg: keys.get(id) ?? '' })
  const seq = ledger.head.seq + 1
  const event: CustodyEvent = { ...fields, ...said, ...to(toOrganisationId), seq, recordedAt: now }
  if (replacement === undefined || replacement === null)
    return { ...event, ...(replacement === null && { replacement }) }
  const { toOrganisationId: replacedTo, ...replaced } = replacement
  const byOrg = ledger.events.find((wrong) => wrong.seq === event.corrects)?.byOrg ?? said.byOrg
  const instead: CustodyStatement = { ...replaced, ...said, byOrg, ...to(replacedTo) }
  return { ...event, replacement: instead }
}

type Correcting = { shipmentId: number; event: CustodyEvent; ledger: Ledger }

/** What an organisation said is corrected by itself or by the sponsor, whose QA it is (domain page section 4.2). */
async function refuseForeignCorrection(tx: Tx, actor: Actor, asked: Correcting): Promise<Refusal | null> {
  const { shipmentId, event, ledger } = asked
  const wrong = ledger.events.find(({ seq }) => seq === event.corrects)
  if (wrong === undefined || wrong.byOrg === event.byOrg) return null
  const sponsor = await tx
    .selectFrom('shipment')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .select('shipment.id')
    .where('shipment.id', '=', shipmentId)
    .where('product.organisation_id', '=', actor.organisationId)
    .executeTakeFirst()
  if (sponsor !== undefined) return null
  return refuse('not_allowed', 'Only the organisation that recorded an event, or the sponsor, corrects it.')
}
