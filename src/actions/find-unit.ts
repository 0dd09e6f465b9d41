import type { Tx } from '../../db/connect.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { canSeeShipment } from './visibility.ts'

/** A unit of a visible shipment. */
export type FoundUnit = { unitId: number; shipmentId: number; productId: number; profileId: number; code: string }

/** One unit by its id in a shipment, if the actor may see that. */
export async function findUnit(db: Pick<Tx, 'selectFrom'>, actor: Actor, unitId: number): Promise<FoundUnit | Refusal> {
  const row = await db
    .selectFrom('unit')
    .innerJoin('shipment', 'shipment.id', 'unit.shipment_id')
    .select(['unit.id as unitId', 'unit.code', 'shipment.id as shipmentId'])
    .select(['shipment.product_id as productId', 'shipment.profile_id as profileId'])
    .where('unit.id', '=', unitId)
    .where((eb) => canSeeShipment(actor, eb.ref('shipment.id')))
    .executeTakeFirst()
  return row ?? refuse('not_found', `There is no unit ${unitId}.`)
}

/**
 * One unit, for who says what was before its shipment: the sender, in whose hands it was, or the sponsor. Refused:
 * `not_allowed`, `not_found`.
 */
export async function findOwnUnit(tx: Tx, actor: Actor, unitId: number): Promise<FoundUnit | Refusal> {
  const no = denied(actor, 'open_shipments')
  if (no !== null) return no
  const unit = await findUnit(tx, actor, unitId)
  if (isRefusal(unit)) return unit
  const party = await tx
    .selectFrom('shipment_party')
    .select('role')
    .where('shipment_id', '=', unit.shipmentId)
    .where('organisation_id', '=', organisationOf(actor))
    .where('role', 'in', ['sender', 'sponsor'])
    .executeTakeFirst()
  return party === undefined ? refuse('not_allowed', SENDER_ONLY) : unit
}

const SENDER_ONLY = 'Only the sender or the sponsor of the shipment says what its units went through before.'
