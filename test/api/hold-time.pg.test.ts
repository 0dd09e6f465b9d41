import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type Api, createApi, DAY, iso, type Json, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { importFor, table } from '../support/importing.ts'
import { addSensor, createLane, type Lane, openShipment } from '../support/lane.ts'
import { T0 } from '../support/limits.ts'

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

async function container(more: object): Promise<Json> {
  return api.post(lane.sponsor.key, '/containers', { serial: named('box'), ...more })
}

async function shipped(given: { box?: object; packed?: object | null } = {}) {
  const { box = DEWAR, packed = {} } = given
  const shipment = await openShipment(api, lane, { containerId: (await container(box)).id })
  const path = `/shipments/${shipment.id}`
  const say = (kind: string, minute: number, { key = lane.sponsor.key, ...more }: Said = {}) =>
    api.post(key, `${path}/custody-events`, { kind, at: iso(minute), ...more })
  if (packed !== null) await say('packed', 0, { units: ['BAG-1'], details: packed })
  const holdTime = async () => (await api.get(lane.centre.key, `${path}/status`)).container
  return { shipment, path, say, holdTime }
}

type Said = { key?: string; [field: string]: unknown }

/** A sensor placed in a role whose values arrive every quarter of an hour from T0 on. */
async function gauge(path: string, placed: object, { unit, channel, values }: Gauge): Promise<void> {
  const sensor = await addSensor(api, lane.sponsor)
  await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: sensor.id, from: iso(0), ...placed })
  const readings = values.map((value, index) => ({ at: iso(index * 15), value, unit, channel }))
  const envelope = { prefix: 'unbroken/v1', receivedAt: api.clock.now, retained: false }
  const body = Buffer.from(JSON.stringify({ readings }))
  await recordMessages(api.ctx, [receiveMessage(`unbroken/v1/${sensor.id}/readings`, body, envelope)])
}

type Gauge = { unit: string; channel: string; values: readonly number[] }

const QUARTERS = 2 * 24 * 4 + 1
const every = (value: (quarter: number) => number) => Array.from({ length: QUARTERS }, (_, quarter) => value(quarter))

describe('the hold time left in the status', () => {
  test('is a spread with its basis, of what ledger, scale, tilt and surroundings say by then', async () => {
    const { path, holdTime } = await shipped({ packed: { chargeWeightG: 8600, weightG: 8900 } })
    const unwatched = await holdTime()
    expect(unwatched.holdTimeLeft).toMatchObject({
      basis: 'weighed',
      since: iso(0),
      chargedAt: iso(0),
      quantiles: { low: 0.05, best: 0.5, high: 0.95 },
      handling: { uprightS: 0, unknownS: 2 * 86_400 },
      qualified: { staticUntil: iso(10 * 1440), dynamicUntil: iso(5 * 1440), exceeded: false },
      reasons: ['TILT_UNKNOWN', 'AMBIENT_UNKNOWN'],
    })
    // on its side during the second night
    const tilt = every((quarter) => (quarter >= 120 && quarter < 160 ? 90 : 1))
    await gauge(
      path,
      { role: 'tilt', channel: 'x' },
      { unit: 'C81', channel: 'x', values: tilt.map((d) => (d * Math.PI) / 180) },
    )
    await gauge(path, { role: 'ambient' }, { unit: 'CEL', channel: 'probe', values: every(() => 22) })
    const watched = await holdTime()
    expect(watched.holdTimeLeft).toMatchObject({
      handling: { uprightS: (QUARTERS - 1 - 40) * 900, sideS: 36_000, unknownS: 0 },
      reasons: [],
    })
    const { litresLeft, kgLeft, hoursLeft } = watched.holdTimeLeft
    // 4.09 L less 2 days of 0.25 L and ten hours at three times as much
    expect(litresLeft.best).toBeGreaterThan(3.2)
    expect(litresLeft.best).toBeLessThan(3.5)
    expect(kgLeft.best).toBeCloseTo(litresLeft.best * 0.807, 1)
    for (const { low, best, high } of [litresLeft, kgLeft, hoursLeft]) expect(low < best && best < high).toBe(true)
    expect(hoursLeft.high - hoursLeft.low).toBeLessThan(
      unwatched.holdTimeLeft.hoursLeft.high - unwatched.holdTimeLeft.hoursLeft.low,
    )
    await gauge(
      path,
      { role: 'weight', channel: 'load' },
      { unit: 'GRM', channel: 'load', values: every((q) => 8900 - 3 * q) },
    )
    const weighed = (await holdTime()).holdTimeLeft
    expect(weighed).toMatchObject({ basis: 'weighed', since: iso(2 * 1440) })
    expect(weighed.litresLeft.best).toBeCloseTo((8900 - 3 * (QUARTERS - 1) - 5600) / 807, 1)
  })

  test('a sensor that observes tilt on a channel of that name counts in whatever role it rides', async () => {
    const { path, holdTime } = await shipped()
    await gauge(path, { role: 'product' }, { unit: 'DD', channel: 'tilt', values: every(() => 0) })
    expect((await holdTime()).holdTimeLeft.handling).toMatchObject({ uprightS: 2 * 86_400, unknownS: 0 })
  })

  test('a top-up begins anew; a correction of it takes that back', async () => {
    const { say, holdTime } = await shipped()
    const before = (await holdTime()).holdTimeLeft
    const { event } = await say('replenished', 1440, { details: { weightG: 8850 } })
    expect((await holdTime()).holdTimeLeft).toMatchObject({ chargedAt: iso(1440), since: iso(1440) })
    await say('correction', 1500, { corrects: event.seq, replacement: null, reason: 'another box' })
    expect((await holdTime()).holdTimeLeft).toEqual(before)
  })

  test('surroundings that an import said are unknown once it is taken back', async () => {
    const { path, holdTime } = await shipped()
    const sensor = await addSensor(api, lane.sponsor)
    const placed = { sensorId: sensor.id, role: 'ambient', from: iso(0) }
    await api.post(lane.sponsor.key, `${path}/placements`, placed)
    const reasons = async () => (await holdTime()).holdTimeLeft.reasons
    const { id } = (await importFor(api, lane, { sensorId: sensor.id, file: table(every(() => 30)) })).body
    expect(await reasons()).not.toContain('AMBIENT_UNKNOWN')
    await api.post(lane.sponsor.key, `/readings/imports/${id}/supersession`, { reason: 'of another box' })
    // an estimate serves for the rest of its minute
    api.clock.now += 60_000
    expect(await reasons()).toContain('AMBIENT_UNKNOWN')
  })

  test('of dry ice is in kilograms', async () => {
    const { holdTime } = await shipped({
      box: { kind: 'dry_ice_box', coolantCapacity: 12, coolantLossPerDay: 3, emptyKg: 8 },
      packed: { payloadG: 0, weightG: 20_000 },
    })
    const { holdTimeLeft } = await holdTime()
    expect(holdTimeLeft.litresLeft).toBeNull()
    expect(holdTimeLeft.kgLeft.best).toBeCloseTo(6, 0)
    expect(holdTimeLeft.reasons).toEqual(['AMBIENT_UNKNOWN'])
  })

  test.each<[string, object, object | null, RegExp]>([
    ['a box without coolant', { kind: 'pcm_box' }, {}, /no coolant/],
    ['a dewar of which nothing is registered', { kind: 'dry_vapour_shipper' }, {}, /coolantLossPerDay/],
    ['one that was never charged', DEWAR, null, /record packed or replenished/],
    ['one charged with nobody knows how much', { ...DEWAR, coolantCapacity: null }, {}, /coolantCapacity/],
  ])('%s has none, and says why', async (_what, box, packed, why) => {
    const { holdTime } = await shipped({ box, packed })
    expect((await holdTime()).holdTimeLeft).toEqual({ value: null, reason: expect.stringMatching(why) })
  })

  test('ends when the consignee opens the box, and goes on when the box is refused at the door', async () => {
    const opened = await shipped()
    await opened.say('received', 60, { key: lane.centre.key })
    expect((await opened.holdTime()).holdTimeLeft.hoursLeft.best).toBeGreaterThan(100)
    await opened.say('opened', 70, { key: lane.centre.key })
    expect((await opened.holdTime()).holdTimeLeft).toEqual({ value: null, reason: expect.stringMatching(/opened it/) })
    const refused = await shipped()
    await refused.say('refused', 60, { reason: 'nobody there', key: lane.centre.key })
    expect((await refused.holdTime()).holdTimeLeft.hoursLeft.best).toBeGreaterThan(100)
  })

  test('of a shipment without container is absent with a reason', async () => {
    const shipment = await openShipment(api, lane)
    const { container: none } = await api.get(lane.sponsor.key, `/shipments/${shipment.id}/status`)
    expect(none).toEqual({ value: null, reason: 'The shipment names no container.' })
  })

  test('shrinks as time goes by without any news', async () => {
    const { holdTime } = await shipped()
    const now = (await holdTime()).holdTimeLeft.hoursLeft
    api.clock.now += DAY
    const later = (await holdTime()).holdTimeLeft.hoursLeft
    api.clock.now = T0 + 2 * DAY
    for (const name of ['low', 'best', 'high']) expect(later[name]).toBeLessThan(now[name])
  })
})

describe('a container', () => {
  test('answers what it was registered with', async () => {
    const made = await container(DEWAR)
    const expected = { ...DEWAR, coolantLossPerDay: 0.25, coolantUnit: 'L' }
    expect(made).toMatchObject(expected)
    expect(await api.get(lane.sponsor.key, `/containers/${made.id}`)).toMatchObject(expected)
    expect(await container({ kind: 'active_container' })).toMatchObject({ coolantUnit: null, coolantCapacity: null })
  })

  test.each([
    ['coolant in a box that has none', { kind: 'pcm_box', coolantCapacity: 4 }, 'coolantCapacity'],
    ['a loss in a box that has none', { kind: 'active_container', coolantLossPerDay: 4 }, 'coolantCapacity'],
    ['a longer hold time in transport than at rest', { ...DEWAR, dynamicHoldTimeS: 864_001 }, 'dynamicHoldTimeS'],
    ['less than a millilitre', { ...DEWAR, coolantCapacity: 4.1005 }, 'coolantCapacity'],
    ['nothing', { ...DEWAR, coolantCapacity: 0 }, 'coolantCapacity'],
    ['a tank', { ...DEWAR, coolantCapacity: 1001 }, 'coolantCapacity'],
    ['no number', { ...DEWAR, emptyKg: 'light' }, 'emptyKg'],
  ])('with %s is refused', async (_what, box, path) => {
    const answer = await api.call(lane.sponsor.key, 'POST /containers', { body: { serial: named('box'), ...box } })
    expect([answer.status, answer.body.errors?.map((error: Json) => error.path)]).toEqual([422, [path]])
  })
})
