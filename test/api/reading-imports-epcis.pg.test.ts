import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, travel } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

/** A file of the memory every 15 minutes from T0. */
async function readOut(sensorId: number, degrees: readonly number[]): Promise<number> {
  const rows = degrees.map((c, index) => `${iso(index * 15)},${c}`)
  const body = ['Time,Temperature (°C)', ...rows].join('\n')
  const request = `POST /readings/import?sensorId=${sensorId}`
  return (await api.call(lane.sponsor.key, request, { body, headers: { 'Content-Type': 'text/csv' } })).body.id
}

/** The highest value of the journey as EPCIS tells it, once the consignee opened the box. */
async function highestTold(path: string): Promise<number> {
  await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'departed', at: iso(1) })
  await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'received', at: iso(40) })
  await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'opened', at: iso(45) })
  const { text } = await api.call(lane.sponsor.key, `GET ${path}/epcis`)
  const highest: number[] = []
  JSON.parse(text, (key, value: Json) => {
    if (key === 'maxValue' && typeof value === 'number') highest.push(value)
    return value
  })
  return Math.max(...highest)
}

/** The certificate of the tests adds half a degree. */
test.each<[string, number[], 'stands' | 'taken back' | 'replaced', number]>([
  ['what the memory says stands for live copies', [5, 6, 5], 'stands', 6.5],
  ['what was taken back is not told', [5, 30, 5], 'taken back', 6.5],
  ['where the memory was read out it alone is told', [5, 5, 5], 'stands', 5.5],
  ['what was taken back is not told beside what was read out rightly', [5, 30, 5], 'replaced', 5.5],
])('to others, %s', async (_what, memory, fate, highest) => {
  const { sensor, path } = await travel(api, lane, [5, 6, 5])
  const id = await readOut(sensor.id, memory)
  if (fate !== 'stands') await api.post(lane.sponsor.key, `/readings/imports/${id}/supersession`, { reason: 'r' })
  if (fate === 'replaced') await readOut(sensor.id, [5, 5, 5])
  expect(await highestTold(path)).toBe(highest)
})
