import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect, withClient } from '../../db/connect.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { PROBLEMS, type ProblemCode, problemType } from '../../src/api/problem.ts'
import type { ReceiptRefusalCode, SigningRefusalCode } from '../../src/domain/refusal.ts'
import { type Answer, type Api, createApi, FRIDGE_BODY, iso, named } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, createLane, type Lane, openShipment, travel } from '../support/lane.ts'
import { message } from '../support/world.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

/** What a client does to meet each code; those of the receipt and of signing are met where their routes are tested. */
const PROVOKE: Record<Exclude<ProblemCode, ReceiptRefusalCode | SigningRefusalCode>, () => Promise<Answer>> = {
  not_found: () => as('GET /shipments/999999'),
  invalid: () => as('POST /products', { name: '' }),
  not_allowed: () => api.call(lane.centre.key, 'POST /products', { body: { name: 'x' } }),
  already_exists: async () => {
    const body = { name: named('p') }
    await as('POST /products', body)
    return as('POST /products', body)
  },
  in_the_future: async () => as(`POST ${(await travel(api, lane, [])).path}/custody-events`, event('lost', 10_000)),
  placement_overlaps: async () => {
    const { path, sensor } = await travel(api, lane, [])
    return as(`POST ${path}/placements`, { sensorId: sensor.id, from: iso(5) })
  },
  placement_superseded: async () => {
    const { placement } = await travel(api, lane, [])
    const correction = { reason: 'r', withdraw: true }
    await as(`POST /placements/${placement.id}/correction`, correction)
    return as(`POST /placements/${placement.id}/correction`, correction)
  },
  profile_not_approvable: async () => {
    const profile = await as(`POST /products/${lane.productId}/profiles`, { ...FRIDGE_BODY, example: true })
    return as(`POST /profiles/${profile.body.id}/approval`, { approver: 'a', source: 's', effectiveAt: iso(0) })
  },
  profile_not_effective: () => seal({}),
  profile_is_example: () => seal({ example: true }),
  already_released: async () => {
    const { sensor } = await travel(api, lane, [])
    const future = [{ at: api.clock.now + 3_600_000, c: 5 }]
    await recordMessages(api.ctx, [message(sensor.id, future, api.clock.now)])
    const held = await as('GET /messages?outcome=held')
    await as(`POST /messages/${held.body.items[0].id}/release`, { reason: 'clock was set ahead' })
    return as(`POST /messages/${held.body.items[0].id}/release`, { reason: 'again' })
  },
  archived: async () => {
    const { path } = await travel(api, lane, [])
    const sensor = await addSensor(api, lane.sponsor)
    const times = { from: '2019-05-10T00:00:00Z', to: '2019-05-11T00:00:00Z' }
    await as(`POST ${path}/placements`, { sensorId: sensor.id, ...times })
    await withClient(database.ownerUrl, (client) =>
      client.query(
        `insert into archive (name, table_name, month, rows, conflicts, manifest, manifest_sha256, known_at)
         values ('reading-2019-05', 'reading', '2019-05-01', 0, 0, '{}', repeat('0', 64), $1)`,
        [iso(0)],
      ),
    )
    return as(`GET ${path}/readings`)
  },
  changed_meanwhile: async () => {
    const { sensor } = await travel(api, lane, [])
    const request = `POST /calibrations/${sensor.calibration.id}/supersession`
    await as(request, { reason: 'r' })
    return as(request, { reason: 'r' })
  },
  file_unreadable: () => importing('no table at all'),
  serial_differs: () => importing('Serial Number: OTHER\nTime (UTC),Temperature (°C)\n2026-03-02 10:00,5.0\n'),
  import_superseded: async () => {
    const { sensor } = await travel(api, lane, [])
    const request = `POST /readings/import?sensorId=${sensor.id}`
    const text = 'Time (UTC),Temperature (°C)\n2026-03-02 10:00,5.0\n'
    const { id } = (await as(request, text, { 'Content-Type': 'text/csv' })).body
    await as(`POST /readings/imports/${id}/supersession`, { reason: 'another clock' })
    return as(request, text, { 'Content-Type': 'text/csv' })
  },
  questions_open: () => importing('Time,Temperature (°C)\n2026-03-02 10:00,5.0\n'),
  idempotency_key_reused: async () => {
    await as('POST /products', { name: named('p') }, { 'Idempotency-Key': 'k1' })
    return as('POST /products', { name: named('p') }, { 'Idempotency-Key': 'k1' })
  },
  request_in_progress: () => interrupted('k2', 0),
  answer_lost: () => interrupted('k3', 1),
  certificate_not_ready: async () => as(`GET ${(await travel(api, lane, [4])).path}/certificate`),
  record_differs: async () => {
    const { path, shipment } = await travel(api, lane, [4, 5])
    await as(`POST ${path}/custody-events`, { ...event('lost', 30), units: ['BAG-1'] })
    const forged = `update evaluation set content_sha256 = repeat('0', 64) where shipment_id = ${shipment.id}`
    await asOwner(database, forged)
    return as(`GET ${path}/certificate`)
  },
  malformed: () => as('POST /products', '{"name": "x"'),
  unauthenticated: () => api.call(null, 'GET /products'),
  method_not_allowed: () => as('DELETE /products'),
  too_large: () => as('POST /products', { name: 'x'.repeat(1_100_000) }),
  unsupported_media_type: () => as('POST /products', 'name=x', { 'Content-Type': 'text/plain' }),
  internal: async () => (await broken(() => Promise.reject(new Error('secret inside')))).answer,
  unavailable: async () => (await broken(unreachable)).answer,
}

test.each(Object.keys(PROVOKE).filter(isProvoked))('%s has its problem document', async (code) => {
  const answer = await PROVOKE[code]()
  const { status, title } = PROBLEMS[code]
  expect(answer.status).toBe(status)
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  expect(answer.body).toMatchObject({ type: problemType(code), title, status })
  expect(answer.body.detail).toMatch(/^[A-Z].{10,}[.:]?/)
  expect(answer.body.requestId).toBe(answer.headers.get('X-Request-Id'))
})

function isProvoked(text: string): text is keyof typeof PROVOKE {
  return text in PROVOKE
}

function as(request: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
  return api.call(lane.sponsor.key, request, { body, ...(headers && { headers }) })
}

function event(kind: string, minutes: number) {
  return { kind, at: iso(minutes), reason: 'r', seals: ['S'] }
}

async function seal(more: object): Promise<Answer> {
  const profile = await as(`POST /products/${lane.productId}/profiles`, { ...FRIDGE_BODY, ...more })
  const shipment = await openShipment(api, lane, { profileId: profile.body.id })
  return as(`POST /shipments/${shipment.id}/custody-events`, event('sealed', 0))
}

async function importing(text: string): Promise<Answer> {
  const { sensor } = await travel(api, lane, [])
  return as(`POST /readings/import?sensorId=${sensor.id}`, text, { 'Content-Type': 'text/csv' })
}

async function interrupted(key: string, status: number): Promise<Answer> {
  const body = { name: named('p') }
  await as('POST /products', body, { 'Idempotency-Key': key })
  await database.db.kysely.updateTable('idempotency').set({ status }).where('key', '=', key).execute()
  if (status === 1) api.clock.now += 61_000
  return as('POST /products', body, { 'Idempotency-Key': key })
}

/** A door whose database does what is given, whatever it is asked. */
async function broken(connection: () => Promise<never>): Promise<{ answer: Answer; logged: string[] }> {
  const elsewhere = connect('postgres://x:y@127.0.0.1:1/none', { ...CONNECTION, log: api.ctx.log })
  elsewhere.pool.connect = connection
  const other = await createApi({ db: elsewhere })
  return { answer: await other.call(lane.sponsor.key, 'GET /products'), logged: other.logged }
}

const CONNECTION = { max: 1, applicationName: 'test', statementTimeoutMs: 1000 }

async function unreachable(): Promise<never> {
  throw Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' })
}

describe('a request that does not fit', () => {
  test('names every problem at once, each with its path', async () => {
    const levels = [
      { ...FRIDGE_BODY.levels[0], limitC: 8.0001 },
      { ...FRIDGE_BODY.levels[1], side: 'up', allowedS: -1 },
    ]
    const answer = await as(`POST /products/${lane.productId}/profiles`, { levels, nominalIntervalS: 0 })
    expect(answer.status).toBe(422)
    expect(answer.body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      'levels.0.limitC',
      'levels.1.allowedS',
      'levels.1.side',
      'name',
      'nominalIntervalS',
    ])
  })

  test.each([
    ['an instant without offset', { kind: 'packed', at: '2026-03-02T10:00:00' }, /no offset/],
    ['an instant of another age', { kind: 'packed', at: '0900-03-02T10:00:00Z' }, /2001 and 2200/],
    ['a NUL in a text', { kind: 'packed', at: iso(0), place: 'a\u0000b' }, /control characters/],
    ['half a surrogate pair', { kind: 'packed', at: iso(0), place: 'a\ud800' }, /well-formed/],
    ['a fraction in a hashed record', { kind: 'packed', at: iso(0), details: { weight: 1.5 } }, /details/],
    ['a kind that is none', { kind: 'teleported', at: iso(0) }, /kind/],
  ])('%s is refused at the door', async (_what, body, said) => {
    const { path } = await travel(api, lane, [])
    const answer = await as(`POST ${path}/custody-events`, body)
    expect(answer.status).toBe(422)
    expect(answer.body.detail).toMatch(said)
  })

  test('a body that arrives in pieces meets the same limit', async () => {
    const piece = new TextEncoder().encode('x'.repeat(64 * 1024))
    let sent = 0
    const pull = (controller: ReadableStreamDefaultController) => {
      if (sent++ < 32) controller.enqueue(piece)
      else controller.close()
    }
    const headers = { Authorization: `Bearer ${lane.sponsor.key}`, 'Content-Type': 'application/json' }
    const init = { method: 'POST', headers, body: new ReadableStream({ pull }), duplex: 'half' } as const
    expect((await api.app.request('/api/v1/products', init)).status).toBe(413)
  })

  test('an id that is none is told apart from one that does not exist', async () => {
    expect((await as('GET /shipments/abc')).status).toBe(400)
    expect((await as('GET /shipments/0')).status).toBe(400)
    expect((await as('GET /shipments/123456789012345')).status).toBe(404)
  })
})

describe('a fault', () => {
  test('shows nothing of the inside, and is logged whole under its request', async () => {
    const { answer, logged } = await broken(() => Promise.reject(new Error('secret inside')))
    expect(answer.text).not.toContain('secret inside')
    expect(answer.body.detail).toContain(answer.headers.get('X-Request-Id'))
    const fault = logged.filter((line) => line.includes('secret inside'))
    expect(fault).toEqual([expect.stringContaining(`"requestId":"${answer.headers.get('X-Request-Id')}"`)])
  })

  test('of the database says when to come back', async () => {
    const { answer } = await broken(unreachable)
    expect(answer.headers.get('Retry-After')).toMatch(/^\d+$/)
  })
})

describe('a request id', () => {
  test('that is given is kept, in the answer and in the log', async () => {
    const answer = await as('GET /products', undefined, { 'X-Request-Id': 'trace-42' })
    expect(answer.headers.get('X-Request-Id')).toBe('trace-42')
    expect(api.logged.at(-1)).toContain('"requestId":"trace-42"')
  })

  test('that could forge a log line is replaced', async () => {
    const answer = await as('GET /products', undefined, { 'X-Request-Id': 'a b"}{' })
    expect(answer.headers.get('X-Request-Id')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

test('what is unchanged is not sent twice', async () => {
  const first = await as('GET /products')
  const again = await as('GET /products', undefined, { 'If-None-Match': first.headers.get('ETag') ?? '' })
  expect(again).toMatchObject({ status: 304, text: '' })
})

test('a wrong method is told the right ones, an unknown path that there is nothing', async () => {
  const wrong = await as('PUT /products')
  expect(wrong.headers.get('Allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST'])
  expect((await as('GET /produkte')).status).toBe(404)
  expect((await api.call(null, 'GET /metrics/x')).body.type).toMatch(/not-found$/)
})

describe('the probes need no key:', () => {
  test('the process, its readiness with the parts, its metrics without ids', async () => {
    expect((await api.call(null, 'GET /healthz')).body).toEqual({ ok: true })
    expect(await api.call(null, 'GET /readyz')).toMatchObject({ status: 200, body: api.ready })
    api.ready.ok = false
    api.ready.parts.broker = false
    const unready = await api.call(null, 'GET /readyz')
    expect(unready).toMatchObject({ status: 503, body: { ok: false, parts: { database: true, broker: false } } })
    await as('GET /shipments/999999')
    const { text } = await api.call(null, 'GET /metrics')
    expect(text).toContain(
      'unbroken_http_request_seconds_count{method="GET",route="/api/v1/shipments/:id",status="404"}',
    )
    expect(text).not.toMatch(/route="\/api\/v1[^"]*\d/)
  })
})
