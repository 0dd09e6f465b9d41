import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connect, type Database } from '../../db/connect.ts'
import { connectionError, isTransient } from '../../db/connection-error.ts'
import { startEmbeddedPostgres } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import type { Config } from '../config.ts'

export type Backend = {
  db: Database
  /** Whether a statement is answered now. */
  reachable: () => Promise<boolean>
  close: () => Promise<void>
}

/** A statement that takes longer is a fault: the largest judging step takes about a second. */
const STATEMENT_TIMEOUT_MS = 60_000
const RETRY_MS = 2000

/** Opens the configured database, migrated and ready to serve: an embedded one is started, a server is waited for. */
export async function openDatabase(config: Config, log: Logger): Promise<Backend> {
  const urls = config.database.kind === 'embedded' ? await startEmbedded(config, log) : serverUrls(config.database)
  try {
    await migrateWhenReachable(urls, log)
  } catch (error) {
    await urls.stop()
    throw error
  }
  const db = connect(urls.servingUrl, {
    max: config.databasePool,
    applicationName: 'unbroken',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    log,
  })
  const close = async () => {
    await db.close()
    await urls.stop()
  }
  return { db, reachable: () => isReachable(db), close }
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

/** A server that is down is waited for, said once; what a person must put right ends the start. */
async function migrateWhenReachable({ ownerUrl, servingUrl }: Urls, log: Logger): Promise<void> {
  let said = ''
  for (;;) {
    try {
      const servingRole = decodeURIComponent(new URL(servingUrl).username)
      const line = (text: string) => log.info(text)
      const migrated = await migrate({ ownerUrl, servingRole, now: Date.now, log: line })
      if (!migrated.appendOnlyEnforced) {
        log.warn(
          'Append-only is not enforced: set DATABASE_URL to a role that owns nothing, DATABASE_OWNER_URL to the owner',
        )
      }
      return
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
      if (!isTransient(cause)) throw error
      const sentence = connectionError(cause, ownerUrl)
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
