import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type Api, createApi, iso, type Json, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, createLane, type Lane, openShipment } from '../support/lane.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { own, personOf } from '../support/people.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

const DEWAR = {
  kind: 'dry_vapour_shipper',
  holdTimeS: 864_000,
  dynamicHoldTimeS: 432_000,
  coolantCapacity: 4.1,
  coolantLossPerDay: '0.25',
  emptyKg: 5.3,
}

/** A charged shipper with a sensor for each thing that decides how long it stays cold. */
async function shipped() {
  const { key } = lane.sponsor
  const box = await api.post(key, '/containers', { serial: named('box'), ...DEWAR })
  const lot = named('lot')
  const { id } = await openShipment(api, lane, { containerId: box.id, units: [{ code: 'BAG-1', lot }] })
  const path = `/shipments/${id}`
  await api.post(key, `${path}/custody-events`, {
    kind: 'packed',
    at: iso(0),
    units: ['BAG-1'],
    details: { chargeWeightG: 8609 },
  })
  const place = async (more: object): Promise<number> => {
    const sensor = await addSensor(api, lane.sponsor)
    await api.post(key, `${path}/placements`, { sensorId: sensor.id, from: iso(0), ...more })
    return sensor.id
  }
  const roles = [
    { role: 'product' },
    { role: 'ambient' },
    { role: 'tilt', channel: 'tilt' },
    { role: 'weight', channel: 'mass' },
  ]
  const [product = 0, ambient = 0, tilt = 0, mass = 0] = await Promise.all(roles.map(place))
  return { path, lot, product, ambient, tilt, mass }
}

type Values = { channel: string; unit: string; from: number; values: readonly number[] }

/** Values of a channel arrive now, measured every hour from so many hours after T0. */
async function arrive(sensorId: number, { channel, unit, from, values }: Values): Promise<void> {
  const readings = values.map((value, index) => ({ at: iso((from + index) * 60), value, unit, channel }))
  const envelope = { prefix: 'unbroken/v1', receivedAt: api.clock.now, retained: false }
  const body = Buffer.from(JSON.stringify({ readings }))
  await recordMessages(api.ctx, [receiveMessage(`unbroken/v1/${sensorId}/readings`, body, envelope)])
}

function told({ recomputed: _how, sensors, ...answer }: Json) {
  return { ...answer, sensors: sensors.map(({ sequence: _numbers, ...sensor }: Json) => sensor) }
}

test('the answer of the past has the container, the observations and the lots of then, too', async () => {
  const { path, lot, product, ambient, tilt, mass } = await shipped()
  const qa = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['qa_sponsor'] })
  const decide = (said: object, meaning: string) =>
    api.post(qa.token, '/lot-decisions', {
      productId: lane.productId,
      lot,
      said,
      reason: 'r',
      signing: own(qa, meaning),
    })
  const steps: (() => Promise<unknown>)[] = [
    () => arrive(product, { channel: 'probe', unit: 'CEL', from: 0, values: [5, 5, 5] }),
    () => arrive(ambient, { channel: 'probe', unit: 'CEL', from: 0, values: Array(20).fill(35) }),
    () => decide({ kind: 'batch_status', batchStatus: 'released' }, 'approved'),
    () => arrive(tilt, { channel: 'tilt', unit: 'DD', from: 2, values: Array(30).fill(90) }),
    () => arrive(mass, { channel: 'mass', unit: 'KGM', from: 20, values: [8.2] }),
    () => decide({ kind: 'hold' }, 'quarantined'),
    () => arrive(tilt, { channel: 'tilt', unit: 'DD', from: 1, values: [0] }),
    () => arrive(mass, { channel: 'mass', unit: 'KGM', from: 10, values: [8.4] }),
    () =>
      api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'replenished', at: iso(1500), reason: 'topped up' }),
  ]
  const given: Json[] = []
  for (const step of steps) {
    // an estimate serves for a minute
    api.clock.now += MINUTE + 1
    await step()
    given.push(await api.get(lane.centre.key, `${path}/status`))
  }
  expect(new Set(given.map(({ container }) => JSON.stringify(container.holdTimeLeft))).size).toBeGreaterThan(4)
  for (const answer of given) {
    const then = await api.get(lane.centre.key, `${path}/status?asOf=${encodeURIComponent(answer.asOf)}`)
    expect(told(then)).toEqual(told(answer))
    expect(then.recomputed.at).toBe(new Date(api.clock.now).toISOString())
  }
})

test.each([
  ['an instant that is still to come', () => new Date(api.clock.now + MINUTE).toISOString(), 422, /in-the-future$/],
  ['before the shipment existed', () => new Date(T0 - MINUTE).toISOString(), 404, /not-found$/],
  ['what is no instant', () => 'yesterday', 400, /malformed$/],
])('%s is refused', async (_what, asOf, status, type) => {
  const { path } = await shipped()
  const answer = await api.call(lane.centre.key, `GET ${path}/status?asOf=${encodeURIComponent(asOf())}`)
  expect([answer.status, answer.body.type]).toEqual([status, expect.stringMatching(type)])
})
