import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import type { Combined, JudgedSpan, Status } from '../domain/combine.ts'
import type { Level, Severity } from '../domain/profile.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Assessment } from './assess.ts'
import { type ContainerStatus, containerStatus } from './container-status.ts'
import { type CustodyAnswer, custodyAnswer } from './custody-status.ts'
import { type Reason, reasonsOf } from './evaluation-record.ts'
import { assessAt, judgePending } from './judge.ts'
import { numbers } from './load-rows.ts'
import { type SensorStatus, sensorStatuses } from './sensor-status.ts'
import { noShipment } from './shipments.ts'
import { sha256 } from './store-evaluations.ts'
import { canSeeShipment } from './visibility.ts'

/** The one answer about a shipment: condition and custody, as of an instant. Epoch milliseconds and milli-degrees. */
export type ShipmentStatus = {
  shipmentId: number
  reference: string
  asOf: number
  evaluationVersion: number | null
  profile: { profileId: number; version: number; name: string; example: boolean }
  temperature: Temperature
  custody: CustodyAnswer
  sensors: SensorStatus[]
  /** Null where the shipment names none. */
  container: ContainerStatus | null
  units: { id: number; code: string; terminal: { kind: string; at: number } | null }[]
  /** SHA-256 over the evaluation's hash and the custody head, independent of `asOf`. */
  recordHash: string
}

export type Temperature = {
  status: Status
  severity: Severity | null
  complete: boolean
  presumed: boolean
  dataUntilAt: number | null
  reasons: Reason[]
  span: JudgedSpan | null
  /** Null while nothing was packed. */
  judged: Combined | null
  /** Readings of the judged placements outside of the window: kept, shown grey, not judged. */
  outOfWindow: number
  levels: Level[]
}

/**
 * A shipment's status now: what waits for judging is judged first, then the current facts are extended to now without
 * being stored, so that silence shows as a gap. Condition and custody are read in one snapshot. Refused: `not_found`.
 */
export async function shipmentStatus(ctx: Ctx, actor: Actor, shipmentId: number): Promise<ShipmentStatus | Refusal> {
  for (;;) {
    const answer = await ctx.db.kysely
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute((tx) => readStatus(tx, actor, { shipmentId, now: ctx.now() }))
    if (answer !== 'behind') return answer
    await judgePending(ctx, shipmentId)
  }
}

type Asked = { shipmentId: number; now: number }

async function readStatus(tx: Tx, actor: Actor, asked: Asked): Promise<ShipmentStatus | Refusal | 'behind'> {
  const shipment = await loadShipment(tx, actor, asked.shipmentId)
  if (shipment === undefined) return noShipment(asked.shipmentId)
  if (shipment.judge_from !== null) return 'behind'
  const assessment = await assessAt(tx, asked.shipmentId, asked.now)
  if (assessment === null) throw new Error(`shipment ${asked.shipmentId} has no facts`)
  const custody = await custodyAnswer(tx, asked.shipmentId, asked.now)
  const evaluation = await tx
    .selectFrom('evaluation')
    .select(['version', 'content_sha256', 'inputs_sha256'])
    .where('shipment_id', '=', asked.shipmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const units = await tx
    .selectFrom('unit')
    .select(['id', 'code'])
    .where('shipment_id', '=', asked.shipmentId)
    .orderBy('id')
    .execute()
  const evaluationHashes = evaluation && { content: evaluation.content_sha256, inputs: evaluation.inputs_sha256 }
  const record = { evaluation: evaluationHashes ?? null, custodyHead: custody.headHash, receipt: null }
  return {
    shipmentId: asked.shipmentId,
    reference: shipment.reference,
    asOf: asked.now,
    evaluationVersion: evaluation?.version ?? null,
    profile: {
      profileId: shipment.profile_id,
      version: shipment.version,
      name: shipment.name,
      example: shipment.example,
    },
    temperature: { ...temperatureOf(assessment), outOfWindow: await countOutside(tx, assessment) },
    custody,
    sensors: await sensorStatuses(tx, assessment),
    container: await containerStatus(tx, asked),
    units: units.map(({ id, code }) => ({
      id,
      code,
      terminal: custody.units.find((unit) => unit.code === code)?.terminal ?? null,
    })),
    recordHash: sha256(canonicalJson(record)),
  }
}

async function loadShipment(tx: Tx, actor: Actor, shipmentId: number) {
  return tx
    .selectFrom('shipment')
    .innerJoin('profile', 'profile.id', 'shipment.profile_id')
    .select([
      'shipment.reference',
      'shipment.judge_from',
      'shipment.profile_id',
      'profile.version',
      'profile.name',
      'profile.example',
    ])
    .where('shipment.id', '=', shipmentId)
    .where((eb) => canSeeShipment(actor, eb.ref('shipment.id')))
    .executeTakeFirst()
}

/** Without a valid calibration the served status is at best indeterminate; an alarm stays one (domain page 2.5). */
function temperatureOf(assessment: Assessment): Omit<Temperature, 'outOfWindow'> {
  const { combined, span, shipment } = assessment
  const reasons = reasonsOf(assessment)
  const own = combined?.status ?? 'indeterminate'
  const capped = reasons.includes('CALIBRATION_INVALID') && own !== 'alarm'
  return {
    status: capped ? 'indeterminate' : own,
    severity: combined?.severity ?? null,
    complete: combined?.complete ?? false,
    presumed: combined?.presumed ?? false,
    dataUntilAt: combined?.dataUntilAt ?? null,
    reasons,
    span,
    judged: combined,
    levels: shipment.profile.levels,
  }
}

async function countOutside(tx: Tx, { shipment, sensors }: Assessment): Promise<number> {
  const { window } = shipment
  if (window === null || sensors.length === 0) return 0
  const placements = sensors.map(({ placement }) => placement)
  const from = new Date(window.fromAt).toISOString()
  const to = Number.isFinite(window.toAt) ? new Date(window.toAt).toISOString() : 'infinity'
  const result = await sql<{ count: number }>`select count(*) as count
    from placement p join reading r on r.sensor_id = p.sensor_id and r.channel = p.channel
      and r.measured_at >= p.from_at and r.measured_at < coalesce(p.to_at, 'infinity')
    where p.id = any(${numbers(placements.map(({ id }) => id))}::bigint[])
      and (r.measured_at < ${from}::timestamptz or r.measured_at >= ${to}::timestamptz)`.execute(tx)
  return result.rows[0]?.count ?? 0
}
