import type { Selectable } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, json, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import type { AsFound, Certificate } from '../domain/calibration.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { judgePending, markForJudging } from './judge.ts'
import { storedAsFound } from './judging-facts.ts'
import { lockSensors, lockShipments } from './locks.ts'
import { type Listing, listing, type Page } from './page.ts'
import { getSensor, noSensor } from './sensors.ts'
import { storedPoints } from './stored-profile.ts'
import { canSeeSensor } from './visibility.ts'

/** A certificate of one sensor channel (domain page 2.5). */
export type Calibration = Certificate & {
  sensorId: number
  channel: string
  certificate: string
  laboratory: string
  /** How the laboratory found the sensor; null: not stated. */
  asFound: AsFound | null
  knownAt: number
  supersededAt: number | null
  supersededReason: string | null
}

/**
 * Adds a certificate to a sensor of the actor's organisation. Every shipment on which the channel rides after the
 * certificate's date is judged again; where it found the sensor out of tolerance, every one since the certificate
 * before.
 */
export async function addCalibration(
  ctx: Ctx,
  actor: Actor,
  input: Omit<Calibration, 'id' | 'asFound' | 'knownAt' | 'supersededAt' | 'supersededReason'> & {
    asFound?: AsFound | null | undefined
  },
): Promise<Calibration | Refusal> {
  const no = denied(actor, 'manage_sensors')
  if (no !== null) return no
  return judgedAfter(ctx, async (tx) => {
    const refused = await lockOwnSensor(tx, actor, input.sensorId)
    if (refused !== null) return refused
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('calibration')
      .values({
        sensor_id: input.sensorId,
        channel: input.channel,
        certificate: input.certificate,
        laboratory: input.laboratory,
        calibrated_at: at(input.calibratedAt),
        due_at: at(input.dueAt),
        points: json(input.points.toSorted((a, b) => a.atMilliC - b.atMilliC)),
        uncertainty_milli_c: input.uncertaintyMilliC,
        as_found: input.asFound ?? null,
        known_at: at(knownAt),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { action: 'add_calibration', subjectKind: 'sensor', subjectId: input.sensorId }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: { calibrationId: row.id, ...input } }])
    return { calibration: calibration(row), shipmentIds: await judgeAgain(tx, { ...input, id: row.id }) }
  })
}

/** Takes a certificate out of use (a wrong one, say); the row stays. What it corrected is judged again without it. */
export async function supersedeCalibration(
  ctx: Ctx,
  actor: Actor,
  input: { calibrationId: number; reason: string },
): Promise<Calibration | Refusal> {
  const no = denied(actor, 'manage_sensors')
  if (no !== null) return no
  return judgedAfter(ctx, async (tx) => {
    const found = await tx
      .selectFrom('calibration')
      .innerJoin('sensor', 'sensor.id', 'calibration.sensor_id')
      .select('calibration.sensor_id')
      .where('calibration.id', '=', input.calibrationId)
      .where((eb) => canSeeSensor(actor, eb))
      .executeTakeFirst()
    if (found === undefined) return refuse('not_found', `There is no calibration ${input.calibrationId}.`)
    const refused = await lockOwnSensor(tx, actor, found.sensor_id)
    if (refused !== null) return refused
    const row = await tx
      .updateTable('calibration')
      .set({ superseded_at: at(ctx.now()), superseded_reason: input.reason })
      .where('id', '=', input.calibrationId)
      .where('superseded_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return refuse('changed_meanwhile', 'This certificate is superseded already.')
    const deed = { action: 'supersede_calibration', subjectKind: 'sensor', subjectId: row.sensor_id }
    const after = { calibrationId: row.id, supersededAt: row.superseded_at }
    await audit(tx, actor, [{ ...deed, at: ctx.now(), before: { supersededAt: null }, after, reason: input.reason }])
    const superseded = calibration(row)
    return { calibration: superseded, shipmentIds: await judgeAgain(tx, superseded) }
  })
}

/** The certificates of a visible sensor, superseded ones included, in order of id. */
export async function listCalibrations(
  ctx: Ctx,
  actor: Actor,
  asked: { sensorId: number; page: Page },
): Promise<Listing<Calibration> | Refusal> {
  const sensor = await getSensor(ctx, actor, asked.sensorId)
  if (isRefusal(sensor)) return sensor
  const rows = await ctx.db.kysely
    .selectFrom('calibration')
    .selectAll()
    .where('sensor_id', '=', asked.sensorId)
    .where('id', '>', asked.page.after ?? 0)
    .orderBy('id')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows.map(calibration), asked.page.limit, ({ id }) => id)
}

/** Locks the sensor before anything else: no batch of its readings is then judged with the certificates of before. */
async function lockOwnSensor(tx: Tx, actor: Actor, sensorId: number): Promise<Refusal | null> {
  const row = await tx
    .selectFrom('sensor')
    .select('organisation_id')
    .where('id', '=', sensorId)
    .where((eb) => canSeeSensor(actor, eb))
    .executeTakeFirst()
  if (row === undefined) return noSensor(sensorId)
  if (row.organisation_id !== organisationOf(actor)) {
    return refuse('not_allowed', 'Only the organisation that owns the sensor keeps its certificates.')
  }
  await lockSensors(tx, [sensorId])
  return null
}

type Changed = { calibration: Calibration; shipmentIds: number[] }

async function judgedAfter(ctx: Ctx, work: (tx: Tx) => Promise<Changed | Refusal>): Promise<Calibration | Refusal> {
  const changed = await transaction(ctx.db, work)
  if (isRefusal(changed)) return changed
  for (const shipmentId of changed.shipmentIds) await judgePending(ctx, shipmentId)
  return changed.calibration
}

/**
 * Marks the shipments on which the channel rides after the certificate's date, or on which a placement names it; from
 * the certificate before on, where any found the sensor out of tolerance since.
 */
async function judgeAgain(
  tx: Tx,
  changed: Pick<Calibration, 'id' | 'sensorId' | 'channel' | 'calibratedAt'>,
): Promise<number[]> {
  const fromAt = await doubtfulFrom(tx, changed)
  const rows = await tx
    .selectFrom('placement')
    .select('shipment_id')
    .distinct()
    .where('sensor_id', '=', changed.sensorId)
    .where('channel', '=', changed.channel)
    .where('superseded_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('calibration_id', '=', changed.id),
        eb('to_at', 'is', null),
        ...(fromAt === null ? [eb.lit(true)] : [eb('to_at', '>', at(fromAt))]),
      ]),
    )
    .orderBy('shipment_id')
    .execute()
  const shipmentIds = rows.map((row) => row.shipment_id)
  await lockShipments(tx, shipmentIds)
  // the whole shipment: which certificate rules before the date may have changed with the list
  const changes = shipmentIds.map((shipmentId) => ({ shipmentId, fromAt: 0 }))
  await markForJudging(tx, changes)
  return shipmentIds
}

/** From when a changed certificate may change anything; null: ever since. */
async function doubtfulFrom(
  tx: Tx,
  { sensorId, channel, calibratedAt }: Pick<Calibration, 'sensorId' | 'channel' | 'calibratedAt'>,
): Promise<number | null> {
  const standing = tx
    .selectFrom('calibration')
    .select(['id', 'calibrated_at'])
    .where('sensor_id', '=', sensorId)
    .where('channel', '=', channel)
  const failed = await standing
    .where('as_found', '=', 'out_of_tolerance')
    .where('calibrated_at', '>=', at(calibratedAt))
    .limit(1)
    .executeTakeFirst()
  if (failed === undefined) return calibratedAt
  const before = await standing
    .where('superseded_at', 'is', null)
    .where('calibrated_at', '<', at(calibratedAt))
    .orderBy('calibrated_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return before?.calibrated_at ?? null
}

function calibration(row: Selectable<Tables['calibration']>): Calibration {
  return {
    id: row.id,
    sensorId: row.sensor_id,
    channel: row.channel,
    certificate: row.certificate,
    laboratory: row.laboratory,
    calibratedAt: row.calibrated_at,
    dueAt: row.due_at,
    uncertaintyMilliC: row.uncertainty_milli_c,
    asFound: storedAsFound(row.as_found),
    points: storedPoints(row.points),
    knownAt: row.known_at,
    supersededAt: row.superseded_at,
    supersededReason: row.superseded_reason,
  }
}
