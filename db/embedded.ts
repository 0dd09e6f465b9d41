import { escapeIdentifier, escapeLiteral } from 'pg'
import { withClient } from './connect.ts'
import { ensureCluster } from './embedded/cluster.ts'
import { type Credentials, credentialsOf, type Home, openHome } from './embedded/home.ts'
import { adopt, launch, type Postmaster, stopPostmaster } from './embedded/postmaster.ts'
import { hasUsers, registerUser, withLock } from './embedded/sharing.ts'

/*
 *   no data directory ──initdb, rename──► stopped ──launch──► running ◄──adopt── left by a kill -9
 *                                            ▲                   │
 *                                            └──── last user ────┘
 * Every arrow is taken under one lock per data directory, so two programs starting at once share one server.
 */

/** A running PostgreSQL of our own, with the database `unbroken`. */
export type EmbeddedPostgres = {
  /** Role `unbroken_owner`: owns the database, migrates. */
  ownerUrl: string
  /** Role `unbroken_app`: serves, owns nothing. */
  servingUrl: string
  /** Superuser, on database `postgres`: makes and drops databases. */
  adminUrl: string
  port: number
  pid: number
  /** The server ran already: a program was killed, or another one uses it at the same time. */
  adopted: boolean
  /** Leaves the server and, as its last user, shuts it down. May be called twice. */
  stop: () => Promise<void>
}

export type EmbeddedOptions = {
  /** One data directory per name; letters, digits and hyphens. */
  name: string
  log: (line: string) => void
  /** Everything is kept below `<dataRoot>/unbroken/<hash of checkout>`. Default: /var/lib for root, else XDG's. */
  dataRoot?: string | undefined
  /** Value of XDG_DATA_HOME; ignored for root, whose server runs as `nobody`. Default: ~/.local/share. */
  xdgDataHome?: string | undefined
  /** The port to try first; when it is taken another one is used. */
  port?: number | undefined
  /** Settings of the server beside or instead of the usual ones, as in `postgresql.conf`; a running one keeps its. */
  settings?: Readonly<Record<string, string>> | undefined
}

/**
 * Starts the PostgreSQL that came with `npm ci`, or adopts the one a killed run left behind. It listens on 127.0.0.1
 * only, asks for a password, keeps its data between runs and outlives a killed program.
 * For trials and tests; production is a PostgreSQL server named by DATABASE_URL.
 * @throws SetupError with a sentence that says what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const home = await openHome(options)
  return withLock(home.clusterDir, async () => {
    const credentials = credentialsOf(home)
    await ensureCluster(home, credentials.admin, options.log)
    const adopted = await adopt(home)
    const postmaster = adopted ?? (await launch(home, options))
    const leave = registerUser(home.clusterDir)
    try {
      await ensureRoles(credentials, postmaster.port)
    } catch (error) {
      await leaveAndStop(home, postmaster, leave)
      throw error
    }
    if (adopted !== null) options.log(`Using the PostgreSQL that runs already (process ${adopted.pid}).`)
    return {
      ownerUrl: urlOf({ role: OWNER, password: credentials.owner, database: DATABASE }, postmaster.port),
      servingUrl: urlOf({ role: SERVING, password: credentials.serving, database: DATABASE }, postmaster.port),
      adminUrl: adminUrlOf(credentials, postmaster.port),
      port: postmaster.port,
      pid: postmaster.pid,
      adopted: adopted !== null,
      stop: once(() => withLock(home.clusterDir, () => leaveAndStop(home, postmaster, leave))),
    }
  })
}

async function leaveAndStop(home: Home, postmaster: Postmaster, leave: () => void): Promise<void> {
  leave()
  if (!hasUsers(home.clusterDir)) await stopPostmaster(home, postmaster.pid)
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  return () => {
    running ??= work()
    return running
  }
}

const ADMIN = 'unbroken_admin'
const OWNER = 'unbroken_owner'
const SERVING = 'unbroken_app'
const DATABASE = 'unbroken'

/** Each step looks first, so a run killed between two of them is finished by the next. */
async function ensureRoles(credentials: Credentials, port: number): Promise<void> {
  await withClient(adminUrlOf(credentials, port), async (client) => {
    const known = await client.query<{ rolname: string }>('select rolname from pg_roles')
    const roles = new Set(known.rows.map((row) => row.rolname))
    if (!roles.has(OWNER)) await client.query(createRole(OWNER, credentials.owner))
    if (!roles.has(SERVING)) await client.query(createRole(SERVING, credentials.serving))
    const databases = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (databases.rowCount === 0) await client.query(`create database ${DATABASE} owner ${OWNER}`)
  })
}

function createRole(role: string, password: string): string {
  return `create role ${escapeIdentifier(role)} login password ${escapeLiteral(password)}`
}

function adminUrlOf(credentials: Credentials, port: number): string {
  return urlOf({ role: ADMIN, password: credentials.admin, database: 'postgres' }, port)
}

/** sslmode is spelled out because `pg` would otherwise follow PGSSLMODE, which is meant for another server. */
function urlOf(login: { role: string; password: string; database: string }, port: number): string {
  return `postgres://${login.role}:${login.password}@127.0.0.1:${port}/${login.database}?sslmode=disable`
}
