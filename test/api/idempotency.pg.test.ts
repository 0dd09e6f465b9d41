import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, createApi, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, CERTIFICATE, createLane, type Lane, travel } from '../support/lane.ts'
import { until } from '../support/until.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

function create(body: object, idempotencyKey: string, { key = lane.sponsor.key, path = '/products' } = {}) {
  return api.call(key, `POST ${path}`, { body, headers: { 'Idempotency-Key': idempotencyKey } })
}

async function count(table: 'product' | 'custody_event' | 'audit_entry'): Promise<number> {
  const row = await database.db.kysely
    .selectFrom(table)
    .select((eb) => eb.fn.countAll().as('n'))
    .executeTakeFirstOrThrow()
  return Number(row.n)
}

test('a repeated request gets the first answer and does nothing', async () => {
  const body = { name: named('p') }
  const first = await create(body, 'repeated')
  const before = [await count('product'), await count('audit_entry')]
  const second = await create(body, 'repeated')
  expect(second).toMatchObject({ status: first.status, text: first.text })
  expect(second.headers.get('Location')).toBe(first.headers.get('Location'))
  expect([first, second].map(({ headers }) => headers.get('Idempotency-Replayed'))).toEqual([null, 'true'])
  expect([await count('product'), await count('audit_entry')]).toEqual(before)
})

test('another request under the same key is refused, whatever differs', async () => {
  const body = { name: named('p') }
  await create(body, 'reused')
  const others = [
    await create({ name: named('p') }, 'reused'),
    await create({ ...body, serial: 's', model: 'm' }, 'reused', { path: '/sensors' }),
    await create(body, 'reused', { path: '/products?x=1' }),
  ]
  for (const { status, body: said } of others) {
    expect(status).toBe(422)
    expect(said.type).toMatch(/idempotency-key-reused$/)
  }
})

test('the key belongs to the organisation: another one’s same key is another request', async () => {
  const body = { name: named('p') }
  const mine = await create(body, 'shared')
  const theirs = await create(body, 'shared', { key: lane.stranger.key })
  expect(theirs.status).toBe(201)
  expect(theirs.body.organisationId).toBe(lane.stranger.id)
  expect(theirs.body.id).not.toBe(mine.body.id)
})

test('of many at once exactly one creates; the others get its answer, or are told to wait', async () => {
  const body = { name: named('p') }
  const before = await count('product')
  const answers = await Promise.all(Array.from({ length: 12 }, () => create(body, 'at-once')))
  expect(await count('product')).toBe(before + 1)
  const created = answers.filter(({ status }) => status === 201)
  expect(created.length).toBeGreaterThan(0)
  expect(new Set(created.map(({ text }) => text)).size).toBe(1)
  for (const { status, body: said } of answers) {
    if (status !== 201) expect(said.type).toMatch(/request-in-progress$/)
  }
})

test('what was refused changed nothing, and is tried again with the same key', async () => {
  const { path } = await travel(api, lane, [5])
  const statement = { kind: 'departed', at: new Date(api.clock.now + 600_000).toISOString() }
  const asked = { path: `${path}/custody-events` }
  expect((await create(statement, 'refused', asked)).body.type).toMatch(/in-the-future$/)
  expect((await create(statement, 'refused', asked)).body.type).toMatch(/in-the-future$/)
  api.clock.now += 600_000
  expect((await create(statement, 'refused', asked)).status).toBe(201)
})

test('an answer with a secret is repeated, and its secret is nowhere in the database', async () => {
  const body = { serial: named('s'), model: 'T1' }
  const first = await create(body, 'secret', { path: '/sensors' })
  expect((await create(body, 'secret', { path: '/sensors' })).text).toBe(first.text)
  const rows = await database.db.kysely.selectFrom('idempotency').select('response').execute()
  expect(rows.length).toBeGreaterThan(0)
  expect(JSON.stringify(rows)).not.toContain(first.body.secret)
})

test('a service that died before the deed leaves a claim that the repeat takes over', async () => {
  const body = { name: named('p') }
  await create(body, 'died')
  await forget('died', 'claimed')
  expect((await create(body, 'died')).body.type).toMatch(/request-in-progress$/)
  api.clock.now += 61_000
  // the deed it takes over was done in truth; that it is attempted shows in the refusal of the second product
  expect((await create(body, 'died')).body.type).toMatch(/already-exists$/)
})

test('a service that died between the deed and its answer says so, and does not do it again', async () => {
  const { path } = await travel(api, lane, [5])
  const statement = { kind: 'departed', at: new Date(api.clock.now).toISOString() }
  const asked = { path: `${path}/custody-events` }
  await create(statement, 'lost', asked)
  await forget('lost', 'done')
  const before = await count('custody_event')
  expect((await create(statement, 'lost', asked)).body.type).toMatch(/request-in-progress$/)
  api.clock.now += 61_000
  const repeated = await create(statement, 'lost', asked)
  expect(repeated).toMatchObject({ status: 409 })
  expect(repeated.body.type).toMatch(/answer-lost$/)
  expect(await count('custody_event')).toBe(before)
})

test('an attempt whose claim was taken over while it ran does not commit', async () => {
  const sensor = await addSensor(api, lane.sponsor)
  const path = `/sensors/${sensor.id}/calibrations`
  const slow = await database.db.kysely.transaction().execute(async (tx) => {
    // the attempt claims its key, then waits inside its deed for this lock
    await tx.selectFrom('sensor').select('id').where('id', '=', sensor.id).forUpdate().execute()
    const waiting = create({ ...CERTIFICATE, certificate: 'C-2' }, 'overtaken', { path })
    await until(() => isClaimed('overtaken'), { what: 'the claim' })
    await sql`update idempotency set response = '{"attempt":"another"}' where key = 'overtaken'`.execute(tx)
    return { waiting }
  })
  const answer = await slow.waiting
  expect(answer.body.type).toMatch(/request-in-progress$/)
  expect((await api.get(lane.sponsor.key, path)).items).toHaveLength(1)
})

test('a key that is none is refused before anything is done', async () => {
  const before = await count('product')
  for (const wrong of ['with space', 'ü', 'x'.repeat(256)]) {
    const { status } = await create({ name: named('p') }, wrong).catch(() => ({ status: 400 }))
    expect(status).toBe(400)
  }
  expect(await count('product')).toBe(before)
})

/** Puts the row back to how a process that died would have left it. */
async function forget(key: string, state: 'claimed' | 'done'): Promise<void> {
  await database.db.kysely
    .updateTable('idempotency')
    .set({ status: state === 'done' ? 1 : 0, response: sql`'{"attempt":"dead"}'::jsonb` })
    .where('key', '=', key)
    .execute()
}

async function isClaimed(key: string): Promise<boolean> {
  const query = database.db.kysely.selectFrom('idempotency').select('key').where('key', '=', key)
  return (await query.executeTakeFirst()) !== undefined
}
