import { type Client, DatabaseError } from 'pg'
import { withClient } from './connect.ts'
import { expectedVersion } from './migrate.ts'
import { type PartitionFacts, partitionFacts } from './partition-facts.ts'
import { type RoleFacts, roleFacts } from './role-facts.ts'

/** What a database server was seen to be and to do, through the serving role. */
export type ServerFacts = {
  /** Of the server, such as 180004. */
  versionNumber: number
  /** As the session sees them, by name; `isDefault` where nobody ever set it. */
  settings: Record<string, { value: string; isDefault: boolean }>
  isStandby: boolean
  connections: { allowed: number; usedByOthers: number }
  clock: { offsetMs: number; boundMs: number }
  schema: { version: number | null; expected: number }
  role: RoleFacts
  /** Null where the schema is not the program's, so that nobody knows where to look. */
  contents: { partitions: PartitionFacts[]; unjudgedShipments: number; unreleased: UnreleasedFacts } | null
}

/** Messages that wait for a person; counted up to a limit. */
export type UnreleasedFacts = { messages: number; more: boolean; oldestAt: number | null }

/**
 * Looks at a database through its serving role, and changes nothing: what is tried is rolled back.
 * @throws SetupError with a sentence that says what to do when it cannot be reached.
 */
export async function serverFacts(servingUrl: string, now: () => number): Promise<ServerFacts> {
  return withClient(servingUrl, async (client) => {
    await client.query(`set statement_timeout = ${STATEMENT_TIMEOUT_MS}`)
    const schema = { version: await schemaVersion(client), expected: expectedVersion() }
    const isCurrent = schema.version === schema.expected
    return {
      ...(await loadServer(client)),
      clock: await clockOffset(client, now),
      schema,
      role: await roleFacts(client),
      contents: isCurrent ? await loadContents(client, now) : null,
    }
  })
}

const STATEMENT_TIMEOUT_MS = 20_000

/** Names that are judged; the first three decide whether what was acknowledged is on disk. */
const SETTINGS = [
  ...['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'autovacuum', 'TimeZone', 'DateStyle'],
  ...[
    'server_encoding',
    'default_transaction_read_only',
    'shared_buffers',
    'max_wal_size',
    'checkpoint_timeout',
    'jit',
  ],
]

type ServerRow = {
  version: number
  standby: boolean
  allowed: number
  others: number
  settings: ServerFacts['settings']
}

async function loadServer(client: Client) {
  const { rows } = await client.query<ServerRow>(
    `select current_setting('server_version_num')::integer as version, pg_is_in_recovery() as standby,
       (select least(
          current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
            - coalesce(current_setting('reserved_connections', true)::integer, 0),
          nullif((select rolconnlimit from pg_roles where rolname = current_user), -1),
          nullif((select datconnlimit from pg_database where datname = current_database()), -1))) as allowed,
       (select count(*)::integer from pg_stat_activity
         where usesysid is not null and not (datname = current_database() and application_name like 'unbroken%'))
         as others,
       (select jsonb_object_agg(name,
          jsonb_build_object('value', current_setting(name), 'isDefault', setting is not distinct from boot_val))
         from pg_settings where name = any($1)) as settings`,
    [SETTINGS],
  )
  const [row] = rows
  if (row === undefined) throw new Error('a select without a table gives one row')
  return {
    versionNumber: row.version,
    settings: row.settings,
    isStandby: row.standby,
    connections: { allowed: row.allowed, usedByOthers: row.others },
  }
}

const CLOCK_SAMPLES = 5

/** The answer with the shortest round trip says most. */
async function clockOffset(client: Client, now: () => number): Promise<ServerFacts['clock']> {
  let best = { offsetMs: 0, boundMs: Number.POSITIVE_INFINITY }
  for (let sample = 0; sample < CLOCK_SAMPLES; sample++) {
    const sentAt = now()
    const { rows } = await client.query<{ at: number }>('select clock_timestamp() as at')
    const gotAt = now()
    // an instant in whole milliseconds may be one too early on either side
    const boundMs = (gotAt - sentAt) / 2 + 1
    if (boundMs < best.boundMs) best = { offsetMs: (rows[0]?.at ?? 0) - (sentAt + gotAt) / 2, boundMs }
  }
  return best
}

/** 0 where nothing was ever migrated, null where the role may not look. */
async function schemaVersion(client: Client): Promise<number | null> {
  const { rows } = await client.query<{ known: boolean }>(`select to_regclass('schema_migration') is not null as known`)
  if (rows[0]?.known !== true) return 0
  try {
    const newest = await client.query<{ number: number }>(
      'select coalesce(max(number), 0) as number from schema_migration',
    )
    return newest.rows[0]?.number ?? 0
  } catch (error) {
    if (error instanceof DatabaseError && error.code === INSUFFICIENT_PRIVILEGE) return null
    throw error
  }
}

const INSUFFICIENT_PRIVILEGE = '42501'

async function loadContents(client: Client, now: () => number): Promise<ServerFacts['contents']> {
  const partitions = await partitionFacts(client, now())
  const { rows } = await client.query<{ unjudged: number }>(
    'select count(*)::integer as unjudged from shipment where judge_from is not null',
  )
  return { partitions, unjudgedShipments: rows[0]?.unjudged ?? 0, unreleased: await unreleased(client) }
}

/** More than a person can look at; nobody needs their number. */
const MOST_COUNTED = 10_000

async function unreleased(client: Client): Promise<UnreleasedFacts> {
  const { rows } = await client.query<{ messages: number; oldest: number | null }>(
    `select count(*)::integer as messages, min(known_at) as oldest from (
       select known_at from kept_message where outcome <> 'rejected'
         and not exists (select from kept_message_release where kept_message_id = kept_message.id)
       order by id limit $1) as waiting`,
    [MOST_COUNTED],
  )
  const { messages = 0, oldest = null } = rows[0] ?? {}
  return { messages, more: messages === MOST_COUNTED, oldestAt: oldest }
}
