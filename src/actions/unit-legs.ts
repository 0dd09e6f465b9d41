import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { isSameUnit, type Leg, legsOf, type UnitRow } from '../domain/unit-legs.ts'
import { numbers } from './load-rows.ts'

/**
 * The rides of units with all shipments of their product, whoever sent them: a stability budget is one of the bag's
 * life. By unit; what an asker may see of them is not decided here.
 */
export async function loadLegs(tx: Tx, unitIds: readonly number[]): Promise<Map<number, Leg[]>> {
  if (unitIds.length === 0) return new Map()
  const found = await sql<UnitRow & { asked: number }>`
    select a.id as asked, b.id as "unitId", b.shipment_id as "shipmentId", b.code, b.gtin, b.serial, b.din, b.lot,
      s.packed_at as "packedAt", s.closed_at as "closedAt"
    from unit a join shipment own on own.id = a.shipment_id
    cross join lateral (select * from unit where code = a.code
      union select * from unit where gtin = a.gtin and serial = a.serial) b
    join shipment s on s.id = b.shipment_id and s.product_id = own.product_id
    where a.id = any(${numbers(unitIds)}::bigint[])`.execute(tx)
  const rowsOf = Map.groupBy(found.rows, ({ asked }) => asked)
  return new Map(
    [...rowsOf].map(([unitId, rows]) => {
      const own = rows.find((row) => row.unitId === unitId)
      const same = rows.filter((row) => own !== undefined && isSameUnit(own, row))
      return [unitId, legsOf(same.map(({ asked: _, ...row }) => row))]
    }),
  )
}

/** No bag travels as often: a code that stands in more shipments of a product names many bags, such as "BAG-1". */
const MAX_LEGS = 200

/** The refusal of units whose names cannot tell one bag from another; null where they can. */
export async function refuseAmbiguous(tx: Tx, unitIds: readonly number[]): Promise<Refusal | null> {
  const found = await sql<{ code: string }>`
    select a.code from unit a join shipment own on own.id = a.shipment_id
    where a.id = any(${numbers(unitIds)}::bigint[]) and (a.gtin is null or a.serial is null)
      and (select count(*) from (select 1 from unit b join shipment s on s.id = b.shipment_id
        where b.code = a.code and s.product_id = own.product_id limit ${MAX_LEGS + 1}) n) > ${MAX_LEGS}
    limit 1`.execute(tx)
  const [unit] = found.rows
  if (unit === undefined) return null
  const named = `Unit ${unit.code} stands in more than ${MAX_LEGS} shipments of its product: no bag travels as often.`
  return refuse('invalid', `${named} Name units by GTIN and serial, or by codes that differ.`)
}
