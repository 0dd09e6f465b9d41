import { sql } from 'kysely'
import type { TestDatabase } from './database.ts'

/** How much of everything that people sign is stored. */
export async function signedCounts({ db }: Pick<TestDatabase, 'db'>): Promise<object[]> {
  const { rows } = await sql<object>`select (select count(*) from custody_event) as events,
    (select count(*) from signature) as signatures, (select count(*) from receipt) as receipts,
    (select count(*) from receipt_verification) as verifications, (select count(*) from disposition) as dispositions,
    (select count(*) from exceptional_release_step) as steps`.execute(db.kysely)
  return rows
}
