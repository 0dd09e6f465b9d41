import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { at as instant } from '../../db/tables.ts'
import { type Api, createApi, DAY, iso, type Json, named } from '../support/api.ts'
import {
  BUDGET_BODY,
  type BudgetLane,
  bandsOf,
  createBudgetLane,
  ledgerOf,
  measured,
  ride,
  unitBudget,
  unpack,
} from '../support/budget-lane.ts'
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

describe('over shipments and owners', () => {
  test('what one ride used is earlier use on the next, a sum without the shipment it comes from', async () => {
    const code = named('BAG')
    const first = await ride(api, lane, { code, degrees: [5, 10, 20, 5, 5] })
    await unpack(api, first, 75)
    const onward = { from: lane.depot, to: lane.centre, packedMinute: 200 }
    const second = await ride(api, lane, { code, degrees: [5, 10, 5], ...onward })
    api.clock.now = T0 + 235 * MINUTE
    const unit = await unitBudget(api, lane.centre.key, second)
    expect(bandsOf(unit)).toEqual({ COOL: [900, 0, 900, 0], RT: [900, 0, 0, 0] })
    expect(unit).toMatchObject({ state: 'within', earlierShipments: 1, earlierOpen: 0, ride: 'riding' })
    expect(unit).toMatchObject({ earlierUse: 'not_declared', fractionSum: 1, fractionSumWithPresumed: 1 })
    expect(unit.bands[0]).toMatchObject({ aboveC: 8, uptoC: 15, allowedS: 3600, remainingS: 1800, warningPercent: 50 })
    const statusFor = async (path: string) => (await api.call(lane.centre.key, `GET ${path}`)).status
    expect([await statusFor(`${first.path}/budget`), await statusFor(`/units/${first.unitId}/budget`)]).toEqual([
      404, 404,
    ])
    const ledger = await api.get(lane.centre.key, `/units/${second.unitId}/budget`)
    expect(ledger.items).toEqual([])
    expect(ledger.elsewhere).toEqual([
      { band: 'COOL', consumedS: 900, presumedS: 0 },
      { band: 'RT', consumedS: 900, presumedS: 0 },
    ])
    expect(JSON.stringify(ledger)).not.toContain(`"shipmentId":${first.shipmentId}`)
    const own = await api.get(lane.sponsor.key, `/units/${second.unitId}/budget`)
    expect(own.elsewhere).toEqual([])
    expect(
      own.items.map(({ shipmentId, band, evaluationVersion }: Json) => [shipmentId, band, evaluationVersion > 0]),
    ).toEqual([
      [first.shipmentId, 'COOL', true],
      [first.shipmentId, 'RT', true],
    ])
  })

  test('what exceeds only together is exceeded on the later ride, and not on the one before', async () => {
    const code = named('BAG')
    const first = await ride(api, lane, { code, degrees: [5, 20, 20, 5] })
    await unpack(api, first, 60)
    const second = await ride(api, lane, { code, degrees: [5, 20, 5], packedMinute: 200 })
    expect(await unitBudget(api, lane.sponsor.key, second)).toMatchObject({ state: 'exceeded' })
    expect(await unitBudget(api, lane.sponsor.key, first)).toMatchObject({ state: 'within', ride: 'over' })
  })

  test('a ride that nobody closed counts until the unit was packed again, and not beyond', async () => {
    const code = named('BAG')
    const forgotten = await ride(api, lane, { code, degrees: [5, 10, 10, 20, 20, 20] })
    const second = await ride(api, lane, { code, degrees: [5, 5], packedMinute: 45 })
    const unit = await unitBudget(api, lane.sponsor.key, second)
    expect(bandsOf(unit)).toMatchObject({ COOL: [1800, 0, 0, 0], RT: [0, 0, 0, 0] })
    expect(unit).toMatchObject({ earlierShipments: 1, earlierOpen: 1 })
    expect(await unitBudget(api, lane.sponsor.key, forgotten)).toMatchObject({ ride: 'over' })
  })

  test('GTIN with serial tells bags of one code apart, and one bag whatever it is called', async () => {
    const code = named('BAG')
    const unit = { gtin: '09521234543213', serial: named('S') }
    const first = await ride(api, lane, { code, unit, degrees: [5, 10, 5] })
    await unpack(api, first, 45)
    const renamed = await ride(api, lane, { code: named('BAG'), unit, packedMinute: 200 })
    const other = await ride(api, lane, { code, unit: { ...unit, serial: named('S') }, packedMinute: 200 })
    const earlier = async (one: typeof first) => bandsOf(await unitBudget(api, lane.sponsor.key, one)).COOL?.[0]
    expect([await earlier(renamed), await earlier(other)]).toEqual([900, 0])
  })

  test('a code that stands in more shipments than any bag travels is not taken for one', async () => {
    const code = named('BAG')
    const { unitId, shipmentId, path } = await ride(api, lane, { code })
    const rows = await api.ctx.db.kysely.selectFrom('shipment').selectAll().where('id', '=', shipmentId).execute()
    const known_at = instant(T0)
    for (const { product_id, consignee_id, organisation_id, profile_id } of rows) {
      const more = Array.from({ length: 200 }, () => ({
        ...{ product_id, consignee_id, organisation_id, profile_id, known_at },
        ...{ reference: named('many'), max_handover_ms: 1 },
      }))
      const made = await api.ctx.db.kysely.insertInto('shipment').values(more).returning('id').execute()
      const units = made.map(({ id }) => ({ shipment_id: id, code, known_at }))
      await api.ctx.db.kysely.insertInto('unit').values(units).execute()
    }
    for (const request of [`GET ${path}/budget`, `GET /units/${unitId}/budget`]) {
      const answer = await api.call(lane.sponsor.key, request)
      expect(answer.status).toBe(422)
      expect(answer.body.detail).toMatch(/GTIN and serial/)
    }
  })
})

describe('late truth', () => {
  test('late readings of a posted ride reverse what was posted and post anew; nothing is changed', async () => {
    const code = named('BAG')
    const first = await ride(api, lane, { code, degrees: [5, 10, 5] })
    await unpack(api, first, 90)
    const entry = ['evaluation', 'COOL', 900, 0]
    expect(await ledgerOf(api, lane.sponsor.key, first)).toEqual([entry])
    await measured(api, first.sensorId, { degrees: [12, 20], fromMinute: 45 })
    expect(await ledgerOf(api, lane.sponsor.key, first)).toEqual([
      entry,
      ['evaluation', 'COOL', -900, 0, 'reverses 0'],
      ['evaluation', 'COOL', 1800, 0],
      ['evaluation', 'RT', 1800, 0],
    ])
    const second = await ride(api, lane, { code, packedMinute: 200 })
    expect(bandsOf(await unitBudget(api, lane.sponsor.key, second))).toMatchObject({ COOL: [1800, 0, 0, 0] })
    expect(await ledgerOf(api, lane.sponsor.key, first)).toHaveLength(4)
  })

  test.each([
    ['between others', 37.5],
    ['after all others', 52.5],
  ])('a reading %s that makes no new evaluation is posted all the same: it changed the band', async (_where, at) => {
    // no level below 15: nothing that is measured here is an event
    const levels = [BUDGET_BODY.levels[1]]
    const budgetBands = [
      { id: 'NEAR', aboveC: 8, uptoC: 12, allowedS: 3600 },
      { id: 'FAR', aboveC: 12, uptoC: 15, allowedS: 3600 },
    ]
    const profilesOf = `/products/${lane.productId}/profiles`
    const { id } = await api.post(lane.sponsor.key, profilesOf, { ...BUDGET_BODY, levels, budgetBands })
    const first = await ride(api, lane, { code: named('BAG'), profileId: id, degrees: [5, 10, 10, 10] })
    await unpack(api, first, 60)
    const known = async () => {
      const { evaluationVersion } = await api.get(lane.sponsor.key, `${first.path}/status`)
      return { evaluationVersion, bands: bandsOf(await unitBudget(api, lane.sponsor.key, first)) }
    }
    const { evaluationVersion, bands } = await known()
    expect(bands).toEqual({ NEAR: [0, 0, 2700, 0], FAR: [0, 0, 0, 0] })
    await measured(api, first.sensorId, { degrees: [13], fromMinute: at })
    expect(await known()).toEqual({ evaluationVersion, bands: { NEAR: [0, 0, 2250, 0], FAR: [0, 0, 450, 0] } })
    expect(await ledgerOf(api, lane.sponsor.key, first)).toEqual([
      ['evaluation', 'NEAR', 2700, 0],
      ['evaluation', 'NEAR', -2700, 0, 'reverses 0'],
      ['evaluation', 'NEAR', 2250, 0],
      ['evaluation', 'FAR', 450, 0],
    ])
  })

  test('a read-out fills what the live stream lost, and its taking back reverses that', async () => {
    const first = await ride(api, lane, { code: named('BAG'), degrees: [5] })
    await unpack(api, first, 90)
    await unitBudget(api, lane.sponsor.key, first)
    // half a degree more by the certificate
    const rows = [4.5, 9.5, 9.5, 4.5].map(
      (c, index) =>
        `${iso(index * 15)
          .slice(0, 19)
          .replace('T', ' ')},${c}`,
    )
    const file = ['Time (UTC),Temperature (°C)', ...rows, ''].join('\n')
    const request = `POST /readings/import?sensorId=${first.sensorId}`
    const imported = await api.call(lane.sponsor.key, request, { body: file, headers: { 'Content-Type': 'text/csv' } })
    expect(bandsOf(await unitBudget(api, lane.sponsor.key, first))).toMatchObject({ COOL: [0, 0, 1800, 0] })
    await api.post(lane.sponsor.key, `/readings/imports/${imported.body.id}/supersession`, { reason: 'another bag' })
    expect(bandsOf(await unitBudget(api, lane.sponsor.key, first))).toMatchObject({ COOL: [0, 0, 0, 0] })
    expect(await ledgerOf(api, lane.sponsor.key, first)).toEqual([
      ['evaluation', 'COOL', 1800, 0],
      ['evaluation', 'COOL', -1800, 0, 'reverses 0'],
    ])
  })

  test('a window that is reopened by a correction takes its postings back', async () => {
    const first = await ride(api, lane, { code: named('BAG'), degrees: [5, 10, 5] })
    const { event } = await unpack(api, first, 45)
    expect(await ledgerOf(api, lane.sponsor.key, first)).toHaveLength(1)
    const correction = { kind: 'correction', at: iso(46), corrects: event.seq, replacement: null, reason: 'wrong box' }
    await api.post(first.to.key, `${first.path}/custody-events`, correction)
    expect(await ledgerOf(api, lane.sponsor.key, first)).toEqual([
      ['evaluation', 'COOL', 900, 0],
      ['evaluation', 'COOL', -900, 0, 'reverses 0'],
    ])
    expect(await unitBudget(api, lane.sponsor.key, first)).toMatchObject({ ride: 'riding' })
  })
})

describe('live in transit', () => {
  test('silence counts at worst in every band, at best in none, and is presumed beside time out', async () => {
    const seen = await ride(api, lane, { code: named('BAG'), degrees: [5, 10, 5] })
    api.clock.now = T0 + 75 * MINUTE
    expect(await unitBudget(api, lane.sponsor.key, seen)).toMatchObject({
      state: 'within',
      best: 'within',
      worst: 'within',
    })
    api.clock.now = T0 + 165 * MINUTE
    // the last value is held for an interval; 120 minutes are silent, and none of them presumed
    const silent = await unitBudget(api, lane.sponsor.key, seen)
    expect(silent).toMatchObject({ state: 'within', best: 'within', worst: 'exceeded', unobservedS: { here: 7200 } })
    expect(silent.bands[0]).toMatchObject({ remainingS: 2700, bestRemainingS: 2700, worstRemainingS: 0 })
    const out = await ride(api, lane, { code: named('BAG'), degrees: [5, 10] })
    const presumed = await unitBudget(api, lane.sponsor.key, out)
    expect(bandsOf(presumed)).toMatchObject({ COOL: [0, 0, 900, 8100] })
    expect(presumed).toMatchObject({ state: 'presumed_exceeded', best: 'within', worst: 'exceeded' })
  })

  test('it says how long the unit may stay as it is, while something is being used', async () => {
    const warm = await ride(api, lane, { code: named('BAG'), degrees: [5, 10] })
    api.clock.now = T0 + 25 * MINUTE
    expect((await unitBudget(api, lane.sponsor.key, warm)).leaving).toEqual({ band: 'COOL', s: 3000 })
    await measured(api, warm.sensorId, { degrees: [5], fromMinute: 25 })
    expect((await unitBudget(api, lane.sponsor.key, warm)).leaving).toBe(null)
  })

  test('asking posts nothing where the unit rides: no reading writes to the ledger', async () => {
    const warm = await ride(api, lane, { code: named('BAG'), degrees: [5, 10, 10] })
    await unitBudget(api, lane.sponsor.key, warm)
    expect(await ledgerOf(api, lane.sponsor.key, warm)).toEqual([])
    const { rows } = await database.db.pool.query('select * from budget_posting where unit_id = $1', [warm.unitId])
    expect(rows).toEqual([])
  })

  test('silence of an earlier ride stays in the worst case of the next', async () => {
    const code = named('BAG')
    const first = await ride(api, lane, { code, degrees: [5, 5] })
    await unpack(api, first, 150)
    const second = await ride(api, lane, { code, degrees: [5, 5], packedMinute: 200 })
    api.clock.now = T0 + 220 * MINUTE
    expect(await unitBudget(api, lane.sponsor.key, second)).toMatchObject({
      ...{ state: 'within', worst: 'exceeded', unobservedS: { earlier: 7200, here: 0 } },
    })
  })

  test('before packing nothing is used, and without bands there is no budget', async () => {
    const unpacked = await ride(api, lane, { code: named('BAG'), packedMinute: null })
    const answer = await api.get(lane.sponsor.key, `${unpacked.path}/budget`)
    expect(answer.window).toEqual({ state: 'not_packed', from: null, to: null })
    expect(answer.units[0]).toMatchObject({ ride: 'not_packed', state: 'within', unobservedS: { earlier: 0, here: 0 } })
    const { id } = await api.post(lane.sponsor.key, `/products/${lane.productId}/profiles`, {
      ...{ ...BUDGET_BODY, budgetBands: [] },
    })
    const none = await ride(api, lane, { code: named('BAG'), profileId: id, degrees: [20] })
    expect(await unitBudget(api, lane.sponsor.key, none)).toMatchObject({ state: 'none', worst: 'none', bands: [] })
  })
})
