import { sql } from 'kysely'
import { DatabaseError } from 'pg'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import type { PlacementRole } from '../domain/judge.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { judgePending, markForJudging } from './judge.ts'
import { lockSensors, lockShipments } from './locks.ts'
import { noSensor } from './sensors.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { canSeeSensor } from './visibility.ts'

export type NewPlacement = {
  shipmentId: number
  sensorId: number
  channel: string
  role: PlacementRole
  fromAt: number
  /** Null: until the window of the shipment ends. */
  toAt: number | null
  calibrationId: number | null
  reason: string | null
}

/** A placement as it stands in the register; instants in epoch milliseconds, `toAt` null while open. */
export type Placement = NewPlacement & {
  id: number
  correctsId: number | null
  knownAt: number
  supersededAt: number | null
}

/**
 * Places a sensor channel with a shipment during `[fromAt, toAt)`. Readings that arrived before are linked by the
 * interval and judged now; none is rewritten. Refused: `not_found`, `not_allowed`, `invalid`, `placement_overlaps`.
 */
export async function placeSensor(ctx: Ctx, actor: Actor, input: NewPlacement): Promise<Placement | Refusal> {
  const no = denied(actor, 'place_sensors')
  if (no !== null) return no
  const placed = await translated(() =>
    transaction(ctx.db, async (tx) => {
      const missing = await refuseUnseen(tx, actor, input)
      if (missing !== null) return missing
      await lockSensors(tx, [input.sensorId])
      await lockShipments(tx, [input.shipmentId])
      const placement = await insertPlacement(tx, { ...input, correctsId: null, knownAt: ctx.now() })
      await markForJudging(tx, [{ shipmentId: input.shipmentId, fromAt: input.fromAt }])
      await audit(tx, actor, [
        {
          at: ctx.now(),
          action: 'sensor_placed',
          subjectKind: 'shipment',
          subjectId: input.shipmentId,
          after: placement,
          reason: input.reason,
        },
      ])
      return placement
    }),
  )
  if (!isRefusal(placed)) await judgePending(ctx, input.shipmentId)
  return placed
}

/** Inserts a placement; the interval's invariants are the database's. */
export async function insertPlacement(
  tx: Tx,
  placement: NewPlacement & { correctsId: number | null; knownAt: number },
): Promise<Placement> {
  const closedAt = placement.toAt === null ? await windowEnd(tx, placement.shipmentId) : null
  // an open placement follows the window; where that has already ended after the placement's start, it ends there at
  // once
  const toAt = placement.toAt ?? (closedAt !== null && closedAt > placement.fromAt ? closedAt : null)
  const row = await tx
    .insertInto('placement')
    .values({
      sensor_id: placement.sensorId,
      channel: placement.channel,
      shipment_id: placement.shipmentId,
      role: placement.role,
      from_at: at(placement.fromAt),
      to_at: atOrNull(toAt),
      until_window_end: placement.toAt === null,
      calibration_id: placement.calibrationId,
      corrects_id: placement.correctsId,
      reason: placement.reason,
      known_at: at(placement.knownAt),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  // checked here and not at commit, so that the refusal comes from the statement that caused it
  await sql`set constraints all immediate`.execute(tx)
  await sql`set constraints all deferred`.execute(tx)
  return { ...placement, toAt, id: row.id, supersededAt: null }
}

/** Turns the database's no to an overlapping or empty interval into a refusal. */
export async function translated<T>(work: () => Promise<T | Refusal>): Promise<T | Refusal> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    if (error.code === '23P01') {
      return refuse(
        'placement_overlaps',
        'The sensor channel is already placed in that time: end or correct the other placement first.',
      )
    }
    if (error.code === '23514') return refuse('invalid', 'A placement must end after it begins.')
    throw error
  }
}

async function windowEnd(tx: Tx, shipmentId: number): Promise<number | null> {
  const row = await tx.selectFrom('shipment').select('closed_at').where('id', '=', shipmentId).executeTakeFirst()
  return row?.closed_at ?? null
}

async function refuseUnseen(tx: Tx, actor: Actor, input: NewPlacement): Promise<Refusal | null> {
  const refused =
    (await refuseUnlessSeen(tx, actor, input.shipmentId)) ?? (await refuseUnowned(tx, actor, input.sensorId))
  if (refused !== null) return refused
  if (input.toAt !== null && input.toAt <= input.fromAt) {
    return refuse('invalid', `A placement must end after it begins (${isoInstant(input.fromAt)}).`)
  }
  return input.calibrationId === null ? null : refuseCalibration(tx, input)
}

/**
 * Only its owner says where a sensor rode: a placement opens the sensor's readings of that time to all parties of the
 * shipment, those of other parties' shipments too.
 */
export async function refuseUnowned(tx: Tx, actor: Actor, sensorId: number): Promise<Refusal | null> {
  const sensor = await tx
    .selectFrom('sensor')
    .select('organisation_id')
    .where('id', '=', sensorId)
    .where((eb) => canSeeSensor(actor, eb))
    .executeTakeFirst()
  if (sensor === undefined) return noSensor(sensorId)
  if (sensor.organisation_id === actor.organisationId) return null
  return refuse('not_allowed', `Sensor ${sensorId} belongs to another organisation: ask it to place its sensor.`)
}

/** A placement may name only a certificate of its own sensor channel. */
export async function refuseCalibration(tx: Tx, input: NewPlacement): Promise<Refusal | null> {
  const found = await tx
    .selectFrom('calibration')
    .select('id')
    .where('id', '=', input.calibrationId)
    .where('sensor_id', '=', input.sensorId)
    .where('channel', '=', input.channel)
    .where('superseded_at', 'is', null)
    .executeTakeFirst()
  if (found !== undefined) return null
  return refuse('not_found', `Calibration ${input.calibrationId} is not one of this sensor channel.`)
}
