import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, iso, type Json } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createEpcisLane, type EpcisLane, openEpcisShipment, richJourney, state } from '../support/epcis-journey.ts'
import { walkPages } from '../support/epcis-walk.ts'
import { PUBLIC_URL } from '../support/limits.ts'

let database: TestDatabase
let api: Api
let lane: EpcisLane
let events: Json[]

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createEpcisLane(api)
  const { path } = await richJourney(api, lane)
  events = (await api.get(lane.maker.key, `${path}/epcis`)).epcisBody.eventList
})
afterAll(() => database.drop())

const walk = (key: string, query: string, between?: () => Promise<void>) => walkPages(api, { key, query, between })

describe('a walk over the pages of a query', () => {
  test.each([1, 2, 7, 100])('meets each event once, %i on a page, in order of recording', async (perPage) => {
    const all = await walk(lane.maker.key, `?perPage=${perPage}`)
    expect(all).toEqual(events)
  })

  test('the other way round meets the same', async () => {
    const all = await walk(lane.maker.key, '?orderBy=recordTime&orderDirection=DESC&perPage=9')
    expect(all.toReversed()).toEqual(events)
    expect(await walk(lane.maker.key, '?orderBy=recordTime&orderDirection=ASC&perPage=9')).toEqual(events)
  })

  test('in order of what happened meets the same', async () => {
    const all = await walk(lane.maker.key, '?orderBy=eventTime&perPage=9')
    const times = all.map(({ eventTime }) => eventTime)
    expect(times).toEqual(times.toSorted().toReversed())
    const sorted = (list: Json[]) => list.map((one) => JSON.stringify(one)).sort()
    expect(sorted(all)).toEqual(sorted(events))
    const forth = await walk(lane.maker.key, '?orderBy=eventTime&orderDirection=ASC&perPage=100')
    expect(forth).toEqual(all.toReversed())
  })

  test('over several shipments meets each event once, and what is recorded meanwhile not at all', async () => {
    const others = [await openEpcisShipment(api, lane), await openEpcisShipment(api, lane)]
    for (const minute of [200, 201, 202]) {
      for (const { id } of others) await state(api, lane, { shipmentId: id, minute, kind: 'arrived', place: 'hub' })
    }
    const before = await walk(lane.maker.key, '?perPage=100')
    let minute = 210
    const during = await walk(lane.maker.key, '?perPage=5', async () => {
      for (const { id } of others) await state(api, lane, { shipmentId: id, minute, kind: 'departed', place: 'hub' })
      minute++
    })
    expect(during).toEqual(before)
    expect(new Set(during.map((event) => JSON.stringify(event))).size).toBe(during.length)
    expect((await walk(lane.maker.key, '?perPage=100')).length).toBeGreaterThan(before.length)
  })

  test('goes on over more shipments than are read for one page', async () => {
    const shipments: Json[] = []
    for (let count = 0; count < 23; count++) {
      const shipment = await openEpcisShipment(api, lane)
      await state(api, lane, { shipmentId: shipment.id, minute: 250 + count, kind: 'arrived' })
      shipments.push(shipment)
    }
    for (const query of ['', '&orderBy=eventTime&orderDirection=ASC']) {
      const found = await walk(lane.maker.key, `?GE_eventTime=${iso(250)}&LT_eventTime=${iso(273)}&perPage=9${query}`)
      expect(found.map((event) => event['cc:shipmentId'])).toEqual(shipments.map(({ reference }) => reference))
    }
  })

  test('goes on where little of much is meant, with short pages', async () => {
    const { id } = await openEpcisShipment(api, lane)
    for (let count = 0; count < 12; count++) {
      await state(api, lane, { shipmentId: id, minute: 300 + count, kind: count % 6 === 0 ? 'departed' : 'arrived' })
    }
    const query = `?EQ_bizStep=departing&MATCH_anyEPC=${encodeURIComponent(`${PUBLIC_URL}/id/shipment/${id}`)}`
    expect(await walk(lane.maker.key, `${query}&perPage=1`)).toHaveLength(2)
  })
})
