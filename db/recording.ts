import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  type PostgresDialectConfig,
  PostgresDriver,
  type PostgresPoolClient,
} from 'kysely'
import { DatabaseError, type PoolClient, type QueryConfig } from 'pg'
import { BACKOFF_MS, type Database, isConcurrencyError, MAX_ATTEMPTS, type Tx } from './connect.ts'
import type { Tables } from './tables.ts'

/** A transaction with its connection below it, for statements that the query builder cannot say or would slow down. */
export type Recording = {
  readonly tx: Tx
  readonly client: PoolClient
  /**
   * Sends a statement of which only a failure matters. Where statements are pipelined nobody waits for its answer
   * before the commit, which fails with it.
   */
  readonly send: (statement: QueryConfig) => Promise<void>
  /** For an answer that is waited for after those of later statements: should they fail, this is what failed them. */
  readonly behind: <T>(answer: Promise<T>) => Promise<T>
}

/**
 * Fails where the transaction is not begun, once some statement of it is answered: pipelined, nobody has waited for the
 * begin, and what follows one that failed is committed by itself.
 */
export function requireBegun({ client }: Pick<Recording, 'client'>): void {
  if (client.getTransactionStatus() !== IN_TRANSACTION) throw new Error('the transaction was not begun')
}

/** How a recording talks to the server; `pipelined`: statements go out behind each other, and none of them copies. */
export type RecordingOptions = { pipelined: boolean }

/**
 * The same as `transaction` on a connection that `work` may also use directly, between its other statements. Pipelined,
 * the begin and the first statement are one round trip, and so are the last and the commit: for a handful of readings
 * most of the time is round trips.
 */
export async function recording<T>(
  db: Database,
  work: (run: Recording) => Promise<T>,
  { pipelined }: RecordingOptions = { pipelined: false },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await (pipelined ? db.pipelined : db.pool).connect()
    const { kysely, pending } = onlyOn(client)
    pending.length = 0
    let usable = false
    try {
      const begun = kysely.transaction().setIsolationLevel('read committed')
      const result = await begun.execute((tx) => work({ tx, client, ...ways(client, pending) }))
      usable = true
      return result
    } catch (thrown) {
      const error = await firstFailure(thrown, pending)
      // refused by the server and rolled back; after any other failure nobody knows how the connection stands
      usable = error instanceof DatabaseError && client.getTransactionStatus() === IDLE
      if (attempt === MAX_ATTEMPTS || !isConcurrencyError(error)) throw error
    } finally {
      client.release(!usable)
    }
    await sleep(BACKOFF_MS * 2 ** attempt)
  }
}

/** What the server last said of the connection: outside of a transaction, or inside of one. */
const IDLE = 'I'
const IN_TRANSACTION = 'T'

/** A statement behind one that failed is refused; the one that failed says why. */
async function firstFailure(thrown: unknown, pending: Pending): Promise<unknown> {
  if (!(thrown instanceof DatabaseError && thrown.code === IN_FAILED_TRANSACTION)) return thrown
  return (await Promise.allSettled(pending)).find(isRejected)?.reason ?? thrown
}

const IN_FAILED_TRANSACTION = '25P02'

/** Statements of a transaction that are sent and not waited for. */
type Pending = Promise<unknown>[]

function ways(client: PoolClient, pending: Pending): Pick<Recording, 'send' | 'behind'> {
  return {
    send: async (statement) => {
      const answer = behind(pending, client.query(statement))
      if (!client.pipeline) await answer
    },
    behind: (answer) => behind(pending, answer),
  }
}

/** Its failure is met at the commit, or behind a later statement; until then nobody listens for it. */
function behind<T>(pending: Pending, answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined)
  pending.push(answer)
  return answer
}

type Only = { kysely: Kysely<Tables>; pending: Pending }

const builders = new WeakMap<PoolClient, Only>()

/** The query builder on one connection and no other. */
function onlyOn(client: PoolClient): Only {
  const known = builders.get(client)
  if (known !== undefined) return known
  const query: PostgresPoolClient['query'] = client.query.bind(client)
  const pool = { connect: async () => ({ query, release: () => {} }), end: async () => {}, options: {} }
  const pending: Pending = []
  const dialect = client.pipeline ? new PipelinedDialect({ pool }, pending) : new PostgresDialect({ pool })
  const made = { kysely: new Kysely<Tables>({ dialect }), pending }
  builders.set(client, made)
  return made
}

class PipelinedDialect extends PostgresDialect {
  readonly #config: PostgresDialectConfig
  readonly #pending: Pending

  constructor(config: PostgresDialectConfig, pending: Pending) {
    super(config)
    this.#config = config
    this.#pending = pending
  }

  override createDriver(): PostgresDriver {
    return new PipelinedDriver(this.#config, this.#pending)
  }
}

/** Waits for the begin, and for all that was sent without waiting, together with the commit. */
class PipelinedDriver extends PostgresDriver {
  readonly #pending: Pending

  constructor(config: PostgresDialectConfig, pending: Pending) {
    super(config)
    this.#pending = pending
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    void behind(this.#pending, connection.executeQuery(CompiledQuery.raw(BEGIN)))
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    const commit = super.commitTransaction(connection)
    // the failure of a statement says more than that of the commit behind it
    const [first] = (await Promise.allSettled([...this.#pending, commit])).filter(isRejected)
    if (first !== undefined) throw first.reason
  }
}

const BEGIN = 'start transaction isolation level read committed'

function isRejected(outcome: PromiseSettledResult<unknown>): outcome is PromiseRejectedResult {
  return outcome.status === 'rejected'
}
