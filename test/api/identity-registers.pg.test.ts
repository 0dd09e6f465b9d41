import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, type Json, named } from '../support/api.ts'
import { decodePng, readQr } from '../support/barcode.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, openShipment } from '../support/lane.ts'
import { PUBLIC_URL } from '../support/limits.ts'

let database: TestDatabase
let api: Api
let lane: Lane
beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

const SSCC = '195213210000000428'

function shipmentBody(more: object): Json {
  const { productId, profileId, centre } = lane
  return { reference: named('s'), productId, profileId, consigneeId: centre.id, units: [], ...more }
}

describe('what is entered is checked, and refused with what to do', () => {
  const unit = (more: object) => ({ units: [{ code: 'B', ...more }] })
  test.each([
    ['a GTIN', unit({ gtin: '09521321001238' }), /units\.0\.gtin.*wrong check digit/],
    ['an SSCC', { sscc: '195213210000000427' }, /sscc.*wrong check digit/],
    ['a donation number', unit({ din: 'G1234 89 654321 Z' }), /units\.0\.din.*wrong check character/],
    ['a donation number that is none', unit({ din: 'G123' }), /units\.0\.din.*13 characters/],
    ['an expiry without offset', unit({ expiryAt: '2027-12-31T23:59:59' }), /units\.0\.expiryAt.*no offset/],
    ['a day that is none', unit({ expiryLocal: '2027-02-30' }), /units\.0\.expiryLocal/],
    [
      'two expiries',
      unit({ expiryLocal: '2027-12-31', expiryAt: '2027-12-31T23:59:59Z' }),
      /expiryLocal.*leave it out/,
    ],
    ['a chain of identity without scheme', { coi: 'COI-1' }, /coiScheme/],
    ['a scheme without chain of identity', { coiScheme: 'example' }, /coiScheme/],
  ])('%s', async (_what, wrong, detail) => {
    const answer = await api.call(lane.sponsor.key, 'POST /shipments', { body: shipmentBody(wrong) })
    expect(answer.status).toBe(422)
    expect(answer.body.detail).toMatch(detail)
  })

  test('also in an order', async () => {
    const order = { number: named('o'), productId: lane.productId, consigneeId: lane.centre.id }
    for (const wrong of [{ gtin: '09521321001238' }, { din: 'G123489654321Z' }]) {
      const answer = await api.call(lane.centre.key, 'POST /orders', { body: { ...order, expected: [wrong] } })
      expect(answer.status).toBe(422)
    }
  })
})

test('a donation number is kept without its check character, however it was written', async () => {
  const dins = ['G123489654321', 'g1234 89 654321 y', '=G12348965432100']
  const units = dins.map((din, index) => ({ code: `B${index}`, din }))
  const shipment = await openShipment(api, lane, { units })
  expect(shipment.units.map(({ din }: Json) => din)).toEqual(dins.map(() => 'G123489654321'))
})

test('an expiry of no zone is kept as printed', async () => {
  const shipment = await openShipment(api, lane, { units: [{ code: 'B', expiryLocal: '2027-12-31' }] })
  expect(shipment.units[0]).toMatchObject({ expiryAt: null, expiryLocal: '2027-12-31' })
})

describe('the order of a shipment', () => {
  const enter = (more: object = {}) =>
    api.post(lane.centre.key, '/orders', {
      ...{ number: named('o'), productId: lane.productId, consigneeId: lane.centre.id, expected: [], ...more },
    })
  const linkTo = (path: string, orderId: number, key = lane.centre.key) =>
    api.call(key, `POST ${path}/order`, { body: { orderId, reason: 'was missing' } })

  test('names the scheme of the chain of identity where the shipment does not', async () => {
    const order = await enter({ coi: 'COI-1', coiScheme: 'sponsor-x' })
    expect((await openShipment(api, lane, { orderId: order.id, coi: 'COI-1' })).coiScheme).toBe('sponsor-x')
    const other = shipmentBody({ orderId: order.id, coi: 'COI-2' })
    expect((await api.call(lane.sponsor.key, 'POST /shipments', { body: other })).status).toBe(422)
  })

  test('is said later, with a reason that stays on record, and the one before too', async () => {
    const [first, second] = [await enter(), await enter()]
    const { id } = await openShipment(api, lane, { orderId: first.id })
    const answer = await linkTo(`/shipments/${id}`, second.id)
    expect(answer).toMatchObject({ status: 200, body: { orderId: second.id } })
    const rows = await database.db.kysely
      .selectFrom('shipment_order')
      .select(['order_id', 'reason'])
      .where('shipment_id', '=', id)
      .orderBy('id')
      .execute()
    expect(rows).toEqual([
      { order_id: first.id, reason: null },
      { order_id: second.id, reason: 'was missing' },
    ])
    const audited = await api.get(lane.centre.key, `/audit-entries?subjectKind=shipment&subjectId=${id}`)
    expect(audited.items.find(({ action }: Json) => action === 'link_order')).toMatchObject({
      ...{ before: { orderId: first.id }, after: { orderId: second.id }, reason: 'was missing' },
    })
  })

  test('is one for its product and its consignee that the asker sees, and another than before', async () => {
    const shipment = await openShipment(api, lane)
    const path = `/shipments/${shipment.id}`
    const product = await api.post(lane.sponsor.key, '/products', { name: named('p') })
    expect((await linkTo(path, (await enter({ productId: product.id })).id)).status).toBe(422)
    expect((await linkTo(path, (await enter({ consigneeId: lane.stranger.id })).id)).status).toBe(422)
    const foreign = { number: named('o'), productId: product.id, consigneeId: lane.stranger.id, expected: [] }
    const unseen = await api.post(lane.stranger.key, '/orders', foreign)
    expect((await linkTo(path, unseen.id)).status).toBe(404)
    const order = await enter()
    expect((await linkTo(path, order.id, lane.stranger.key)).status).toBe(404)
    expect((await linkTo(path, order.id)).status).toBe(200)
    expect((await linkTo(path, order.id)).status).toBe(422)
  })
})

describe('the label of the box', () => {
  test('is a picture of what a scanner reads, for the parties only', async () => {
    const { id } = await openShipment(api, lane, { sscc: SSCC })
    const path = `/shipments/${id}/label`
    const svg = await api.call(lane.centre.key, `GET ${path}`)
    expect([svg.status, svg.headers.get('Content-Type')]).toEqual([200, 'image/svg+xml'])
    expect(svg.text).toMatch(/^<svg width="[\d.]+mm"/)
    const answer = await api.app.request(`/api/v1${path}?as=qr&format=png`, {
      headers: { Authorization: `Bearer ${lane.sponsor.key}` },
    })
    expect(answer.headers.get('Content-Type')).toBe('image/png')
    expect(readQr(decodePng(new Uint8Array(await answer.arrayBuffer())))).toBe(`${PUBLIC_URL}/00/${SSCC}`)
    expect((await api.call(lane.stranger.key, `GET ${path}`)).status).toBe(404)
    expect((await api.call(lane.sponsor.key, `GET ${path}?as=sticker`)).status).toBe(400)
  })

  test('of a box without SSCC does not exist, and says why', async () => {
    const { id } = await openShipment(api, lane)
    const answer = await api.call(lane.sponsor.key, `GET /shipments/${id}/label`)
    expect([answer.status, answer.body.detail]).toEqual([404, expect.stringContaining('no SSCC')])
  })
})
