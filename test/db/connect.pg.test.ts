import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connect, transaction, withClient } from '../../db/connect.ts'
import { connectionError, isDataError, isTransient } from '../../db/connection-error.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
  await withClient(database.ownerUrl, (client) =>
    client.query(
      `create table pair (id int primary key check (id < 10), n int);
       insert into pair values (1, 0), (2, 0);
       grant all on pair to public`,
    ),
  )
})
afterAll(() => database.drop())

test('values come back as the program keeps them', async () => {
  const table: [literal: string, value: unknown][] = [
    [`9007199254740991::int8`, 9_007_199_254_740_991],
    [`'{1,null,-3}'::int8[]`, [1, null, -3]],
    [`'{}'::int8[]`, []],
    [`1.50::numeric`, '1.50'],
    [`'{1.50,2}'::numeric[]`, ['1.50', '2']],
    [`date '2026-03-02'`, '2026-03-02'],
    [`'2026-03-02 10:00:00Z'::timestamptz`, Date.UTC(2026, 2, 2, 10)],
    [`'2026-03-02 10:00:00.1234567+05:30'::timestamptz`, Date.UTC(2026, 2, 2, 4, 30, 0, 123)],
    [`'1969-12-31 23:59:59.5Z'::timestamptz`, -500],
    [`array['2001-01-01Z'::timestamptz, null]`, [Date.UTC(2001, 0, 1), null]],
    [`null::timestamptz`, null],
  ]
  const columns = table.map(([literal], index) => `${literal} as c${index}`)
  const { rows } = await database.db.pool.query(`select ${columns.join(', ')}`)
  expect(Object.values(rows[0])).toEqual(table.map(([, value]) => value))
})

test('an instant is the same in whatever time zone a URL with its own options has it written', async () => {
  const withZone = new URL(database.servingUrl)
  withZone.searchParams.set('options', '-c TimeZone=Asia/Kathmandu')
  const url = withZone.toString()
  const rows = await withClient(
    url,
    async (client) => (await client.query(`select '2026-03-02 10:00Z'::timestamptz as at`)).rows,
  )
  expect(rows).toEqual([{ at: Date.UTC(2026, 2, 2, 10) }])
})

test('a number beyond 2^53 and an instant without a place on the axis are faults, never rounded', async () => {
  for (const literal of [`9007199254740992::int8`, `'infinity'::timestamptz`, `'0044-03-15 BC'::timestamptz`]) {
    await expect(database.db.pool.query(`select ${literal}`), literal).rejects.toThrow(RangeError)
  }
})

test('two transactions that deadlock both commit in the end', async () => {
  let attempts = 0
  const barrier = Promise.withResolvers<void>()
  let arrived = 0
  const addBoth = (first: number, second: number) =>
    transaction(database.db, async (tx) => {
      attempts += 1
      await sql`update pair set n = n + 1 where id = ${first}`.execute(tx)
      arrived += 1
      if (arrived === 2) barrier.resolve()
      await barrier.promise
      await sql`update pair set n = n + 1 where id = ${second}`.execute(tx)
    })
  await Promise.all([addBoth(1, 2), addBoth(2, 1)])
  expect(attempts).toBe(3)
  expect((await database.db.pool.query('select n from pair order by id')).rows).toEqual([{ n: 2 }, { n: 2 }])
})

test('a transaction that keeps conflicting is given up after five attempts, a failing one at once', async () => {
  for (const [state, expected] of [
    ['40001', 5],
    ['23505', 1],
  ] as const) {
    let attempts = 0
    const doomed = transaction(database.db, async (tx) => {
      attempts += 1
      await sql.raw(`do $$ begin raise exception 'no' using errcode = '${state}'; end $$`).execute(tx)
    })
    await expect(doomed).rejects.toMatchObject({ code: state })
    expect(attempts, state).toBe(expected)
  }
})

test('a connection killed inside a transaction is a transient failure, is logged, and the pool goes on', async () => {
  const warnings: string[] = []
  const db = connect(database.servingUrl, {
    max: 1,
    applicationName: 'victim',
    statementTimeoutMs: 0,
    log: { warn: (_: unknown, message?: string) => warnings.push(String(message)) },
  })
  const { adminUrl } = inject('testServer')
  const kill = (pid: number) =>
    withClient(adminUrl, (client) => client.query('select pg_terminate_backend($1, 5000)', [pid]))
  const pidOf = async (tx: typeof db.kysely) =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)).rows[0]?.pid ?? 0
  const idleInside = transaction(db, async (tx) => {
    await kill(await pidOf(tx))
    await sql`select 1`.execute(tx)
  })
  expect(isTransient(await idleInside.catch((error: unknown) => error))).toBe(true)
  const busyInside = transaction(db, async (tx) => {
    const pid = await pidOf(tx)
    await Promise.all([sql`select pg_sleep(30)`.execute(tx), kill(pid)])
  })
  expect(isTransient(await busyInside.catch((error: unknown) => error))).toBe(true)
  await kill(await pidOf(db.kysely))
  expect(await pidOf(db.kysely)).toBeGreaterThan(0)
  expect(warnings.length).toBeGreaterThan(0)
  await db.close()
  await db.close()
})

test('failures are told apart: of the data, of the moment, of the program', async () => {
  const failing = (statement: string) => database.db.pool.query(statement).catch((error: unknown) => error)
  const table: [statement: string, data: boolean, transient: boolean][] = [
    ['insert into pair values (1, 1)', true, false],
    ['insert into pair values (11, 1)', true, false],
    [`select 'x'::int`, true, false],
    ['select nothing', false, false],
    [`do $$ begin raise exception 'full' using errcode = '53100'; end $$`, false, true],
    [`do $$ begin raise exception 'lost' using errcode = '08006'; end $$`, false, true],
    // what is sent makes no sense to the server: it never will
    [`do $$ begin raise exception 'protocol' using errcode = '08P01'; end $$`, false, false],
    [`do $$ begin raise exception 'standby' using errcode = '25006'; end $$`, false, true],
    [`do $$ begin raise exception 'idle' using errcode = '25P03'; end $$`, false, true],
  ]
  for (const [statement, data, transient] of table) {
    const error = await failing(statement)
    expect([isDataError(error), isTransient(error)], statement).toEqual([data, transient])
  }
  expect(isTransient(new TypeError('x is not a function'))).toBe(false)
})

test('every way of not reaching the database is one sentence that says what to do and holds no password', async () => {
  const url = (change: (url: URL) => void) => {
    const changed = new URL(database.servingUrl)
    change(changed)
    return changed.toString()
  }
  const table: [url: string, sentence: RegExp][] = [
    [
      url((u) => {
        u.password = 'secret!'
      }),
      /refused the password of role ".*": correct the role or its password/,
    ],
    [
      url((u) => {
        u.username = 'stranger'
        u.password = 'secret!'
      }),
      /refused the password of role "stranger"/,
    ],
    [
      url((u) => {
        u.pathname = '/nowhere'
      }),
      /database "nowhere" does not exist on PostgreSQL at .*: create it/,
    ],
    [
      url((u) => {
        u.host = '127.0.0.1:1'
      }),
      /Nothing answers at PostgreSQL at 127.0.0.1:1: start PostgreSQL there/,
    ],
    [
      url((u) => {
        u.hostname = 'no-such-host.invalid'
      }),
      /host of PostgreSQL at no-such-host.invalid:\d+ (is unknown|cannot be looked up)/,
    ],
    ['postgres://role:secret!@host:port/database', /database URL is malformed: it must read postgres:/],
    ['mysql://role:secret!@host/database', /database URL is malformed/],
    ['', /database URL is malformed/],
  ]
  for (const [attempt, sentence] of table) {
    const error = await withClient(attempt, async () => {}).catch((reason: unknown) => reason)
    expect(error, attempt).toMatchObject({ name: 'SetupError', message: expect.stringMatching(sentence) })
    expect(String(error)).not.toContain('secret')
  }
  const tls = url((u) => u.searchParams.set('sslmode', 'verify-full'))
  await expect(withClient(tls, async () => {})).rejects.toThrow('speaks no TLS: remove sslmode from the URL')
  expect(connectionError(new Error('odd'), database.servingUrl)).toMatch(/^Cannot connect to PostgreSQL at .*: odd\.$/)
})
