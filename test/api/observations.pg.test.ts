import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, createLane, type Lane, travel } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane
beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

type Sample = { minute: number; channel?: string; value: number | null; unit: string }

async function observe(sensorId: number, samples: readonly Sample[]): Promise<void> {
  const readings = samples.map(({ minute, ...rest }) => ({ at: iso(minute), ...rest }))
  const envelope = { prefix: 'unbroken/v1', receivedAt: api.clock.now, retained: false }
  const body = Buffer.from(JSON.stringify({ seq: 7, readings }))
  await recordMessages(api.ctx, [receiveMessage(`unbroken/v1/${sensorId}/readings`, body, envelope)])
}

const read = async (path: string): Promise<Json[]> => (await api.get(lane.sponsor.key, path)).items

const short = ({ quantity, channel, value, unit }: Json) => `${quantity} ${channel} ${value} ${unit}`

const MIXED: Sample[] = [
  { minute: 0, channel: 'humidity', value: 50.5, unit: 'P1' },
  { minute: 0, channel: 'tilt', value: 2, unit: 'DD' },
  { minute: 15, channel: 'tilt', value: 91.5, unit: 'DD' },
  { minute: 15, channel: 'tilt', value: 3, unit: 'DD' },
  { minute: 15, value: 8600, unit: 'GRM' },
  { minute: 30, value: null, unit: 'GRM' },
  { minute: 30, channel: 'latitude', value: 52.3740364, unit: 'DD' },
]

describe('the observations of a shipment', () => {
  test('are what its sensors observed while they rode with it, on any channel, in order of measuring', async () => {
    const { sensor, path, placement } = await travel(api, lane, [5])
    const takenOff = { reason: 'taken off', to: iso(40) }
    await api.post(lane.sponsor.key, `/placements/${placement.id}/correction`, takenOff)
    await observe(sensor.id, MIXED)
    await observe(sensor.id, [
      { minute: -1, value: 9, unit: 'KGM' },
      { minute: 40, value: 9, unit: 'KGM' },
    ])
    const found = await read(`${path}/observations`)
    expect(found.map(short)).toEqual([
      'humidity humidity 50.5 P1',
      'tilt tilt 2 DD',
      'tilt tilt 3 DD',
      'tilt tilt 91.5 DD',
      'mass mass 8.6 KGM',
      'mass mass null KGM',
      'latitude latitude 52.3740364 DD',
    ])
    expect(found[0]).toMatchObject({ sensorId: sensor.id, at: iso(0), seq: 7, raw: null })
    expect(found[0].knownAt).toBe(new Date(api.clock.now).toISOString())
  })

  test('come page by page, none twice and none left out, at one instant and over two placements', async () => {
    const { sensor, path, shipment } = await travel(api, lane, [5])
    const other = await addSensor(api, lane.sponsor)
    for (const [channel, role] of [
      ['tilt', 'tilt'],
      ['mass', 'weight'],
    ]) {
      await api.post(lane.sponsor.key, `/shipments/${shipment.id}/placements`, {
        ...{ sensorId: other.id, channel, role, from: iso(0) },
      })
    }
    await observe(sensor.id, MIXED)
    await observe(other.id, MIXED)
    const whole = await read(`${path}/observations`)
    expect(whole).toHaveLength(2 * MIXED.length)
    for (const limit of [1, 2, 3, 5]) {
      const paged: Json[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Json = await api.get(
          lane.sponsor.key,
          `${path}/observations?limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
        )
        paged.push(...page.items)
        cursor = page.nextCursor
      }
      expect(paged).toEqual(whole)
    }
  })

  test.each([
    ['quantity=tilt', ['tilt tilt 2 DD', 'tilt tilt 3 DD', 'tilt tilt 91.5 DD']],
    ['channel=humidity', ['humidity humidity 50.5 P1']],
    [`from=${iso(30)}`, ['mass mass null KGM', 'latitude latitude 52.3740364 DD']],
    [`to=${iso(15)}`, ['humidity humidity 50.5 P1', 'tilt tilt 2 DD']],
    [`quantity=mass&from=${iso(15)}&to=${iso(30)}`, ['mass mass 8.6 KGM']],
    ['sensorId=999999', []],
  ])('are filtered by %s', async (filter, expected) => {
    const { sensor, path } = await travel(api, lane, [5])
    await observe(sensor.id, MIXED)
    expect((await read(`${path}/observations?${filter}`)).map(short)).toEqual(expected)
  })

  test('a filter or cursor that is none is told', async () => {
    const { path } = await travel(api, lane, [5])
    for (const query of ['quantity=love', 'cursor=W10', 'from=yesterday', 'limit=0']) {
      expect((await api.call(lane.sponsor.key, `GET ${path}/observations?${query}`)).status).toBe(400)
    }
  })
})

describe('the observations of a sensor', () => {
  test('are all it observed, placed or not, for its owner; others read the shipment', async () => {
    const { sensor } = await travel(api, lane, [5])
    await observe(sensor.id, [...MIXED, { minute: -60, value: 9, unit: 'KGM' }])
    const path = `/sensors/${sensor.id}/observations`
    expect((await read(path)).map(short)).toContain('mass mass 9 KGM')
    expect(await read(path)).toHaveLength(MIXED.length + 1)
    expect((await api.call(lane.centre.key, `GET ${path}`)).status).toBe(403)
    expect((await api.call(lane.stranger.key, `GET ${path}`)).status).toBe(404)
  })
})

test('the status lists every sensor that rides along, with the newest of each quantity meanwhile', async () => {
  const { sensor, path, placement } = await travel(api, lane, [5, 6])
  const scale = await addSensor(api, lane.sponsor)
  const weight = { sensorId: scale.id, channel: 'mass', role: 'weight', from: iso(0), to: iso(20) }
  const { id } = await api.post(lane.sponsor.key, `${path}/placements`, weight)
  await observe(sensor.id, MIXED)
  await observe(scale.id, [
    { minute: 15, value: 8.5, unit: 'KGM' },
    { minute: 25, value: 8.4, unit: 'KGM' },
  ])
  const { sensors } = await api.get(lane.centre.key, `${path}/status`)
  expect(sensors.map(({ placementId, role }: Json) => [placementId, role])).toEqual([
    [placement.id, 'product'],
    [id, 'weight'],
  ])
  expect(sensors[0].observations.map(short)).toEqual([
    'humidity humidity 50.5 P1',
    'tilt tilt 91.5 DD',
    'mass mass null KGM',
    'latitude latitude 52.3740364 DD',
  ])
  expect(sensors[0].last).not.toBeNull()
  expect(sensors[1]).toMatchObject({ last: null, calibration: { id: null, problem: null } })
  expect(sensors[1].observations.map(short)).toEqual(['mass mass 8.5 KGM'])
})
