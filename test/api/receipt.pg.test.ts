import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
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

describe('a shipment in order', () => {
  test('is accepted by receiver and second person, and then may be used', async () => {
    const { path } = await arrive(api, lane)
    expect(await unitOf(api, lane, path)).toMatchObject({ verdict: null, standing: { state: 'not_received' } })
    const recorded = await receive(api, lane, { path })
    expect(recorded.body).toMatchObject({ revision: 1, accepted: [], stamp: { shipmentId: expect.any(Number) } })
    expect(await unitOf(api, lane, path)).toMatchObject({
      ...{ verdict: 'ACCEPT', codes: [], next: 'sign', standing: { state: 'undecided', usable: false } },
    })
    expect((await verify(api, lane, path)).body).toMatchObject({ accepted: ['BAG-0007'] })
    expect(await unitOf(api, lane, path)).toMatchObject({ standing: { state: 'available', usable: true } })
    const kinds = (await api.get(lane.centre.key, `${path}/custody-events`)).items.map(({ kind }: Json) => kind)
    expect(kinds.slice(-3)).toEqual(['readings_root', 'inspected', 'accepted'])
    expect((await api.get(lane.centre.key, `${path}/ledger/verification`)).valid).toBe(true)
  })
})
