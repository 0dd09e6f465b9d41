import { join } from 'node:path'
import { sql } from 'kysely'
import { copyInFrom, type Database, type Tx } from '../../db/connect.ts'
import { type Recording, recording } from '../../db/recording.ts'
import { SetupError } from '../../db/setup-error.ts'
import { at } from '../../db/tables.ts'
import { SERVICE } from '../domain/actor.ts'
import {
  ARCHIVE_FILES,
  type ArchiveColumn,
  type ArchivedRows,
  type Fields,
  isoMicros,
  lineOf,
} from '../domain/archive-format.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { type ArchiveFiles, differences, fileProblems, readManifest } from './archive-files.ts'
import type { Manifest } from './archive-manifest.ts'
import { insertArchive, judgedOver } from './archive-month.ts'
import { ofMonth, rowsInTable } from './archive-rows.ts'
import { audit } from './audit.ts'
import { lockShipments } from './locks.ts'
import { readParquet } from './parquet-file.ts'

/** Who restores: the owner's connections and the clock. */
export type Restorer = { db: Database; now: () => number }

/**
 * Brings the month of an archive back into the database, verified on the disk before and in the table after, in one
 * transaction. An empty database takes any archive, for inspection. Throws SetupError with everything that differs, and
 * where the month is in the database already.
 */
export async function restoreArchive(restorer: Restorer, directory: string): Promise<Manifest> {
  const found = await readManifest(directory)
  if ('problem' in found) throw new SetupError(found.problem)
  const { manifest } = found
  const recorded = await findRecord(restorer.db, manifest)
  const problems = [...recordProblems(recorded, found), ...(await fileProblems(directory, manifest))]
  if (problems.length > 0) {
    throw new SetupError(`${directory} is not what was archived; take another copy of it:\n${listed(problems)}`)
  }
  await recording(restorer.db, (run) => restoreIn(run, restorer, { found, directory, archiveId: recorded?.id ?? null }))
  return manifest
}

type Recorded = { id: number; sha256: string; manifest: unknown }

async function findRecord(db: Database, { name }: Manifest): Promise<Recorded | undefined> {
  const row = await db.kysely
    .selectFrom('archive')
    .select(['id', 'manifest_sha256 as sha256', 'manifest'])
    .where('name', '=', name)
    .executeTakeFirst()
  return row
}

function recordProblems(recorded: Recorded | undefined, { manifest, sha256 }: ArchiveFiles): string[] {
  if (recorded === undefined || recorded.sha256 === sha256) return []
  // jsonb keeps no order of keys
  const said = new Map(Object.entries(recorded.manifest ?? {}).map(([name, value]) => [name, canonicalJson(value)]))
  const others = Object.entries(manifest).filter(([name, value]) => said.get(name) !== canonicalJson(value))
  const names = others.map(([name]) => name).join(', ')
  return [`manifest.json has SHA-256 ${sha256}, on record is ${recorded.sha256}${names && `; it differs in ${names}`}`]
}

type Restoring = { found: ArchiveFiles; directory: string; archiveId: number | null }

async function restoreIn(run: Recording, restorer: Restorer, restoring: Restoring): Promise<void> {
  const { tx, client } = run
  const { manifest } = restoring.found
  const { table, month, files } = manifest
  await requireAbsent(tx, manifest)
  const partition = `${table}_${month.replace('-', '_')}`
  await createPartition(tx, { table, partition, month })
  for (const [index, rows] of ARCHIVE_FILES[table].entries()) {
    const into = rows.table === table ? partition : rows.table
    await copyFile(run, { path: join(restoring.directory, rows.file), rows, into })
    const facts = await rowsInTable(client, { rows, month, from: into }, () => {})
    const entry = files[index]
    const problems = entry === undefined ? [] : differences(rows.file, facts, entry)
    if (problems.length > 0) throw new Error(`the database does not hold what the archive has: ${problems.join('; ')}`)
  }
  if (table === 'reading') await skipConflictIds(tx)
  await attach(tx, { table, partition, month })
  await lockShipments(tx, await judgedOver(tx, manifest))
  await record(tx, restoring, restorer.now())
}

/**
 * Rows of the month that are here stay what they are: an archive is not mixed into them, and of several archives of a
 * month the newest has all rows. One restores at a time: the second sees what the first has done.
 */
async function requireAbsent(tx: Tx, { name, table, month }: Manifest): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`restore ${table} ${month}`}))`.execute(tx)
  const newest = await newestArchive(tx, { table, month })
  if (newest !== undefined && newest.name !== name && !newest.restored) {
    throw new SetupError(`The archive of ${table} ${month} is ${newest.name} here: restore that.`)
  }
  if (newest?.restored === true) {
    throw new SetupError(`${newest.name} is restored already: its rows are in the database.`)
  }
  const here = await sql<{ here: boolean }>`
    select exists (select from ${sql.id(table)} where ${sql.raw(ofMonth(month))}) as here`.execute(tx)
  if (here.rows[0]?.here === true) {
    throw new SetupError(`The database has rows of ${table} ${month}: restore ${name} into an empty database.`)
  }
}

async function newestArchive(tx: Tx, { table, month }: Pick<Manifest, 'table' | 'month'>) {
  const row = await tx
    .selectFrom('archive')
    .leftJoin('archive_restoration', 'archive_id', 'archive.id')
    .select(['name', 'archive_id'])
    .where('table_name', '=', table)
    .where(sql<boolean>`to_char(month, 'YYYY-MM') = ${month}`)
    .orderBy('archive.id', 'desc')
    .executeTakeFirst()
  return row && { name: row.name, restored: row.archive_id !== null }
}

type Partition = { table: Manifest['table']; partition: string; month: Manifest['month'] }

/** Apart from its table, so that nobody waits; an empty one that stood there makes room. */
async function createPartition(tx: Tx, { table, partition, month }: Partition): Promise<void> {
  await sql`drop table if exists ${sql.id(partition)}`.execute(tx)
  await sql`create table ${sql.id(partition)} (like ${sql.id(table)} including defaults including constraints,
    constraint ${sql.id(`${partition}_month`)} check (${sql.raw(ofMonth(month))}))`.execute(tx)
}

/** Beside whoever makes other months, and shortly. */
async function attach(tx: Tx, { table, partition, month }: Partition): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext(${`ensure_month_partition ${table}`}))`.execute(tx)
  const [year = 0, number = 1] = month.split('-').map(Number)
  const [from, to] = [number - 1, number].map((one) => sql.lit(new Date(Date.UTC(year, one)).toISOString()))
  const bounds = sql`for values from (${from}) to (${to})`
  await sql`alter table ${sql.id(table)} attach partition ${sql.id(partition)} ${bounds}`.execute(tx)
  await sql`alter table ${sql.id(partition)} drop constraint ${sql.id(`${partition}_month`)}`.execute(tx)
}

type Copying = { path: string; rows: ArchivedRows; into: string }

async function copyFile({ client }: Recording, { path, rows, into }: Copying): Promise<void> {
  const names = rows.columns.map(({ name }) => name).join(', ')
  await copyInFrom(client, `copy ${into} (${names}) from stdin`, copyLines(path, rows))
}

async function* copyLines(path: string, { columns }: ArchivedRows): AsyncGenerator<string> {
  for await (const group of readParquet(path, columns)) {
    yield group.map((fields) => `${copyLine(fields, columns)}\n`).join('')
  }
}

/** As COPY reads it: instants as ISO 8601, bytes behind their mark. */
function copyLine(fields: Fields, columns: readonly ArchiveColumn[]): string {
  return lineOf(
    fields.map((field, index) => {
      const type = columns[index]?.type
      if (field === null) return null
      if (type === 'instant') return isoMicros(field)
      return type === 'bytes' ? `\\x${field}` : field
    }),
  )
}

/** New conflicts get numbers beyond those that came back. */
async function skipConflictIds(tx: Tx): Promise<void> {
  await sql`select setval(pg_get_serial_sequence('conflict', 'id'),
    greatest((select max(id) from conflict), (select last_value from conflict_id_seq), 1))`.execute(tx)
}

async function record(tx: Tx, { found, archiveId }: Restoring, now: number): Promise<void> {
  const id = archiveId ?? (await insertArchive(tx, found, now))
  await tx
    .insertInto('archive_restoration')
    .values({ archive_id: id, known_at: at(now) })
    .execute()
  const after = { name: found.manifest.name, manifestSha256: found.sha256 }
  await audit(tx, SERVICE, [{ at: now, action: 'month_restored', subjectKind: 'archive', subjectId: id, after }])
}

function listed(problems: readonly string[]): string {
  return problems.map((one) => `  ${one}`).join('\n')
}
