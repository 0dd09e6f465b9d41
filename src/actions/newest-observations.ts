import { type Expression, type RawBuilder, sql } from 'kysely'
import { at } from '../../db/tables.ts'
import { codeOf, QUANTITIES, type Quantity, quantityByCode } from '../domain/quantity.ts'
import { type Standing, stood } from './standing.ts'

/** The newest observation of a quantity; `value` in its scale, null for a fault. */
export type NewestObservation = { quantity: Quantity; channel: string; at: number; value: number | null }

export type NewestRow = Omit<NewestObservation, 'quantity'> & { placement: number; code: number }

/**
 * The newest observation of each quantity by each placement of a shipment, while it was placed there, as the text of a
 * JSON list of `NewestRow`; null where there is none. One index look-up per placement and quantity, however long the
 * journey. By an instant: what was known then.
 */
export function newestObservationsOf(
  shipmentId: Expression<number>,
  knownAt: Standing = 'now',
): RawBuilder<string | null> {
  const known =
    knownAt === 'now'
      ? sql`true`
      : sql`exists (select from batch b where b.id = o.batch_id and b.known_at <= ${at(knownAt)})`
  return sql`(select json_agg(json_build_object('placement', l.id, 'code', q.quantity, 'channel', o.channel,
      'at', floor(extract(epoch from o.measured_at) * 1000)::bigint, 'value', o.value) order by l.id, q.quantity)::text
    from placement l cross join unnest(array[${CODES}]::smallint[]) as q(quantity)
    cross join lateral (select channel, measured_at, value from observation o
      where o.sensor_id = l.sensor_id and o.quantity = q.quantity
        and o.measured_at >= l.from_at and o.measured_at < coalesce(l.to_at, 'infinity') and ${known}
      order by o.measured_at desc, o.channel desc, o.value desc limit 1) o
    where l.shipment_id = ${shipmentId} and ${stood('l', knownAt)})`
}

/** Written out: they never change, and parameters would be one more thing to plan for. */
const CODES = sql.join(QUANTITIES.map((quantity) => sql.lit(codeOf(quantity))))

/** The rows by placement. */
export function byPlacement(rows: readonly NewestRow[]): Map<number, NewestObservation[]> {
  const grouped = Map.groupBy(rows, ({ placement }) => placement)
  return new Map([...grouped].map(([placement, list]) => [placement, list.map(newest)]))
}

function newest({ code, channel, at, value }: NewestRow): NewestObservation {
  return { quantity: quantityByCode(code), channel, at, value }
}
