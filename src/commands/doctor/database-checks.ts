import { RECORDING_CONNECTIONS } from '../../../db/connect.ts'
import type { OwnerFacts } from '../../../db/owner-facts.ts'
import type { ServerFacts } from '../../../db/server-facts.ts'
import { type Check, count, fail, many, ok, warn } from './check.ts'
import { checkClock } from './clock-checks.ts'
import type { DatabaseFacts } from './database-facts.ts'
import { checkPartitions } from './partition-check.ts'
import { checkRoles } from './role-check.ts'
import { checkDurability, checkSession, checkSpeed } from './settings-checks.ts'

/** Judges what the database was seen to be; `pool` is DATABASE_POOL, `now` the machine's clock. */
export function checkDatabase(facts: DatabaseFacts, { pool, now }: { pool: number; now: number }): Check[] {
  if (!facts.reached) return [fail('database', 'cannot be used', withoutDot(facts.problem))]
  const { server, owner } = facts
  const { settings, role, contents } = server
  return [
    identity(server, facts.kind),
    migrations(server.schema, owner),
    // without tables there is nothing to have rights on
    ...(server.schema.version === 0 ? [] : checkRoles(role, owner)),
    checkClock('clock of the database', 'The database', server.clock),
    checkDurability(settings),
    checkSession(settings),
    connections(server.connections, pool),
    ...(facts.kind === 'embedded' ? [] : [checkSpeed(settings)]),
    ...(contents === null
      ? []
      : [...contents.partitions.map(checkPartitions), unjudged(contents), unreleased(contents, now)]),
  ]
}

function withoutDot(sentence: string): string {
  return sentence.replace(/\.$/, '')
}

/** The tests run with this one. */
const TESTED_VERSION = 18
/** `sensor_sequence` needs multiranges, which came with it. */
const OLDEST_VERSION = 14

function identity({ versionNumber, isStandby }: ServerFacts, kind: DatabaseFacts['kind']): Check {
  const major = Math.floor(versionNumber / 10_000)
  const version = `PostgreSQL ${major}.${versionNumber % 10_000}`
  const upgrade = `Upgrade to PostgreSQL ${TESTED_VERSION}`
  if (isStandby) {
    return fail('database', `${version} is a standby and takes no writes`, 'Let DATABASE_URL name the primary')
  }
  if (major < OLDEST_VERSION) return fail('database', `${version} is too old for this program`, upgrade)
  if (kind === 'embedded') {
    return warn(
      'database',
      `embedded ${version}: for trials only`,
      'Set DATABASE_URL and DATABASE_OWNER_URL in production',
    )
  }
  if (major < TESTED_VERSION)
    return warn('database', `${version}: this program is tested with ${TESTED_VERSION}`, upgrade)
  return ok('database', version)
}

function migrations({ version, expected }: ServerFacts['schema'], owner: OwnerFacts | 'not_configured'): Check {
  const name = 'migrations'
  const migrate = 'Run `npx unbroken migrate`, or start the service, which does'
  if (owner !== 'not_configured' && !owner.usable) {
    return fail(name, `the owning role cannot be used. ${withoutDot(owner.problem)}`, 'Correct DATABASE_OWNER_URL')
  }
  if (owner !== 'not_configured' && !owner.sameDatabase) {
    return fail(
      name,
      'DATABASE_OWNER_URL leads to another database than DATABASE_URL',
      'Let both name the same server and database',
    )
  }
  if (owner !== 'not_configured' && !owner.ownsAll) {
    return fail(
      name,
      `role "${owner.name}" of DATABASE_OWNER_URL does not own the tables, so the next version cannot be brought in`,
      'Let DATABASE_OWNER_URL name their owner',
    )
  }
  if (version === null)
    return fail(name, 'the serving role may not read schema_migration', `${migrate}; it sets the rights`)
  if (version < expected)
    return fail(name, `the database is at version ${version}, this program needs ${expected}`, migrate)
  if (version > expected) {
    return fail(
      name,
      `the database is at version ${version}, this program knows ${expected}`,
      'Run the newer program, or restore the backup from before the upgrade',
    )
  }
  return ok(name, `version ${version}, as this program needs`)
}

/** Beside the pool: the recorder's own, a migration at start, and an administrator who looks. */
const BESIDE_POOL = RECORDING_CONNECTIONS + 3

function connections({ allowed, usedByOthers }: ServerFacts['connections'], pool: number): Check {
  const name = 'connections'
  const left = allowed - usedByOthers
  const used = `the server allows ${count(allowed)}, others use ${count(usedByOthers)}`
  const found = `${used}, DATABASE_POOL is ${count(pool)}`
  if (left < pool)
    return fail(name, found, 'Raise max_connections (or the limit of role or database), or lower DATABASE_POOL')
  if (left < pool + BESIDE_POOL) {
    return warn(
      name,
      `${found}: too few are left for recording, a migration or an administrator`,
      'Raise max_connections, or lower DATABASE_POOL',
    )
  }
  return ok(name, found)
}

type Contents = NonNullable<ServerFacts['contents']>

function unjudged({ unjudgedShipments }: Contents): Check {
  const name = 'unjudged shipments'
  if (unjudgedShipments === 0) return ok(name, 'none: every stored reading is judged')
  return warn(
    name,
    `${many(unjudgedShipments, 'shipment')} with readings or corrections that are not judged yet; who asks for ` +
      'one has it judged first',
    'Run doctor again: the number falls while the service runs; else its log says why',
  )
}

const DAY_MS = 86_400_000

function unreleased({ unreleased: { messages, more, oldestAt } }: Contents, now: number): Check {
  const name = 'kept messages'
  if (messages === 0 || oldestAt === null) return ok(name, 'none waits for a person')
  const days = Math.floor((now - oldestAt) / DAY_MS)
  return warn(
    name,
    `${more ? 'at least ' : ''}${many(messages, 'held or quarantined message')} for a person, the oldest for ` +
      `${many(days, 'day')}: their readings do not count yet`,
    'Look at GET /api/v1/messages, register what is unknown, release what is right',
  )
}
