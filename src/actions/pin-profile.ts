import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { loadLedger } from './custody-ledger.ts'
import { judgePending, markForJudging } from './judge.ts'
import { lockShipments } from './locks.ts'
import { findProduct } from './products.ts'
import { findProfile } from './profiles.ts'
import { isSealing, refuseSealing } from './sealing.ts'
import { findShipment, type Shipment } from './shipments.ts'

/**
 * Pins another version of the product's profile to a shipment, which is judged again from the beginning; the version of
 * before stays on record. Only the sponsor does that, with a reason: limits are frozen at sealing, and a change is a
 * deviation (domain page section 7). A sealed shipment takes only a profile that could have been sealed on.
 */
export async function pinProfile(
  ctx: Ctx,
  actor: Actor,
  input: { shipmentId: number; profileId: number; reason: string },
): Promise<Shipment | Refusal> {
  const no = denied(actor, 'approve_profiles')
  if (no !== null) return no
  const pinned = await transaction(ctx.db, async (tx) => {
    await lockShipments(tx, [input.shipmentId])
    const before = await findShipment(tx, actor, input.shipmentId)
    if (isRefusal(before)) return before
    const refused = await refusePinning(tx, ctx, { actor, shipment: before, profileId: input.profileId })
    if (refused !== null) return refused
    const { shipmentId, profileId, reason } = input
    const knownAt = ctx.now()
    await tx
      .insertInto('shipment_profile')
      .values({ shipment_id: shipmentId, profile_id: profileId, reason, known_at: at(knownAt) })
      .execute()
    await tx.updateTable('shipment').set({ profile_id: profileId }).where('id', '=', shipmentId).execute()
    const deed = { action: 'pin_profile', subjectKind: 'shipment', subjectId: shipmentId, reason }
    const change = { before: { profileId: before.profile.profileId }, after: { profileId } }
    await audit(tx, actor, [{ ...deed, ...change, at: knownAt }])
    await markForJudging(tx, [{ shipmentId, fromAt: 0 }])
    return findShipment(tx, actor, shipmentId)
  })
  if (!isRefusal(pinned)) await judgePending(ctx, input.shipmentId)
  return pinned
}

async function refusePinning(
  tx: Tx,
  ctx: Ctx,
  asked: { actor: Actor; shipment: Shipment; profileId: number },
): Promise<Refusal | null> {
  const { actor, shipment, profileId } = asked
  const product = await findProduct(tx, actor, shipment.productId)
  if (isRefusal(product)) return product
  if (product.organisationId !== organisationOf(actor)) {
    return refuse('not_allowed', 'Only the sponsor who owns the product changes the limits of a shipment.')
  }
  const version = await findProfile(tx, actor, profileId)
  if (isRefusal(version)) return version
  if (version.productId !== product.id) return refuse('invalid', 'The profile is one of another product.')
  if (profileId === shipment.profile.profileId) return refuse('invalid', 'The shipment stands on this profile already.')
  const { events } = await loadLedger(tx, shipment.id)
  return events.some(isSealing) ? refuseSealing(tx, ctx, profileId) : null
}
