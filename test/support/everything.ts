import { sql } from 'kysely'
import { expect } from 'vitest'
import type { TestDatabase } from './database.ts'

/** Every row of every table as text. */
export async function everything({ db }: Pick<TestDatabase, 'db'>): Promise<string> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(db.kysely)
  const texts = await Promise.all(
    tables.rows.map(async ({ name }) => {
      const rows = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} t`.execute(db.kysely)
      return rows.rows.map(({ row }) => row).join('\n')
    }),
  )
  expect(tables.rows.length).toBeGreaterThan(20)
  return texts.join('\n')
}
