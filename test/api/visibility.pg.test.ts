import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { ROLES, type Role } from '../../src/domain/actor.ts'
import { type Api, createApi, FRIDGE_BODY, iso, type Json, keyOf, named, party } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addSensor, createLane, type Lane, travel } from '../support/lane.ts'
import { T0 } from '../support/limits.ts'
import { message } from '../support/world.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let things: Things
/** A key of every role, of the sponsor, of the centre, and of an organisation that is no party to anything. */
let keys: Record<'sponsor' | 'centre' | 'stranger', Record<Role, string>>

type Things = { shipment: Json; sensor: Json; placement: Json; order: number; container: number; path: string }

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  const { key } = lane.sponsor
  const container = await api.post(key, '/containers', { serial: named('c'), kind: 'pcm_box' })
  const ordered = { number: named('o'), productId: lane.productId, consigneeId: lane.centre.id, expected: [] }
  const order = await api.post(key, '/orders', ordered)
  things = { ...(await travel(api, lane, [5, 5, 5])), order: order.id, container: container.id }
  const all = async (id: number) => {
    const issued = await Promise.all(
      ROLES.map(async (role) => [role, await keyOf(api, lane.admin, { id, role })] as const),
    )
    return record(new Map(issued))
  }
  keys = {
    sponsor: await all(lane.sponsor.id),
    centre: await all(lane.centre.id),
    stranger: await all(lane.stranger.id),
  }
})
afterAll(() => database.drop())

/** Everything that can be read about the shipment, and who beside the sponsor sees it. */
const READS: [string, (all: Things) => string, 'parties' | 'owner'][] = [
  ['the shipment', ({ path }) => path, 'parties'],
  ['its status', ({ path }) => `${path}/status`, 'parties'],
  ['its placements', ({ path }) => `${path}/placements`, 'parties'],
  ['its custody events', ({ path }) => `${path}/custody-events`, 'parties'],
  ['its readings', ({ path }) => `${path}/readings`, 'parties'],
  ['its series', ({ path }) => `${path}/series`, 'parties'],
  ['its observations', ({ path }) => `${path}/observations`, 'parties'],
  ['its scans', ({ path }) => `${path}/scans`, 'parties'],
  ['its identity', ({ path }) => `${path}/identity`, 'parties'],
  ['its evaluations', ({ path }) => `${path}/evaluations`, 'parties'],
  ['its re-reviews', ({ path }) => `${path}/re-reviews`, 'parties'],
  ['its status of the past', ({ path }) => `${path}/status?asOf=2026-03-04T10:00:00Z`, 'parties'],
  ['its retention', ({ path }) => `${path}/retention`, 'parties'],
  ['one evaluation', ({ path }) => `${path}/evaluations/1`, 'parties'],
  ['its receipt', ({ path }) => `${path}/receipt`, 'parties'],
  ['its deviations', ({ path }) => `${path}/deviations`, 'parties'],
  ['its exceptional releases', ({ path }) => `${path}/exceptional-releases`, 'parties'],
  ['its departure check', ({ path }) => `${path}/departure-check`, 'parties'],
  ['what its receipt asks for', ({ shipment }) => `/products/${shipment.productId}/receipt-terms`, 'parties'],
  ['its EPCIS document', ({ path }) => `${path}/epcis`, 'parties'],
  ['its sensor', ({ sensor }) => `/sensors/${sensor.id}`, 'parties'],
  ['the sensor’s certificates', ({ sensor }) => `/sensors/${sensor.id}/calibrations`, 'parties'],
  ['its product', ({ shipment }) => `/products/${shipment.productId}`, 'parties'],
  ['how long its product is kept', ({ shipment }) => `/products/${shipment.productId}/retention`, 'parties'],
  ['its profiles', ({ shipment }) => `/products/${shipment.productId}/profiles`, 'parties'],
  ['its profile', ({ shipment }) => `/profiles/${shipment.profile.profileId}`, 'parties'],
  ['the order', ({ order }) => `/orders/${order}`, 'parties'],
  ['the sender', ({ shipment }) => `/organisations/${shipment.organisationId}`, 'parties'],
  ['the sender’s sites', ({ shipment }) => `/organisations/${shipment.organisationId}/sites`, 'parties'],
  ['a container of another shipment', ({ container }) => `/containers/${container}`, 'owner'],
]

describe.each(READS)('%s', (_thing, pathOf, seenBy) => {
  test.each(ROLES)('is seen by a %s of those it concerns, and does not exist for anyone else', async (role) => {
    const statusFor = async (whose: keyof typeof keys) =>
      (await api.call(keys[whose][role], `GET ${pathOf(things)}`)).status
    expect({
      sponsor: await statusFor('sponsor'),
      centre: await statusFor('centre'),
      stranger: await statusFor('stranger'),
    }).toEqual({ sponsor: 200, centre: seenBy === 'parties' ? 200 : 404, stranger: 404 })
  })
})

test('a list holds nothing of anyone else', async () => {
  const lists = ['/shipments', '/sensors', '/products', '/orders', '/containers', '/messages', '/legal-holds']
  for (const path of [...lists, '/lot-decisions']) {
    for (const role of ROLES) expect((await api.get(keys.stranger[role], path)).items, path).toEqual([])
  }
  for (const role of ROLES) {
    const organisations = await api.get(keys.stranger[role], '/organisations')
    expect(organisations.items.map(({ id }: Json) => id)).toEqual([lane.stranger.id])
    const { items } = await api.get(keys.stranger[role], '/audit-entries')
    // its own deeds, and how it came to be: the operator made it and its keys
    const ofOthers = items.filter((entry: Json) => entry.organisationId !== lane.stranger.id)
    const concerned = ofOthers.map(({ subjectKind, subjectId, after }: Json) =>
      subjectKind === 'organisation' ? Number(subjectId) : after.organisationId,
    )
    expect(new Set(concerned)).toEqual(new Set([lane.stranger.id]))
  }
})

test('what the service did with a sensor’s messages is on record for its owner, and for nobody else', async () => {
  const { sensor } = await travel(api, lane, [5])
  const now = api.clock.now
  const contradicting = { at: T0, c: 6 }
  const ahead = { at: now + 3_600_000, c: 5 }
  await recordMessages(api.ctx, [message(sensor.id, [contradicting], now), message(sensor.id, [ahead], now)])
  const [held] = (await api.get(lane.sponsor.key, '/messages?outcome=held')).items
  const seenBy = async (key: string, subject: string) =>
    (await api.get(key, `/audit-entries?${subject}`)).items.map(({ action }: Json) => action)
  for (const [subject, action] of [
    [`subjectKind=message&subjectId=${held.id}`, 'message_held'],
    [`subjectKind=sensor&subjectId=${sensor.id}`, 'reading_conflict'],
  ] as const) {
    expect(await seenBy(lane.sponsor.key, subject)).toContain(action)
    for (const { key } of [lane.centre, lane.stranger]) expect(await seenBy(key, subject)).toEqual([])
  }
})

test('who made keys and places of an organisation is on record for it, and for no other', async () => {
  const { id, key } = lane.centre
  const path = `/organisations/${id}`
  const issued = await api.post(lane.admin.key, `${path}/api-keys`, { role: 'auditor', label: 'by the operator' })
  const site = await api.post(lane.admin.key, `${path}/sites`, { name: named('s'), timeZone: 'UTC' })
  for (const subject of [
    `api_key&subjectId=${issued.id}`,
    `site&subjectId=${site.id}`,
    `organisation&subjectId=${id}`,
  ]) {
    const seenBy = async (asking: string) =>
      (await api.get(asking, `/audit-entries?subjectKind=${subject}`)).items.map(({ role }: Json) => role)
    expect({ subject, own: await seenBy(key), stranger: await seenBy(lane.stranger.key) }).toEqual({
      subject,
      own: ['administrator'],
      stranger: [],
    })
  }
})

test('who owns things of every kind sees no more of another’s than who owns none', async () => {
  const owner = await party(api, lane.admin, 'sponsor')
  const product = await api.post(owner.key, '/products', { name: named('own') })
  const profile = await api.post(owner.key, `/products/${product.id}/profiles`, FRIDGE_BODY)
  const container = await api.post(owner.key, '/containers', { serial: named('c'), kind: 'pcm_box' })
  const ordered = { number: named('o'), productId: product.id, consigneeId: owner.id, expected: [] }
  const order = await api.post(owner.key, '/orders', ordered)
  const unit = { productId: product.id, profileId: profile.id, consigneeId: owner.id, units: [] }
  const shipment = await api.post(owner.key, '/shipments', { reference: named('s'), ...unit, orderId: order.id })
  const sensor = await addSensor(api, owner)
  await api.post(owner.key, `/shipments/${shipment.id}/placements`, { sensorId: sensor.id, from: iso(0) })
  for (const [, pathOf] of READS) {
    expect((await api.call(owner.key, `GET ${pathOf(things)}`)).status, pathOf(things)).toBe(404)
  }
  const own = { products: product, orders: order, containers: container, shipments: shipment, sensors: sensor }
  for (const [path, { id }] of Object.entries(own)) {
    const { items } = await api.get(owner.key, `/${path}`)
    expect(
      items.map((item: Json) => item.id),
      path,
    ).toEqual([id])
  }
})

test('an order opens the product to whom its owner entered it for, and to nobody who enters one himself', async () => {
  const { productId, profileId, sponsor, stranger, centre } = lane
  const product = await api.post(sponsor.key, '/products', { name: named('ordered') })
  const order = (consigneeId: number) => ({ number: named('o'), productId: product.id, consigneeId, expected: [] })
  const statusFor = async (key: string) => (await api.call(key, `GET /products/${product.id}`)).status
  await api.post(stranger.key, '/orders', order(stranger.id))
  await api.post(sponsor.key, '/orders', order(centre.id))
  expect({ stranger: await statusFor(stranger.key), centre: await statusFor(centre.key) }).toEqual({
    stranger: 404,
    centre: 200,
  })
  await api.post(stranger.key, '/orders', { ...order(stranger.id), productId })
  const shipment = { reference: named('s'), productId, profileId, consigneeId: stranger.id, units: [] }
  expect((await api.call(stranger.key, 'POST /shipments', { body: shipment })).status).toBe(404)
})

/** Every deed on what the parties see, with the roles that may do it; a stranger never learns that it exists. */
const DEEDS: [string, (all: Things) => string, unknown, readonly Role[]][] = [
  ['place a sensor', ({ path }) => `${path}/placements`, { sensorId: 999_999, from: iso(0) }, PLACERS()],
  [
    'correct a placement',
    ({ placement }) => `/placements/${placement.id}/correction`,
    { reason: 'r', to: iso(-9) },
    PLACERS(),
  ],
  ['state a custody event', ({ path }) => `${path}/custody-events`, { kind: 'lost', at: iso(0) }, PLACERS()],
  ['scan a label', ({ path }) => `${path}/scans`, { unit: 'BAG-1', person: 'A', at: iso(0), parts: [] }, PLACERS()],
  [
    'say which order is meant',
    ({ path }) => `${path}/order`,
    { orderId: 999_999, reason: 'r' },
    ['sponsor', 'treatment_centre'],
  ],
  ['pin a profile', ({ path }) => `${path}/profile`, { profileId: 999_999, reason: 'r' }, ['sponsor']],
  ['add a profile', ({ shipment }) => `/products/${shipment.productId}/profiles`, FRIDGE_BODY, ['sponsor']],
  [
    'approve a profile',
    ({ shipment }) => `/profiles/${shipment.profile.profileId}/approval`,
    { approver: 'a', source: 's', effectiveAt: iso(0) },
    ['sponsor'],
  ],
  [
    'lengthen the retention',
    ({ shipment }) => `/products/${shipment.productId}/retention`,
    { reason: 'r' },
    ['sponsor'],
  ],
  [
    'supersede a certificate',
    ({ sensor }) => `/calibrations/${sensor.calibration.id}/supersession`,
    { reason: 'r' },
    PLACERS(),
  ],
]

function PLACERS(): readonly Role[] {
  return ['sponsor', 'distributor', 'carrier', 'treatment_centre']
}

test.each(DEEDS)('%s: only the roles that may; for a stranger there is nothing', async (_deed, pathOf, body, may) => {
  for (const role of ROLES) {
    const own = await api.call(keys.centre[role], `POST ${pathOf(things)}`, { body })
    const foreign = await api.call(keys.stranger[role], `POST ${pathOf(things)}`, { body })
    expect({ role, stranger: foreign.status }).toEqual({ role, stranger: may.includes(role) ? 404 : 403 })
    if (!may.includes(role)) expect({ role, status: own.status }).toEqual({ role, status: 403 })
    else
      expect({ role, denied: /^A key of role|^A \w+ key may not/.test(own.body.detail ?? '') }).toEqual({
        role,
        denied: false,
      })
  }
})

const CREATIONS: [string, unknown, readonly Role[]][] = [
  ['/organisations', { name: 'X' }, []],
  ['/products', { name: 'X' }, ['sponsor']],
  ['/sensors', { serial: 'X', model: 'M' }, PLACERS()],
  ['/containers', { serial: 'X', kind: 'pcm_box' }, ['sponsor', 'distributor', 'carrier']],
  ['/orders', { number: 'X', productId: 999_999, consigneeId: 1, expected: [] }, ['sponsor', 'treatment_centre']],
  [
    '/shipments',
    { reference: 'X', productId: 999_999, profileId: 1, consigneeId: 1, units: [] },
    ['sponsor', 'distributor'],
  ],
]

test.each(CREATIONS)('POST %s is for the roles that may, in any organisation', async (path, body, may) => {
  for (const role of ROLES) {
    const { status } = await api.call(keys.centre[role], `POST ${path}`, { body })
    expect({ role, denied: status === 403 }).toEqual({ role, denied: !may.includes(role) })
  }
})

describe('an administrator of another organisation than the installation’s', () => {
  test('keeps the keys and sites of its own, and of no other', async () => {
    const { administrator } = keys.centre
    const own = `/organisations/${lane.centre.id}`
    const issued = await api.post(administrator, `${own}/api-keys`, { role: 'auditor', label: 'x' })
    await api.post(administrator, `${own}/sites`, { name: named('s'), timeZone: 'UTC' })
    await api.post(administrator, `/api-keys/${issued.id}/revocation`, { reason: 'test' })
    const strangers = await api.get(lane.admin.key, `/organisations/${lane.stranger.id}/api-keys`)
    const taken = { body: { role: 'sponsor', label: 'x' } }
    const to = async (request: string, given: object) => (await api.call(administrator, request, given)).status
    expect(await to(`POST /organisations/${lane.stranger.id}/api-keys`, taken)).toBe(404)
    expect(await to(`GET /organisations/${lane.stranger.id}/api-keys`, {})).toBe(404)
    // the sponsor is seen, being a party to the same shipment; its keys are not
    expect(await to(`POST /organisations/${lane.sponsor.id}/api-keys`, taken)).toBe(403)
    expect(await to(`GET /organisations/${lane.sponsor.id}/api-keys`, {})).toBe(403)
    const revocation = { body: { reason: 'mine now' } }
    expect(await to(`POST /api-keys/${strangers.items[0].id}/revocation`, revocation)).toBe(404)
    expect(await to('POST /organisations', { body: { name: 'Mine' } })).toBe(403)
  })
})

function record(map: ReadonlyMap<Role, string>): Record<Role, string> {
  const of = (role: Role) => map.get(role) ?? ''
  return {
    administrator: of('administrator'),
    sponsor: of('sponsor'),
    distributor: of('distributor'),
    carrier: of('carrier'),
    treatment_centre: of('treatment_centre'),
    auditor: of('auditor'),
  }
}
