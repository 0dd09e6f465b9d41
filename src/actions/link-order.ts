import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { lockShipments } from './locks.ts'
import { findOrder } from './orders.ts'
import { findShipment, type Shipment } from './shipments.ts'

/**
 * Says which order a shipment answers, where none was named at its opening or the wrong one; labels are compared with
 * the order from then on. By the centre or the sponsor, as orders are, with a reason; the order of before stays on
 * record. The order is for the shipment's product and goes to its consignee.
 */
export async function linkOrder(
  ctx: Ctx,
  actor: Actor,
  input: { shipmentId: number; orderId: number; reason: string },
): Promise<Shipment | Refusal> {
  const no = denied(actor, 'enter_orders')
  if (no !== null) return no
  return transaction(ctx.db, async (tx) => {
    await lockShipments(tx, [input.shipmentId])
    const before = await findShipment(tx, actor, input.shipmentId)
    if (isRefusal(before)) return before
    const refused = await refuseLink(tx, actor, { shipment: before, orderId: input.orderId })
    if (refused !== null) return refused
    const { shipmentId, orderId, reason } = input
    const knownAt = ctx.now()
    await tx
      .insertInto('shipment_order')
      .values({ shipment_id: shipmentId, order_id: orderId, reason, known_at: at(knownAt) })
      .execute()
    await tx.updateTable('shipment').set({ order_id: orderId }).where('id', '=', shipmentId).execute()
    const deed = { action: 'link_order', subjectKind: 'shipment', subjectId: shipmentId, reason, at: knownAt }
    await audit(tx, actor, [{ ...deed, before: { orderId: before.orderId }, after: { orderId } }])
    return findShipment(tx, actor, shipmentId)
  })
}

async function refuseLink(
  tx: Tx,
  actor: Actor,
  { shipment, orderId }: { shipment: Shipment; orderId: number },
): Promise<Refusal | null> {
  const parties = shipment.parties.filter(({ organisationId }) => organisationId === actor.organisationId)
  if (!parties.some(({ role }) => role === 'sponsor' || role === 'consignee')) {
    return refuse('not_allowed', 'Only the sponsor or the consignee of a shipment says which order it answers.')
  }
  const order = await findOrder(tx, actor, orderId)
  if (isRefusal(order)) return order
  if (order.productId !== shipment.productId) return refuse('invalid', 'The order is for another product.')
  if (order.consigneeId !== shipment.consigneeId) return refuse('invalid', 'The order goes to another consignee.')
  return shipment.orderId === orderId ? refuse('invalid', 'The shipment answers this order already.') : null
}
