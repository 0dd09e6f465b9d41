import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { DatabaseError, type PoolClient } from 'pg'
import { type Database, type Tx, transaction } from '../../db/connect.ts'
import { SetupError } from '../../db/setup-error.ts'
import { at, json } from '../../db/tables.ts'
import { SERVICE } from '../domain/actor.ts'
import { monthSpan } from '../domain/month.ts'
import {
  type ArchiveFiles,
  differences,
  fileProblems,
  placeFiles,
  readManifest,
  tableFacts,
  writeFiles,
} from './archive-files.ts'
import { type Manifest, manifestText } from './archive-manifest.ts'
import { ofMonth } from './archive-rows.ts'
import { audit } from './audit.ts'
import { isDue, meets, monthKept, type StoredMonth } from './due-months.ts'
import { keepSeries } from './kept-series.ts'
import { lockShipments } from './locks.ts'

/** Who archives: the owner's connections, the clock, where archives go, and who hears of each step. */
export type Keeper = {
  db: Database
  now: () => number
  directory: string
  step: (step: ArchiveStep, name: string) => void | Promise<void>
}

/**
 * The steps of archiving a month, in order. A program that is killed at any of them loses nothing, and its next run
 * finishes:
 *
 *   writing ─► written ─► placed ─► dropping ─► dropped
 *     │           │          │          │
 *     │           │          │          └ one transaction: record, conflicts, partition; all of it or nothing
 *     │           │          └ an archive nobody knows of yet: the next run checks and takes it
 *     └───────────┴ a directory beginning with a dot: the next run writes it anew
 */
export type ArchiveStep = 'writing' | 'written' | 'placed' | 'dropping' | 'dropped'

/** Somebody stored something in the month meanwhile: so often it is written anew. */
const MOST_ATTEMPTS = 3

/**
 * Writes a month that is due to an archive, verifies it against the table, records it and drops the month from the
 * database; `kept` where a hold or a late reading came meanwhile and it has to stay. Throws SetupError where a person
 * must do something first.
 */
export async function archiveMonth(keeper: Keeper, month: StoredMonth): Promise<ArchiveFiles | 'kept'> {
  const name = await nextName(keeper.db, month)
  const place = join(keeper.directory, name)
  for (let attempt = 1; ; attempt++) {
    const files = existsSync(place) ? await takePlaced(keeper, month, place) : await write(keeper, month, name)
    await keeper.step('dropping', name)
    const dropped = await drop(keeper, month, files)
    if (dropped === 'dropped') {
      await keeper.step('dropped', name)
      return files
    }
    // nobody knows of it: it was never recorded
    await rm(place, { recursive: true })
    if (dropped === 'kept') return dropped
    if (attempt === MOST_ATTEMPTS)
      throw new SetupError(`${name}: readings of that month keep coming. Run it again later.`)
  }
}

/** `reading-2026-03`; what was restored and is archived once more has a number behind it. */
async function nextName(db: Database, { table, month }: StoredMonth): Promise<string> {
  const before = await db.kysely
    .selectFrom('archive')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('table_name', '=', table)
    .where(sql<boolean>`to_char(month, 'YYYY-MM') = ${month}`)
    .executeTakeFirstOrThrow()
  return `${table}-${month}${before.count === 0 ? '' : `.${before.count + 1}`}`
}

async function write(keeper: Keeper, month: StoredMonth, name: string): Promise<ArchiveFiles> {
  const partial = join(keeper.directory, `.${name}.partial`)
  await keeper.step('writing', name)
  const files = await inSnapshot(keeper.db, (client) => writeFiles(client, month, partial))
  await keeper.step('written', name)
  const around = {
    name,
    table: month.table,
    month: month.month,
    writtenAt: new Date(keeper.now()).toISOString(),
    databaseVersion: await databaseVersion(keeper.db),
    files,
  }
  // read back before it counts: from here on the table may be forgotten
  const problems = await fileProblems(partial, around)
  if (problems.length > 0) throw new Error(`${name} does not hold what was written: ${problems.join('; ')}`)
  const placed = await placeFiles(manifestText(around), partial, join(keeper.directory, name))
  await keeper.step('placed', name)
  return placed
}

/** What an earlier run left behind is taken where it is sound and says what the table says; nothing is overwritten. */
async function takePlaced(keeper: Keeper, month: StoredMonth, place: string): Promise<ArchiveFiles> {
  const found = await readManifest(place)
  const otherwise = 'and no archive of this database knows of it: move it away, then run this again.'
  if ('problem' in found) throw new SetupError(`${place} exists, ${otherwise} ${found.problem}`)
  const { manifest } = found
  const facts = await inSnapshot(keeper.db, (client) => tableFacts(client, month))
  const problems = [
    ...(place.endsWith(manifest.name) ? [] : [`it says that it is ${manifest.name}`]),
    ...(await fileProblems(place, manifest)),
    ...manifest.files.flatMap((file, index) => {
      const inTable = facts[index]
      return inTable === undefined ? [] : differences(file.file, inTable, file)
    }),
  ]
  if (problems.length > 0) throw new SetupError(`${place} exists, ${otherwise} It differs: ${problems.join('; ')}`)
  return found
}

async function inSnapshot<T>(db: Database, read: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await db.pool.connect()
  try {
    await client.query('begin transaction isolation level repeatable read, read only')
    const result = await read(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function databaseVersion(db: Database): Promise<number> {
  const { number } = await db.kysely
    .selectFrom('schema_migration')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return number
}

/** While a drop waits for running statements, all that come after wait behind it: not longer than this. */
const LOCK_TIMEOUT = '2s'
const LOCK_ATTEMPTS = 30
const LOCK_PAUSE_MS = 1000
/** For a lock, or in a circle. */
const WAITED_TOO_LONG: ReadonlySet<string> = new Set(['55P03', '40P01'])

async function drop(keeper: Keeper, month: StoredMonth, files: ArchiveFiles): Promise<Dropped> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(keeper.db, (tx) => dropIn(tx, keeper, { month, files }))
    } catch (error) {
      if (!(error instanceof DatabaseError) || !WAITED_TOO_LONG.has(error.code ?? '')) throw error
      if (attempt === LOCK_ATTEMPTS) {
        throw new SetupError(
          `${month.table} is in use for too long to drop ${month.month} (a backup?): run this again later.`,
        )
      }
      await sleep(LOCK_PAUSE_MS)
    }
  }
}

type Dropped = 'dropped' | 'changed' | 'kept'
type Dropping = { month: StoredMonth; files: ArchiveFiles }

/**
 * Records the archive, keeps what charts show and drops the month, in one transaction. Writers of the month wait from
 * the first lock on; that on the whole table comes late and is short. A hold placed meanwhile waits, or is seen
 * here.
 */
async function dropIn(tx: Tx, keeper: Keeper, { month, files }: Dropping): Promise<Dropped> {
  const { table, partition } = month
  await sql`set local lock_timeout = ${sql.lit(LOCK_TIMEOUT)}`.execute(tx)
  await sql`lock table legal_hold, product_retention in share mode`.execute(tx)
  await sql`lock table ${sql.id(partition)} in share mode`.execute(tx)
  if (!(await hasTheseRows(tx, month, files.manifest))) return 'changed'
  const now = keeper.now()
  const kept = await monthKept(tx, month, now)
  if (!isDue(kept, now)) return 'kept'
  const archiveId = await record(tx, files, now)
  if (table === 'reading') {
    await keepSeries(tx, { archiveId, month })
    await keepNumbers(tx, month)
    await sql`delete from conflict where ${sql.raw(ofMonth(month.month))}`.execute(tx)
  }
  // whoever wants to make the month again waits, and then sees that it is archived
  await sql`select pg_advisory_xact_lock(hashtext(${`ensure_month_partition ${table}`}))`.execute(tx)
  await sql`alter table ${sql.id(table)} detach partition ${sql.id(partition)}`.execute(tx)
  // as who records does: readings before shipments
  if (table === 'reading') await lockShipments(tx, await judgedOver(tx, month))
  await sql`drop table ${sql.id(partition)}`.execute(tx)
  return 'dropped'
}

/**
 * Numbers of a sensor's messages that stand with its readings alone are entered as seen: a sensor that fell silent
 * would else miss them when it speaks again.
 */
async function keepNumbers(tx: Tx, { month }: Pick<StoredMonth, 'month'>): Promise<void> {
  await sql`update sensor_sequence q set seen = q.seen + found.numbers
    from sensor_sequence s cross join lateral (
      select range_agg(int8range(r.seq, r.seq, '[]')) as numbers from reading r
      where r.sensor_id = s.sensor_id and r.measured_at > s.up_to_at and ${sql.raw(ofMonth(month))}
        and r.source = 0 and r.seq is not null) found
    where s.up_to_at < ${new Date(monthSpan(month).toAt).toISOString()}::timestamptz
      and q.sensor_id = s.sensor_id and found.numbers is not null`.execute(tx)
}

/** Rows are only ever added, so their number says whether there are others. */
async function hasTheseRows(tx: Tx, { table, month }: StoredMonth, { files }: Manifest): Promise<boolean> {
  const tables = table === 'reading' ? ['reading', 'conflict'] : [table]
  for (const [index, one] of tables.entries()) {
    const found = await sql<{ count: number }>`
      select count(*) as count from ${sql.id(one)} where ${sql.raw(ofMonth(month))}`.execute(tx)
    if (found.rows[0]?.count !== files[index]?.rows) return false
  }
  return true
}

async function record(tx: Tx, files: ArchiveFiles, now: number): Promise<number> {
  const id = await insertArchive(tx, files, now)
  const after = { name: files.manifest.name, manifestSha256: files.sha256 }
  await audit(tx, SERVICE, [{ at: now, action: 'month_archived', subjectKind: 'archive', subjectId: id, after }])
  return id
}

/** The row of an archive; its id. */
export async function insertArchive(tx: Tx, { manifest, sha256 }: ArchiveFiles, now: number): Promise<number> {
  const [rows, conflicts] = manifest.files
  const { id } = await tx
    .insertInto('archive')
    .values({
      name: manifest.name,
      table_name: manifest.table,
      month: `${manifest.month}-01`,
      rows: rows?.rows ?? 0,
      conflicts: conflicts?.rows ?? 0,
      manifest: json(manifest),
      manifest_sha256: sha256,
      known_at: at(now),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** The shipments whose judgement rests on readings of the month: what processes remember of them holds no longer. */
export async function judgedOver(tx: Tx, month: Pick<StoredMonth, 'month'>): Promise<number[]> {
  const found = await sql<{ id: number }>`
    select distinct l.shipment_id as id from placement l where l.superseded_at is null and ${meets(month)}
    order by 1`.execute(tx)
  return found.rows.map(({ id }) => id)
}
