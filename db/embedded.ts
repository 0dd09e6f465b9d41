import { randomBytes } from 'node:crypto'
import { escapeIdentifier, escapeLiteral } from 'pg'
import { withClient } from './connect.ts'
import { type Credentials, type Home, openHome, readCredentials } from './embedded-home.ts'
import { ensureCluster } from './embedded-initdb.ts'
import { withLock } from './embedded-lock.ts'
import { adopt, launch, type Postmaster, stopPostmaster } from './embedded-postmaster.ts'
import { hasUsers, registerUser } from './embedded-users.ts'

/*
 *            no data directory ──initdb, rename──► stopped ──launch──► running ◄──adopt── left over by a kill -9
 *                                                     ▲                   │
 *                                                     └──── last user ────┘
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
  /** Where everything is kept, below `unbroken/<hash of checkout>`. Default: /var/lib for root, else the XDG directory. */
  dataRoot?: string | undefined
  /** Value of XDG_DATA_HOME; ignored for root, whose server runs as `nobody`. Default: ~/.local/share. */
  xdgDataHome?: string | undefined
  /** The port to try first; when it is taken another one is used. */
  port?: number | undefined
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
    const credentials = readCredentials(home)
    await ensureCluster(home, { password: credentials.admin, log: options.log })
    const adopted = await adopt(home, credentials, options.log)
    const postmaster = adopted ?? (await launch(home, credentials, { port: options.port, log: options.log }))
    const leave = registerUser(home)
    try {
      await ensureRoles(credentials, postmaster.port)
    } catch (error) {
      await leaveAndStop(home, postmaster, leave)
      throw error
    }
    return {
      ownerUrl: urlOf({ role: OWNER, password: credentials.owner, database: DATABASE }, postmaster.port),
      servingUrl: urlOf({ role: SERVING, password: credentials.serving, database: DATABASE }, postmaster.port),
      adminUrl: adminUrlOf(credentials, postmaster.port),
      port: postmaster.port,
      pid: postmaster.pid,
      adopted: adopted !== null,
      stop: stopOnce(() => withLock(home.clusterDir, () => leaveAndStop(home, postmaster, leave))),
    }
  })
}

/** Creates a database, as a copy of `template` where one is given, owned by `owner` where one is given. */
export async function createDatabase(
  adminUrl: string,
  name: string,
  copy: { template?: string; owner?: string } = {},
): Promise<void> {
  const template = copy.template === undefined ? '' : ` template ${escapeIdentifier(copy.template)}`
  const owner = copy.owner === undefined ? '' : ` owner ${escapeIdentifier(copy.owner)}`
  await withClient(adminUrl, (client) => client.query(`create database ${escapeIdentifier(name)}${owner}${template}`))
}

/** Drops a database, ending whatever is connected to it; nothing happens when there is none. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withClient(adminUrl, (client) => client.query(`drop database if exists ${escapeIdentifier(name)} with (force)`))
}

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
  return urlOf({ role: 'unbroken_admin', password: credentials.admin, database: 'postgres' }, port)
}
