import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { ARCHIVED_TABLES, type ArchivedTable } from '../domain/archive-format.ts'
import { type Month, monthSpan } from '../domain/month.ts'
import { hasPassed, type Kept, longerOf, retentionOf, unplacedRetention } from '../domain/retention.ts'
import { concernsShipment, holdsInForce } from './hold-subjects.ts'
import { loadRetentionFacts } from './retention-facts.ts'

/** A month of a table as it lies in the database. */
export type StoredMonth = { table: ArchivedTable; month: Month; partition: string }

/** Until when a month is kept, by what, and how many legal holds stand on something in it. */
export type MonthKept = StoredMonth & { kept: Kept; shipmentId: number | null; holds: number }

/** Whether everything in a month may go. */
export function isDue({ kept, holds }: MonthKept, now: number): boolean {
  return holds === 0 && hasPassed(kept, now)
}

/** The months that have a partition, oldest first. */
export async function storedMonths(tx: Tx): Promise<StoredMonth[]> {
  const found = await sql<{ table: string; partition: string }>`
    select p.relname as table, c.relname as partition
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
    where p.relnamespace = 'public'::regnamespace and p.relname = any(${[...ARCHIVED_TABLES]}::text[])
    order by c.relname`.execute(tx)
  return found.rows.flatMap(({ table, partition }) => {
    const known = ARCHIVED_TABLES.find((one) => one === table)
    const month = /_(\d{4})_(\d\d)$/.exec(partition)
    return known === undefined || month === null ? [] : [{ table: known, partition, month: `${month[1]}-${month[2]}` }]
  })
}

/**
 * The longest retention over everything in a month: what never rode with a shipment, and each shipment on which a
 * sensor was placed meanwhile, also by a placement that was corrected since. A month that is too young for the first
 * is not looked into any further.
 */
export async function monthKept(tx: Tx, stored: StoredMonth, now: number): Promise<MonthKept> {
  const { toAt } = monthSpan(stored.month)
  const least = unplacedRetention(toAt)
  if (!hasPassed(least, now)) return { ...stored, kept: least, shipmentId: null, holds: 0 }
  const own = unplacedRetention(Math.max(toAt, await newestReceipt(tx, stored)))
  const longest = await longestOfShipments(tx, stored, { kept: own, shipmentId: null })
  return { ...stored, ...longest, holds: await countHolds(tx, stored) }
}

async function newestReceipt(tx: Tx, { partition }: StoredMonth): Promise<number> {
  const found = await sql<{ newest: number | null }>`
    select max(received_at) as newest from ${sql.id(partition)}`.execute(tx)
  return found.rows[0]?.newest ?? 0
}

/** Shipments whose retention is loaded at once. */
const SHIPMENTS_PER_PAGE = 5000

type Longest = { kept: Kept; shipmentId: number | null }

async function longestOfShipments(tx: Tx, stored: StoredMonth, own: Longest): Promise<Longest> {
  const recordClass = stored.table === 'reading' ? 'readings' : 'observations'
  let longest = own
  let after = 0
  for (;;) {
    const met = sql`select l.shipment_id from placement l where ${meets(stored)}`
    const which = sql<boolean>`s.id > ${after} and s.id in (${met})`
    const page = await loadRetentionFacts(tx, which, SHIPMENTS_PER_PAGE)
    for (const { shipmentId, ...facts } of page) {
      const [kept] = retentionOf(facts, recordClass)
      if (longerOf(longest.kept, kept) === kept) longest = { kept, shipmentId }
      after = shipmentId
    }
    if (page.length < SHIPMENTS_PER_PAGE) return longest
  }
}

/**
 * That a placement `l` has an instant in common with the month; one that was open when it was corrected reached no
 * further than its correction.
 */
export function meets({ month }: Pick<StoredMonth, 'month'>): RawBuilder<boolean> {
  const { fromAt, toAt } = monthSpan(month)
  return sql<boolean>`(l.from_at < ${at(toAt)} and coalesce(l.to_at, l.superseded_at, 'infinity') > ${at(fromAt)})`
}

async function countHolds(tx: Tx, stored: StoredMonth): Promise<number> {
  const concerned = sql<boolean>`(h.subject = 'all'
    or exists (select from ${sql.id(stored.partition)} r where r.sensor_id = h.sensor_id)
    or exists (select from placement l join shipment s on s.id = l.shipment_id
      where ${meets(stored)} and ${concernsShipment}))`
  const found = await sql<{ count: number }>`select count(*) as count from (${holdsInForce(concerned)}) held`.execute(
    tx,
  )
  return found.rows[0]?.count ?? 0
}
