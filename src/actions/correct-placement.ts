import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { PLACEMENT_ROLES, type PlacementRole } from '../domain/judge.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { judgePending, markForJudging } from './judge.ts'
import { lockSensors, lockShipments } from './locks.ts'
import {
  insertPlacement,
  type NewPlacement,
  type Placement,
  refuseCalibration,
  refuseUnowned,
  translated,
} from './place-sensor.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** What a correction changes; null withdraws the placement altogether. Fields left out stay as they are. */
export type PlacementChange = {
  fromAt?: number | undefined
  toAt?: number | null | undefined
  role?: PlacementRole | undefined
  shipmentId?: number | undefined
  calibrationId?: number | null | undefined
} | null

/**
 * Corrects a placement: the old row is superseded, a new one stands in its place, and every shipment concerned is
 * judged again. No reading is touched. Refused: `not_found`, `not_allowed`, `placement_superseded`,
 * `placement_overlaps`, `invalid`.
 */
export async function correctPlacement(
  ctx: Ctx,
  actor: Actor,
  input: { placementId: number; reason: string; change: PlacementChange },
): Promise<{ superseded: number; placement: Placement | null } | Refusal> {
  const no = denied(actor, 'place_sensors')
  if (no !== null) return no
  const result = await translated(() =>
    transaction(ctx.db, async (tx) => {
      const old = await lockPlacement(tx, actor, input.placementId)
      if (isRefusal(old)) return old
      const target = input.change?.shipmentId ?? old.shipmentId
      const refused = (await refuseUnowned(tx, actor, old.sensorId)) ?? (await refuseUnlessSeen(tx, actor, target))
      if (refused !== null) return refused
      const named = input.change?.calibrationId ?? null
      const foreign = named === null ? null : await refuseCalibration(tx, { ...old, calibrationId: named })
      if (foreign !== null) return foreign
      const shipments = [...new Set([old.shipmentId, target])].sort((a, b) => a - b)
      await lockShipments(tx, shipments)
      const now = ctx.now()
      await supersede(tx, [old.id], now)
      const placement = input.change === null ? null : await insertPlacement(tx, corrected(old, input, now))
      const fromAt = Math.min(old.fromAt, placement?.fromAt ?? old.fromAt)
      await markForJudging(
        tx,
        shipments.map((shipmentId) => ({ shipmentId, fromAt })),
      )
      await audit(
        tx,
        actor,
        shipments.map((shipmentId) => ({
          at: now,
          action: input.change === null ? 'placement_withdrawn' : 'placement_corrected',
          subjectKind: 'shipment',
          subjectId: shipmentId,
          before: old,
          after: placement,
          reason: input.reason,
        })),
      )
      return { superseded: old.id, placement, shipments }
    }),
  )
  if (isRefusal(result)) return result
  for (const shipmentId of result.shipments) await judgePending(ctx, shipmentId)
  return { superseded: result.superseded, placement: result.placement }
}

/** Marks placements as superseded; the caller holds the locks of their sensors and shipments. */
export async function supersede(tx: Tx, ids: readonly number[], now: number): Promise<void> {
  if (ids.length === 0) return
  await tx
    .updateTable('placement')
    .set({ superseded_at: at(now) })
    .where('id', 'in', [...ids])
    .execute()
}

/** All placements a shipment ever had, superseded ones included, in order of recording. */
export async function listPlacements(ctx: Ctx, actor: Actor, shipmentId: number): Promise<Placement[] | Refusal> {
  return ctx.db.kysely.transaction().execute(async (tx) => {
    const refused = await refuseUnlessSeen(tx, actor, shipmentId)
    if (refused !== null) return refused
    const rows = await tx
      .selectFrom('placement')
      .selectAll()
      .where('shipment_id', '=', shipmentId)
      .orderBy('id')
      .execute()
    return rows.map(placementOf)
  })
}

type StoredPlacement = Placement & { untilWindowEnd: boolean }

async function lockPlacement(tx: Tx, actor: Actor, id: number): Promise<StoredPlacement | Refusal> {
  const find = () => tx.selectFrom('placement').selectAll().where('id', '=', id).executeTakeFirst()
  const seen = await find()
  if (seen === undefined || (await refuseUnlessSeen(tx, actor, seen.shipment_id)) !== null) {
    return refuse('not_found', `There is no placement ${id}.`)
  }
  await lockSensors(tx, [seen.sensor_id])
  const row = await find()
  if (row === undefined || row.superseded_at !== null) {
    return refuse('placement_superseded', `Placement ${id} was corrected already: correct the one that stands for it.`)
  }
  return placementOf(row)
}

function corrected(
  old: StoredPlacement,
  input: { reason: string; change: Exclude<PlacementChange, null> | null },
  now: number,
): NewPlacement & { correctsId: number; knownAt: number } {
  const change = input.change ?? {}
  // a placement that followed the window goes on following it
  const oldTo = old.untilWindowEnd ? null : old.toAt
  return {
    shipmentId: change.shipmentId ?? old.shipmentId,
    sensorId: old.sensorId,
    channel: old.channel,
    role: change.role ?? old.role,
    fromAt: change.fromAt ?? old.fromAt,
    toAt: change.toAt === undefined ? oldTo : change.toAt,
    calibrationId: change.calibrationId === undefined ? old.calibrationId : change.calibrationId,
    reason: input.reason,
    correctsId: old.id,
    knownAt: now,
  }
}

type PlacementRow = {
  id: number
  shipment_id: number
  sensor_id: number
  channel: string
  role: string
  from_at: number
  to_at: number | null
  until_window_end: boolean
  calibration_id: number | null
  reason: string | null
  corrects_id: number | null
  known_at: number
  superseded_at: number | null
}

function placementOf(row: PlacementRow): StoredPlacement {
  return {
    id: row.id,
    shipmentId: row.shipment_id,
    sensorId: row.sensor_id,
    channel: row.channel,
    role: roleOf(row.role),
    fromAt: row.from_at,
    toAt: row.to_at,
    untilWindowEnd: row.until_window_end,
    calibrationId: row.calibration_id,
    reason: row.reason,
    correctsId: row.corrects_id,
    knownAt: row.known_at,
    supersededAt: row.superseded_at,
  }
}

function roleOf(text: string): PlacementRole {
  const role = PLACEMENT_ROLES.find((candidate) => candidate === text)
  if (role === undefined) throw new Error(`"${text}" is no role of a placement`)
  return role
}
