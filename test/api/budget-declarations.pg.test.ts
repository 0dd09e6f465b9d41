import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROLES } from '../../src/domain/actor.ts'
import { type Api, createApi, DAY, iso, type Json, keyOf, named } from '../support/api.ts'
import {
  BUDGET_BODY,
  type BudgetLane,
  bandsOf,
  createBudgetLane,
  ledgerOf,
  measured,
  type Ride,
  ride,
  unitBudget,
  unpack,
} from '../support/budget-lane.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { T0 } from '../support/limits.ts'

let database: TestDatabase
let api: Api
let lane: BudgetLane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createBudgetLane(api)
  api.clock.now = T0 + 2 * DAY
})
afterAll(() => database.drop())

type Used = { band: string; consumedS: number; presumedS?: number }[]

const said = (used: Used) => ({ used, signature: 'Dr. Example, SR-7 page 2', reason: 'tank and filling' })
const declare = (key: string, { unitId }: Ride, used: Used) =>
  api.post(key, `/units/${unitId}/declared-use`, said(used))
const split = ({ unitId }: Ride, parent: Ride, minute: number) =>
  api.post(lane.sponsor.key, `/units/${unitId}/split`, {
    parentUnitId: parent.unitId,
    splitAt: iso(minute),
    reason: 'two bags',
  })

describe('declared use', () => {
  test('is used up before the ride, in the name of who declared it; another declaration takes its place', async () => {
    const shipped = await ride(api, lane, { code: named('BAG'), degrees: [5, 10, 5] })
    await unpack(api, shipped, 45)
    const declared = await declare(lane.sponsor.key, shipped, [{ band: 'COOL', consumedS: 600, presumedS: 60 }])
    const unit = await unitBudget(api, lane.centre.key, shipped).catch(() => null)
    expect(unit).toBe(null)
    expect(await unitBudget(api, lane.depot.key, shipped)).toMatchObject({ earlierUse: 'declared', state: 'within' })
    expect(bandsOf(await unitBudget(api, lane.depot.key, shipped)).COOL).toEqual([600, 60, 900, 0])
    await declare(lane.sponsor.key, shipped, [{ band: 'COOL', consumedS: 700.5 }])
    expect(bandsOf(await unitBudget(api, lane.depot.key, shipped)).COOL).toEqual([700.5, 0, 900, 0])
    expect(await ledgerOf(api, lane.depot.key, shipped)).toEqual([
      ['declared', 'COOL', 600, 60],
      ['declared', 'RT', 0, 0],
      ['evaluation', 'COOL', 900, 0],
      ['declared', 'COOL', -600, -60, 'reverses 0'],
      ['declared', 'RT', 0, 0, 'reverses 1'],
      ['declared', 'COOL', 700.5, 0],
      ['declared', 'RT', 0, 0],
    ])
    const { items } = await api.get(lane.depot.key, `/units/${shipped.unitId}/budget`)
    const { signature, reason } = said([])
    expect(items[0].declaration).toEqual({ id: declared.id, organisationId: lane.sponsor.id, signature, reason })
  })

  test('beyond what is allowed it is recorded and shown', async () => {
    const shipped = await ride(api, lane, { code: named('BAG') })
    await declare(lane.sponsor.key, shipped, [{ band: 'RT', consumedS: 1801 }])
    const unit = await unitBudget(api, lane.sponsor.key, shipped)
    expect(unit).toMatchObject({ state: 'exceeded', best: 'exceeded' })
    expect(unit.bands[1]).toMatchObject({ remainingS: 0, state: 'exceeded', warningPercent: 80 })
  })

  test('of nothing it is a declaration too', async () => {
    const code = named('BAG')
    const shipped = await ride(api, lane, { code })
    await declare(lane.sponsor.key, shipped, [])
    expect(await unitBudget(api, lane.sponsor.key, shipped)).toMatchObject({ earlierUse: 'declared', state: 'within' })
  })

  test('each sender’s adds up with those of the senders before, and counts for no earlier ride', async () => {
    const code = named('BAG')
    const first = await ride(api, lane, { code, degrees: [5, 5] })
    await declare(lane.sponsor.key, first, [{ band: 'COOL', consumedS: 100 }])
    await unpack(api, first, 30)
    const second = await ride(api, lane, { code, from: lane.depot, to: lane.centre, packedMinute: 200 })
    await declare(lane.depot.key, second, [{ band: 'COOL', consumedS: 10 }])
    const earlier = async (one: Ride) => bandsOf(await unitBudget(api, lane.sponsor.key, one)).COOL?.[0]
    expect([await earlier(first), await earlier(second)]).toEqual([100, 110])
  })

  test('is on record with who and why, and a repeated request declares once', async () => {
    const shipped = await ride(api, lane, { code: named('BAG') })
    const request = `POST /units/${shipped.unitId}/declared-use`
    const once = { body: said([{ band: 'COOL', consumedS: 5 }]), headers: { 'Idempotency-Key': 'declared-once' } }
    const [first, again] = [
      await api.call(lane.sponsor.key, request, once),
      await api.call(lane.sponsor.key, request, once),
    ]
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body])
    const { items } = await api.get(
      lane.depot.key,
      `/audit-entries?subjectKind=shipment&subjectId=${shipped.shipmentId}`,
    )
    const deeds = items.filter(({ action }: Json) => action === 'budget_use_declared')
    expect(deeds).toHaveLength(1)
    expect(deeds[0]).toMatchObject({
      ...{ organisationId: lane.sponsor.id, role: 'sponsor', reason: 'tank and filling' },
      after: {
        declarationId: first.body.id,
        used: expect.arrayContaining([{ band: 'COOL', consumedMs: 5000, presumedMs: 0 }]),
      },
    })
  })

  test.each<[string, Used, RegExp]>([
    ['a negative time', [{ band: 'COOL', consumedS: -1 }], /consumedS/],
    ['presumed time below zero', [{ band: 'COOL', consumedS: 0, presumedS: -1 }], /presumedS/],
    ['a time finer than a millisecond', [{ band: 'COOL', consumedS: 0.0001 }], /finer than a millisecond/],
    ['a band twice', [1, 2].map((consumedS) => ({ band: 'COOL', consumedS })), /named twice/],
    ['a band of no profile', [{ band: 'COLD', consumedS: 1 }], /no band COLD: its bands are COOL, RT/],
  ])('%s is refused', async (_what, used, detail) => {
    const { unitId } = await ride(api, lane, { code: named('BAG') })
    const answer = await api.call(lane.sponsor.key, `POST /units/${unitId}/declared-use`, { body: said(used) })
    expect(answer.status).toBe(422)
    expect(answer.body.detail).toMatch(detail)
  })

  test('of a profile without budget there is nothing to declare', async () => {
    const body = { ...BUDGET_BODY, budgetBands: [] }
    const { id } = await api.post(lane.sponsor.key, `/products/${lane.productId}/profiles`, body)
    const { unitId } = await ride(api, lane, { code: named('BAG'), profileId: id })
    const answer = await api.call(lane.sponsor.key, `POST /units/${unitId}/declared-use`, { body: said([]) })
    expect([answer.status, answer.body.detail]).toEqual([422, expect.stringMatching(/no stability budget/)])
  })
})

describe('a split unit', () => {
  test('inherits what its parent used until then, and not what that used later', async () => {
    const lot = await ride(api, lane, { code: named('LOT'), degrees: [5, 10, 10, 20, 20, 5] })
    await declare(lane.sponsor.key, lot, [{ band: 'COOL', consumedS: 60, presumedS: 6 }])
    await unpack(api, lot, 90)
    const early = await ride(api, lane, { code: named('BAG'), packedMinute: 200 })
    const late = await ride(api, lane, { code: named('BAG'), packedMinute: 200 })
    await split(early, lot, 52.5)
    await split(late, lot, 100)
    const inherited = async (one: Ride) => bandsOf(await unitBudget(api, lane.sponsor.key, one))
    expect(await inherited(early)).toEqual({ COOL: [1860, 6, 0, 0], RT: [450, 0, 0, 0] })
    expect(await inherited(late)).toEqual({ COOL: [1860, 6, 0, 0], RT: [1800, 0, 0, 0] })
    expect(await unitBudget(api, lane.sponsor.key, late)).toMatchObject({ earlierUse: 'declared' })
  })

  test('late readings of the parent reverse what was inherited, over every generation', async () => {
    const lot = await ride(api, lane, { code: named('LOT'), degrees: [5, 10, 5] })
    await unpack(api, lot, 90)
    const half = await ride(api, lane, { code: named('HALF'), packedMinute: null })
    const bag = await ride(api, lane, { code: named('BAG'), packedMinute: 200 })
    await split(half, lot, 100)
    await split(bag, half, 110)
    const used = async () => bandsOf(await unitBudget(api, lane.sponsor.key, bag)).COOL
    expect(await used()).toEqual([900, 0, 0, 0])
    await measured(api, lot.sensorId, { degrees: [10], fromMinute: 45 })
    await measured(api, lot.sensorId, { degrees: [5], fromMinute: 60 })
    expect(await used()).toEqual([1800, 0, 0, 0])
    const generation = [
      ['inherited', 'COOL', 900, 0],
      ['inherited', 'COOL', -900, 0, 'reverses 0'],
      ['inherited', 'COOL', 1800, 0],
    ]
    const booked = (list: unknown[]) => list.filter((one) => !JSON.stringify(one).includes('"RT"'))
    expect(booked(await ledgerOf(api, lane.sponsor.key, half))).toEqual(generation)
    expect(booked(await ledgerOf(api, lane.sponsor.key, bag))).toEqual(generation)
  })

  test('the newest statement rules: what was inherited of a wrong parent is reversed', async () => {
    const [wrong, right] = [
      await ride(api, lane, { code: named('LOT'), degrees: [5, 20, 5] }),
      await ride(api, lane, { code: named('LOT'), degrees: [5, 10, 5] }),
    ]
    for (const lot of [wrong, right]) await unpack(api, lot, 45)
    const bag = await ride(api, lane, { code: named('BAG'), packedMinute: 200 })
    await split(bag, wrong, 100)
    expect(bandsOf(await unitBudget(api, lane.sponsor.key, bag))).toMatchObject({ RT: [900, 0, 0, 0] })
    await split(bag, right, 100)
    expect(bandsOf(await unitBudget(api, lane.sponsor.key, bag))).toMatchObject({
      ...{ COOL: [900, 0, 0, 0], RT: [0, 0, 0, 0] },
    })
  })

  test('who sees the child and not the parent gets the sum, and no word about the parent', async () => {
    const lot = await ride(api, lane, { code: named('LOT'), degrees: [5, 10, 5] })
    await unpack(api, lot, 45)
    const bag = await ride(api, lane, { code: named('BAG'), to: lane.centre, packedMinute: 200 })
    await split(bag, lot, 100)
    const parents = async (key: string) =>
      (await api.get(key, `/units/${bag.unitId}/budget`)).items.map(({ parentUnitId }: Json) => parentUnitId)
    expect(await parents(lane.sponsor.key)).toEqual([lot.unitId])
    expect(await parents(lane.centre.key)).toEqual([null])
    expect(bandsOf(await unitBudget(api, lane.centre.key, bag))).toMatchObject({ COOL: [900, 0, 0, 0] })
  })

  test('nothing is split off itself, its own parts, another product, the unseen, or in the future', async () => {
    const code = named('LOT')
    const lot = await ride(api, lane, { code })
    const again = await ride(api, lane, { code, packedMinute: 10 })
    const bag = await ride(api, lane, { code: named('BAG') })
    await split(bag, lot, 100)
    const product = await api.post(lane.sponsor.key, '/products', { name: named('product') })
    const profile = await api.post(lane.sponsor.key, `/products/${product.id}/profiles`, BUDGET_BODY)
    const foreign = await ride(api, { ...lane, productId: product.id, profileId: profile.id }, { code: named('BAG') })
    const onward = await ride(api, lane, { code: named('BAG'), from: lane.depot, to: lane.centre })
    const hidden = await ride(api, lane, { code: named('LOT'), to: lane.centre })
    const statusOf = async (key: string, child: Ride, body: object) => {
      const full = { splitAt: iso(100), reason: 'r', ...body }
      return (await api.call(key, `POST /units/${child.unitId}/split`, { body: full })).status
    }
    const { key } = lane.sponsor
    expect({
      itself: await statusOf(key, lot, { parentUnitId: again.unitId }),
      ring: await statusOf(key, again, { parentUnitId: bag.unitId }),
      product: await statusOf(key, bag, { parentUnitId: foreign.unitId }),
      future: await statusOf(key, bag, { parentUnitId: lot.unitId, splitAt: iso(100_000) }),
      unseen: await statusOf(lane.depot.key, onward, { parentUnitId: hidden.unitId }),
    }).toEqual({ itself: 422, ring: 422, product: 422, future: 422, unseen: 404 })
  })
})

test.each([
  ['declared-use', () => said([])],
  ['split', (parentUnitId: number) => ({ parentUnitId, splitAt: iso(1), reason: 'r' })],
])(
  'POST /units/{id}/%s is for sender and sponsor in their roles; for a stranger there is no unit',
  async (path, bodyOf) => {
    const parent = await ride(api, lane, { code: named('LOT'), to: lane.centre })
    const { unitId } = await ride(api, lane, { code: named('BAG'), to: lane.centre })
    for (const role of ROLES) {
      const statusFor = async (id: number) => {
        const key = await keyOf(api, lane.admin, { id, role })
        return (await api.call(key, `POST /units/${unitId}/${path}`, { body: bodyOf(parent.unitId) })).status
      }
      const may = role === 'sponsor' || role === 'distributor'
      const found = [
        await statusFor(lane.sponsor.id),
        await statusFor(lane.centre.id),
        await statusFor(lane.stranger.id),
      ]
      expect({ role, found }).toEqual({ role, found: may ? [201, 403, 404] : [403, 403, 403] })
    }
  },
)
