import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { expectedVersion, type Migrated, migrate, schemaVersion } from '../../db/migrate.ts'
import { emptyDatabase } from '../support/database.ts'

let database: Awaited<ReturnType<typeof emptyDatabase>>
let directory: string
let grants: string

beforeEach(async () => {
  database = await emptyDatabase()
  directory = mkdtempSync(join(tmpdir(), 'unbroken-migrations-'))
  grants = join(mkdtempSync(join(tmpdir(), 'unbroken-grants-')), 'grants.sql')
  writeFileSync(grants, 'grant usage on schema public to :serving; select 1::int')
  write({ '0001_ground.sql': 'create table a (x int);', '0002_more.sql': 'create table b (y int);' })
})

afterEach(async () => {
  await database.drop()
  rmSync(directory, { recursive: true })
  rmSync(join(grants, '..'), { recursive: true })
})

const NOW = Date.UTC(2026, 2, 2, 10)

function write(files: Record<string, string>): void {
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(directory, name), sql)
}

function run(): Promise<Migrated> {
  const { servingRole } = inject('testServer')
  const { ownerUrl } = database
  return migrate({ ownerUrl, servingRole, now: () => NOW, log: () => {}, files: { directory, grants } })
}

function rows(sql: string): Promise<unknown[]> {
  return withClient(database.ownerUrl, async (client) => (await client.query(sql)).rows)
}

test('pending files run in order, once, and are recorded with the instant they were applied', async () => {
  expect(await schemaVersion(database.ownerUrl)).toBe(0)
  expect(await run()).toMatchObject({ applied: ['0001_ground.sql', '0002_more.sql'], version: 2 })
  expect(await run()).toMatchObject({ applied: [], version: 2 })
  write({ '0003_later.sql': 'alter table a add column z int' })
  expect(await run()).toMatchObject({ applied: ['0003_later.sql'], version: 3 })
  expect(await schemaVersion(database.servingUrl).catch((error: Error) => error.message)).toContain('permission denied')
  expect(await schemaVersion(database.ownerUrl)).toBe(expectedVersion(directory))
  expect(await rows('select number, applied_at from schema_migration order by number')).toEqual(
    [1, 2, 3].map((number) => ({ number, applied_at: NOW })),
  )
})

test('an edited file is refused and nothing is applied', async () => {
  await run()
  write({ '0001_ground.sql': 'create table a (x bigint);', '0003_later.sql': 'create table c ()' })
  await expect(run()).rejects.toThrow('Migration 0001_ground.sql was edited after this database had run it')
  expect(await schemaVersion(database.ownerUrl)).toBe(2)
})

test('a missing number, a number twice and a misnamed file are refused before anything runs', async () => {
  write({ '0004_far.sql': 'create table c ()' })
  await expect(run()).rejects.toThrow('Migration 0003 is missing before 0004_far.sql')
  rmSync(join(directory, '0004_far.sql'))
  write({ '0002_twin.sql': 'create table c ()' })
  await expect(run()).rejects.toThrow('Migration 0003 is missing before 0002_twin.sql')
  rmSync(join(directory, '0002_twin.sql'))
  write({ '3_Later.sql': 'create table c ()' })
  await expect(run()).rejects.toThrow('3_Later.sql is no migration')
  expect(await schemaVersion(database.ownerUrl)).toBe(0)
})

test('a database newer than the program is refused', async () => {
  await run()
  rmSync(join(directory, '0002_more.sql'))
  await expect(run()).rejects.toThrow(
    'The database is at schema version 2, this program knows 1: run the newer program',
  )
})

test('a failing file leaves nothing of itself, keeps those before it, and its line is named', async () => {
  write({
    '0003_bad.sql': 'create table c ();\n\ncreate table a (x int);',
    '0004_bad.sql': 'select 1;\nselect nothing;',
  })
  await expect(run()).rejects.toThrow(/Migration 0003_bad.sql failed \(relation "a" already exists\)/)
  expect(await schemaVersion(database.ownerUrl)).toBe(2)
  expect(await rows(`select to_regclass('c') as c`)).toEqual([{ c: null }])
  write({ '0003_bad.sql': 'create table c ();' })
  await expect(run()).rejects.toThrow('Migration 0004_bad.sql failed at line 2 (column "nothing" does not exist)')
  expect(await schemaVersion(database.ownerUrl)).toBe(3)
})

test('two programs migrating at once apply every file once, and both end at the newest version', async () => {
  write({ '0001_ground.sql': 'create table a (x int); select pg_sleep(0.2);' })
  const both = await Promise.all([run(), run()])
  expect(both.flatMap((migrated) => migrated.applied).sort()).toEqual(['0001_ground.sql', '0002_more.sql'])
  expect(both.map((migrated) => migrated.version)).toEqual([2, 2])
})

test('append-only counts as enforced only while the serving role can change no evidence', async () => {
  const { servingRole } = inject('testServer')
  const tables = ['reading', 'conflict', 'custody_event', 'audit_entry']
  expect((await run()).appendOnlyEnforced).toBe(false)
  write({ '0003_evidence.sql': tables.map((table) => `create table ${table} (x int);`).join('\n') })
  writeFileSync(
    grants,
    `revoke all on all tables in schema public from :serving;
    grant select, insert on ${tables.join(', ')} to :serving;`,
  )
  expect((await run()).appendOnlyEnforced).toBe(true)
  for (const right of ['update (x)', 'delete', 'truncate']) {
    const lax = `revoke all on all tables in schema public from :serving; grant ${right} on audit_entry to :serving;`
    writeFileSync(grants, lax)
    expect((await run()).appendOnlyEnforced, right).toBe(false)
  }
  expect(await rows(`select has_table_privilege('${servingRole}', 'reading', 'insert') as may`)).toEqual([
    { may: false },
  ])
})

test('one role for everything is said to leave append-only unenforced', async () => {
  const { ownerRole } = inject('testServer')
  write({
    '0003_evidence.sql': ['reading', 'conflict', 'custody_event', 'audit_entry']
      .map((table) => `create table ${table} (x int);`)
      .join('\n'),
  })
  const { ownerUrl } = database
  const files = { directory, grants }
  const migrated = await migrate({ ownerUrl, servingRole: ownerRole, now: () => NOW, log: () => {}, files })
  expect(migrated.appendOnlyEnforced).toBe(false)
})

test('a role without the right to change the schema is told which role is needed', async () => {
  const { servingRole } = inject('testServer')
  const ownerUrl = database.servingUrl
  const attempt = migrate({ ownerUrl, servingRole, now: () => NOW, log: () => {}, files: { directory, grants } })
  await expect(attempt).rejects.toThrow('let DATABASE_OWNER_URL name the owner of the database')
})
