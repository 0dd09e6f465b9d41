import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gs1CheckDigit } from '../../src/domain/gs1.ts'
import { type Api, createApi, FRIDGE_BODY, iso, named, party } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, CERTIFICATE, createLane, type Lane, measure, openShipment, travel } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

describe('what is created is found at its Location as it was answered:', () => {
  test.each([
    ['product', '/products', () => ({ name: named('p'), gtin: withCheckDigit('9520123456789') })],
    ['container', '/containers', () => ({ serial: named('c'), kind: 'pcm_box', holdTimeS: 86_400.5 })],
    [
      'order',
      '/orders',
      () => ({
        ...{ number: named('o'), productId: lane.productId, consigneeId: lane.centre.id, neededBy: iso(60) },
        ...{ coi: 'COI-1', coiScheme: 'example', expected: [{ lot: 'L1' }] },
      }),
    ],
  ])('%s', async (_thing, path, body) => {
    const answer = await api.call(lane.sponsor.key, `POST ${path}`, { body: body() })
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ id: expect.any(Number), knownAt: new Date(api.clock.now).toISOString() })
    const found = await api.call(lane.sponsor.key, `GET ${answer.headers.get('Location')}`)
    expect(found.body).toEqual(answer.body)
  })

  test('sensor, but for its password', async () => {
    const body = { serial: named('s'), model: 'T1', rangeLowC: -200, rangeHighC: '60.5' }
    const answer = await api.call(lane.sponsor.key, 'POST /sensors', { body })
    const { secret, ...rest } = answer.body
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(rest).toMatchObject({ rangeHighC: 60.5, topic: `unbroken/v1/${rest.id}/readings` })
    expect(await api.get(lane.sponsor.key, `/sensors/${rest.id}`)).toEqual(rest)
  })

  test('profile, with its defaults and what stands in the way of an approval', async () => {
    const body = { ...FRIDGE_BODY, source: null, labelHighC: 8.04, example: true }
    const answer = await api.call(lane.sponsor.key, `POST /products/${lane.productId}/profiles`, { body })
    expect(answer.body).toMatchObject({ labelHighC: 8.04, maxGapS: 2700, requiredSensors: 1, guardBand: 'none' })
    expect(answer.body.levels[1]).toMatchObject({ limitC: 15 })
    expect(answer.body.approvalProblems.length).toBeGreaterThan(1)
    expect(await api.get(lane.sponsor.key, `/profiles/${answer.body.id}`)).toEqual(answer.body)
  })

  test('shipment, with opener, consignee and sponsor as parties', async () => {
    const units = [{ code: 'A', lot: 'L', expiryAt: '2027-01-01T00:00:00+01:00' }, { code: 'B' }]
    const shipment = await openShipment(api, lane, { units, sscc: withCheckDigit('39520123456789012') })
    expect(shipment).toMatchObject({ maxHandoverS: 1800, profile: { profileId: lane.profileId, version: 1 } })
    expect(shipment.units[0].expiryAt).toBe('2026-12-31T23:00:00.000Z')
    expect(shipment.parties).toEqual([
      { organisationId: lane.centre.id, role: 'consignee' },
      { organisationId: lane.sponsor.id, role: 'sender' },
      { organisationId: lane.sponsor.id, role: 'sponsor' },
    ])
    expect(await api.get(lane.centre.key, `/shipments/${shipment.id}`)).toEqual(shipment)
  })
})

test('versions of a profile count up, and approving one twice is refused', async () => {
  const { key } = lane.sponsor
  const product = await api.post(key, '/products', { name: named('p') })
  const first = await api.post(key, `/products/${product.id}/profiles`, FRIDGE_BODY)
  const second = await api.post(key, `/products/${product.id}/profiles`, FRIDGE_BODY)
  expect([first.version, second.version]).toEqual([1, 2])
  const approval = { approver: 'Q. A.', source: 'SR-1', effectiveAt: iso(0) }
  const approved = await api.post(key, `/profiles/${second.id}/approval`, approval)
  expect(approved.approval).toMatchObject(approval)
  const again = await api.call(key, `POST /profiles/${second.id}/approval`, { body: approval })
  expect(again.body.type).toMatch(/already-exists$/)
})

test('a shipment takes no profile and no order of another product', async () => {
  const other = await api.post(lane.sponsor.key, '/products', { name: named('p') })
  const profile = await api.post(lane.sponsor.key, `/products/${other.id}/profiles`, FRIDGE_BODY)
  const ordered = { number: named('o'), productId: other.id, consigneeId: lane.centre.id, expected: [] }
  const order = await api.post(lane.centre.key, '/orders', ordered)
  for (const wrong of [{ profileId: profile.id }, { orderId: order.id }]) {
    await expect(openShipment(api, lane, wrong)).rejects.toThrow(/422.*another product/)
  }
})

test('a corrected reading shows what was measured, what is judged, and every other value of its instant', async () => {
  const { path, sensor } = await travel(api, lane, [5, 7.4, null])
  await measure(api, sensor.id, [6])
  const { items } = await api.get(lane.centre.key, `${path}/readings`)
  expect(items).toMatchObject([
    { at: iso(0), valueC: 5, correctedC: 5.5, fault: false, withinUncertainty: false, conflicts: [6] },
    { at: iso(15), valueC: 7.4, correctedC: 7.9, withinUncertainty: true, conflicts: [] },
    { at: iso(30), valueC: null, correctedC: null, fault: true, withinUncertainty: null },
  ])
})

test('a certificate added, and one taken out of use, changes the judgement of what travelled before', async () => {
  const { path, sensor } = await travel(api, lane, [5, 5, 7.7, 7.7, 7.7, 5])
  const statusOf = async () => (await api.get(lane.sponsor.key, `${path}/status`)).temperature
  expect(await statusOf()).toMatchObject({ status: 'alarm', worst: { highestC: 8.2 } })
  const newer = { ...CERTIFICATE, certificate: 'C-2', calibratedAt: iso(-5), points: [{ atC: 5, correctionC: 0 }] }
  const added = await api.post(lane.sponsor.key, `/sensors/${sensor.id}/calibrations`, newer)
  expect(await statusOf()).toMatchObject({ worst: { highestC: 7.7 }, levels: [{ events: [] }, {}, {}] })
  await api.post(lane.sponsor.key, `/calibrations/${added.id}/supersession`, { reason: 'typed for another sensor' })
  expect(await statusOf()).toMatchObject({ status: 'alarm', worst: { highestC: 8.2 } })
  const { items } = await api.get(lane.sponsor.key, `${path}/evaluations`)
  expect(items.length).toBeGreaterThan(2)
})

test('another profile pinned judges the same readings by its limits', async () => {
  const { path } = await travel(api, lane, [5, 5, 9, 9, 9, 5])
  const wider = { ...FRIDGE_BODY, levels: [{ ...FRIDGE_BODY.levels[0], limitC: 12 }] }
  const profile = await api.post(lane.sponsor.key, `/products/${lane.productId}/profiles`, wider)
  const pinned = await api.post(lane.sponsor.key, `${path}/profile`, { profileId: profile.id, reason: 'deviation 7' })
  expect(pinned.profile.profileId).toBe(profile.id)
  const status = await api.get(lane.centre.key, `${path}/status`)
  expect(status).toMatchObject({ profileVersion: { profileId: profile.id }, temperature: { levels: [{ events: [] }] } })
  const entries = await api.get(lane.centre.key, `/audit-entries?subjectKind=shipment&subjectId=${path.slice(11)}`)
  expect(entries.items).toContainEqual(
    expect.objectContaining({ action: 'pin_profile', reason: 'deviation 7', before: { profileId: lane.profileId } }),
  )
})

test('a sealed shipment is re-pinned only to a profile that could have been sealed on', async () => {
  const { key } = lane.sponsor
  const product = await api.post(key, '/products', { name: named('p') })
  const [approved, draft, example] = [
    await api.post(key, `/products/${product.id}/profiles`, FRIDGE_BODY),
    await api.post(key, `/products/${product.id}/profiles`, FRIDGE_BODY),
    await api.post(key, `/products/${product.id}/profiles`, { ...FRIDGE_BODY, example: true }),
  ]
  await api.post(key, `/profiles/${approved.id}/approval`, { approver: 'Q', source: 'S', effectiveAt: iso(0) })
  const { id } = await openShipment(api, lane, { productId: product.id, profileId: approved.id })
  const statement = { kind: 'sealed', at: iso(5), seals: ['S1'], reason: 'a trial run' }
  await api.post(key, `/shipments/${id}/custody-events`, statement)
  const pin = (profileId: number) =>
    api.call(key, `POST /shipments/${id}/profile`, { body: { profileId, reason: 'change' } })
  expect((await pin(draft.id)).body.type).toMatch(/profile-not-effective$/)
  expect((await pin(example.id)).body.type).toMatch(/profile-is-example$/)
})

test('every deed leaves an audit row with its actor, its request and no secret', async () => {
  const { key } = lane.sponsor
  const headers = { 'X-Request-Id': 'audited-request' }
  const body = { serial: named('s'), model: 'T1' }
  const { body: sensor } = await api.call(key, 'POST /sensors', { body, headers })
  const { items } = await api.get(key, `/audit-entries?subjectKind=sensor&subjectId=${sensor.id}`)
  expect(items).toEqual([
    expect.objectContaining({
      action: 'register_sensor',
      actorKind: 'machine',
      organisationId: lane.sponsor.id,
      requestId: 'audited-request',
    }),
  ])
  expect(JSON.stringify(items)).not.toContain(sensor.secret)
})

test('the owner of a sensor keeps its certificates, others only read them', async () => {
  const { shipment, sensor } = await travel(api, lane, [5])
  const path = `/sensors/${sensor.id}/calibrations`
  expect((await api.get(lane.centre.key, path)).items).toHaveLength(1)
  expect((await api.call(lane.centre.key, `POST ${path}`, { body: CERTIFICATE })).status).toBe(403)
  expect((await api.call(lane.centre.key, `GET /sensors/${sensor.id}/readings`)).status).toBe(403)
  expect((await api.get(lane.centre.key, `/shipments/${shipment.id}/readings`)).items).toHaveLength(1)
})

test('a site has a time zone this machine knows', async () => {
  const { id } = await party(api, lane.admin, 'carrier')
  const add = (timeZone: string) =>
    api.call(lane.admin.key, `POST /organisations/${id}/sites`, { body: { name: named('site'), timeZone } })
  expect((await add('Europe/Berlin')).status).toBe(201)
  expect((await add('Europe/Atlantis')).status).toBe(422)
})

test('an unplaced sensor is readable by its owner before it is placed anywhere', async () => {
  const sensor = await addSensor(api, lane.sponsor)
  await measure(api, sensor.id, [5, 6])
  const { items } = await api.get(lane.sponsor.key, `/sensors/${sensor.id}/readings?from=${iso(15)}`)
  expect(items).toMatchObject([{ valueC: 6, correctedC: 6.5, withinUncertainty: null }])
})

function withCheckDigit(digits: string): string {
  return `${digits}${gs1CheckDigit(digits)}`
}
