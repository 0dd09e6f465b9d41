import { type RawBuilder, sql } from 'kysely'
import type { Database, Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { type Charge, chargeOf } from '../domain/charge.ts'
import { type CooledContainer, coolantOf } from '../domain/coolant.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { TiltSample } from '../domain/handling.ts'
import { type HoldTimeFacts, type HoldTimeLeft, holdTimeLeft, type UnknownHoldTime } from '../domain/hold-time.ts'
import { codeOf } from '../domain/quantity.ts'
import { judgingWindow } from '../domain/window.ts'
import { loadLedger } from './custody-ledger.ts'
import { organisationKey } from './organisations.ts'
import { stands } from './said-by.ts'
import { type Standing, stood } from './standing.ts'
import type { StatusFacts } from './status-facts.ts'
import type { CurrentFacts } from './status-memory.ts'

/** The container of a shipment, with how long it stays cold. */
export type ContainerStatus = {
  id: number
  serial: string
  kind: string
  holdTimeLeft: HoldTimeLeft | null
  /** Why there is none. */
  reason: NoHoldTime | null
}

export type NoHoldTime = UnknownHoldTime['unknown'] | 'NO_COOLANT' | 'OPENED'

/** As of `now`, from what is known, or was known by then. */
type Asked = { shipmentId: number; now: number; knownAt: Standing }

/** An estimate serves for the rest of its minute: it takes milliseconds, and no coolant goes within a minute. */
const MINUTE_MS = 60_000

type Estimated = { minuteAt: number; of: string; status: ContainerStatus | null }
const estimates = new WeakMap<StatusFacts, Estimated>()

/**
 * Estimates the hold time left of a shipment's container; null where the shipment names no container. Estimated again
 * when the minute is over, the shipment's facts are others, or something newer was observed.
 */
export async function containerStatus(
  db: Database,
  { facts, newest }: Pick<CurrentFacts, 'facts' | 'newest'>,
  now: number,
): Promise<ContainerStatus | null> {
  const minuteAt = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const of = JSON.stringify([...newest])
  const known = estimates.get(facts)
  if (known?.minuteAt === minuteAt && known.of === of) return known.status
  const asked = { shipmentId: facts.shipmentId, now, knownAt: 'now' } as const
  const status = await db.kysely.transaction().execute((tx) => estimateContainer(tx, asked))
  estimates.set(facts, { minuteAt, of, status })
  return status
}

/** The same without anything remembered. */
export async function estimateContainer(tx: Tx, asked: Asked): Promise<ContainerStatus | null> {
  const row = await loadContainer(tx, asked.shipmentId)
  if (row === undefined) return null
  const { id, serial, kind } = row
  const known = await loadCharge(tx, { ...asked, consigneeOrg: organisationKey(row.consignee) })
  const coolant = coolantOf(kind)
  if (coolant === null) return { id, serial, kind, holdTimeLeft: null, reason: 'NO_COOLANT' }
  if (known === 'opened') return { id, serial, kind, holdTimeLeft: null, reason: 'OPENED' }
  const facts = await loadFacts(tx, asked, { charge: known, container: { coolant, ...row.cooled } })
  const estimated = holdTimeLeft(facts)
  if ('unknown' in estimated) return { id, serial, kind, holdTimeLeft: null, reason: estimated.unknown }
  return { id, serial, kind, holdTimeLeft: estimated, reason: null }
}

async function loadContainer(tx: Tx, shipmentId: number) {
  const row = await tx
    .selectFrom('shipment')
    .innerJoin('container', 'container.id', 'shipment.container_id')
    .innerJoin('organisation', 'organisation.id', 'shipment.consignee_id')
    .selectAll('container')
    .select(['organisation.id as consignee_id', 'organisation.gln as consignee_gln'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const cooled: Omit<CooledContainer, 'coolant'> = {
    capacityMilli: row.coolant_capacity_milli,
    lossMilliPerDay: row.coolant_loss_milli_per_day,
    emptyG: row.empty_mass_g,
    staticHoldMs: row.hold_time_ms,
    dynamicHoldMs: row.dynamic_hold_time_ms,
  }
  const consignee = { id: row.consignee_id, gln: row.consignee_gln }
  return { id: row.id, serial: row.serial, kind: row.kind, cooled, consignee }
}

/** A box refused at the door or lost still has its units inside; one opened by its consignee does not. */
const STILL_LOADED: readonly string[] = ['refused', 'lost', 'cancelled']

async function loadCharge(tx: Tx, asked: Asked & { consigneeOrg: string }): Promise<Charge | 'opened'> {
  const ledger = await loadLedger(tx, asked.shipmentId, asked.knownAt)
  const events = effectiveEvents(ledger.events).filter((event) => event.at <= asked.now)
  const window = judgingWindow(events, { consigneeOrg: asked.consigneeOrg, loadingMs: 0 })
  return window.state === 'closed' && !STILL_LOADED.includes(window.closedBy) ? 'opened' : chargeOf(events)
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Where no charge is told: longer than any container holds. */
const LOOK_BACK_MS = 60 * DAY_MS

type Known = { charge: Charge; container: CooledContainer }

async function loadFacts(
  tx: Tx,
  { shipmentId, now, knownAt }: Asked,
  { charge, container }: Known,
): Promise<HoldTimeFacts> {
  // a day more, for what it was like around the charge
  const fromAt = (charge.chargedAt ?? now - LOOK_BACK_MS) - DAY_MS
  const during: During = {
    shipmentId,
    knownAt,
    inside: (row) => sql`${sql.ref(`${row}.measured_at`)} >= ${at(fromAt)}
      and ${sql.ref(`${row}.measured_at`)} <= ${at(now)} and ${broughtBy(row, knownAt)}`,
  }
  return {
    container,
    charge,
    masses: await loadMasses(tx, during),
    tilt: await loadTilt(tx, during),
    ambient: await loadAmbient(tx, during),
    now,
  }
}

/** `inside`: of a row of readings or observations. */
type During = { shipmentId: number; knownAt: Standing; inside: (row: string) => RawBuilder<unknown> }

function broughtBy(row: string, knownAt: Standing): RawBuilder<unknown> {
  if (knownAt === 'now') return sql`true`
  return sql`exists (select from batch b where b.id = ${sql.ref(`${row}.batch_id`)} and b.known_at <= ${at(knownAt)})`
}

/** Of a channel placed in the role, or one that bears the quantity's name, of a sensor that rides along. */
function observedBy(role: 'tilt' | 'weight', quantity: 'tilt' | 'mass', { shipmentId, knownAt, inside }: During) {
  return sql`placement l join observation o on o.sensor_id = l.sensor_id and o.quantity = ${codeOf(quantity)}
      and o.measured_at >= l.from_at and o.measured_at < coalesce(l.to_at, 'infinity')
      and (o.channel = ${quantity} or (l.role = ${role} and o.channel = l.channel))
    where l.shipment_id = ${shipmentId} and ${stood('l', knownAt)} and ${inside('o')}`
}

/** The newest weight of each hour; of contradicting ones the lightest. */
async function loadMasses(tx: Tx, during: During): Promise<{ at: number; massG: number }[]> {
  const found = await sql<{ at: number; massG: number }>`
    select distinct on (date_bin('1 hour', o.measured_at, 'epoch')) o.measured_at as at, o.value as "massG"
    from ${observedBy('weight', 'mass', during)} and o.value is not null
    order by date_bin('1 hour', o.measured_at, 'epoch'), o.measured_at desc, o.value`.execute(tx)
  return found.rows
}

/** Two weeks of minutes; what lies before the newest so many is not known, and so counts as unwatched. */
const MAX_TILTS = 20_000

async function loadTilt(tx: Tx, during: During): Promise<TiltSample[]> {
  const found = await sql<TiltSample>`
    select distinct o.measured_at as at, o.value as "milliDeg"
    from ${observedBy('tilt', 'tilt', during)}
    order by o.measured_at desc limit ${MAX_TILTS}`.execute(tx)
  return found.rows.reverse()
}

/** What no surroundings have is a fault. */
const AMBIENT_MILLI_C = { low: -80_000, high: 80_000 }

/** The mean of each hour: 1 K changes the loss by 1 %. */
async function loadAmbient(tx: Tx, { shipmentId, knownAt, inside }: During): Promise<{ at: number; milliC: number }[]> {
  const found = await sql<{ at: number; milliC: number }>`
    select date_bin('1 hour', r.measured_at, 'epoch') as at, round(avg(r.value_milli_c))::int as "milliC"
    from placement l join reading r on r.sensor_id = l.sensor_id and r.channel = l.channel
      and r.measured_at >= l.from_at and r.measured_at < coalesce(l.to_at, 'infinity')
    where l.shipment_id = ${shipmentId} and ${stood('l', knownAt)} and l.role = 'ambient'
      and ${inside('r')} and ${stands('r', knownAt)}
      and r.value_milli_c between ${AMBIENT_MILLI_C.low} and ${AMBIENT_MILLI_C.high}
    group by 1 order by 1`.execute(tx)
  return found.rows
}
