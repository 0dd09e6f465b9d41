import { sql } from 'kysely'
import { DatabaseError } from 'pg'
import type { Database } from '../../db/connect.ts'
import type { ArchivedTable } from '../domain/archive-format.ts'
import { type Month, monthOf } from '../domain/month.ts'

type Seen = Record<ArchivedTable, Set<Month>>

/**
 * Months whose partition this process has seen, per database. The owner may archive and drop one at any time: whoever
 * then stores something meets `isMissingPartition`, forgets what was seen, and asks again.
 */
const seen = new WeakMap<Database, Seen>()

/**
 * Creates missing monthly partitions before the transaction that needs them: attached in a transaction of its own a new
 * month waits for no running insert, and no insert waits for it. Answers the months that are archived, in which nothing
 * can be stored.
 */
export async function ensurePartitions(
  db: Database,
  instants: Iterable<number>,
  table: ArchivedTable = 'reading',
): Promise<ReadonlySet<Month>> {
  const archived = new Set<Month>()
  for (const month of unseen(monthsSeen(db, table), instants)) {
    if (await isOpened(db, table, month)) monthsSeen(db, table).add(month)
    else archived.add(month)
  }
  return archived
}

/** Forgets which partitions were seen. */
export function forgetPartitions(db: Database): void {
  seen.delete(db)
}

/** Whether the database had no partition for a row: SQLSTATE 23514, which no value that passed the door can cause. */
export function isMissingPartition(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '23514'
}

function monthsSeen(db: Database, table: ArchivedTable): Set<Month> {
  const known = seen.get(db) ?? { reading: new Set(), observation: new Set() }
  seen.set(db, known)
  return known[table]
}

function unseen(months: ReadonlySet<Month>, instants: Iterable<number>): Set<Month> {
  const missing = new Set<Month>()
  let lastDay = Number.NaN
  for (const instant of instants) {
    const day = Math.floor(instant / 86_400_000)
    // readings come in runs of the same day: formatting each of them would cost more than storing it
    if (day === lastDay) continue
    lastDay = day
    const month = monthOf(instant)
    if (!months.has(month)) missing.add(month)
  }
  return missing
}

/** What `ensure_month_partition` says of a month that is archived. */
const ARCHIVED = 'UB001'

async function isOpened(db: Database, table: ArchivedTable, month: Month): Promise<boolean> {
  try {
    await sql`select ensure_month_partition(${table}, ${`${month}-01`}::date)`.execute(db.kysely)
    return true
  } catch (error) {
    if (error instanceof DatabaseError && error.code === ARCHIVED) return false
    throw error
  }
}
