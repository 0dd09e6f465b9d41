import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { batchFacts } from '../../src/actions/batch-facts.ts'
import { type Api, createApi, iso, type Json, named } from '../support/api.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { createLane, type Lane, openShipment } from '../support/lane.ts'
import { own, personOf, type TestPerson } from '../support/people.ts'

let database: TestDatabase
let api: Api
let lane: Lane
let qa: TestPerson

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createLane(api)
  qa = await personOf(api, lane.admin, { organisationId: lane.sponsor.id, roles: ['qa_sponsor'] })
})
afterAll(() => database.drop())

const MEANING = { batch_status: 'approved', hold: 'quarantined', recall: 'rejected' } as const
type Said = { kind: keyof typeof MEANING; batchStatus?: string }

const body = (lot: string, said: Said, more: object = {}) => ({
  productId: lane.productId,
  lot,
  said,
  reason: 'after investigation',
  signing: own(qa, MEANING[said.kind]),
  ...more,
})
const decide = (lot: string, said: Said): Promise<Json> => api.post(qa.token, '/lot-decisions', body(lot, said))
const lift = (id: number): Promise<Json> =>
  api.post(qa.token, `/lot-decisions/${id}/lifting`, { reason: 'cleared', signing: own(qa, 'approved') })
const ship = async (lot: string, code = 'BAG-1') =>
  `/shipments/${
    (
      await openShipment(api, lane, {
        units: [
          { code, lot },
          { code: `${code}-other`, lot: `${lot}-other` },
        ],
      })
    ).id
  }`
const lotsOf = async (path: string, key = lane.centre.key) => (await api.get(key, `${path}/status`)).lots

test('what the sponsor says about a lot shows at once wherever a unit of it is, and nowhere else', async () => {
  const lot = named('lot')
  const paths = [await ship(lot), await ship(lot)]
  for (const path of paths) {
    expect(await lotsOf(path)).toMatchObject([
      { lot, units: ['BAG-1'], batchStatus: 'unknown', lotStatus: 'ok', findings: ['RELEASE_PENDING'], because: [] },
      { lot: `${lot}-other`, findings: ['RELEASE_PENDING'] },
    ])
  }
  expect(await decide(lot, { kind: 'batch_status', batchStatus: 'released' })).toMatchObject({ shipments: 2, units: 2 })
  const held = await decide(lot, { kind: 'hold' })
  for (const path of paths) {
    expect(await lotsOf(path)).toMatchObject([
      {
        lot,
        batchStatus: 'released',
        lotStatus: 'on_hold',
        findings: ['LOT_ON_HOLD'],
        because: [{}, { reason: 'after investigation' }],
      },
      { batchStatus: 'unknown', lotStatus: 'ok' },
    ])
  }
  await lift(held.decision.id)
  await decide(lot, { kind: 'recall' })
  for (const path of paths)
    expect((await lotsOf(path))[0]).toMatchObject({ lotStatus: 'recalled', findings: ['RECALLED'] })
})

test('a recall reaches a shipment that was received, and a hold one that is opened afterwards', async () => {
  const lot = named('lot')
  const path = await ship(lot)
  await api.post(lane.sponsor.key, `${path}/custody-events`, { kind: 'packed', at: iso(0), units: ['BAG-1'] })
  await api.post(lane.centre.key, `${path}/custody-events`, { kind: 'received', at: iso(60) })
  await decide(lot, { kind: 'recall' })
  expect((await lotsOf(path))[0].findings).toContain('RECALLED')
  const later = named('lot')
  expect(await decide(later, { kind: 'hold' })).toMatchObject({ shipments: 0, units: 0 })
  expect((await lotsOf(await ship(later)))[0].findings).toContain('LOT_ON_HOLD')
})

test('the receipt takes what was known by its time', async () => {
  const lot = named('lot')
  const before = api.clock.now
  const stands = (knownAt: number) => batchFacts(database.db.kysely, { productId: lane.productId, lot }, knownAt)
  api.clock.now += 1000
  await decide(lot, { kind: 'batch_status', batchStatus: 'released' })
  const released = api.clock.now
  api.clock.now += 1000
  const { decision } = await decide(lot, { kind: 'recall' })
  const recalled = api.clock.now
  api.clock.now += 1000
  await lift(decision.id)
  const found = await Promise.all([before, released, recalled, api.clock.now].map(stands))
  expect(found.map(({ batchStatus, lotStatus }) => `${batchStatus} ${lotStatus}`)).toEqual([
    'unknown ok',
    'released ok',
    'released recalled',
    'released ok',
  ])
  const unstated = await batchFacts(database.db.kysely, { productId: lane.productId, lot: null }, api.clock.now)
  expect(unstated).toMatchObject({ batchStatus: 'unknown', findings: ['RELEASE_PENDING'] })
})

test('the reach of a lot is every shipment with a unit of it, page by page', async () => {
  const lot = named('lot')
  for (const code of ['A', 'B', 'C']) await ship(lot, code)
  const query = `/lots/shipments?productId=${lane.productId}&lot=${encodeURIComponent(lot)}`
  const first = await api.get(lane.sponsor.key, `${query}&limit=2`)
  const second = await api.get(lane.sponsor.key, `${query}&limit=2&cursor=${first.nextCursor}`)
  expect([...first.items, ...second.items].map(({ units }: Json) => units)).toEqual([['A'], ['B'], ['C']])
  expect(second.nextCursor).toBeNull()
})

describe('a decision', () => {
  test('is signed by the sponsor’s QA, and shown with its signature', async () => {
    const lot = named('lot')
    const { decision } = await decide(lot, { kind: 'hold' })
    expect(await api.get(lane.sponsor.key, `/lot-decisions/${decision.id}`)).toMatchObject({
      kind: 'hold',
      liftedBy: null,
      signature: { printedName: qa.printedName, role: 'qa_sponsor', meaning: 'quarantined', fault: null },
    })
  })

  test('that was changed behind the service’s back shows so', async () => {
    const { decision } = await decide(named('lot'), { kind: 'hold' })
    await asOwner(database, `update lot_decision set lot = 'another' where id = ${decision.id}`)
    const found = await api.get(lane.sponsor.key, `/lot-decisions/${decision.id}`)
    expect(found.signature.fault).toBe('OTHER_RECORD')
  })

  test('stands on the audit trail of the product and of each shipment it reaches', async () => {
    const lot = named('lot')
    const path = await ship(lot)
    await decide(lot, { kind: 'recall' })
    for (const [key, subject] of [
      [lane.centre.key, `shipment&subjectId=${path.split('/').at(-1)}`],
      [lane.sponsor.key, `product&subjectId=${lane.productId}`],
    ]) {
      const { items } = await api.get(key ?? '', `/audit-entries?subjectKind=${subject}`)
      expect(items[0]).toMatchObject({ action: 'lot_recall', after: { lot } })
    }
  })

  test('and how a lot stands are for its sponsor and for whoever has a unit of it', async () => {
    const lot = named('lot')
    const { decision } = await decide(lot, { kind: 'hold' })
    const paths = [`/lot-decisions/${decision.id}`, `/lots?productId=${lane.productId}&lot=${encodeURIComponent(lot)}`]
    const statuses = async (key: string) =>
      Promise.all(paths.map(async (path) => (await api.call(key, `GET ${path}`)).status))
    const listed = async (key: string) => {
      const { items } = await api.get(key, '/lot-decisions?limit=500')
      return items.some(({ id }: Json) => id === decision.id)
    }
    await openShipment(api, lane)
    const asked = async () => ({
      sponsor: [...(await statuses(lane.sponsor.key)), await listed(lane.sponsor.key)],
      centre: [...(await statuses(lane.centre.key)), await listed(lane.centre.key)],
      stranger: [...(await statuses(lane.stranger.key)), await listed(lane.stranger.key)],
    })
    const [seen, unseen] = [
      [200, 200, true],
      [404, 404, false],
    ]
    expect(await asked()).toEqual({ sponsor: seen, centre: unseen, stranger: unseen })
    await ship(lot)
    expect(await asked()).toEqual({ sponsor: seen, centre: seen, stranger: unseen })
  })

  test.each<[string, string, () => Promise<[string, string, object]>]>([
    [
      'by a machine',
      'machine-cannot-sign',
      async () => [lane.sponsor.key, '/lot-decisions', body('L', { kind: 'hold' })],
    ],
    [
      'by whoever is not the sponsor’s QA',
      'meaning-not-allowed',
      async () => {
        const site = await personOf(api, lane.admin, {
          organisationId: lane.sponsor.id,
          roles: ['qa_site', 'receiver'],
        })
        return [site.token, '/lot-decisions', body('L', { kind: 'hold' }, { signing: own(site, 'quarantined') })]
      },
    ],
    [
      'by the QA of another sponsor, for whom the product does not exist',
      'not-found',
      async () => {
        const foreign = await personOf(api, lane.admin, { organisationId: lane.stranger.id, roles: ['qa_sponsor'] })
        return [foreign.token, '/lot-decisions', body('L', { kind: 'hold' }, { signing: own(foreign, 'quarantined') })]
      },
    ],
    [
      'signed as something else',
      'invalid',
      async () => [qa.token, '/lot-decisions', body('L', { kind: 'recall' }, { signing: own(qa, 'approved') })],
    ],
    [
      'lifted twice',
      'already-exists',
      async () => {
        const { decision } = await decide(named('lot'), { kind: 'hold' })
        await lift(decision.id)
        return [qa.token, `/lot-decisions/${decision.id}/lifting`, { reason: 'r', signing: own(qa, 'approved') }]
      },
    ],
    [
      'lifting a batch status',
      'invalid',
      async () => {
        const { decision } = await decide(named('lot'), { kind: 'batch_status', batchStatus: 'pending' })
        return [qa.token, `/lot-decisions/${decision.id}/lifting`, { reason: 'r', signing: own(qa, 'approved') }]
      },
    ],
    [
      'lifting a lifting',
      'invalid',
      async () => {
        const { decision } = await decide(named('lot'), { kind: 'hold' })
        const lifted = await lift(decision.id)
        return [qa.token, `/lot-decisions/${lifted.decision.id}/lifting`, { reason: 'r', signing: own(qa, 'approved') }]
      },
    ],
  ])('%s is refused, and nothing is written', async (_what, type, prepare) => {
    const [key, path, asked] = await prepare()
    const count = async () => (await database.db.kysely.selectFrom('lot_decision').select('id').execute()).length
    const before = await count()
    const answer = await api.call(key, `POST ${path}`, { body: asked })
    expect(answer.body.type).toMatch(new RegExp(`${type}$`))
    expect(await count()).toBe(before)
  })
})
