import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Client, DatabaseError, Pool, type PoolClient } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import type { Logger } from 'pino'
import { connectionError, requireDatabaseUrl } from './connection-error.ts'
import { parserFor } from './pg-types.ts'
import { SetupError } from './setup-error.ts'
import type { Tables } from './tables.ts'

/** The database as actions see it: the query builder, and the pool below it for hot statements. */
export type Database = {
  kysely: Kysely<Tables>
  pool: Pool
  /** The same, for statements that go out before the ones before them are answered; it connects when first used. */
  pipelined: Pool
  /** Waits for running statements, then closes every connection. May be called twice. */
  close: () => Promise<void>
}

/** A running transaction; the first parameter of whatever reads or writes inside it. */
export type Tx = Transaction<Tables>

export type ConnectOptions = {
  /** Most connections held at once, but for the recorders' own. */
  max: number
  applicationName: string
  /** A statement that runs longer is ended by the server; 0 sets no limit. */
  statementTimeoutMs: number
  log: Pick<Logger, 'warn'>
}

/** How long a caller waits for a free or a new connection before it fails as transient. */
const CONNECT_TIMEOUT_MS = 10_000
const IDLE_CONNECTION_MS = 30_000
/** Pipelined ones, beside `max`: two recorders at most run at once. */
export const RECORDING_CONNECTIONS = 2
/** A transaction that nobody continues would hold its locks for ever; the server ends it. */
const IDLE_IN_TRANSACTION_MS = 60_000

/**
 * Opens a pool; connects only when first used. Values come back as int8 -> number (a fault beyond 2^53), numeric ->
 * text, timestamptz -> epoch milliseconds, date -> text; arrays likewise. Nothing is changed globally in `pg`.
 * Behind PgBouncer put `statement_timeout` and `idle_in_transaction_session_timeout` into `ignore_startup_parameters`.
 * @throws SetupError when the URL is not one of a database.
 */
export function connect(url: string, options: ConnectOptions): Database {
  requireDatabaseUrl(url)
  const loss = lossOf(options.log)
  const pool = openPool(url, options, loss)
  const few = Math.min(options.max, RECORDING_CONNECTIONS)
  const pipelined = openPool(url, { ...options, max: few, pipeline: true }, loss)
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  let closing: Promise<void> | null = null
  const close = () => {
    closing ??= endPools(kysely, [pool, pipelined])
    return closing
  }
  return { kysely, pool, pipelined, close }
}

/** What became of connections: `lost` is said once for all that go with a server, until one `opened` again. */
type Loss = { lost: (err: Error) => void; opened: () => void }

function lossOf(log: ConnectOptions['log']): Loss {
  let said = false
  return {
    lost: (err) => {
      if (!said) log.warn({ err }, 'a database connection was lost; the next query opens a new one')
      said = true
    },
    opened: () => {
      said = false
    },
  }
}

function openPool(url: string, options: ConnectOptions & { pipeline?: boolean }, { lost, opened }: Loss): Pool {
  const pool = new Pool({
    connectionString: url,
    pipeline: options.pipeline ?? false,
    max: options.max,
    application_name: options.applicationName,
    statement_timeout: options.statementTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    keepAlive: true,
    options: SESSION_OPTIONS,
    types: { getTypeParser: parserFor },
  })
  // Without listeners a lost connection ends the process: the pool reports idle clients, a client in use only itself.
  pool.on('error', lost)
  pool.on('connect', (client) => {
    opened()
    client.on('error', lost)
  })
  return pool
}

/** Text of instants and dates then never depends on the server's settings. */
const SESSION_OPTIONS = '-c TimeZone=UTC -c DateStyle=ISO,YMD'

async function endPools(kysely: Kysely<Tables>, pools: readonly Pool[]): Promise<void> {
  await kysely.destroy()
  // kysely ends its pool only when a query went through it
  await Promise.all(pools.map((pool) => (pool.ending ? undefined : pool.end())))
}

/** How often a transaction is begun at most, and the first pause between two attempts. */
export const MAX_ATTEMPTS = 5
export const BACKOFF_MS = 10

/**
 * Runs `work` in one READ COMMITTED transaction. A serialization failure or a deadlock (SQLSTATE 40001, 40P01) rolls
 * back and runs `work` again, up to 5 times in all with doubling pauses; so `work` does nothing outside the database.
 */
export async function transaction<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.kysely.transaction().setIsolationLevel('read committed').execute(work)
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isConcurrencyError(error)) throw error
      await sleep(BACKOFF_MS * 2 ** attempt)
    }
  }
}

/** Sends rows in the format that the statement names, with table and columns. */
export async function copyIn(client: PoolClient, statement: string, rows: Buffer | string): Promise<void> {
  const copy = client.query(copyFrom(statement))
  copy.end(rows)
  await finished(copy)
}

/** Sends rows in the text format of COPY as they come, so that any number of them fits in memory. */
export async function copyInFrom(client: PoolClient, statement: string, rows: AsyncIterable<string>): Promise<void> {
  await pipeline(Readable.from(rows), client.query(copyFrom(statement)))
}

/** What a `copy … to stdout` answers, as the bytes come; the reader holds the server back. */
export function copyOut(client: PoolClient, statement: string): AsyncIterable<Buffer> {
  return client.query(copyTo(statement))
}

/** Whether the same transaction may succeed when it is begun anew: SQLSTATE 40001, 40P01. */
export function isConcurrencyError(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '40001' || error.code === '40P01')
}

/**
 * Runs `work` on one connection of its own with the same value types, for what needs no pool: migrations, launching.
 * @throws SetupError with a sentence that says what to do when the database cannot be reached.
 */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  requireDatabaseUrl(url)
  const client = new Client({
    connectionString: url,
    application_name: 'unbroken setup',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: SESSION_OPTIONS,
    types: { getTypeParser: parserFor },
  })
  // the query that was running rejects with the same error; without a listener the process would end
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    throw new SetupError(connectionError(error, url), { cause: error })
  }
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
