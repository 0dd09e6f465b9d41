import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

test('the tables TypeScript sees are those of the migrated database, column by column', async () => {
  const { rows } = await database.db.pool.query<{ table_name: string; column_name: string; nullable: boolean }>(
    `select c.relname as table_name, a.attname as column_name, not a.attnotnull as nullable
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and a.attnum > 0 and not a.attisdropped`,
  )
  const migrated = rows.map((row) => `${row.table_name}.${row.column_name}${row.nullable ? '?' : ''}`)
  expect(declaredColumns().sort()).toEqual(migrated.sort())
})

const BESIDE = ['channels', 'keeping', 'loggers', 'lots', 'people', 'reviews', 'identity', 'budget', 'receipt']

/** Reads `db/tables.ts` and the rows beside it as text, since its types leave nothing to ask at run time. */
function declaredColumns(): string[] {
  const names = ['tables.ts', 'rows.ts', ...BESIDE.map((name) => `rows-${name}.ts`)]
  const files = names.map((file) => join(import.meta.dirname, '../../db', file))
  const source = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  const types = new Map(
    [...source.matchAll(/^(?:export )?type (\w+) = \{([^}]*)\}/gm)].map((found) => [found[1], found[2]]),
  )
  const fieldsOf = (type: string | undefined) =>
    [...(types.get(type) ?? '').matchAll(/(\w+): (?:\w+\.)?(\w+)/g)].map(([, name, kind]) => ({
      name,
      kind,
    }))
  return fieldsOf('Tables').flatMap(({ name: table, kind: type }) =>
    fieldsOf(type).map(({ name, kind }) => `${table}.${name}${/OrNull$/.test(kind ?? '') ? '?' : ''}`),
  )
}
