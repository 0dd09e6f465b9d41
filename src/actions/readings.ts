import { type RawBuilder, sql } from 'kysely'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { refuseArchivedOfSensor, refuseArchivedOfShipment } from './archived-months.ts'
import { describeReadings, type Reading, type ReadingRow } from './describe-readings.ts'
import { type Listing, listing, type Page } from './page.ts'
import { stands } from './said-by.ts'
import { getSensor } from './sensors.ts'
import { findShipment } from './shipments.ts'

/** Where a page of readings ends: measuring order, then sensor and channel, what was sent live before the memory. */
export type ReadingKey = Pick<ReadingRow, 'at' | 'sensorId' | 'channel' | 'source'>

/** Which readings: `[fromAt, toAt)`; null leaves a side open, or asks for every sensor or channel. */
export type AskedReadings = {
  sensorId: number | null
  channel: string | null
  fromAt: number | null
  toAt: number | null
  page: Page<ReadingKey>
}

/**
 * The readings of a shipment, in order of measuring: those of each sensor channel while it was placed there. They are
 * found by the placement's interval, whenever they arrived. Refused: `not_found`, and `archived` where the list would
 * leave out an archived month.
 */
export async function listShipmentReadings(
  ctx: Ctx,
  actor: Actor,
  asked: AskedReadings & { shipmentId: number },
): Promise<Listing<Reading, ReadingKey> | Refusal> {
  const shipment = await findShipment(ctx.db.kysely, actor, asked.shipmentId)
  if (isRefusal(shipment)) return shipment
  const archived = await refuseArchivedOfShipment(ctx.db.kysely, 'reading', asked)
  if (archived !== null) return archived
  const { page } = asked
  const found = await sql<ReadingRow>`
    select distinct on (r.measured_at, r.sensor_id, r.channel, r.source) ${COLUMNS},
      l.calibration_id as "namedCertificate"
    from placement l cross join lateral (select * from reading r
      where r.sensor_id = l.sensor_id and r.channel = l.channel
        and r.measured_at >= l.from_at and (l.to_at is null or r.measured_at < l.to_at)
        and ${within(asked)} order by r.measured_at, r.source limit ${page.limit + 1}) r
    left join batch b on b.id = r.batch_id
    where l.shipment_id = ${asked.shipmentId} and l.superseded_at is null
      and ${same(sql`l.sensor_id`, asked.sensorId)} and ${same(sql`l.channel`, asked.channel)}
    order by r.measured_at, r.sensor_id, r.channel, r.source, l.id limit ${page.limit + 1}`.execute(ctx.db.kysely)
  const { items, next } = listing(found.rows, page.limit, keyOf)
  return { items: await describeReadings(ctx, items, shipment.profile.profileId), next }
}

/**
 * Every reading of an own sensor, placed or not. Others read what they may see through the shipment. Refused:
 * `not_found`, `not_allowed`, `archived`.
 */
export async function listSensorReadings(
  ctx: Ctx,
  actor: Actor,
  asked: AskedReadings & { sensorId: number },
): Promise<Listing<Reading, ReadingKey> | Refusal> {
  const sensor = await getSensor(ctx, actor, asked.sensorId)
  if (isRefusal(sensor)) return sensor
  if (sensor.organisationId !== organisationOf(actor)) {
    return refuse('not_allowed', 'Only the owner reads a whole sensor: read the shipment it rides with.')
  }
  const archived = await refuseArchivedOfSensor(ctx.db.kysely, 'reading', { ...asked, registeredAt: sensor.knownAt })
  if (archived !== null) return archived
  const { page } = asked
  const found = await sql<ReadingRow>`
    select ${COLUMNS}, null as "namedCertificate" from reading r left join batch b on b.id = r.batch_id
    where r.sensor_id = ${asked.sensorId} and ${same(sql`r.channel`, asked.channel)} and ${within(asked)}
    order by r.measured_at, r.sensor_id, r.channel, r.source limit ${page.limit + 1}`.execute(ctx.db.kysely)
  const { items, next } = listing(found.rows, page.limit, keyOf)
  return { items: await describeReadings(ctx, items, null), next }
}

const COLUMNS = sql`r.sensor_id as "sensorId", r.channel as channel, r.source, r.measured_at as at,
  r.value_milli_c as "milliC", nullif(r.raw, '') as raw, r.seq as seq, r.received_at as "receivedAt",
  b.known_at as "knownAt", not ${stands('r')} as "takenBack"`

function keyOf({ at: measuredAt, sensorId, channel, source }: ReadingRow): ReadingKey {
  return { at: measuredAt, sensorId, channel, source }
}

/** The bounds on `measured_at` stand by themselves beside the row comparison, so that partitions prune. */
function within({ fromAt, toAt, page: { after } }: AskedReadings): RawBuilder<boolean> {
  const conditions = [
    ...(fromAt === null ? [] : [sql`r.measured_at >= ${at(fromAt)}`]),
    ...(toAt === null ? [] : [sql`r.measured_at < ${at(toAt)}`]),
    ...(after === null ? [] : [sql`r.measured_at >= ${at(after.at)}`, beyond(after)]),
  ]
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)
}

function beyond(after: ReadingKey): RawBuilder<unknown> {
  return sql`(r.measured_at, r.sensor_id, r.channel, r.source) >
    (${at(after.at)}, ${after.sensorId}::bigint, ${after.channel}::text, ${after.source}::smallint)`
}

function same(column: RawBuilder<unknown>, value: number | string | null): RawBuilder<boolean> {
  return value === null ? sql`true` : sql`${column} = ${value}`
}
