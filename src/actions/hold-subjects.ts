import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import type { HoldSubject } from '../domain/hold-subject.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { findProduct } from './products.ts'
import { findSensor } from './sensors.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { runsInstallation } from './visibility.ts'

/**
 * Why an actor may not hold a subject; null where it may. A hold keeps other organisations' records too, so products,
 * lots and sensors are held by their owner. An administrator has no say over single records (domain page section 7),
 * and only the installation's stops dropping altogether.
 */
export async function refuseSubject(tx: Tx, actor: Actor, on: HoldSubject): Promise<Refusal | null> {
  if (on.subject === 'all') return refuseAll(tx, actor)
  if (actor.role === 'administrator') {
    return refuse('not_allowed', 'An administrator has no say over records: ask the quality people to place the hold.')
  }
  switch (on.subject) {
    case 'shipment':
      return refuseUnlessSeen(tx, actor, on.shipmentId)
    case 'sensor':
      return refuseUnlessOwned(actor, await findSensor(tx, actor, on.sensorId))
    case 'product':
      return refuseUnlessOwned(actor, await findProduct(tx, actor, on.productId))
    case 'lot':
      return refuseUnlessOwned(actor, await findProduct(tx, actor, on.productId)) ?? refuseUnknownLot(tx, on)
  }
}

async function refuseAll(tx: Tx, actor: Actor): Promise<Refusal | null> {
  const runs = await sql<{ runs: boolean }>`select ${runsInstallation(actor)} as runs`.execute(tx)
  if (actor.role === 'administrator' && runs.rows[0]?.runs === true) return null
  return refuse('not_allowed', 'Only the administrator of the installation holds everything: name what is to be held.')
}

function refuseUnlessOwned(actor: Actor, found: { organisationId: number } | Refusal): Refusal | null {
  if (isRefusal(found)) return found
  if (found.organisationId === organisationOf(actor)) return null
  return refuse('not_allowed', 'Only its owner holds a product or a sensor: hold the shipments instead.')
}

/** A lot with a typing error in it would hold nothing, and nobody would notice. */
async function refuseUnknownLot(tx: Tx, { productId, lot }: { productId: number; lot: string }) {
  const found = await tx
    .selectFrom('unit')
    .innerJoin('shipment', 'shipment.id', 'unit.shipment_id')
    .select('unit.id')
    .where('shipment.product_id', '=', productId)
    .where('unit.lot', '=', lot)
    .limit(1)
    .executeTakeFirst()
  return found === undefined ? refuse('not_found', `No unit of product ${productId} is of lot ${lot}.`) : null
}

/** The holds in force as rows `h`; `concerned` says which. */
export function holdsInForce(concerned: RawBuilder<boolean>): RawBuilder<{ id: number }> {
  return sql`select h.id from legal_hold h where h.lifts_id is null
    and not exists (select from legal_hold l where l.lifts_id = h.id) and ${concerned}`
}

/** Whether a hold `h` concerns the shipment `s`: it, its product, one of its lots, a sensor that rode with it, all. */
export const concernsShipment = sql<boolean>`(h.subject = 'all' or h.shipment_id = s.id
  or (h.subject = 'product' and h.product_id = s.product_id)
  or (h.subject = 'lot' and h.product_id = s.product_id
    and exists (select from unit u where u.shipment_id = s.id and u.lot = h.lot))
  or exists (select from placement l where l.shipment_id = s.id and l.sensor_id = h.sensor_id))`
