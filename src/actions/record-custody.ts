import { type Tx, transaction } from '../../db/connect.ts'
import { atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, SERVICE } from '../domain/actor.ts'
import { refuseEvent } from '../domain/custody-admissible.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { CustodyEvent, CustodyStatement } from '../domain/custody-event.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { RELIES } from '../domain/reliance.ts'
import type { Stamp } from '../domain/stamp.ts'
import { judgingWindow } from '../domain/window.ts'
import { type Appending, appendCustody } from './append-custody.ts'
import { audit } from './audit.ts'
import { type Ledger, loadLedger, type StatedFields } from './custody-ledger.ts'
import {
  type CustodySigners,
  type CustodySigning,
  custodySigners,
  NOBODY,
  refuseReceiver,
  refuseStrangers,
  takerActor,
  witnessOf,
} from './custody-signers.ts'
import { type CustodyAnswer, custodyAnswer } from './custody-status.ts'
import { followWindow, type WindowChange } from './follow-window.ts'
import { judgePending } from './judge.ts'
import { lockSensors, lockShipments } from './locks.ts'
import { organisationKey, organisationKeys } from './organisations.ts'
import { appendReadingsRoot } from './readings-roots.ts'
import { isSealing, refuseSealing } from './sealing.ts'
import { noShipment } from './shipments.ts'
import type { Signer } from './signatures.ts'
import { stampHead } from './stamps.ts'
import { canSeeShipment } from './visibility.ts'

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
  const result = await transaction(ctx.db, (tx) => append(tx, ctx, { actor, shipmentId, statement, signers }))
  if (isRefusal(result)) return result
  await judgePending(ctx, shipmentId)
  const custody = await ctx.db.kysely.transaction().execute((tx) => custodyAnswer(tx, shipmentId, ctx.now()))
  return { ...result, custody }
}

type Recording = { actor: Actor; shipmentId: number; statement: StatedFields; signers: CustodySigners }

async function append(tx: Tx, ctx: Ctx, { actor, shipmentId, statement, signers }: Recording) {
  await lockWithSensors(tx, shipmentId)
  const shipment = await loadShipment(tx, actor, shipmentId)
  if (shipment === undefined) return noShipment(shipmentId)
  const ledger = await loadLedger(tx, shipmentId)
  const stating = { statement: { ...witnessOf(signers), ...statement }, ledger, now: ctx.now() }
  const event = await stated(tx, actor, stating)
  if (isRefusal(event)) return event
  const refusal =
    refuseEvent(event, { now: ctx.now(), recorded: ledger.events }) ??
    (await refuseForeignCorrection(tx, actor, { shipmentId, event, ledger })) ??
    (await refuseStrangers(tx, shipmentId, signers)) ??
    refuseReceiver(event, signers, ledger) ??
    (isSealing(event) ? await refuseSealing(tx, ctx, shipment.profile_id) : null)
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
  const change = windowChange(shipment, taken ?? given)
  if (change !== null) await moveWindow(tx, ctx, { shipmentId, change, seq: given.event.seq })
  return { event: given.entry, accepted: taken?.entry ?? null, stamp }
}

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

/**
 * Locks the shipment after the sensors whose placements may move with its window. A placement made in between has its
 * sensor locked late; should that deadlock with a recorder, the transaction is run again.
 */
async function lockWithSensors(tx: Tx, shipmentId: number): Promise<void> {
  const before = await placedSensors(tx, shipmentId)
  await lockSensors(tx, before)
  await lockShipments(tx, [shipmentId])
  const late = (await placedSensors(tx, shipmentId)).filter((sensorId) => !before.includes(sensorId))
  await lockSensors(tx, late)
}

async function placedSensors(tx: Tx, shipmentId: number): Promise<number[]> {
  const rows = await tx
    .selectFrom('placement')
    .select('sensor_id')
    .distinct()
    .where('shipment_id', '=', shipmentId)
    .where('superseded_at', 'is', null)
    .where('until_window_end', '=', true)
    .execute()
  return rows.map((row) => row.sensor_id)
}

type ShipmentRow = NonNullable<Awaited<ReturnType<typeof loadShipment>>>

async function loadShipment(tx: Tx, actor: Actor, shipmentId: number) {
  return tx
    .selectFrom('shipment')
    .innerJoin('organisation', 'organisation.id', 'shipment.consignee_id')
    .select([
      'shipment.id',
      'shipment.profile_id',
      'shipment.packed_at',
      'shipment.closed_at',
      'organisation.id as consignee_id',
      'organisation.gln as consignee_gln',
    ])
    .where('shipment.id', '=', shipmentId)
    .where((eb) => canSeeShipment(actor, eb.ref('shipment.id')))
    .executeTakeFirst()
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

function windowChange(shipment: ShipmentRow, ledger: Ledger): WindowChange | null {
  const consigneeOrg = organisationKey({ id: shipment.consignee_id, gln: shipment.consignee_gln })
  const window = judgingWindow(effectiveEvents(ledger.events), { consigneeOrg, loadingMs: 0 })
  const packedAt = window.state === 'not_packed' ? null : window.fromAt
  const closedAt = window.state === 'closed' ? window.toAt : null
  if (packedAt === shipment.packed_at && closedAt === shipment.closed_at) return null
  return { packedAt, closedAt, before: { packedAt: shipment.packed_at, closedAt: shipment.closed_at } }
}

type Move = { shipmentId: number; change: WindowChange; seq: number }

async function moveWindow(tx: Tx, ctx: Ctx, { shipmentId, change, seq }: Move): Promise<void> {
  await tx
    .updateTable('shipment')
    .set({ packed_at: atOrNull(change.packedAt), closed_at: atOrNull(change.closedAt) })
    .where('id', '=', shipmentId)
    .execute()
  await audit(tx, SERVICE, [
    {
      at: ctx.now(),
      action: 'window_moved',
      subjectKind: 'shipment',
      subjectId: shipmentId,
      before: change.before,
      after: { packedAt: change.packedAt, closedAt: change.closedAt },
      reason: `custody event ${seq}`,
    },
  ])
  await followWindow(tx, ctx, { shipmentId, change, seq })
}
