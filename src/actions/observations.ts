import { type RawBuilder, sql } from 'kysely'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { codeOf, QUANTITIES, type Quantity, quantityByCode } from '../domain/quantity.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { refuseArchivedOfSensor, refuseArchivedOfShipment } from './archived-months.ts'
import { numbers } from './load-rows.ts'
import { type Listing, listing, type Page } from './page.ts'
import { getSensor } from './sensors.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** What a channel measured beside temperature; `value` in the scale of the quantity, null for a fault. */
export type Observation = {
  sensorId: number
  channel: string
  quantity: Quantity
  at: number
  value: number | null
  raw: string | null
  seq: number | null
  receivedAt: number
  knownAt: number | null
}

/** Where a page of observations ends: measuring order, then the rest of the key. */
export type ObservationKey = Pick<Observation, 'at' | 'sensorId' | 'quantity' | 'channel' | 'value'>

/** Which observations: `[fromAt, toAt)`; null leaves a side open, or asks for every one. */
export type AskedObservations = {
  sensorId: number | null
  channel: string | null
  quantity: Quantity | null
  fromAt: number | null
  toAt: number | null
  page: Page<ObservationKey>
}

/**
 * The observations of a shipment, in order of measuring. A placement of any role and channel opens all that its sensor
 * observed while it rode there: what tilts or shakes a sensor tilts and shakes the box it sits in. Refused:
 * `not_found`, and `archived` where the list would leave out an archived month.
 */
export async function listShipmentObservations(
  ctx: Ctx,
  actor: Actor,
  asked: AskedObservations & { shipmentId: number },
): Promise<Listing<Observation, ObservationKey> | Refusal> {
  const refusal = await refuseUnlessSeen(ctx.db.kysely, actor, asked.shipmentId)
  if (refusal !== null) return refusal
  const archived = await refuseArchivedOfShipment(ctx.db.kysely, 'observation', asked)
  if (archived !== null) return archived
  const found = await sql<Row>`
    select distinct on (${ORDER}) ${COLUMNS}
    from placement l cross join unnest(${quantityCodes(asked)}::smallint[]) as q(quantity)
    cross join lateral (select * from observation o
      where o.sensor_id = l.sensor_id and o.quantity = q.quantity
        and o.measured_at >= l.from_at and (l.to_at is null or o.measured_at < l.to_at)
        and ${within(asked)} order by ${ORDER} limit ${asked.page.limit + 1}) o
    left join batch b on b.id = o.batch_id
    where l.shipment_id = ${asked.shipmentId} and l.superseded_at is null and ${same(sql`l.sensor_id`, asked.sensorId)}
    order by ${ORDER} limit ${asked.page.limit + 1}`.execute(ctx.db.kysely)
  return listing(found.rows.map(observation), asked.page.limit, keyOf)
}

/** Everything an own sensor observed, placed or not. Others read what they may see through the shipment. */
export async function listSensorObservations(
  ctx: Ctx,
  actor: Actor,
  asked: AskedObservations & { sensorId: number },
): Promise<Listing<Observation, ObservationKey> | Refusal> {
  const sensor = await getSensor(ctx, actor, asked.sensorId)
  if (isRefusal(sensor)) return sensor
  if (sensor.organisationId !== organisationOf(actor)) {
    return refuse('not_allowed', 'Only the owner reads a whole sensor: read the shipment it rides with.')
  }
  const whole = { ...asked, registeredAt: sensor.knownAt }
  const archived = await refuseArchivedOfSensor(ctx.db.kysely, 'observation', whole)
  if (archived !== null) return archived
  const found = await sql<Row>`
    select ${COLUMNS}
    from unnest(${quantityCodes(asked)}::smallint[]) as q(quantity)
    cross join lateral (select * from observation o
      where o.sensor_id = ${asked.sensorId} and o.quantity = q.quantity and ${within(asked)}
      order by ${ORDER} limit ${asked.page.limit + 1}) o
    left join batch b on b.id = o.batch_id
    order by ${ORDER} limit ${asked.page.limit + 1}`.execute(ctx.db.kysely)
  return listing(found.rows.map(observation), asked.page.limit, keyOf)
}

type Row = Omit<Observation, 'quantity'> & { code: number }

function observation({ code, ...row }: Row): Observation {
  return { ...row, quantity: quantityByCode(code) }
}

/** Each quantity is an index range of its own, and the ranges are merged: one sensor has few. */
function quantityCodes({ quantity }: AskedObservations): string {
  return numbers((quantity === null ? QUANTITIES : [quantity]).map(codeOf))
}

const COLUMNS = sql`o.sensor_id as "sensorId", o.quantity as code, o.channel as channel, o.measured_at as at,
  o.value as value, o.raw as raw, o.seq as seq, o.received_at as "receivedAt", b.known_at as "knownAt"`

const ORDER = sql`o.measured_at, o.sensor_id, o.quantity, o.channel, o.value`

function keyOf({ at: measuredAt, sensorId, quantity, channel, value }: Observation): ObservationKey {
  return { at: measuredAt, sensorId, quantity, channel, value }
}

/** The bounds on `measured_at` stand by themselves beside the row comparison, so that partitions prune. */
function within({ channel, fromAt, toAt, page: { after } }: AskedObservations): RawBuilder<boolean> {
  const conditions = [
    same(sql`o.channel`, channel),
    ...(fromAt === null ? [] : [sql`o.measured_at >= ${at(fromAt)}`]),
    ...(toAt === null ? [] : [sql`o.measured_at < ${at(toAt)}`]),
    ...(after === null ? [] : [sql`o.measured_at >= ${at(after.at)}`, beyond(after)]),
  ]
  return sql.join(conditions, sql` and `)
}

/** A fault is sorted last, beyond any value a quantity can have. */
const LAST = sql`9223372036854775807`

function beyond(after: ObservationKey): RawBuilder<unknown> {
  return sql`(o.measured_at, o.sensor_id, o.quantity, o.channel, coalesce(o.value, ${LAST})) >
    (${at(after.at)}, ${after.sensorId}::bigint, ${codeOf(after.quantity)}::smallint, ${after.channel}::text,
      coalesce(${after.value}::bigint, ${LAST}))`
}

function same(column: RawBuilder<unknown>, value: number | string | null): RawBuilder<boolean> {
  return value === null ? sql`true` : sql`${column} = ${value}`
}
