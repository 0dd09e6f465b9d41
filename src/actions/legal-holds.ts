import type { Selectable } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import type { HoldSubject } from '../domain/hold-subject.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { refuseSubject } from './hold-subjects.ts'
import { type Listing, listing, type Page } from './page.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeHold } from './visibility.ts'

/** What must not be dropped although its retention has passed; it holds until it is lifted. */
export type LegalHold = HoldWord & { organisationId: number; on: HoldSubject; lifted: HoldWord | null }

/** Who said so, when and why. */
type HoldWord = { id: number; reason: string; actorKind: string; actorId: string; knownAt: number }

/**
 * Holds what a subject stands for. Any party holds its shipments, a sponsor its products and their lots, an owner its
 * sensors, the administrator of the installation everything. Refused: `not_allowed`, `not_found`.
 */
export async function placeHold(
  ctx: Ctx,
  actor: Actor,
  input: { on: HoldSubject; reason: string },
): Promise<LegalHold | Refusal> {
  const no = denied(actor, 'hold_records')
  if (no !== null) return no
  return transaction(ctx.db, async (tx) => {
    const refused = await refuseSubject(tx, actor, input.on)
    return refused ?? insertHold(tx, actor, { ...input, liftsId: null, now: ctx.now() })
  })
}

/** Lifts a hold of one's own organisation, by a row of its own. Refused: `not_found`, `already_exists`. */
export async function liftHold(
  ctx: Ctx,
  actor: Actor,
  input: { holdId: number; reason: string },
): Promise<LegalHold | Refusal> {
  const no = denied(actor, 'hold_records')
  if (no !== null) return no
  const { holdId, reason } = input
  const lift = async (tx: Tx) => {
    const hold = await findHold(tx, actor, holdId)
    if (isRefusal(hold)) return hold
    const refused = await refuseSubject(tx, actor, hold.on)
    if (refused !== null) return refused
    const lifted = await insertHold(tx, actor, { on: hold.on, reason, liftsId: holdId, now: ctx.now() })
    return { ...hold, lifted }
  }
  return unlessExists({ legal_hold_lifts_id_key: `Hold ${holdId} was lifted already.` }, transaction(ctx.db, lift))
}

/** The holds of one's own organisation, lifted ones included, in order of id. */
export async function listHolds(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<LegalHold>> {
  const rows = await selectHolds(ctx.db.kysely, actor)
    .where('legal_hold.id', '>', page.after ?? 0)
    .orderBy('legal_hold.id')
    .limit(page.limit + 1)
    .execute()
  return listing(rows.map(hold), page.limit, ({ id }) => id)
}

/** One hold of one's own organisation. */
export async function getHold(ctx: Ctx, actor: Actor, id: number): Promise<LegalHold | Refusal> {
  return findHold(ctx.db.kysely, actor, id)
}

/** Own holds by id, for answers that name them. */
export async function ownHolds(db: Reader, actor: Actor, ids: readonly number[]): Promise<LegalHold[]> {
  if (ids.length === 0) return []
  const rows = await selectHolds(db, actor)
    .where('legal_hold.id', 'in', [...ids])
    .orderBy('legal_hold.id')
    .execute()
  return rows.map(hold)
}

type Reader = Pick<Tx, 'selectFrom'>

async function findHold(db: Reader, actor: Actor, id: number): Promise<LegalHold | Refusal> {
  const row = await selectHolds(db, actor).where('legal_hold.id', '=', id).executeTakeFirst()
  return row === undefined ? refuse('not_found', `There is no legal hold ${id}.`) : hold(row)
}

function selectHolds(db: Reader, actor: Actor) {
  return db
    .selectFrom('legal_hold')
    .leftJoin('legal_hold as l', 'l.lifts_id', 'legal_hold.id')
    .selectAll('legal_hold')
    .select(['l.id as lift_id', 'l.reason as lift_reason', 'l.known_at as lifted_at'])
    .select(['l.actor_kind as lifter_kind', 'l.actor_id as lifter_id'])
    .where('legal_hold.lifts_id', 'is', null)
    .where((eb) => canSeeHold(actor, eb))
}

type NewHold = { on: HoldSubject; reason: string; liftsId: number | null; now: number }

async function insertHold(tx: Tx, actor: Actor, { on, reason, liftsId, now }: NewHold): Promise<LegalHold> {
  const row = await tx
    .insertInto('legal_hold')
    .values({
      organisation_id: organisationOf(actor),
      subject: on.subject,
      shipment_id: on.subject === 'shipment' ? on.shipmentId : null,
      product_id: on.subject === 'product' || on.subject === 'lot' ? on.productId : null,
      lot: on.subject === 'lot' ? on.lot : null,
      sensor_id: on.subject === 'sensor' ? on.sensorId : null,
      reason,
      actor_kind: actor.kind,
      actor_id: actor.id,
      lifts_id: liftsId,
      known_at: at(now),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const deed = { action: liftsId === null ? 'place_legal_hold' : 'lift_legal_hold', subjectKind: 'legal_hold' }
  await audit(tx, actor, [{ ...deed, subjectId: liftsId ?? row.id, at: now, after: on, reason }])
  return { ...word(row), organisationId: row.organisation_id, on, lifted: null }
}

type Row = Awaited<ReturnType<ReturnType<typeof selectHolds>['executeTakeFirstOrThrow']>>

function hold(row: Row): LegalHold {
  return { ...word(row), organisationId: row.organisation_id, on: subjectOf(row), lifted: liftOf(row) }
}

function liftOf(row: Row): HoldWord | null {
  const { lift_id: id, lift_reason: reason, lifter_kind: actorKind, lifter_id: actorId, lifted_at: knownAt } = row
  if (id === null || reason === null || actorKind === null || actorId === null || knownAt === null) return null
  return { id, reason, actorKind, actorId, knownAt }
}

type HoldRow = Selectable<Tables['legal_hold']>

function word(row: HoldRow): HoldWord {
  return { id: row.id, reason: row.reason, actorKind: row.actor_kind, actorId: row.actor_id, knownAt: row.known_at }
}

function subjectOf(row: HoldRow): HoldSubject {
  const { subject, shipment_id: shipmentId, product_id: productId, lot, sensor_id: sensorId } = row
  if (subject === 'all') return { subject }
  if (subject === 'shipment' && shipmentId !== null) return { subject, shipmentId }
  if (subject === 'sensor' && sensorId !== null) return { subject, sensorId }
  if (subject === 'product' && productId !== null) return { subject, productId }
  if (subject === 'lot' && productId !== null && lot !== null) return { subject, productId, lot }
  throw new Error(`legal hold ${row.id} names no subject`)
}
