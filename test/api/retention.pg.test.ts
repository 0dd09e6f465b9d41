import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROLES, type Role } from '../../src/domain/actor.ts'
import { type Api, createApi, iso, type Json, keyOf, named } from '../support/api.ts'
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

/** Opened by the centre half an hour after it was packed. */
async function delivered(units: object[]) {
  const shipment = await openShipment(api, lane, { units })
  const path = `/shipments/${shipment.id}`
  const [code] = units.map((unit: Json) => unit.code)
  await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'packed', at: iso(0), units: [code] })
  for (const [kind, minute] of [
    ['received', 20],
    ['opened', 30],
  ] as const) {
    await api.post(lane.centre.key, `${path}/custody-events`, { kind, at: iso(minute) })
  }
  return { id: shipment.id, path }
}

const UNIT = { code: 'BAG-1', lot: 'L-7', expiryAt: '2027-03-02T10:00:00Z' }

async function told(path: string, key = lane.sponsor.key): Promise<string> {
  const { rule, until, why } = await api.get(key, `${path}/retention`)
  return `${rule} ${until ?? why}`
}

describe('the retention of a shipment', () => {
  test('ends by its longest rule, and every rule says its own', async () => {
    const { path } = await delivered([UNIT])
    expect(await told(path)).toBe('EU_ATMP 2057-03-02T10:00:00.000Z')
    const { classes, onHold, holds, otherHolds } = await api.get(lane.centre.key, `${path}/retention`)
    expect({ onHold, holds, otherHolds }).toEqual({ onHold: false, holds: [], otherHolds: 0 })
    expect(classes.map(({ recordClass }: Json) => recordClass)).toContain('readings')
    for (const { until, rules } of classes) {
      expect(rules.map(({ until }: Json) => until).sort()).toEqual(rules.map(({ until }: Json) => until).reverse())
      expect(rules[0].until).toBe(until)
    }
  })

  test('has no end while the journey goes on, or while a unit states no expiry', async () => {
    expect(await told((await travel(api, lane, [5])).path)).toMatch(/ (NOT_ENDED|EXPIRY_UNKNOWN)$/)
    expect(await told((await delivered([UNIT, { code: 'BAG-2' }])).path)).toBe('EU_ATMP EXPIRY_UNKNOWN')
  })

  test('is lengthened by the sponsor of its product, by class, and never shortened', async () => {
    const product = await api.post(lane.sponsor.key, '/products', { name: named('kept') })
    const retention = `/products/${product.id}/retention`
    expect(await api.get(lane.sponsor.key, retention)).toMatchObject({ years: { readings: 30 }, knownAt: null })
    const lengthen = (body: object, key = lane.sponsor.key) => api.call(key, `POST ${retention}`, { body })
    const first = await lengthen({ years: { readings: 40 }, reason: 'contract 7' })
    expect(first.status).toBe(201)
    expect(first.body).toMatchObject({ years: { readings: 40, audit: 30 }, shelfLifeYears: null })
    expect((await lengthen({ years: { readings: 39 }, reason: 'r' })).body.detail).toBe(
      'The readings are kept 40 years: that may only be lengthened.',
    )
    expect((await lengthen({ years: { readings: 29 }, reason: 'r' })).status).toBe(422)
    expect((await lengthen({ shelfLifeYears: 5, reason: 'r' })).body).toMatchObject({ years: { readings: 40 } })
    expect((await lengthen({ shelfLifeYears: 4, reason: 'r' })).body.detail).toMatch(/shelf life is 5 years/)
    expect((await lengthen({ years: { readings: 50 }, reason: 'r' }, lane.stranger.key)).status).toBe(404)
    expect((await lengthen({ years: { readings: 50 }, reason: 'r' }, lane.centre.key)).status).toBe(403)
    const entries = await api.get(lane.sponsor.key, `/audit-entries?subjectKind=product&subjectId=${product.id}`)
    expect(entries.items.filter(({ action }: Json) => action === 'lengthen_retention')).toHaveLength(2)
  })

  test('counts the shelf life of the product where a unit states no expiry', async () => {
    const { path } = await delivered([{ code: 'BAG-1' }])
    const body = { years: { custody: 35 }, shelfLifeYears: 2, reason: 'registered shelf life' }
    await api.post(lane.sponsor.key, `/products/${lane.productId}/retention`, body)
    expect(await told(path)).toBe('PRODUCT 2063-03-02T10:30:00.000Z')
    const { classes } = await api.get(lane.sponsor.key, `${path}/retention`)
    expect(classes[0]).toMatchObject({ recordClass: 'readings', until: '2058-03-02T10:30:00.000Z' })
  })
})

describe('a legal hold', () => {
  type Held = { path: string; shipmentId: number; sensorId: number }
  const subjects: [string, (held: Held) => object][] = [
    ['shipment', ({ shipmentId }) => ({ subject: 'shipment', shipmentId })],
    ['lot', () => ({ subject: 'lot', productId: lane.productId, lot: 'L-7' })],
    ['product', () => ({ subject: 'product', productId: lane.productId })],
    ['sensor', ({ sensorId }) => ({ subject: 'sensor', sensorId })],
  ]
  const hold = (key: string, on: object) => api.post(key, '/legal-holds', { on, reason: 'claim 12/34' })
  const lift = (key: string, id: number) =>
    api.call(key, `POST /legal-holds/${id}/lifting`, { body: { reason: 'over' } })

  test.each(subjects)('on a %s stands on the shipment until it is lifted', async (_name, on) => {
    const { id: shipmentId, path } = await delivered([UNIT])
    const other = await delivered([{ ...UNIT, lot: 'L-8' }])
    const sensor = await api.post(lane.sponsor.key, '/sensors', { serial: named('SN'), model: 'T1' })
    const placement = { sensorId: sensor.id, role: 'ambient', from: iso(0), to: iso(9) }
    await api.post(lane.sponsor.key, `${path}/placements`, placement)
    const subject = on({ path, shipmentId, sensorId: sensor.id })
    const placed = await hold(lane.sponsor.key, subject)
    const onHold = async (of: string, key: string) => {
      const { onHold, holds, otherHolds } = await api.get(key, `${of}/retention`)
      return { onHold, own: holds.map((one: Json) => [one.id, one.reason, one.on]), others: otherHolds }
    }
    const own = [[placed.id, 'claim 12/34', subject]]
    expect(await onHold(path, lane.sponsor.key)).toEqual({ onHold: true, own, others: 0 })
    expect(await onHold(path, lane.centre.key)).toEqual({ onHold: true, own: [], others: 1 })
    const spreads = 'productId' in subject && !('lot' in subject)
    expect((await onHold(other.path, lane.centre.key)).onHold).toBe(spreads)
    expect((await lift(lane.sponsor.key, placed.id)).body.lifted).toMatchObject({ reason: 'over' })
    expect((await lift(lane.sponsor.key, placed.id)).status).toBe(409)
    expect(await onHold(path, lane.sponsor.key)).toEqual({ onHold: false, own: [], others: 0 })
    expect(await api.get(lane.sponsor.key, `/legal-holds/${placed.id}`)).toMatchObject({
      reason: 'claim 12/34',
      lifted: { reason: 'over' },
    })
    const entries = await api.get(lane.sponsor.key, `/audit-entries?subjectKind=legal_hold&subjectId=${placed.id}`)
    expect(entries.items.map(({ action }: Json) => action).sort()).toEqual(['lift_legal_hold', 'place_legal_hold'])
  })

  test('on everything is for the administrator of the installation, who has no say over single records', async () => {
    const { id: shipmentId, path } = await delivered([UNIT])
    const placed = await hold(lane.admin.key, { subject: 'all' })
    const { onHold, otherHolds } = await api.get(lane.sponsor.key, `${path}/retention`)
    expect({ onHold, otherHolds }).toEqual({ onHold: true, otherHolds: 1 })
    expect((await lift(lane.admin.key, placed.id)).status).toBe(200)
    const others = await keyOf(api, lane.admin, { id: lane.sponsor.id, role: 'administrator' })
    for (const [key, on] of [
      [others, { subject: 'all' }],
      [lane.sponsor.key, { subject: 'all' }],
      [others, { subject: 'shipment', shipmentId }],
    ] as const) {
      expect((await api.call(key, 'POST /legal-holds', { body: { on, reason: 'r' } })).status).toBe(403)
    }
  })

  test('is seen and lifted by its organisation alone', async () => {
    const { id: shipmentId } = await delivered([UNIT])
    const placed = await hold(lane.centre.key, { subject: 'shipment', shipmentId })
    for (const { key } of [lane.sponsor, lane.stranger]) {
      expect((await api.call(key, `GET /legal-holds/${placed.id}`)).status).toBe(404)
      expect((await lift(key, placed.id)).status).toBe(404)
      const { items } = await api.get(key, '/legal-holds?limit=500')
      expect(items.map(({ id }: Json) => id)).not.toContain(placed.id)
      const entries = await api.get(key, `/audit-entries?subjectKind=legal_hold&subjectId=${placed.id}`)
      expect(entries.items).toEqual([])
    }
    expect((await api.get(lane.centre.key, '/legal-holds?limit=500')).items.map(({ id }: Json) => id)).toEqual([
      placed.id,
    ])
  })

  test('is placed by the roles that may, on what is theirs', async () => {
    const { id: shipmentId } = await delivered([UNIT])
    const may: readonly Role[] = ['sponsor', 'distributor', 'treatment_centre']
    const statusFor = async (key: string, on: object) =>
      (await api.call(key, 'POST /legal-holds', { body: { on, reason: 'r' } })).status
    for (const role of ROLES) {
      const [own, foreign] = [
        await keyOf(api, lane.admin, { id: lane.centre.id, role }),
        await keyOf(api, lane.admin, { id: lane.stranger.id, role }),
      ]
      const on = { subject: 'shipment', shipmentId }
      expect({ role, own: await statusFor(own, on), foreign: await statusFor(foreign, on) }).toEqual({
        role,
        own: may.includes(role) ? 201 : 403,
        foreign: may.includes(role) ? 404 : 403,
      })
    }
    const { centre, sponsor } = lane
    expect(await statusFor(centre.key, { subject: 'product', productId: lane.productId })).toBe(403)
    expect(await statusFor(sponsor.key, { subject: 'lot', productId: lane.productId, lot: 'typo' })).toBe(404)
    expect(await statusFor(sponsor.key, { subject: 'lot', productId: lane.productId })).toBe(422)
  })

  test('cannot be changed or deleted by the serving role', async () => {
    for (const table of ['legal_hold', 'product_retention', 'archive', 'archive_restoration']) {
      for (const statement of [`delete from ${table}`, `update ${table} set known_at = known_at`]) {
        await expect(database.db.pool.query(statement)).rejects.toThrow(/permission denied/)
      }
    }
  })
})
