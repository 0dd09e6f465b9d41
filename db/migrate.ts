import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, DatabaseError, escapeIdentifier } from 'pg'
import { withClient } from './connect.ts'
import { SetupError } from './setup-error.ts'

export type MigrateOptions = {
  /** Role that owns the database. A direct connection; the rights of DATABASE_URL suffice when nothing is pending. */
  ownerUrl: string
  /** Role of DATABASE_URL, which gets the rights of `grants.sql`. */
  servingRole: string
  /** Epoch milliseconds, for `applied_at`. */
  now: () => number
  log: (line: string) => void
  /** Other files than those of this directory, for tests. */
  files?: MigrationFiles
}

export type MigrationFiles = { directory: string; grants: string }

export type Migrated = {
  /** Names of the migrations that this call applied. */
  applied: string[]
  /** Number of the newest migration, now in the database. */
  version: number
  /** Whether the serving role is unable to change or delete rows of append-only tables. */
  appendOnlyEnforced: boolean
}

const FILES: MigrationFiles = {
  directory: join(import.meta.dirname, 'migrations'),
  grants: join(import.meta.dirname, 'grants.sql'),
}

/**
 * Brings the database up to this program: applies the missing `NNNN_name.sql`, each in a transaction of its own, then
 * the rights of the serving role. Of two programs starting at once one waits and finds nothing to do.
 * @throws SetupError with one sentence: an applied file was edited, a number is missing, the database is newer.
 */
export async function migrate(options: MigrateOptions): Promise<Migrated> {
  const source = options.files ?? FILES
  const migrations = readMigrations(source.directory)
  return withClient(options.ownerUrl, async (client) => {
    const applied: string[] = []
    for (;;) {
      const migration = await locked(client, () => applyNext(client, migrations, options.now()))
      if (migration === null) break
      options.log(`Applied migration ${migration.file}.`)
      applied.push(migration.file)
    }
    await locked(client, () => grantRights(client, options.servingRole, source.grants))
    const appendOnlyEnforced = await isAppendOnlyEnforced(client, options.servingRole)
    return { applied, version: migrations.length, appendOnlyEnforced }
  })
}

/** The version this program needs: the number of its newest migration. */
export function expectedVersion(directory: string = FILES.directory): number {
  return readMigrations(directory).length
}

/** The version a database stands at; 0 when nothing was ever migrated. */
export async function schemaVersion(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const rows = await appliedMigrations(client)
    return rows.at(-1)?.number ?? 0
  })
}

type Migration = { number: number; file: string; sql: string; sha256: string }

/** Files in order, numbered from 1 without a gap. */
function readMigrations(directory: string): Migration[] {
  const files = readdirSync(directory).filter((file) => file.endsWith('.sql'))
  return files.sort().map((file, index) => {
    const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(file)?.[1])
    if (Number.isNaN(number)) throw new SetupError(`${file} is no migration: name it like 0001_ground.sql.`)
    if (number !== index + 1) {
      const expected = String(index + 1).padStart(4, '0')
      throw new SetupError(`Migration ${expected} is missing before ${file}: numbers have no gap and none comes twice.`)
    }
    const sql = readFileSync(join(directory, file), 'utf8')
    return { number, file, sql, sha256: createHash('sha256').update(sql).digest('hex') }
  })
}

/** Any number that no other part of the program locks on. */
const MIGRATION_LOCK = 7_316_842_501

/** Runs `work` in a transaction under the lock of migrations, which a killed program frees with its connection. */
async function locked<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    const result = await work()
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    if (error instanceof DatabaseError && error.code === '42501') {
      throw new SetupError(
        `The role that migrates may not do that (${error.message}): ` +
          'let DATABASE_OWNER_URL name the owner of the database.',
        { cause: error },
      )
    }
    throw error
  }
}

/** The migration that was applied; null when none was pending. */
async function applyNext(client: Client, migrations: Migration[], nowMs: number): Promise<Migration | null> {
  const applied = await appliedMigrations(client)
  checkHistory(migrations, applied)
  const next = migrations[applied.length]
  if (next === undefined) return null
  if (applied.length === 0) await client.query(CREATE_HISTORY)
  await apply(client, next)
  await client.query(
    'insert into schema_migration (number, name, sha256, applied_at) values ($1, $2, $3, $4::timestamptz)',
    [next.number, next.file, next.sha256, new Date(nowMs).toISOString()],
  )
  return next
}

const CREATE_HISTORY = `
  create table if not exists schema_migration (
    number integer primary key,
    name text not null,
    sha256 text not null,
    applied_at timestamptz not null
  );
  comment on table schema_migration is 'The migrations this database has seen, with the hash of the file that was run.'`

type AppliedMigration = { number: number; name: string; sha256: string }

async function appliedMigrations(client: Client): Promise<AppliedMigration[]> {
  const { rows } = await client.query<{ known: boolean }>(`select to_regclass('schema_migration') is not null as known`)
  if (rows[0]?.known !== true) return []
  const history = await client.query<AppliedMigration>(
    'select number, name, sha256 from schema_migration order by number',
  )
  return history.rows
}

function checkHistory(migrations: Migration[], applied: AppliedMigration[]): void {
  const newest = applied.at(-1)
  if (newest !== undefined && newest.number > migrations.length) {
    throw new SetupError(
      `The database is at schema version ${newest.number}, this program knows ${migrations.length}: ` +
        'run the newer program, or restore the backup from before the upgrade.',
    )
  }
  for (const [index, row] of applied.entries()) {
    const migration = migrations[index]
    if (migration === undefined || migration.number !== row.number) {
      throw new SetupError(
        `The history in schema_migration has a gap before ${row.name}: restore the database from a backup.`,
      )
    }
    if (migration.sha256 !== row.sha256) {
      throw new SetupError(
        `Migration ${migration.file} was edited after this database had run it: restore the file and put the change ` +
          'into a new one.',
      )
    }
  }
}

async function apply(client: Client, migration: Migration): Promise<void> {
  try {
    await client.query(migration.sql)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code === '42501') throw error
    const line = migration.sql.slice(0, Number(error.position ?? 0)).split('\n').length
    const place = error.position === undefined ? '' : ` at line ${line}`
    throw new SetupError(
      `Migration ${migration.file} failed${place} (${error.message}); nothing of it was kept: ` +
        'put that right, then start again.',
      { cause: error },
    )
  }
}

/** A role that owns the schema needs no rights and could not be bound by them. */
async function grantRights(client: Client, servingRole: string, grantsFile: string): Promise<void> {
  const { rows } = await client.query<{ same: boolean; known: boolean }>(
    'select current_user = $1 as same, exists (select from pg_roles where rolname = $1) as known',
    [servingRole],
  )
  if (rows[0]?.same === true) return
  if (rows[0]?.known !== true) {
    throw new SetupError(
      `The serving role "${servingRole}" of DATABASE_URL does not exist on the owner's server: create it there.`,
    )
  }
  const grants = readFileSync(grantsFile, 'utf8')
  await client.query(grants.replaceAll(/(?<!:):serving\b/g, () => escapeIdentifier(servingRole)))
}

/** The tables whose rows are evidence; the rights of all others follow from what the actions do. */
const EVIDENCE = ['reading', 'conflict', 'custody_event', 'audit_entry']

async function isAppendOnlyEnforced(client: Client, servingRole: string): Promise<boolean> {
  const { rows } = await client.query<{ bound: boolean }>(
    `select count(*) = cardinality($2::text[]) and not bool_or(
         pg_has_role($1, relowner, 'MEMBER')
         or has_any_column_privilege($1, oid, 'UPDATE')
         or has_table_privilege($1, oid, 'DELETE, TRUNCATE')) as bound
       from pg_class where oid = any(select to_regclass(name) from unnest($2::text[]) as name)`,
    [servingRole, EVIDENCE],
  )
  return rows[0]?.bound === true
}
