import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, createApi, iso, type Json, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, createLane, type Lane, measure, openShipment, travel } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

async function walk(path: string, limit: number): Promise<Json[]> {
  const items: Json[] = []
  let cursor: string | null = null
  do {
    const more: string = cursor === null ? '' : `&cursor=${cursor}`
    const page: Json = await api.get(lane.sponsor.key, `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${more}`)
    expect(page.items.length).toBeLessThanOrEqual(limit)
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  return items
}

test('a walk over the pages of a register meets everything exactly once, in order', async () => {
  for (let i = 0; i < 7; i++) {
    await api.post(lane.sponsor.key, '/containers', { serial: named('c'), kind: 'pcm_box' })
    await openShipment(api, lane)
  }
  for (const path of ['/containers', '/shipments', '/products', '/audit-entries', '/organisations']) {
    const whole = await api.get(lane.sponsor.key, `${path}?limit=500`)
    for (const limit of [1, 2, 3, 7]) expect(await walk(path, limit), `${path} by ${limit}`).toEqual(whole.items)
  }
})

test('things that are added during a walk do not move the pages', async () => {
  const first = await api.get(lane.sponsor.key, '/containers?limit=3')
  const added = await api.post(lane.sponsor.key, '/containers', { serial: named('c'), kind: 'pcm_box' })
  const rest = await walk(`/containers?cursor=${first.nextCursor}`, 100)
  const ids = [...first.items, ...rest].map(({ id }: Json) => id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.at(-1)).toBe(added.id)
})

test('readings of several sensors at the same instants are walked exactly once, in order of measuring', async () => {
  const { path, sensor } = await travel(api, lane, [5, 5.1, 5.2, 5.3, 5.4])
  const second = await addSensor(api, lane.sponsor)
  const from = iso(15)
  await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: second.id, from, to: iso(60), role: 'ambient' })
  await measure(api, second.id, [6, 6.1, 6.2, 6.3, 6.4])
  const expected = [
    [sensor.id, 5],
    [sensor.id, 5.1],
    [second.id, 6.1],
    [sensor.id, 5.2],
    [second.id, 6.2],
    [sensor.id, 5.3],
    [second.id, 6.3],
    [sensor.id, 5.4],
  ]
  for (const limit of [1, 2, 3, 500]) {
    const found = await walk(`${path}/readings`, limit)
    expect(found.map((one) => [one.sensorId, one.valueC])).toEqual(expected)
  }
  const part = await walk(`${path}/readings?sensorId=${second.id}&from=${iso(30)}&to=${iso(45)}`, 1)
  expect(part.map((one) => one.valueC)).toEqual([6.2])
  expect((await walk(`/sensors/${second.id}/readings?channel=probe`, 2)).map((one) => one.valueC)).toEqual([
    6, 6.1, 6.2, 6.3, 6.4,
  ])
})

test('a sensor placed twice over the same time gives each reading once', async () => {
  const { path, sensor } = await travel(api, lane, [5, 5.1])
  const ambient = { sensorId: sensor.id, from: iso(0), role: 'ambient', reason: 'also stood beside it' }
  await api.post(lane.sponsor.key, `${path}/placements`, ambient)
  expect((await walk(`${path}/readings`, 1)).map((one) => one.valueC)).toEqual([5, 5.1])
})

test('custody events, placements and evaluations are paged too', async () => {
  const { path } = await travel(api, lane, [5, 9, 9, 9, 5])
  for (let i = 0; i < 4; i++) {
    await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'arrived', at: iso(10 + i), place: 'hub' })
  }
  for (const list of ['custody-events', 'placements', 'evaluations']) {
    const whole = await api.get(lane.sponsor.key, `${path}/${list}`)
    expect(whole.items.length).toBeGreaterThan(0)
    expect(await walk(`${path}/${list}`, 2)).toEqual(whole.items)
  }
})

test('a limit or a cursor that is none is refused with the reason', async () => {
  const wrong = [
    'limit=0',
    'limit=501',
    'limit=x',
    'cursor=bm9uZQ',
    `cursor=${Buffer.from('[1]').toString('base64url')}`,
  ]
  for (const query of wrong) {
    const answer = await api.call(lane.sponsor.key, `GET /products?${query}`)
    expect({ query, status: answer.status }).toEqual({ query, status: 400 })
    expect(answer.body.errors[0].path).toBe(query.split('=')[0])
  }
  expect((await api.call(lane.sponsor.key, `GET ${'/shipments/1/readings'}?cursor=MQ`)).status).toBe(400)
})
