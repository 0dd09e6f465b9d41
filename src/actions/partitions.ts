import { sql } from 'kysely'
import type { Database } from '../../db/connect.ts'

/** Months whose partition this process has seen, per database; a partition is never dropped under a running service. */
const seen = { reading: new WeakMap<Database, Set<string>>(), observation: new WeakMap<Database, Set<string>>() }

/**
 * Creates missing monthly partitions before the transaction that needs them: attached in a transaction of its own a new
 * month waits for no running insert, and no insert waits for it.
 */
export async function ensurePartitions(
  db: Database,
  instants: Iterable<number>,
  table: keyof typeof seen = 'reading',
): Promise<void> {
  const months = seen[table].get(db) ?? new Set<string>()
  seen[table].set(db, months)
  const missing = new Set<string>()
  let lastDay = Number.NaN
  for (const instant of instants) {
    const day = Math.floor(instant / 86_400_000)
    // readings come in runs of the same day: formatting each of them would cost more than storing it
    if (day === lastDay) continue
    lastDay = day
    const month = new Date(instant).toISOString().slice(0, 7)
    if (!months.has(month)) missing.add(month)
  }
  for (const month of missing) {
    await sql`select ensure_month_partition(${table}, ${`${month}-01`}::date)`.execute(db.kysely)
    months.add(month)
  }
}
