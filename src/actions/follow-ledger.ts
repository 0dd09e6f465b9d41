import type { Tx } from '../../db/connect.ts'
import { atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, SERVICE } from '../domain/actor.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import { judgingWindow } from '../domain/window.ts'
import { audit } from './audit.ts'
import type { Ledger } from './custody-ledger.ts'
import { followWindow, type WindowChange } from './follow-window.ts'
import { lockSensors, lockShipments } from './locks.ts'
import { organisationKey } from './organisations.ts'
import { canSeeShipment } from './visibility.ts'

/**
 * Moves the judging window to where the ledger has it now: to be called by whatever appended custody events, with the
 * locks of `lockWithSensors` held. `seq` is the entry that may have moved it.
 */
export async function followLedger(
  tx: Tx,
  ctx: Ctx,
  { shipment, ledger, seq }: { shipment: ShipmentRow; ledger: Pick<Ledger, 'events'>; seq: number },
): Promise<void> {
  const change = windowChange(shipment, ledger)
  if (change !== null) await moveWindow(tx, ctx, { shipmentId: shipment.id, change, seq })
}

/**
 * Locks the shipment after the sensors whose placements may move with its window. A closed window seldom moves, and
 * what is signed about it may rest on a million readings: its sensors are left to who records, and locked when it does
 * move. Those are locked late, as are those placed in between; should that deadlock with a recorder, the transaction is
 * run again.
 */
export async function lockWithSensors(tx: Tx, shipmentId: number): Promise<void> {
  const before = await placedSensors(tx, shipmentId, { open: true })
  await lockSensors(tx, before)
  await lockShipments(tx, [shipmentId])
  const late = (await placedSensors(tx, shipmentId, { open: true })).filter((sensorId) => !before.includes(sensorId))
  await lockSensors(tx, late)
}

/** The sensors whose placements end with the window; where only `open` windows are asked for, none of a closed one. */
async function placedSensors(tx: Tx, shipmentId: number, { open }: { open: boolean }): Promise<number[]> {
  const rows = await tx
    .selectFrom('placement')
    .innerJoin('shipment', 'shipment.id', 'shipment_id')
    .select('sensor_id')
    .distinct()
    .where('shipment_id', '=', shipmentId)
    .where('superseded_at', 'is', null)
    .where('until_window_end', '=', true)
    .where((eb) => (open ? eb('closed_at', 'is', null) : eb.val(true)))
    .execute()
  return rows.map((row) => row.sensor_id)
}

/** A shipment as its ledger concerns it. */
export type ShipmentRow = NonNullable<Awaited<ReturnType<typeof loadSeenShipment>>>

/** The shipment, if the actor is a party to it. */
export async function loadSeenShipment(tx: Tx, actor: Actor, shipmentId: number) {
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

function windowChange(shipment: ShipmentRow, ledger: Pick<Ledger, 'events'>): WindowChange | null {
  const consigneeOrg = organisationKey({ id: shipment.consignee_id, gln: shipment.consignee_gln })
  const window = judgingWindow(effectiveEvents(ledger.events), { consigneeOrg, loadingMs: 0 })
  const packedAt = window.state === 'not_packed' ? null : window.fromAt
  const closedAt = window.state === 'closed' ? window.toAt : null
  if (packedAt === shipment.packed_at && closedAt === shipment.closed_at) return null
  return { packedAt, closedAt, before: { packedAt: shipment.packed_at, closedAt: shipment.closed_at } }
}

type Move = { shipmentId: number; change: WindowChange; seq: number }

async function moveWindow(tx: Tx, ctx: Ctx, { shipmentId, change, seq }: Move): Promise<void> {
  if (change.before.closedAt !== null) await lockSensors(tx, await placedSensors(tx, shipmentId, { open: false }))
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
