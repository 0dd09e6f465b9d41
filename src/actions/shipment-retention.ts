import { sql } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { Refusal } from '../domain/refusal.ts'
import { type Kept, longerOf, RECORD_CLASSES, type RecordClass, retentionOf } from '../domain/retention.ts'
import { concernsShipment, holdsInForce } from './hold-subjects.ts'
import { type LegalHold, ownHolds } from './legal-holds.ts'
import { loadRetentionFacts } from './retention-facts.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'

/** Until when what belongs to a shipment is kept, and why. */
export type ShipmentRetention = {
  shipmentId: number
  /** The longest of all classes. */
  longest: Kept
  /** What every rule says, the longest first. */
  classes: { recordClass: RecordClass; kept: readonly [Kept, ...Kept[]] }[]
  /** In force: those of one's own organisation, and how many others there are. */
  holds: LegalHold[]
  otherHolds: number
}

/** How long the records of a visible shipment are kept, and which holds stand on it. Refused: `not_found`. */
export async function shipmentRetention(
  ctx: Ctx,
  actor: Actor,
  shipmentId: number,
): Promise<ShipmentRetention | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const no = await refuseUnlessSeen(tx, actor, shipmentId)
    if (no !== null) return no
    const [facts] = await loadRetentionFacts(tx, sql<boolean>`s.id = ${shipmentId}`, 1)
    if (facts === undefined) return noShipment(shipmentId)
    const inForce = await holdsOn(tx, shipmentId)
    const holds = await ownHolds(tx, actor, inForce)
    const classes = RECORD_CLASSES.map((recordClass) => ({ recordClass, kept: retentionOf(facts, recordClass) }))
    const longest = classes.map(({ kept: [first] }) => first).reduce(longerOf)
    return { shipmentId, longest, classes, holds, otherHolds: inForce.length - holds.length }
  })
}

async function holdsOn(tx: Tx, shipmentId: number): Promise<number[]> {
  const found = await sql<{ id: number }>`
    select held.id from shipment s cross join lateral (${holdsInForce(concernsShipment)}) held
    where s.id = ${shipmentId}`.execute(tx)
  return found.rows.map(({ id }) => id)
}
