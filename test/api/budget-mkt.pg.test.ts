import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ROLES } from '../../src/domain/actor.ts'
import { type Api, createApi, DAY, keyOf, named } from '../support/api.ts'
import { BUDGET_BODY, type BudgetLane, createBudgetLane, ride, unpack } from '../support/budget-lane.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'

let database: TestDatabase
let api: Api
let lane: BudgetLane

beforeAll(async () => {
  database = await testDatabase()
  api = await createApi(database)
  lane = await createBudgetLane(api)
})
beforeEach(() => {
  api.clock.now = T0 + 2 * DAY
})
afterAll(() => database.drop())

describe('mean kinetic temperature', () => {
  const frozen = {
    labelLowC: null,
    labelHighC: -60,
    levels: [{ ...BUDGET_BODY.levels[0], limitC: -60 }],
    budgetBands: [],
  }
  test.each<[string, object, object]>([
    ['is shown where the policy allows it', {}, { policy: 'informative', reason: null, shownC: '5.0' }],
    ['is not where the policy is off', { mktPolicy: 'off' }, { reason: 'MKT_NOT_ALLOWED_BY_POLICY', shownC: null }],
    ['says nothing of a frozen product', frozen, { reason: 'MKT_NOT_APPLICABLE_FROZEN', shownC: null }],
    [
      'needs the window of the criteria for decision support',
      { mktPolicy: 'decision_support_US' },
      { reason: 'MKT_WINDOW_INCOMPLETE', usp: null },
    ],
  ])('%s', async (_what, profile, expected) => {
    const body = { ...BUDGET_BODY, ...profile }
    const { id } = await api.post(lane.sponsor.key, `/products/${lane.productId}/profiles`, body)
    const shipped = await ride(api, lane, { code: named('BAG'), profileId: id, degrees: [5, 5, 5] })
    await unpack(api, shipped, 45)
    const { mkt } = await api.get(lane.sponsor.key, `${shipped.path}/budget`)
    expect(mkt).toMatchObject({ ...expected, constants: { activationOverGasK: 10_000, zeroCelsiusK: 273.15 } })
  })

  test('is incomplete where too much was not measured, and blind where something froze', async () => {
    const gap = await ride(api, lane, { code: named('BAG'), degrees: [5] })
    const cold = await ride(api, lane, { code: named('BAG'), degrees: [5, 1, 5] })
    api.clock.now = T0 + 45 * MINUTE
    const mktOf = async ({ path }: { path: string }) => (await api.get(lane.sponsor.key, `${path}/budget`)).mkt
    expect(await mktOf(cold)).toMatchObject({ blindTo: 'LOW_EXCURSION', reason: null })
    api.clock.now = T0 + 300 * MINUTE
    expect(await mktOf(gap)).toMatchObject({ shownC: null, reason: 'MKT_WINDOW_INCOMPLETE' })
  })
})

test('every role of the parties reads a budget; for a stranger there is none', async () => {
  const { path, unitId } = await ride(api, lane, { code: named('BAG'), to: lane.centre })
  for (const role of ROLES) {
    for (const request of [`GET ${path}/budget`, `GET /units/${unitId}/budget`]) {
      const statusFor = async (id: number) =>
        (await api.call(await keyOf(api, lane.admin, { id, role }), request)).status
      const seen = { sponsor: await statusFor(lane.sponsor.id), centre: await statusFor(lane.centre.id) }
      expect({ role, ...seen, stranger: await statusFor(lane.stranger.id) }).toEqual({
        ...{ role, sponsor: 200, centre: 200, stranger: 404 },
      })
    }
  }
})
