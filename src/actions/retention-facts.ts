import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { RetentionFacts } from '../domain/retention.ts'
import { storedYears } from './product-retention.ts'

/** What the rules of retention ask of shipments `s`, in order of id; `which` says of which. */
export async function loadRetentionFacts(
  tx: Tx,
  which: RawBuilder<boolean>,
  limit: number,
): Promise<(RetentionFacts & { shipmentId: number })[]> {
  const found = await sql<Row>`
    select s.id as "shipmentId", s.packed_at as "packedAt", s.closed_at as "closedAt",
      greatest(s.known_at, (select max(c.known_at) from custody_event c where c.shipment_id = s.id),
        (select max(l.known_at) from placement l where l.shipment_id = s.id)) as "lastKnownAt",
      u."lastExpiryAt", coalesce(u.every, false) as "everyExpiryKnown", r.years, r.shelf_life_years as "shelfLifeYears"
    from shipment s
    left join lateral (select max(expiry_at) as "lastExpiryAt", bool_and(expiry_at is not null) as every
      from unit where shipment_id = s.id) u on true
    left join lateral (select years, shelf_life_years from product_retention
      where product_id = s.product_id order by id desc limit 1) r on true
    where ${which} order by s.id limit ${limit}`.execute(tx)
  return found.rows.map(({ years, shelfLifeYears, ...row }) => ({
    ...row,
    product: years === null ? null : { years: storedYears(years), shelfLifeYears },
  }))
}

type Row = Omit<RetentionFacts, 'product'> & { shipmentId: number; years: unknown; shelfLifeYears: number | null }
