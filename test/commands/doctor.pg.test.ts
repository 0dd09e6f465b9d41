import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { withDatabase } from '../../db/databases.ts'
import { grantedRights } from '../../db/granted-rights.ts'
import { printCheck } from '../../src/commands/doctor/check.ts'
import { checkDatabase } from '../../src/commands/doctor/database-checks.ts'
import { databaseFacts } from '../../src/commands/doctor/database-facts.ts'
import { readConfig } from '../../src/config.ts'
import { emptyDatabase, type TestDatabase, testDatabase } from '../support/database.ts'
import { T0 } from '../support/limits.ts'
import { addShipment, createWorld } from '../support/world.ts'

let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(() => database.drop())

type Urls = { servingUrl: string; ownerUrl: string | null }

/** The lines of doctor about a database that are not well; speed is the server's business. */
async function told({ servingUrl, ownerUrl }: Urls = database, now: () => number = Date.now): Promise<string[]> {
  const owner = ownerUrl === null ? {} : { DATABASE_OWNER_URL: ownerUrl }
  const config = readConfig({ DATABASE_URL: servingUrl, ...owner })
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const checks = checkDatabase(await databaseFacts(config, now), { pool: config.databasePool, now: now() })
  return checks.filter(({ level, name }) => level !== 'ok' && name !== 'database speed').map(printCheck)
}

async function asOwner(...statements: string[]): Promise<void> {
  await withClient(database.ownerUrl, async (client) => {
    for (const statement of statements) await client.query(statement)
  })
}

test('a database that this program migrated is well, and stays as it was', async () => {
  const tables = () =>
    withClient(database.ownerUrl, async (client) => {
      const { rows } = await client.query('select relname from pg_class order by 1')
      return rows
    })
  const before = await tables()
  expect(await told()).toEqual([])
  expect(await tables()).toEqual(before)
})

describe('the serving role', () => {
  const role = () => inject('testServer').servingRole

  test('that is the owner is found, with what to change', async () => {
    const { ownerUrl } = database
    expect(await told({ servingUrl: ownerUrl, ownerUrl: null })).toEqual([
      expect.stringMatching(
        /^fail {2}roles: role "\w+" of DATABASE_URL owns .*append-only is not enforced\. Create a role/,
      ),
    ])
  })

  test('that is a superuser is found', async () => {
    const server = inject('testServer')
    const adminUrl = withDatabase(server.adminUrl, new URL(database.ownerUrl).pathname.slice(1))
    const isSuperuser = await withClient(adminUrl, async (client) => {
      const { rows } = await client.query<{ is: boolean }>(
        'select rolsuper as is from pg_roles where rolname = current_user',
      )
      return rows[0]?.is
    })
    const lines = await told({ servingUrl: adminUrl, ownerUrl: null })
    // on a server that somebody gave the tests the administrator need not be one, but is a member of the owner
    expect(lines).toEqual([
      expect.stringMatching(isSuperuser === true ? /is a superuser: append-only/ : /owns .*append-only/),
    ])
  })

  test.each([
    ['delete evidence', 'grant delete on reading to :role', /^fail .* delete on reading; append-only is not enforced/],
    [
      'change one column of it',
      'grant update (value_milli_c) on reading to :role',
      /update \(value_milli_c\) on reading; append-only/,
    ],
    ['empty it', 'grant truncate on audit_entry to :role', /truncate on audit_entry; append-only/],
    ['do so through PUBLIC', 'grant update on custody_event to public', /update on custody_event; append-only/],
    ['change what says when', 'grant update (known_at) on placement to :role', /update \(known_at\) on placement/],
    ['not insert', 'revoke insert on reading from :role', /^fail {2}roles: role "\w+" lacks insert on reading/],
    ['not supersede', 'revoke update (superseded_at) on placement from :role', /lacks update \(superseded_at\) on pl/],
  ])('that may %s is found', async (_what, statement, line) => {
    await asOwner(statement.replace(':role', role()))
    expect(await told()).toEqual([expect.stringMatching(line)])
  })

  test('has rights on every table of the schema, each of them read from grants.sql', async () => {
    const { rows } = await withClient(database.ownerUrl, (client) =>
      client.query<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
         and not relispartition order by relname collate "C"`,
      ),
    )
    expect([...grantedRights().keys()].sort()).toEqual(rows.map(({ name }) => name))
  })
})

test('an owning role of another database, or one that owns nothing, is found', async () => {
  const other = await emptyDatabase()
  expect(await told({ ...database, ownerUrl: other.ownerUrl })).toEqual([
    expect.stringMatching(/^fail {2}migrations: DATABASE_OWNER_URL leads to another database/),
  ])
  await other.drop()
  expect(await told({ ...database, ownerUrl: database.servingUrl })).toEqual([
    expect.stringMatching(/^fail {2}migrations: role "\w+" of DATABASE_OWNER_URL does not own the tables/),
  ])
})

describe('the schema', () => {
  test('of an empty database is to be brought in', async () => {
    const empty = await emptyDatabase()
    expect(await told(empty)).toEqual([
      expect.stringMatching(
        /^fail {2}migrations: the database is at version 0, this program needs \d+\. Run `npx unbr/,
      ),
    ])
    await empty.drop()
  })

  test.each([
    ['older', 'delete from schema_migration where number = (select max(number) from schema_migration)', /needs \d+/],
    ['newer', "insert into schema_migration values (9999, 'later', '', '2026-03-02Z')", /at version 9999, .* knows/],
  ])('%s than this program is told', async (_what, statement, line) => {
    await asOwner(statement)
    expect(await told()).toEqual([expect.stringMatching(line)])
  })
})

describe('partitions', () => {
  const ROW = `insert into reading (sensor_id, channel, measured_at, received_at, batch_id, value_milli_c)
    values (1, 'probe', '2026-03-02Z', '2026-03-02Z', 1, 5000)`

  test.each([
    ['empty', [], /^warn {2}partitions of reading: there is a default partition reading_rest: once it holds rows/],
    ['filled', [ROW], /^fail {2}partitions of reading: the default partition reading_rest holds rows/],
  ])('a default partition that is %s is found', async (_what, statements, line) => {
    await asOwner('create table reading_rest partition of reading default', ...statements)
    expect(await told(database, () => T0)).toEqual(expect.arrayContaining([expect.stringMatching(line)]))
  })

  test('missing ones that the serving role may not make are found, and those there are counted', async () => {
    const { servingRole } = inject('testServer')
    await asOwner(
      "select ensure_month_partition('reading', '2026-03-01')",
      `revoke execute on function ensure_month_partition(text, date) from ${servingRole}`,
    )
    expect(await told(database, () => T0)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^fail {2}partitions of reading: up to 2026-03, 0 months ahead; .* 2026-04 .* would fail/,
        ),
        expect.stringMatching(/^fail {2}partitions of observation: none for this month, 2026-03, yet; .* would fail/),
      ]),
    )
    await asOwner(
      "select ensure_month_partition('reading', '2026-04-01')",
      "select ensure_month_partition('reading', '2026-05-01')",
    )
    expect(await told(database, () => T0)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^warn {2}partitions of reading: up to 2026-05, 2 months ahead/)]),
    )
  })
})

test("a machine's clock that is not the database's is found", async () => {
  expect(await told(database, () => Date.now() + 3_600_000)).toEqual([
    expect.stringMatching(/^fail {2}clock of the database: .* is 60 min behind this machine's clock/),
  ])
})

test('settings of the database alone are seen as the service would have them', async () => {
  const name = new URL(database.ownerUrl).pathname.slice(1)
  await asOwner(
    `alter database ${name} set synchronous_commit = off`,
    `alter database ${name} set default_transaction_read_only = on`,
    `alter database ${name} connection limit 5`,
  )
  const lines = (await told()).filter((line) => !line.includes('partitions'))
  expect(lines).toEqual([
    expect.stringMatching(/^fail {2}durability: synchronous_commit off/),
    expect.stringMatching(/^fail {2}database session: default_transaction_read_only is on/),
    expect.stringMatching(/^fail {2}connections: the server allows 5, others use \d+, DATABASE_POOL is 10/),
  ])
})

test('what waits for judging or for a person is counted', async () => {
  const world = await createWorld(database)
  const shipmentId = await addShipment(world)
  const day = (number: number) => `'2026-03-0${number}T10:00:00Z'`
  await asOwner(
    `update shipment set judge_from = ${day(2)} where id = ${shipmentId}`,
    ...[1, 2, 3].map(
      (number) => `insert into kept_message (outcome, reason, detail, topic, payload, received_at, known_at)
        values ('${number === 1 ? 'rejected' : 'held'}', 'r', 'd', 't', '', ${day(number)}, ${day(number)})`,
    ),
  )
  const lines = (await told(database, () => Date.UTC(2026, 2, 5, 10))).filter((line) => !line.includes('clock'))
  expect(lines).toEqual([
    expect.stringMatching(/^warn {2}unjudged shipments: 1 shipment with/),
    expect.stringMatching(/^warn {2}kept messages: 2 held or quarantined messages .* the oldest for 3 days/),
  ])
})

test('a database that cannot be reached is told in one line without a password', async () => {
  const wrong = new URL(database.servingUrl)
  wrong.password = 'guessed'
  const lines = await told({ servingUrl: wrong.toString(), ownerUrl: null })
  expect(lines).toEqual([expect.stringMatching(/^fail {2}database: cannot be used\. .* refused the password of role/)])
  expect(lines.join()).not.toContain('guessed')
})
