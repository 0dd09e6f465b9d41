import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { codeOf, QUANTITIES, type Quantity, quantityByCode } from '../domain/quantity.ts'
import { numbers } from './load-rows.ts'

/** The newest observation of a quantity; `value` in its scale, null for a fault. */
export type NewestObservation = { quantity: Quantity; channel: string; at: number; value: number | null }

/**
 * The newest observation of each quantity by each placement of a shipment, while it was placed there. One index look-up
 * per placement and quantity, however long the journey.
 */
export async function newestObservations(tx: Tx, shipmentId: number): Promise<Map<number, NewestObservation[]>> {
  const found = await sql<Row>`
    select l.id as "placementId", q.quantity as code, o.channel, o.measured_at as at, o.value
    from placement l cross join unnest(${numbers(QUANTITIES.map(codeOf))}::smallint[]) as q(quantity)
    cross join lateral (select channel, measured_at, value from observation o
      where o.sensor_id = l.sensor_id and o.quantity = q.quantity
        and o.measured_at >= l.from_at and o.measured_at < coalesce(l.to_at, 'infinity')
      order by o.measured_at desc, o.channel desc, o.value desc limit 1) o
    where l.shipment_id = ${shipmentId} and l.superseded_at is null
    order by l.id, q.quantity`.execute(tx)
  const ofPlacement = Map.groupBy(found.rows, ({ placementId }) => placementId)
  return new Map([...ofPlacement].map(([placementId, rows]) => [placementId, rows.map(newest)]))
}

type Row = Omit<NewestObservation, 'quantity'> & { placementId: number; code: number }

function newest({ code, channel, at, value }: Row): NewestObservation {
  return { quantity: quantityByCode(code), channel, at, value }
}
