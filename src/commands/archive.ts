import { access, constants, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DatabaseError } from 'pg'
import { pino } from 'pino'
import { type Database, transaction } from '../../db/connect.ts'
import { SetupError } from '../../db/setup-error.ts'
import { type ArchiveStep, archiveMonth } from '../actions/archive-month.ts'
import { isDue, type MonthKept, monthKept, type StoredMonth, storedMonths } from '../actions/due-months.ts'
import { restoreArchive } from '../actions/restore-archive.ts'
import type { Config } from '../config.ts'
import { hasPassed } from '../domain/retention.ts'
import { isoInstant } from '../domain/units.ts'
import { openDatabase } from './database.ts'

type Out = { print: (line: string) => void; warn: (line: string) => void }

/**
 * `unbroken archive DIRECTORY`: archives every month whose longest retention has passed and on which no legal hold
 * stands, oldest first, and says of the others until when they are kept. Without a directory it says so of all and
 * changes nothing. A month that cannot be archived does not stop the others. Throws SetupError where any could not.
 */
export async function archiveMonths(config: Config, directory: string | null, out: Out): Promise<void> {
  if (directory !== null) await requireDirectory(directory)
  await withOwner(config, async (db) => {
    const problems: string[] = []
    for (const stored of await transaction(db, storedMonths)) {
      const month = await transaction(db, (tx) => monthKept(tx, stored, Date.now()))
      if (directory === null || !isDue(month, Date.now())) out.print(sentenceOf(month, Date.now()))
      else problems.push(...(await archiveOne(db, { month, directory: resolve(directory) }, out)))
    }
    if (problems.length > 0) throw new SetupError(problems.join('\n'))
  })
}

/** `unbroken restore-archive DIRECTORY`. Throws SetupError with everything that is wrong with the archive. */
export async function restoreMonth(config: Config, directory: string, out: Out): Promise<void> {
  await withOwner(config, async (db) => {
    const { name, table, month, files } = await restoreArchive({ db, now: Date.now }, resolve(directory))
    const rows = files.map((file) => `${file.rows} of ${file.table}`).join(', ')
    out.print(`${table} ${month} is back from ${name}, verified: ${rows}.`)
    out.print('Shipments are judged from it when they are asked for; messages that were held for it can be released.')
    out.print('Place a legal hold on what must stay: the next "archive" takes a month that is due.')
  })
}

async function requireDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => null)
  // made by the program it would hide that a disk is not mounted, or a typing error
  if (found === null) throw new SetupError(`${directory} does not exist: create the directory, or mount it.`)
  if (!found.isDirectory()) throw new SetupError(`${directory} is no directory: name one that archives go to.`)
  const isWritable = await access(directory, constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!isWritable) throw new SetupError(`${directory} cannot be written: correct its rights.`)
}

/** SQLSTATE 42501. */
const NOT_PERMITTED = '42501'

async function withOwner(config: Config, work: (db: Database) => Promise<void>): Promise<void> {
  const backend = await openDatabase(config, pino({ level: config.logLevel }, pino.destination(2)), 'owning')
  try {
    await work(backend.db)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== NOT_PERMITTED) throw error
    throw new SetupError(`Only the owner archives and restores (${error.message}): set DATABASE_OWNER_URL to its role.`)
  } finally {
    await backend.close()
  }
}

async function archiveOne(
  db: Database,
  { month, directory }: { month: MonthKept; directory: string },
  out: Out,
): Promise<string[]> {
  const step = (done: ArchiveStep, name: string) => {
    if (done === 'writing') out.warn(`${month.table} ${month.month}: writing ${name} …`)
  }
  try {
    const files = await archiveMonth({ db, now: Date.now, directory, step }, month)
    if (files === 'kept') {
      out.print(`${nameOf(month)}: stays, something that keeps it came meanwhile`)
      return []
    }
    const { name, files: written } = files.manifest
    const rows = written.map((file) => `${file.rows} of ${file.table}`).join(', ')
    out.print(`${nameOf(month)}: archived as ${name}, ${rows}; SHA-256 of its manifest ${files.sha256}`)
    return []
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    return [`${nameOf(month)}: not archived. ${error.message}`]
  }
}

function sentenceOf(month: MonthKept, now: number): string {
  const { kept, shipmentId, holds } = month
  const of = shipmentId === null ? '' : `, shipment ${shipmentId}`
  const until = kept.until === null ? `no end yet (${kept.why}${of})` : `until ${isoInstant(kept.until)}`
  if (!hasPassed(kept, now))
    return `${nameOf(month)}: kept ${until}${kept.until === null ? '' : ` (${kept.rule}${of})`}`
  return `${nameOf(month)}: ${holds === 0 ? 'due' : `kept by ${holds} legal hold(s)`}`
}

function nameOf({ table, month }: StoredMonth): string {
  return `${table} ${month}`
}
