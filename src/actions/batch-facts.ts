import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import { BATCH_STATUSES, LOT_KINDS, type LotDecision, type LotStanding, lotStanding } from '../domain/lot-decision.ts'

type Reader = Pick<Tx, 'selectFrom'>

/**
 * How a lot of a product stands by what its sponsor had said until an instant: what the receipt takes as `batchStatus`
 * and `lotStatus` of a unit. A unit whose lot nobody states (null) is of a lot about which nothing is known.
 */
export async function batchFacts(
  tx: Reader,
  { productId, lot }: { productId: number; lot: string | null },
  knownAt: number,
): Promise<LotStanding> {
  const lots = lot === null ? [] : [lot]
  const facts = await batchFactsOf(tx, { productId, lots }, knownAt)
  return (lot === null ? undefined : facts.get(lot)) ?? lotStanding([])
}

/** The same for several lots of a product, by lot. */
export async function batchFactsOf(
  tx: Reader,
  { productId, lots }: { productId: number; lots: readonly string[] },
  knownAt: number,
): Promise<Map<string, LotStanding>> {
  if (lots.length === 0) return new Map()
  const rows = await tx
    .selectFrom('lot_decision')
    .selectAll()
    .where('product_id', '=', productId)
    .where('lot', 'in', [...lots])
    .where('known_at', '<=', at(knownAt))
    .orderBy('id')
    .execute()
  const decisions = Map.groupBy(rows.map(lotDecision), ({ lot }) => lot)
  return new Map(lots.map((lot) => [lot, lotStanding(decisions.get(lot) ?? [])]))
}

/** How the lot of some units of a shipment stands; null: of units whose lot nobody states. */
export type ShippedLot = { lot: string | null; units: string[] } & LotStanding

/** The lots in a shipment, as they stood at an instant, in order of their units. */
export async function lotsOfShipment(tx: Reader, shipmentId: number, knownAt: number): Promise<ShippedLot[]> {
  const units = await tx
    .selectFrom('unit')
    .innerJoin('shipment', 'shipment.id', 'unit.shipment_id')
    .select(['unit.code', 'unit.lot', 'shipment.product_id'])
    .where('unit.shipment_id', '=', shipmentId)
    .orderBy('unit.id')
    .execute()
  const [first] = units
  if (first === undefined) return []
  const ofLot = Map.groupBy(units, ({ lot }) => lot)
  const lots = [...ofLot.keys()].flatMap((lot) => lot ?? [])
  const facts = await batchFactsOf(tx, { productId: first.product_id, lots }, knownAt)
  return [...ofLot].map(([lot, rows]) => {
    const standing = (lot === null ? undefined : facts.get(lot)) ?? lotStanding([])
    return { lot, units: rows.map(({ code }) => code), ...standing }
  })
}

const kind = z.enum(LOT_KINDS)
const batchStatus = z.enum(BATCH_STATUSES)

/** A stored decision. */
export function lotDecision(row: Selectable<Tables['lot_decision']>): LotDecision {
  const said = kind.parse(row.kind)
  return {
    id: row.id,
    productId: row.product_id,
    lot: row.lot,
    said: said === 'batch_status' ? { kind: said, batchStatus: batchStatus.parse(row.batch_status) } : { kind: said },
    reference: row.reference,
    reason: row.reason,
    liftsId: row.lifts_id,
    knownAt: row.known_at,
  }
}
