import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type Api, createApi, iso, type Json, named } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, openShipment } from '../support/lane.ts'
import { CHIRPSTACK_TOPIC, chirpstackBody, hex, TTS_TOPIC, theThingsStackBody } from '../support/uplink.ts'

let database: TestDatabase
let api: Api
let lane: Lane
beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

let devices = 0
/** A DevEUI no other device of this file has. */
function newEui(): string {
  devices += 1
  return devices.toString(16).padStart(16, 'a')
}

const sensorBody = (more: object) => ({ serial: named('SN'), model: 'LHT65N', ...more })
const register = (more: object): Promise<Json> => api.post(lane.sponsor.key, '/sensors', sensorBody(more))
const FIELD = { pointer: '/TempC_DS', channel: 'probe', unit: 'CEL' }

/** 28.29 inside, 27.81 at the probe, 88.6 % humidity, 3.062 V: the vendor's example. */
const LHT65N = hex('CB F6 0B 0D 03 76 01 0A DD 7F FF')

type Sent = Parameters<typeof theThingsStackBody>[0]

async function uplink(sent: Partial<Sent> & { devEui: string }): Promise<void> {
  await arrive(TTS_TOPIC, theThingsStackBody({ at: iso(5), fCnt: 12, bytes: LHT65N, ...sent }))
}

async function arrive(topic: string, body: string): Promise<void> {
  const envelope = { prefix: 'unbroken/v1', receivedAt: api.clock.now, retained: false }
  await recordMessages(api.ctx, [receiveMessage(topic, Buffer.from(body), envelope)])
}

const readings = async (sensorId: number): Promise<Json[]> =>
  (await api.get(lane.sponsor.key, `/sensors/${sensorId}/readings`)).items
const values = async (sensorId: number) => (await readings(sensorId)).map(({ channel, valueC }) => [channel, valueC])
const waiting = async (key: string, devEui: string): Promise<Json[]> =>
  (await api.get(key, '/messages?outcome=quarantined&limit=500')).items.filter(({ detail, topic, release }: Json) => {
    return release === null && (detail.includes(devEui) || topic.includes(devEui))
  })

describe('a sensor registered with a DevEUI', () => {
  test('answers it, in lower case, with its decoder', async () => {
    const devEui = newEui()
    const made = await register({ devEui: devEui.toUpperCase(), decoder: 'dragino_lht65n' })
    const expected = { devEui, decoder: 'dragino_lht65n', decoderFields: [] }
    expect(made).toMatchObject(expected)
    expect(await api.get(lane.sponsor.key, `/sensors/${made.id}`)).toMatchObject(expected)
    expect(await register({})).toMatchObject({ devEui: null, decoder: null, decoderFields: [] })
  })

  test('reads its uplinks with its decoder: temperatures, humidity, battery, frame counter', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'dragino_lht65n' })
    await uplink({ devEui })
    expect(await values(id)).toEqual([
      ['internal', 28.29],
      ['probe', 27.81],
    ])
    expect((await readings(id))[0]).toMatchObject({ at: iso(5), seq: 12, fault: false })
    const { items } = await api.get(lane.sponsor.key, `/sensors/${id}/observations`)
    expect(items.map(({ quantity, value, unit }: Json) => [quantity, value, unit])).toEqual([
      ['humidity', 88.6, 'P1'],
      ['battery_voltage', 3.062, 'VLT'],
    ])
  })

  test('stores an uplink once, however often and by whichever network server it is delivered', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'dragino_lht65n' })
    await uplink({ devEui })
    await uplink({ devEui })
    await arrive(CHIRPSTACK_TOPIC, chirpstackBody({ devEui, at: iso(5), bytes: LHT65N }))
    expect(await readings(id)).toHaveLength(2)
  })

  test('is judged like any other: its readings appear in the status of the shipment it rides with', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'decoded', decoderFields: [FIELD] })
    const { id: shipmentId } = await openShipment(api, lane)
    const path = `/shipments/${shipmentId}`
    await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'packed', at: iso(0), units: ['BAG-1'] })
    await api.post(lane.sponsor.key, `${path}/placements`, { sensorId: id, from: iso(0) })
    await uplink({ devEui, decoded: { TempC_DS: 5.5, BatV: 3.1 } })
    const { temperature } = await api.get(lane.centre.key, `${path}/status`)
    expect(temperature.worst).toEqual({ lowestC: 5.5, highestC: 5.5 })
  })

  test('keeps a fault of the device as one', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'dragino_lht65n' })
    await uplink({ devEui, bytes: hex('CC 35 09 1D 02 6E 01 7F FF 7F FF') })
    expect(await values(id)).toEqual([
      ['internal', 23.33],
      ['probe', null],
    ])
  })

  test('counts the device’s own times where it sends some', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'milesight_em300_th' })
    const seconds = Date.parse(iso(-600)) / 1000
    const stamp = Buffer.alloc(4)
    stamp.writeUInt32LE(seconds)
    await uplink({ devEui, fPort: 85, bytes: hex(`20CE${stamp.toString('hex')}10015D00`) })
    expect((await readings(id)).map(({ at, valueC }) => [at, valueC])).toEqual([[iso(-600), 27.2]])
  })
})

describe('an uplink nobody can read yet is kept, and released once it can be', () => {
  test('of a device that no sensor has: seen by the installation’s administrator, later by its owner', async () => {
    const devEui = newEui()
    await uplink({ devEui })
    const [kept] = await waiting(lane.admin.key, devEui)
    expect(kept).toMatchObject({ outcome: 'quarantined', reason: 'UNKNOWN_DEVICE', sensorId: null })
    expect(kept.detail).toContain('register it with its sensor, then release this message')
    expect(await waiting(lane.sponsor.key, devEui)).toEqual([])
    const release = (key: string) =>
      api.call(key, `POST /messages/${kept.id}/release`, { body: { reason: 'known now' } })
    expect((await release(lane.sponsor.key)).status).toBe(404)
    expect(await release(lane.admin.key)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining(devEui) },
    })
    const { id } = await register({ devEui, decoder: 'dragino_lht65n' })
    expect((await api.get(lane.sponsor.key, `/messages/${kept.id}`)).payloadText).toContain('uplink_message')
    expect((await release(lane.stranger.key)).status).toBe(404)
    expect((await release(lane.sponsor.key)).body).toEqual({ readings: 4, outcome: 'recorded' })
    expect(await readings(id)).toHaveLength(2)
    expect((await release(lane.sponsor.key)).body.type).toMatch(/already-released$/)
  })

  test('of a sensor without decoder', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui })
    await uplink({ devEui })
    const [kept] = (await api.get(lane.sponsor.key, '/messages?outcome=quarantined')).items
    expect(kept).toMatchObject({ reason: 'NO_DECODER', sensorId: id })
    await api.post(lane.sponsor.key, `/sensors/${id}/lorawan`, { devEui, decoder: 'dragino_lht65n' })
    await api.post(lane.sponsor.key, `/messages/${kept.id}/release`, { reason: 'it has one now' })
    expect(await readings(id)).toHaveLength(2)
  })

  test('with a decoder that cannot read it', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'elsys' })
    await uplink({ devEui })
    const [kept] = (await api.get(lane.sponsor.key, '/messages?outcome=quarantined')).items
    expect(kept).toMatchObject({ reason: 'NOT_DECODED', sensorId: id })
    expect(kept.detail).toMatch(/begins no known field of cbf60b0d.*name the right decoder/)
    await api.post(lane.sponsor.key, `/sensors/${id}/lorawan`, { devEui, decoder: 'dragino_lht65n' })
    await api.post(lane.sponsor.key, `/messages/${kept.id}/release`, { reason: 'the right one' })
    expect(await readings(id)).toHaveLength(2)
  })

  test('with a time that cannot be: held like any other, and stored at that time when released', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui, decoder: 'dragino_lht52' })
    const ahead = Math.floor(api.clock.now / 1000) + 3600
    const bytes = Uint8Array.from([
      ...hex('08CD 0220 7FFF 01'),
      ...[24, 16, 8, 0].map((bits) => (ahead >>> bits) & 0xff),
    ])
    await uplink({ devEui, bytes })
    const [held] = (await api.get(lane.sponsor.key, '/messages?outcome=held')).items
    expect(held).toMatchObject({ reason: 'IMPLAUSIBLE_CLOCK', sensorId: id })
    expect(await readings(id)).toEqual([])
    await api.post(lane.sponsor.key, `/messages/${held.id}/release`, { reason: 'the clock was right' })
    expect((await readings(id)).map(({ at }) => at)).toEqual(Array(2).fill(new Date(ahead * 1000).toISOString()))
  })
})

test('other events of a device, and what passes between it and the network, leave no row', async () => {
  const devEui = newEui()
  const count = async () => {
    const { rows } = await database.db.pool.query('select count(*)::int as count from kept_message')
    return rows[0].count
  }
  const before = await count()
  await arrive(TTS_TOPIC.replace(/up$/, 'join'), theThingsStackBody({ devEui, at: iso(5) }))
  await arrive(CHIRPSTACK_TOPIC.replace(/up$/, 'log'), 'anything')
  await arrive(TTS_TOPIC, theThingsStackBody({ devEui, at: iso(5), fPort: 0 }))
  expect(await count()).toBe(before)
})

test.each([
  ['The Things Stack', TTS_TOPIC, theThingsStackBody],
  ['ChirpStack', CHIRPSTACK_TOPIC, chirpstackBody],
])('frames between device and network are no gap: %s', async (_network, topic, bodyOf) => {
  const devEui = newEui()
  const { id } = await register({ devEui, decoder: 'dragino_lht65n' })
  await arrive(topic, bodyOf({ devEui, at: iso(5), fCnt: 1, bytes: LHT65N }))
  await arrive(topic, bodyOf({ devEui, at: iso(6), fPort: 0, fCnt: 2 }))
  await arrive(topic, bodyOf({ devEui, at: iso(10), fCnt: 3, bytes: LHT65N }))
  const missing = async () => (await api.get(lane.sponsor.key, `/sensors/${id}/sequence-events`)).items
  expect(await missing()).toEqual([])
  await arrive(topic, bodyOf({ devEui, at: iso(15), fCnt: 5, bytes: LHT65N }))
  expect(await missing()).toMatchObject([{ kind: 'missing' }])
  expect(await readings(id)).toHaveLength(6)
})

describe('what a DevEUI is', () => {
  test('may be said anew; what was said before stays on record, and what was recorded stays', async () => {
    const [first, second] = [newEui(), newEui()]
    const { id } = await register({ devEui: first, decoder: 'dragino_lht65n' })
    await uplink({ devEui: first })
    const changed = {
      devEui: second,
      decoder: 'decoded',
      decoderFields: [{ ...FIELD, faults: [327.67] }],
      reason: 'swap',
    }
    const printed = await api.post(lane.sponsor.key, `/sensors/${id}/lorawan`, changed)
    expect(printed).toMatchObject({ devEui: second, decoderFields: [{ ...FIELD, faults: ['327.67'] }] })
    expect(printed).not.toHaveProperty('secret')
    await uplink({ devEui: first, at: iso(20) })
    expect(await readings(id)).toHaveLength(2)
    expect(await waiting(lane.admin.key, first)).toHaveLength(1)
    const { items } = await api.get(lane.sponsor.key, `/audit-entries?subjectKind=sensor&subjectId=${id}`)
    expect(items.find(({ action }: Json) => action === 'register_lorawan')).toMatchObject({
      before: { devEui: first, decoder: 'dragino_lht65n', fields: [] },
      after: { devEui: second },
      reason: 'swap',
    })
  })

  test('names one device in the world: another sensor cannot have it, until it is given up', async () => {
    const devEui = newEui()
    const { id } = await register({ devEui })
    const again = await api.call(lane.stranger.key, 'POST /sensors', { body: sensorBody({ devEui }) })
    expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining('this DevEUI') } })
    const other = await register({})
    const moved = await api.call(lane.sponsor.key, `POST /sensors/${other.id}/lorawan`, { body: { devEui } })
    expect(moved.status).toBe(409)
    await api.post(lane.sponsor.key, `/sensors/${id}/lorawan`, { devEui: newEui() })
    expect(await api.post(lane.sponsor.key, `/sensors/${other.id}/lorawan`, { devEui })).toMatchObject({ devEui })
  })

  test('is said by the sensor’s owner alone', async () => {
    const { id } = await register({})
    const body = { devEui: newEui() }
    expect((await api.call(lane.stranger.key, `POST /sensors/${id}/lorawan`, { body })).status).toBe(404)
    expect((await api.call(lane.admin.key, `POST /sensors/${id}/lorawan`, { body })).status).toBe(403)
  })

  test.each<[string, object, string]>([
    ['too few digits', { devEui: 'abc' }, 'devEui'],
    ['a decoder nobody has', { devEui: '0'.repeat(16), decoder: 'magic' }, 'decoder'],
    ['a decoder without device', { decoder: 'elsys' }, 'devEui'],
    ['no fields to read', { devEui: '0'.repeat(16), decoder: 'decoded' }, 'decoderFields'],
    ['fields of bytes', { devEui: '0'.repeat(16), decoder: 'elsys', decoderFields: [FIELD] }, 'decoderFields'],
    ['a field twice', { devEui: '0'.repeat(16), decoder: 'decoded', decoderFields: [FIELD, FIELD] }, 'decoderFields'],
    [
      'a unit nobody knows',
      { devEui: '0'.repeat(16), decoder: 'decoded', decoderFields: [{ ...FIELD, unit: 'C' }] },
      'decoderFields.0.unit',
    ],
    [
      'a unit that measures several things',
      { devEui: '0'.repeat(16), decoder: 'decoded', decoderFields: [{ ...FIELD, unit: 'P1' }] },
      'decoderFields.0.channel',
    ],
    [
      'no pointer',
      { devEui: '0'.repeat(16), decoder: 'decoded', decoderFields: [{ ...FIELD, pointer: 'TempC_DS' }] },
      'decoderFields.0.pointer',
    ],
  ])('refuses %s', async (_what, more, path) => {
    const answer = await api.call(lane.sponsor.key, 'POST /sensors', { body: sensorBody(more) })
    expect([answer.status, answer.body.errors.map((error: Json) => error.path)]).toEqual([422, [path]])
  })
})
