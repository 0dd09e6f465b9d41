import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type Api, createApi, FRIDGE_BODY, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, travel } from '../support/lane.ts'
import { message } from '../support/world.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let journey: { path: string; sensor: Json }

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  journey = await travel(api, lane, [5, 5])
})
afterAll(() => database.drop())

const cursor = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url')

const FAR = Number.MAX_SAFE_INTEGER
const TOKEN = [Date.UTC(2199, 0, 1), Date.UTC(2001, 0, 2), FAR, 'custody', FAR, 0]

/** What fits the shape of a query and no column. */
const QUERIES: [string, () => string][] = [
  ['a version beyond 32 bits', () => `${journey.path}/evaluations/999999999999999`],
  ['a cursor beyond 32 bits', () => `${journey.path}/evaluations?cursor=${cursor(Number.MAX_SAFE_INTEGER)}`],
  ['a cursor of no instant', () => `${journey.path}/readings?cursor=${cursor([Number.MAX_SAFE_INTEGER, 1, 'probe'])}`],
  ['a cursor before all years', () => `${journey.path}/readings?cursor=${cursor([-8e15, 1, 'probe'])}`],
  ['a cursor with a NUL', () => `${journey.path}/readings?cursor=${cursor([0, 1, '\0'])}`],
  ['a NUL in a text', () => '/audit-entries?subjectKind=shipment&subjectId=%00'],
  ['an instant after the year 9999', () => `${journey.path}/readings?from=9999-12-31T23:59:59-14:00`],
  ['an instant before the year 1', () => `${journey.path}/readings?from=0001-01-01T00:00:00%2B14:00`],
  ['an EPCIS time after the year 9999', () => '/epcis/events?GE_eventTime=9999-12-31T23:59:59-14:00'],
  ['an EPCIS time before the year 1', () => '/epcis/events?LT_recordTime=0001-01-01T00:00:00%2B14:00'],
  ['a NUL in an EPC', () => '/epcis/events?MATCH_epc=https%3A%2F%2Fcoldchain.example.org%2Fid%2Fisbt128%2Fdin%2F%2500'],
  ['a NUL in an EPCIS term', () => '/epcis/events?EQ_bizStep=%00&EQ_readPoint=%00'],
  ['an EPCIS token beyond every column', () => `/epcis/events?nextPageToken=${cursor(TOKEN)}`],
  ['an EPCIS id of no shipment', () => '/epcis/events/urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff'],
  ['the first instant of all', () => `${journey.path}/readings?from=0001-01-01T00:00:00Z`],
]

test.each(QUERIES)('%s in a query is no fault of the service', async (_what, pathOf) => {
  const { status } = await api.call(lane.sponsor.key, `GET ${pathOf()}`)
  expect(status).toBeLessThan(500)
})

/** A profile is judged with by everybody's ingest, so none may be stored that cannot be judged. */
describe('durations of a profile', () => {
  test.each([
    ['allowedS', { levels: [{ ...FRIDGE_BODY.levels[0], allowedS: 1e15 }] }],
    ['loadingS', { loadingS: 1e13 }],
    ['maxGapS', { maxGapS: 1e15 }],
    ['a band', { budgetBands: [{ id: 'B', aboveC: 8, uptoC: null, allowedS: 1e15 }] }],
  ])('beyond any journey are refused: %s', async (_what, wrong) => {
    const answer = await api.call(lane.sponsor.key, `POST /products/${lane.productId}/profiles`, {
      body: { ...FRIDGE_BODY, ...wrong },
    })
    expect(answer.status).toBe(422)
  })
})

test('a held message from before 2001 is refused at its release, and a released one is stored', async () => {
  for (const [at, status] of [
    [Date.UTC(1970, 0, 2), 422],
    [api.clock.now + 3_600_000, 200],
  ] as const) {
    await recordMessages(api.ctx, [message(journey.sensor.id, [{ at, c: 5 }], api.clock.now)])
    const held = await api.get(lane.sponsor.key, '/messages?outcome=held&limit=1')
    const release = `POST /messages/${held.items[0].id}/release`
    expect((await api.call(lane.sponsor.key, release, { body: { reason: 'r' } })).status).toBe(status)
  }
})
