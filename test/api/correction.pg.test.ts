import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, createApi, FRIDGE_BODY, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, openShipment, travel } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

/** Corrects an event of the shipment; `replacement` null voids it. */
async function correct(key: string, path: string, said: { corrects: number; replacement: object | null }) {
  const body = { kind: 'correction', at: iso(9), reason: 'r', ...said }
  return api.call(key, `POST ${path}/custody-events`, { body })
}

test('an organisation does not correct what another has said', async () => {
  const { path } = await travel(api, lane, [5])
  const packed = await correct(lane.centre.key, path, { corrects: 1, replacement: null })
  expect(packed).toMatchObject({ status: 403, body: { type: expect.stringMatching('not-allowed') } })
  expect((await api.get(lane.centre.key, `${path}/status`)).temperature.window.state).toBe('open')
})

test('the sponsor corrects what another has said, and it stays the word of that other', async () => {
  const { path } = await travel(api, lane, [5])
  const received = { kind: 'received', at: iso(5) }
  const { event } = await api.post(lane.centre.key, `${path}/custody-events`, received)
  const replacement = { ...received, at: iso(4) }
  const { status, body } = await correct(lane.sponsor.key, path, { corrects: event.seq, replacement })
  expect(status).toBe(201)
  const own: Json = await api.get(lane.centre.key, `/organisations/${lane.centre.id}`)
  expect(body.custody.lastEvent).toMatchObject({ kind: 'received', at: iso(4), byOrg: `organisation:${own.id}` })
})

test('nobody puts words into the mouth of another organisation', async () => {
  const { path } = await travel(api, lane, [5])
  const { event } = await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'departed', at: iso(1) })
  const replacement = { kind: 'received', at: iso(1), byOrganisationId: lane.centre.id }
  const { body } = await correct(lane.sponsor.key, path, { corrects: event.seq, replacement })
  expect(body.custody.lastEvent).toMatchObject({ kind: 'received', byOrg: `organisation:${lane.sponsor.id}` })
})

test('a profile that may not be sealed on is not sealed on by a correction either', async () => {
  const example = await api.post(lane.sponsor.key, `/products/${lane.productId}/profiles`, {
    ...FRIDGE_BODY,
    example: true,
  })
  const shipment = await openShipment(api, lane, { profileId: example.id })
  const path = `/shipments/${shipment.id}`
  const { event } = await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'departed', at: iso(1) })
  const replacement = { kind: 'sealed', at: iso(1), seals: ['S1'] }
  const { status, body } = await correct(lane.sponsor.key, path, { corrects: event.seq, replacement })
  expect({ status, type: body.type }).toEqual({ status: 409, type: expect.stringMatching('profile-is-example') })
})
