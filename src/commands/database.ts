import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connect, type Database, withClient } from '../../db/connect.ts'
import { connectionError, isTransient } from '../../db/connection-error.ts'
import { startEmbeddedPostgres } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { SetupError } from '../../db/setup-error.ts'
import type { Config } from '../config.ts'

export type Backend = {
  db: Database
  /** Whether a statement is answered now. */
  reachable: () => Promise<boolean>
  /** Runs what a start needs; a server that is away meanwhile is waited for. */
  whenReachable: <T>(work: () => Promise<T>) => Promise<T>
  /** A secret kept beside the embedded database; null for a server's. */
  ownSecret: string | null
  close: () => Promise<void>
}

/** A statement that takes longer is a fault: the largest judging step takes about a second. */
const STATEMENT_TIMEOUT_MS = 60_000
const RETRY_MS = 2000

/** Whose rights: the service's, or the owner's, who archives and restores and waits for no statement's end. */
const CONNECTIONS = {
  serving: { applicationName: 'unbroken', statementTimeoutMs: STATEMENT_TIMEOUT_MS },
  owning: { applicationName: 'unbroken keeper', statementTimeoutMs: 0 },
} as const

/** Opens the configured database, migrated and ready to serve: an embedded one is started, a server is waited for. */
export async function openDatabase(
  config: Config,
  log: Logger,
  rights: keyof typeof CONNECTIONS = 'serving',
): Promise<Backend> {
  const urls = config.database.kind === 'embedded' ? await startEmbedded(config, log) : serverUrls(config.database)
  try {
    await whenReachable(() => bringUpToDate(urls, log), { urls, log })
  } catch (error) {
    await urls.stop()
    throw error
  }
  const url = rights === 'owning' ? urls.ownerUrl : urls.servingUrl
  const db = connect(url, { max: config.databasePool, ...CONNECTIONS[rights], log })
  const close = async () => {
    await db.close()
    await urls.stop()
  }
  return {
    db,
    reachable: () => isReachable(db),
    whenReachable: (work) => whenReachable(work, { urls, log }),
    ownSecret: config.database.kind === 'embedded' ? new URL(urls.ownerUrl).password : null,
    close,
  }
}

type Urls = { ownerUrl: string; servingUrl: string; stop: () => Promise<void> }

async function startEmbedded(config: Config, log: Logger): Promise<Urls> {
  const postgres = await startEmbeddedPostgres({
    name: config.instance,
    dataRoot: config.dataDir,
    xdgDataHome: config.xdgDataHome,
    log: (line) => log.info(line),
  })
  log.warn('Embedded PostgreSQL: for trials only; set DATABASE_URL in production')
  return postgres
}

function serverUrls({ url, ownerUrl }: { url: string; ownerUrl: string | null }): Urls {
  return { servingUrl: url, ownerUrl: ownerUrl ?? url, stop: async () => {} }
}

async function bringUpToDate({ ownerUrl, servingUrl }: Urls, log: Logger): Promise<void> {
  const servingRole = decodeURIComponent(new URL(servingUrl).username)
  const migrated = await migrate({ ownerUrl, servingRole, now: Date.now, log: (line) => log.info(line) })
  // a wrong password of the serving role is to be said now, not at the first reading
  await withClient(servingUrl, (client) => client.query('select number from schema_migration limit 1'))
  if (!migrated.appendOnlyEnforced) {
    log.warn(
      'Append-only is not enforced: set DATABASE_URL to a role that owns nothing, DATABASE_OWNER_URL to the owner',
    )
  }
}

/** A server that is down is waited for, said once; what a person must put right ends the start. */
async function whenReachable<T>(work: () => Promise<T>, { urls, log }: { urls: Urls; log: Logger }): Promise<T> {
  let said = ''
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const cause = error instanceof SetupError && error.cause !== undefined ? error.cause : error
      if (!isTransient(cause)) throw error
      const sentence = error instanceof SetupError ? error.message : connectionError(cause, urls.ownerUrl)
      if (sentence !== said) log.error(`${sentence} Trying again every ${RETRY_MS / 1000} s.`)
      said = sentence
      await pause(RETRY_MS)
    }
  }
}

async function isReachable(db: Database): Promise<boolean> {
  try {
    await db.kysely.selectFrom('schema_migration').select('number').limit(1).execute()
    return true
  } catch {
    return false
  }
}
