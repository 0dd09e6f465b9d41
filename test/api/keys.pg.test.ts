import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bootstrapKey } from '../../src/actions/bootstrap-key.ts'
import { verifySensor } from '../../src/actions/sensors.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type Api, administrator, createApi, named, type Party, party } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { everything } from '../support/everything.ts'

let database: TestDatabase
let api: Api
let admin: Party
let sponsor: Party

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  admin = await administrator(api)
  sponsor = await party(api, admin, 'sponsor')
})
afterAll(() => database.drop())

test('neither a key nor a sensor’s password stands in the clear in any table or log line', async () => {
  const headers = { 'Idempotency-Key': 'with-secret' }
  const body = { serial: named('s'), model: 'T1' }
  const sensor = await api.call(sponsor.key, 'POST /sensors', { body, headers })
  const issued = { role: 'auditor', label: 'x' }
  const path = `/organisations/${sponsor.id}/api-keys`
  const { body: key } = await api.call(admin.key, `POST ${path}`, { body: issued, headers })
  await api.call(key.key, 'GET /nowhere?key=secret-in-query')
  const secrets = [admin.key, sponsor.key, key.key, sensor.body.secret, 'secret-in-query']
  const stored = await everything(database)
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(10)
    expect(stored.includes(secret)).toBe(false)
    expect(api.logged.join('').includes(secret)).toBe(false)
  }
})

test('a list of keys shows no secret', async () => {
  const { items } = await api.get(admin.key, `/organisations/${sponsor.id}/api-keys`)
  expect(items[0]).toMatchObject({ role: 'sponsor', revokedAt: null })
  expect(Object.keys(items[0]).sort()).toEqual(['id', 'knownAt', 'label', 'organisationId', 'revokedAt', 'role'])
})

test('a revoked key lets nobody in from that moment on, and revoking it again changes nothing', async () => {
  const path = `/organisations/${sponsor.id}/api-keys`
  const { id, key } = await api.post(admin.key, path, { role: 'sponsor', label: 'x' })
  expect((await api.call(key, 'GET /products')).status).toBe(200)
  const revoked = await api.post(admin.key, `/api-keys/${id}/revocation`, { reason: 'left the company' })
  api.clock.now += 1000
  expect(await api.post(admin.key, `/api-keys/${id}/revocation`, { reason: 'again' })).toEqual(revoked)
  const answer = await api.call(key, 'GET /products')
  expect(answer.status).toBe(401)
  expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer')
})

test.each([
  ['no key', {}],
  ['an unknown key', { Authorization: 'Bearer unb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
  ['another scheme', { Authorization: 'Basic dXNlcjpwYXNz' }],
  ['an empty key', { Authorization: 'Bearer ' }],
  ['an endless key', { Authorization: `Bearer ${'x'.repeat(10_000)}` }],
])('%s is answered 401', async (_what, headers: Record<string, string>) => {
  const answer = await api.call(null, 'GET /products', { headers })
  expect(answer.status).toBe(401)
  expect(answer.body.type).toMatch(/unauthenticated$/)
})

test('a sensor’s password opens its own sensor only', async () => {
  const [one, other] = [
    await api.post(sponsor.key, '/sensors', { serial: named('s'), model: 'T1' }),
    await api.post(sponsor.key, '/sensors', { serial: named('s'), model: 'T1' }),
  ]
  expect(await verifySensor(api.ctx, one.id, one.secret)).toBe(true)
  expect(await verifySensor(api.ctx, other.id, one.secret)).toBe(false)
  expect(await verifySensor(api.ctx, 999_999, one.secret)).toBe(false)
  expect(await verifySensor(api.ctx, Number.NaN, one.secret)).toBe(false)
})

describe('the first key', () => {
  test('is made once, and the same start repeated answers the same', async () => {
    const fresh = await testDatabase()
    try {
      const { ctx } = await createApi(fresh)
      const given = { organisationName: 'Operator', secret: 'a-secret-of-more-than-32-characters!' }
      const starts = await Promise.all([bootstrapKey(ctx, given), bootstrapKey(ctx, given)])
      const made = starts.map((start) => (isRefusal(start) ? start.refused : start.created)).sort()
      expect(made).toEqual([false, true])
      expect(await bootstrapKey(ctx, given)).toMatchObject({ key: given.secret, created: false })
    } finally {
      await fresh.drop()
    }
  })

  test('is not given to whoever starts a database that has keys', async () => {
    expect(await bootstrapKey(api.ctx, { organisationName: 'X' })).toMatchObject({ refused: 'already_exists' })
    const secret = 'another-secret-of-more-than-32-chars'
    expect(await bootstrapKey(api.ctx, { organisationName: 'X', secret })).toMatchObject({ refused: 'already_exists' })
    expect((await api.call(secret, 'GET /products')).status).toBe(401)
  })
})
