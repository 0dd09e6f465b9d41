import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, createApi, iso, type Json, keyOf } from '../support/api.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { BAG_GTIN, BAG_LABEL, coi, label, openLabelled, scan } from '../support/labelled.ts'
import { createLane, type Lane, openShipment } from '../support/lane.ts'

let database: TestDatabase
let api: Api
let lane: Lane
beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
})
afterAll(() => database.drop())

/** Both read the first bag, and the answer to the second is told. */
async function readTwice(path: string, first: unknown, second: unknown = first): Promise<Json> {
  await scan(api, path, { by: lane.centre, person: 'Anna Berg', parts: first })
  return (await scan(api, path, { by: lane.centre, person: 'Ben Falk', parts: second })).body.unit
}

const told = ({ result, differs, open }: Json) =>
  `${result}: ${[...differs.map((one: Json) => `${one.field} ${one.person} ${one.against}`), ...open].join(', ')}`

describe('the label of a bag', () => {
  test('read by two people is compared with shipment and order, and matches', async () => {
    const { path, shipment } = await openLabelled(api, lane)
    const first = await scan(api, path, { by: lane.centre, person: 'Anna Berg' })
    expect(first).toMatchObject({ status: 201, body: { box: null } })
    expect(told(first.body.unit)).toBe('unverified: no_second_person')
    const second = await scan(api, path, { by: lane.centre, person: 'Ben Falk' })
    expect(second.body.unit).toMatchObject({
      ...{ unit: 'BAG-0007', onPackingList: true, result: 'match', differs: [], open: [], typed: false },
      ...{ readers: 2, blindReaders: 2, expiryFindings: [] },
      expiry: { earliestAt: '2027-12-31T22:59:59.000Z', latestAt: '2027-12-31T22:59:59.000Z' },
    })
    const identity = await api.get(lane.sponsor.key, `${path}/identity`)
    expect(identity).toMatchObject({ organisationId: lane.centre.id, unread: ['BAG-0008'], unexpected: [] })
    expect(identity.units.map(({ result }: Json) => result)).toEqual(['match', 'unverified'])
    expect(shipment.coiScheme).toBe('example')
  })

  test.each([
    ['of another bag', [label({ serial: 'BAG-0008' }), coi()], 'mismatch: serial first shipment, serial first order'],
    ['of another lot', [label({ lot: 'LOT7B' }), coi()], 'mismatch: lot first shipment'],
    ['of another patient', [label(), coi('COI-2')], 'mismatch: coi first shipment, coi first order'],
    ['with another expiry', [label({ expiry: '280131' }), coi()], 'mismatch: expiry first shipment'],
    ['without its chain of identity', [label()], 'unverified: coi'],
    ['without a readable code', [], 'unverified: coi, second_identifier, gtin, serial'],
    [
      'that was cut off',
      [{ entry: 'scanned', raw: ']d201095213210' }, coi()],
      'unverified: second_identifier, gtin, serial',
    ],
    [
      'of something else',
      [{ entry: 'scanned', raw: 'https://example.org/menu' }, coi()],
      'unverified: second_identifier, gtin, serial',
    ],
  ])('%s is recorded and found', async (_what, parts, expected) => {
    const { path } = await openLabelled(api, lane)
    const { status, body } = await scan(api, path, { by: lane.centre, person: 'Anna Berg', parts })
    expect(status).toBe(201)
    const [result = '', found = ''] = expected.split(': ')
    const rest = result === 'mismatch' ? [found, 'no_second_person'] : ['no_second_person', found]
    expect(told(body.unit)).toBe(`${result}: ${rest.join(', ')}`)
  })

  test('is found where the two read different things', async () => {
    const { path } = await openLabelled(api, lane)
    expect(told(await readTwice(path, BAG_LABEL, [label({ lot: 'LOT7B' }), coi()]))).toBe(
      'mismatch: lot second shipment, lot between_people other_person',
    )
  })

  test('read by a scanner that leaves out separators is a mismatch that names them', async () => {
    const { path } = await openLabelled(api, lane)
    const lost = { entry: 'scanned', raw: label().raw.replace('\u001d', '') }
    const unit = await readTwice(path, [lost, coi()])
    expect(unit.differs[0]).toMatchObject({ field: 'lot', found: 'LOT7A21BAG-0007', maybe: 'separator_lost' })
  })

  test('of a bag on no packing list is found as such', async () => {
    const { path } = await openLabelled(api, lane)
    const parts = [label({ serial: 'BAG-0009' }), coi('COI-2')]
    const { body } = await scan(api, path, { by: lane.centre, person: 'Anna Berg', unit: 'BAG-0009', parts })
    expect(body.unit).toMatchObject({ onPackingList: false, result: 'mismatch' })
    expect((await api.get(lane.sponsor.key, `${path}/identity`)).unexpected).toEqual(['BAG-0009'])
  })

  test('may be typed, is flagged, and is checked by the second person like any other', async () => {
    const { path } = await openLabelled(api, lane)
    const typed = [
      { entry: 'typed', of: 'gtin', raw: BAG_GTIN },
      { entry: 'typed', of: 'serial', raw: 'BAG-0007' },
      { entry: 'typed', of: 'expiry', raw: '2027-12-31' },
      { entry: 'typed', of: 'coi', raw: 'COI-7F3K-0001' },
    ]
    expect(await readTwice(path, typed)).toMatchObject({ result: 'match', typed: true })
    const other = await openLabelled(api, lane)
    const slip = [...typed.slice(0, 1), { entry: 'typed', of: 'serial', raw: 'BAG-0001' }, ...typed.slice(2)]
    expect(told(await readTwice(other.path, typed, slip))).toMatch(/^mismatch: serial second shipment/)
  })

  test('of a product that has expired says so', async () => {
    const units = [{ code: 'BAG-0007', gtin: BAG_GTIN, serial: 'BAG-0007', expiryAt: '2026-02-28T23:59:59+01:00' }]
    const { path } = await openLabelled(api, lane, { units })
    const unit = await readTwice(path, [label({ expiry: '260228' }), coi()])
    expect(unit).toMatchObject({ result: 'match', expiryFindings: ['EXPIRED'] })
  })

  test('without an order stays unverified, until the centre or the sponsor says which it is', async () => {
    const units = [{ code: 'BAG-0007', gtin: BAG_GTIN, serial: 'BAG-0007' }]
    const shipment = await openShipment(api, lane, { units, coi: 'COI-7F3K-0001', coiScheme: 'example' })
    const path = `/shipments/${shipment.id}`
    expect(told(await readTwice(path, BAG_LABEL))).toBe('unverified: no_order')
    const order = { number: shipment.reference, productId: lane.productId, consigneeId: lane.centre.id }
    const entered = await api.post(lane.centre.key, '/orders', { ...order, expected: [{ serial: 'BAG-0007' }] })
    await api.post(lane.centre.key, `${path}/order`, { orderId: entered.id, reason: 'entered by phone first' })
    const { units: after } = await api.get(lane.sponsor.key, `${path}/identity`)
    expect(after[0].result).toBe('match')
  })
})

describe('what was read', () => {
  test('is kept exactly as it came, with who, when, where and how', async () => {
    const { path } = await openLabelled(api, lane)
    const parts = [
      { entry: 'scanned', raw: `${label().raw.slice(3)}\r\n`, symbology: ']d2' },
      { entry: 'scanned', raw: ' \u0000\ud800\u001d"\\ ' },
      { entry: 'typed', of: 'din', raw: 'G1234 89 654321 Z' },
    ]
    const said = { unit: 'BAG-0007', person: 'Anna Berg', place: 'Pharmacy', remark: 'torn', at: iso(60), parts }
    await api.post(lane.centre.key, `${path}/scans`, said)
    const [kept] = (await api.get(lane.sponsor.key, `${path}/scans`)).items
    expect(kept).toMatchObject({
      unit: 'BAG-0007',
      person: 'Anna Berg',
      place: 'Pharmacy',
      remark: 'torn',
      at: iso(60),
    })
    expect(kept.knownAt).toBe(new Date(api.clock.now).toISOString())
    expect(kept.parts.map(({ raw }: Json) => raw)).toEqual(parts.map(({ raw }) => raw))
    expect(kept.parts).toMatchObject([
      {
        entry: 'scanned',
        of: 'label',
        symbology: ']d2',
        form: 'element_string',
        fields: { 21: 'BAG-0007' },
        problem: null,
      },
      { symbology: null, fields: null, problem: { detail: expect.any(String) } },
      { entry: 'typed', of: 'din', fields: null, problem: { code: 'CHECK_CHARACTER' } },
    ])
  })

  test('can be neither changed nor deleted by the serving role', async () => {
    const { path } = await openLabelled(api, lane)
    await scan(api, path, { by: lane.centre, person: 'Anna Berg' })
    for (const statement of ["update label_scan set person_name = 'x'", 'delete from label_scan']) {
      await expect(database.db.pool.query(statement)).rejects.toThrow(/permission denied/)
    }
  })

  test('comes page by page', async () => {
    const { path } = await openLabelled(api, lane)
    for (const person of ['A', 'B', 'C']) await scan(api, path, { by: lane.centre, person })
    const first = await api.get(lane.sponsor.key, `${path}/scans?limit=2`)
    const rest = await api.get(lane.sponsor.key, `${path}/scans?limit=2&cursor=${first.nextCursor}`)
    expect([...first.items, ...rest.items].map(({ person }: Json) => person)).toEqual(['A', 'B', 'C'])
    expect(rest.nextCursor).toBeNull()
  })

  test('is recorded once, however often the request is sent', async () => {
    const { path } = await openLabelled(api, lane)
    const sent = {
      by: lane.centre,
      person: 'Anna Berg',
      headers: { 'Idempotency-Key': `scan ${path}`.replaceAll(' ', '') },
    }
    const [first, second] = [await scan(api, path, sent), await scan(api, path, sent)]
    expect(second).toMatchObject({ status: 201, text: first.text })
    expect((await api.get(lane.sponsor.key, `${path}/scans`)).items).toHaveLength(1)
  })

  test.each([
    ['without a person', { person: undefined }, 422, /person/],
    ['in the future', { at: iso(100_000) }, 422, /server's time/],
    ['without an instant', { at: undefined }, 422, /at/],
    ['without saying which label', { unit: undefined }, 422, /unit/],
    ['scanned as a field that is only typed', { parts: [{ entry: 'scanned', of: 'lot', raw: 'L' }] }, 422, /parts/],
    ['longer than any code', { parts: [{ entry: 'scanned', raw: 'x'.repeat(9000) }] }, 422, /parts/],
  ])('is refused %s', async (_what, wrong, status, detail) => {
    const { path } = await openLabelled(api, lane)
    const body = { unit: 'BAG-0007', person: 'Anna Berg', at: iso(60), parts: BAG_LABEL, ...wrong }
    const answer = await api.call(lane.centre.key, `POST ${path}/scans`, { body })
    expect(answer.status).toBe(status)
    expect(answer.body.detail).toMatch(detail)
  })

  test('leaves its audit row, which does not tell what was read', async () => {
    const { path, shipment } = await openLabelled(api, lane)
    await scan(api, path, { by: lane.centre, person: 'Anna Berg' })
    const { items } = await api.get(lane.centre.key, `/audit-entries?subjectKind=shipment&subjectId=${shipment.id}`)
    const entry = items.find(({ action }: Json) => action === 'scan_label')
    expect(entry).toMatchObject({ after: { unit: 'BAG-0007', person: 'Anna Berg' }, role: 'treatment_centre' })
    expect(JSON.stringify(entry)).not.toMatch(/LOT7A|COI-7F3K|match/)
  })
})

describe('the box', () => {
  test('is compared by its SSCC, chain of identity, container and loggers', async () => {
    const { key } = lane.sponsor
    const container = await api.post(key, '/containers', {
      serial: 'DEWAR-7',
      kind: 'pcm_box',
      grai: '09521321000773DS9',
    })
    const { path } = await openLabelled(api, lane, { containerId: container.id, sscc: '195213210000000428' })
    const sensor = await api.post(key, '/sensors', { serial: 'SN-43', model: 'T1' })
    await api.post(key, `${path}/placements`, { sensorId: sensor.id, from: iso(0) })
    const parts = [
      { entry: 'scanned', raw: ']C100195213210000000428' },
      { entry: 'scanned', of: 'container', raw: 'DEWAR-7' },
      { entry: 'typed', of: 'logger', raw: 'SN-44' },
    ]
    const { body } = await scan(api, path, { by: lane.centre, person: 'Anna Berg', unit: null, parts })
    expect(body.unit).toBeNull()
    expect(body.box).toEqual([
      { field: 'sscc', result: 'match', expected: ['195213210000000428'], found: ['195213210000000428'] },
      { field: 'coi', result: 'not_read', expected: ['COI-7F3K-0001'], found: [] },
      { field: 'container', result: 'match', expected: ['DEWAR-7', '09521321000773DS9'], found: ['DEWAR-7'] },
      { field: 'logger', result: 'mismatch', expected: ['SN-43'], found: ['SN-44'] },
    ])
  })
})

test('a key that may only read records nothing', async () => {
  const { path } = await openLabelled(api, lane)
  const auditor = { id: lane.centre.id, key: await keyOf(api, lane.admin, { id: lane.centre.id, role: 'auditor' }) }
  expect((await scan(api, path, { by: auditor, person: 'Anna Berg' })).status).toBe(403)
})
