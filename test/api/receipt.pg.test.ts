import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { other, own } from '../support/people.ts'
import { arrive, createReceiptLane, type ReceiptLane, receive, unitOf, verify } from '../support/receipt-lane.ts'

let database: TestDatabase
let api: Api
let lane: ReceiptLane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createReceiptLane(api)
})
afterAll(() => database.drop())

const NO: { said: 'no' } = { said: 'no' }

describe('a shipment in order', () => {
  test('is accepted by receiver and second person, and then may be used', async () => {
    const { path } = await arrive(api, lane)
    const hash = async () => (await api.get(lane.centre.key, `${path}/status`)).recordHash
    expect(await unitOf(api, lane, path)).toMatchObject({ verdict: null, standing: { state: 'not_received' } })
    const before = await hash()
    const recorded = await receive(api, lane, { path })
    expect(recorded.body).toMatchObject({ revision: 1, accepted: [], stamp: { shipmentId: expect.any(Number) } })
    expect(await unitOf(api, lane, path)).toMatchObject({
      ...{ verdict: 'ACCEPT', codes: [], next: 'sign', standing: { state: 'undecided', usable: false } },
    })
    expect(await hash()).not.toBe(before)
    expect((await verify(api, lane, { path })).body).toMatchObject({ accepted: ['BAG-0007'] })
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'available', usable: true } })
    const { items } = await api.get(lane.centre.key, `${path}/custody-events`)
    expect(items.slice(-3).map(({ kind }: Json) => kind)).toEqual(['readings_root', 'inspected', 'accepted'])
    expect(items.at(-2)).toMatchObject({
      details: { receiptRevision: 1, receiptSha256: recorded.body.recordSha256 },
      signatures: [
        { meaning: 'received', signerId: lane.people.receiver.id, evaluation: { version: expect.any(Number) } },
      ],
    })
    expect((await api.get(lane.centre.key, `${path}/ledger/verification`)).valid).toBe(true)
    expect(await api.get(lane.sponsor.key, `${path}/status`)).toMatchObject({
      receipt: { revision: 1, verdict: 'ACCEPT', data: 'complete' },
      units: [{ verdict: 'ACCEPT', findings: [], disposition: { state: 'available' }, reason: null }],
    })
  })

  test('is received and verified at one tablet, and gets its `received` event where there was none', async () => {
    const { path } = await arrive(api, lane, { opened: false })
    const { items } = await api.get(lane.centre.key, `${path}/custody-events`)
    const void_ = { corrects: items.find(({ kind }: Json) => kind === 'received').seq, replacement: null }
    const correction = { kind: 'correction', at: iso(56), reason: 'not yet', ...void_ }
    await api.post(lane.centre.key, `${path}/custody-events`, correction)
    api.clock.now = Date.parse(iso(61))
    const without = await receive(api, lane, { path })
    expect(without.body.detail).toMatch(/receivedAt/)
    const secondSigning = other(lane.people.verifier, 'verified')
    const { body } = await receive(api, lane, { path, more: { receivedAt: iso(58), secondSigning } })
    expect(body).toMatchObject({ revision: 1, accepted: ['BAG-0007'] })
    const after = await api.get(lane.centre.key, `${path}/custody-events`)
    api.clock.now = Date.parse(iso(2 * 24 * 60))
    expect(after.items.slice(-3).map(({ kind }: Json) => kind)).toEqual(['received', 'inspected', 'accepted'])
    expect(await unitOf(api, lane, path)).toMatchObject({ verdict: 'ACCEPT', standing: { state: 'available' } })
  })

  test('waits for QA where its sponsor asks for that', async () => {
    const terms = { maxTransferS: 300, needsQa: true, reason: 'first in human' }
    await api.post(lane.sponsor.key, `/products/${lane.productId}/receipt-terms`, terms)
    const { path } = await arrive(api, lane)
    await receive(api, lane, { path })
    await verify(api, lane, { path })
    expect(await unitOf(api, lane, path)).toMatchObject({ verdict: 'ACCEPT', standing: { state: 'undecided' } })
    const usual = { maxTransferS: 120, needsQa: false, reason: 'licensed' }
    await api.post(lane.sponsor.key, `/products/${lane.productId}/receipt-terms`, usual)
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'available' } })
  })
})

const say = (key: string, path: string, body: object) => api.post(key, `${path}/custody-events`, body)

describe('data that are missing', () => {
  test('have an owner and a due time, then count as absent; what arrives makes them complete', async () => {
    const { path, sensor } = await arrive(api, lane, { degrees: [5] })
    await receive(api, lane, { path, more: { dataOwner: 'Courier desk' } })
    const read = async () => (await api.get(lane.centre.key, `${path}/receipt`)).data
    expect(await read()).toMatchObject({ state: 'pending', owner: 'Courier desk', dueAt: iso(55 + 48 * 60) })
    const now = api.clock.now
    api.clock.now += 2 * 3_600_000
    expect(await read()).toMatchObject({ state: 'absent', because: 'overdue' })
    api.clock.now = now
    const lines = [0, 15, 30, 45, 60].map((minute) => `${iso(minute).slice(0, 16).replace('T', ' ')},4.5`)
    const text = ['Time (UTC),Temperature (°C)', ...lines, ''].join('\n')
    const headers = { 'Content-Type': 'text/csv' }
    await api.call(lane.sponsor.key, `POST /readings/import?sensorId=${sensor.id}`, { body: text, headers })
    expect(await read()).toMatchObject({ state: 'complete' })
    // better data alone lift no hold: receiver and second person finish
    expect(await unitOf(api, lane, path)).toMatchObject({ verdict: 'ACCEPT', standing: { state: 'held' } })
    expect((await verify(api, lane, { path })).body.accepted).toEqual(['BAG-0007'])
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'available' } })
  })
})

describe('a hold', () => {
  test('is not talked away by a second receipt: QA decides', async () => {
    const { path } = await arrive(api, lane)
    await receive(api, lane, { path, box: { seals_intact: NO } })
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'held', heldBy: ['SEAL_BROKEN'] } })
    await receive(api, lane, { path })
    expect((await verify(api, lane, { path })).body.accepted).toEqual([])
    const unit = await unitOf(api, lane, path)
    expect(unit).toMatchObject({
      verdict: 'ACCEPT',
      standing: { state: 'held', heldBy: ['SEAL_BROKEN'], usable: false },
    })
    const { formerReceipts } = await api.get(lane.centre.key, `${path}/receipt`)
    expect(formerReceipts[0].judged[0]).toMatchObject({ verdict: 'QUARANTINE', findings: ['SEAL_BROKEN'] })
  })

  test('for nothing but open tasks is ended by receiver and second person', async () => {
    const { path } = await arrive(api, lane)
    await receive(api, lane, { path, box: { papers_complete: NO } })
    expect((await verify(api, lane, { path })).body.accepted).toEqual([])
    await receive(api, lane, { path })
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'undecided' } })
    expect((await verify(api, lane, { path })).body.accepted).toEqual(['BAG-0007'])
  })

  test('is a `quarantined` event of the ledger, once', async () => {
    const { path } = await arrive(api, lane)
    await receive(api, lane, { path, box: { box_intact: NO } })
    await receive(api, lane, { path, box: { box_intact: NO } })
    const { items } = await api.get(lane.centre.key, `${path}/custody-events`)
    const after = items.slice(-2).map(({ kind, units }: Json) => [kind, units])
    expect(after).toEqual([
      ['quarantined', ['BAG-0007']],
      ['inspected', ['BAG-0007']],
    ])
  })
})

test('a unit that stays in its container is watched until it is opened', async () => {
  const { path, sensor } = await arrive(api, lane, { opened: false, degrees: [5, 5, 5, 5, 5] })
  api.clock.now = Date.parse(iso(61))
  const bag = { transfer: undefined, storage: 'container' }
  await receive(api, lane, { path, bag, box: { papers_complete: NO } })
  const window = async () => (await api.get(lane.centre.key, `${path}/status`)).temperature.window
  expect(await window()).toMatchObject({ state: 'open' })
  expect((await unitOf(api, lane, path)).codes).toEqual(['DOCS_MISSING'])
  api.clock.now = Date.parse(iso(91))
  await say(lane.centre.key, path, { kind: 'opened', at: iso(90) })
  expect(await window()).toMatchObject({ state: 'closed', to: iso(90) })
  expect(sensor.id).toBeGreaterThan(0)
  api.clock.now = Date.parse(iso(2 * 24 * 60))
})

describe('who may', () => {
  test('no stranger sees or does anything', async () => {
    const { path } = await arrive(api, lane)
    const { stranger } = lane.people
    const bodies: [string, object | undefined][] = [
      [`GET ${path}/receipt`, undefined],
      [`GET ${path}/deviations`, undefined],
      [`GET ${path}/exceptional-releases`, undefined],
      [`GET ${path}/departure-check`, undefined],
      [`POST ${path}/receipt`, { units: [], signing: own(stranger, 'received') }],
      [`POST ${path}/receipt/verification`, { revision: 1, signing: own(stranger, 'verified') }],
      [
        `POST ${path}/dispositions`,
        { disposition: 'released', units: ['BAG-0007'], reason: 'r', signing: own(stranger, 'released') },
      ],
      [
        `POST ${path}/deviations`,
        { number: 'D', system: 'Q', units: ['BAG-0007'], findings: ['EXPIRED'], openedAt: iso(0) },
      ],
      [
        `POST ${path}/exceptional-releases`,
        { units: ['BAG-0007'], statement: 's', signing: own(stranger, 'authored') },
      ],
    ]
    for (const [request, body] of bodies) {
      expect((await api.call(stranger.token, request, { body })).status, request).toBe(404)
    }
    const seen = await api.get(lane.sponsor.key, `${path}/receipt`)
    expect(seen.receipt).toBeNull()
  })

  test('a body without the password, or with an unknown question, is refused as a whole', async () => {
    const { path } = await arrive(api, lane)
    const { token } = lane.people.receiver
    const without = await api.call(token, `POST ${path}/receipt`, { body: { units: [] } })
    expect(without).toMatchObject({ status: 422, body: { detail: expect.stringMatching(/signing/) } })
    const odd = { units: [], box: { is_nice: { said: 'yes' } }, signing: own(lane.people.receiver, 'received') }
    expect((await api.call(token, `POST ${path}/receipt`, { body: odd })).status).toBe(422)
    expect((await api.get(token, `${path}/receipt`)).receipt).toBeNull()
  })
})
