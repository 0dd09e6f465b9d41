import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { organisationOf } from '../domain/actor.ts'
import type { SensorAssessment } from '../domain/assess.ts'
import type { BudgetState } from '../domain/budget.ts'
import { certificateAt } from '../domain/calibration.ts'
import type { CustodyStatement } from '../domain/custody-event.ts'
import { type DepartureFacts, departureFindings } from '../domain/departure.ts'
import type { FindingCode } from '../domain/finding.ts'
import type { ExpiryReadings } from '../domain/gs1-date.ts'
import { isOut } from '../domain/profile.ts'
import { temperatureFacts } from '../domain/receipt-facts.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { ShipmentIdentity } from '../domain/shipment-identity.ts'
import { parseInstant } from '../domain/units.ts'
import { type Budgets, readOn } from './decide-on.ts'
import { chargeOfGround, loadGround, type ReceiptGround } from './receipt-ground.ts'
import { stands } from './said-by.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** What is known to be wrong at sealing already, in the codes of the receipt. */
export type DepartureCheck = {
  /** Null: nobody said, so that everything is asked for the moment of sealing only. */
  plannedArrivalAt: number | null
  findings: FindingCode[]
}

/**
 * The departure check of a shipment the actor sees, as if it were sealed now; `plannedArrivalAt` null takes that of the
 * order. Refused: `not_found`.
 */
export async function departureNow(
  ctx: Ctx,
  actor: Actor,
  { shipmentId, plannedArrivalAt }: { shipmentId: number; plannedArrivalAt: number | null },
): Promise<DepartureCheck | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  if (no !== null) return no
  const organisationId = organisationOf(actor)
  return readOn(ctx, shipmentId, (tx, budgets) =>
    departureCheck(tx, { shipmentId, organisationId, sealedAt: ctx.now(), plannedArrivalAt, budgets }),
  )
}

/** When a statement says that the shipment is to arrive: `details.plannedArrivalAt`. */
export function plannedArrival({ details }: Pick<CustodyStatement, 'details'>): number | null {
  const said = details?.plannedArrivalAt
  const parsed = typeof said === 'string' ? parseInstant(said) : null
  return typeof parsed === 'object' && parsed !== null ? parsed.at : null
}

type Asked = {
  shipmentId: number
  /** Whose people sealed it: what they read off the labels counts. */
  organisationId: number
  sealedAt: number
  plannedArrivalAt: number | null
  budgets: Budgets
}

/** The same for whoever was let in already; the shipment does not wait for judging. */
export async function departureCheck(tx: Tx, asked: Asked): Promise<DepartureCheck> {
  const { shipmentId, organisationId, sealedAt, budgets } = asked
  const ground = await loadGround(tx, { shipmentId, organisationId, asOf: sealedAt, budgets })
  const plannedArrivalAt = asked.plannedArrivalAt ?? (await neededBy(tx, shipmentId))
  const last = newestOf(ground.sensors)
  const before = last === null ? null : await readBefore(tx, last)
  const facts = departureFacts(ground, { sealedAt, etaAt: plannedArrivalAt ?? sealedAt, last, before })
  return { plannedArrivalAt, findings: departureFindings(facts) }
}

async function neededBy(tx: Tx, shipmentId: number): Promise<number | null> {
  const row = await tx
    .selectFrom('shipment')
    .innerJoin('therapy_order', 'therapy_order.id', 'shipment.order_id')
    .select('therapy_order.needed_by')
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirst()
  return row?.needed_by ?? null
}

type Newest = { sensor: SensorAssessment; last: NonNullable<SensorAssessment['last']> }

function newestOf(sensors: readonly SensorAssessment[]): Newest | null {
  const read = sensors.flatMap((sensor) => (sensor.last === null ? [] : [{ sensor, last: sensor.last }]))
  return read.toSorted((a, b) => b.last.at - a.last.at)[0] ?? null
}

async function readBefore(tx: Tx, { sensor: { placement }, last }: Newest): Promise<number | null> {
  const { rows } = await sql<{ at: number }>`select measured_at as at from reading r
    where ${stands('r')} and sensor_id = ${placement.sensorId} and channel = ${placement.channel}
      and measured_at < ${at(last.at)} and measured_at >= ${at(last.at - LOOK_BACK_MS)}
    order by measured_at desc limit 1`.execute(tx)
  return rows[0]?.at ?? null
}

/** A logger that was silent for longer did not measure at any interval of this trade. */
const LOOK_BACK_MS = 24 * 3_600_000

type Around = { sealedAt: number; etaAt: number; last: Newest | null; before: number | null }

function departureFacts(ground: ReceiptGround, { sealedAt, etaAt, last, before }: Around): DepartureFacts {
  const { profile, container, content, identity } = ground
  const isOutside = (milliC: number) => profile.levels.some((level) => isOut(level.side, level.limitMilliC, milliC))
  return {
    ...{ sealedAt, etaAt },
    calibrationValidUntilAt: calibratedUntil(ground, sealedAt),
    containerQualifiedUntilAt: container?.qualifiedUntilAt ?? null,
    hold:
      container?.kind === 'active_container'
        ? 'unlimited'
        : { chargedAt: chargeOfGround(ground, sealedAt), qualifiedMs: container?.holdMs ?? null },
    lastReading: last && {
      at: last.last.at,
      intervalMs: before === null ? null : last.last.at - before,
      isOut: isOutside(last.last.highestMilliC) || isOutside(last.last.lowestMilliC),
    },
    nominalIntervalMs: profile.nominalIntervalMs,
    maxGapMs: profile.maxGapMs,
    temperature: content.window === null ? null : temperatureFacts(content),
    order: orderOf(identity),
    expiry: earliestExpiry(identity),
    ...lotFacts(ground),
    budget: worstBudget(ground),
    sensorSuspect: content.reasons.includes('SENSOR_SUSPECT'),
    clockUntrusted: false,
  }
}

/** The earliest due date; null where a sensor has no certificate that carries a verdict, or no sensor rides along. */
function calibratedUntil({ sensors }: ReceiptGround, sealedAt: number): number | null {
  const due = sensors.map(({ placement: { certificates, calibrationId }, calibration }) => {
    return calibration === null ? (certificateAt(certificates, calibrationId, sealedAt)?.dueAt ?? null) : null
  })
  const known = due.flatMap((one) => one ?? [])
  return due.length === 0 || known.length < due.length ? null : Math.min(...known)
}

function orderOf({ units }: ShipmentIdentity): DepartureFacts['order'] {
  const results = units.map(({ check }) => check.result)
  if (results.includes('mismatch')) return 'mismatch'
  return results.length > 0 && results.every((one) => one === 'match') ? 'match' : 'unverified'
}

function earliestExpiry({ units }: ShipmentIdentity): ExpiryReadings | null {
  const known = units.flatMap(({ expiry }) => expiry ?? [])
  if (known.length === 0 || known.length < units.length) return null
  return {
    earliestAt: Math.min(...known.map(({ earliestAt }) => earliestAt)),
    latestAt: Math.min(...known.map(({ latestAt }) => latestAt)),
  }
}

/** The worst of the lots in it; no papers are looked at here. */
function lotFacts({ codes, lots }: ReceiptGround): Pick<DepartureFacts, 'lotStatus' | 'batchStatus'> {
  const known = codes.map((code) => lots.get(code))
  const said = known.map((lot) => lot?.lotStatus ?? 'ok')
  const isReleased = known.length > 0 && known.every((lot) => lot?.batchStatus === 'released')
  return {
    lotStatus: said.includes('recalled') ? 'recalled' : said.includes('on_hold') ? 'on_hold' : 'ok',
    batchStatus: isReleased ? 'released' : 'unknown',
  }
}

const WORST_FIRST: readonly BudgetState[] = ['exceeded', 'presumed_exceeded', 'none', 'within']

function worstBudget({ codes, budgets }: ReceiptGround): BudgetState {
  const states = codes.map((code) => budgets.get(code) ?? 'none')
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'none'
}
