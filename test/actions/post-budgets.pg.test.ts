import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at } from '../../db/tables.ts'
import { declareUse } from '../../src/actions/declare-use.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { budgetsOfShipment, type ShipmentBudget } from '../../src/actions/shipment-budget.ts'
import { addUsage } from '../../src/domain/budget.ts'
import { expose, type Usage } from '../../src/domain/exposure.ts'
import { PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { placedRows } from '../../src/domain/placed-rows.ts'
import type { Profile } from '../../src/domain/profile.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, place, say, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

const PROFILE: Profile = {
  ...FRIDGE,
  budgetBands: [
    { id: 'COLD', aboveMilliC: null, uptoMilliC: 2000, allowedMs: 60 * MINUTE },
    { id: 'COOL', aboveMilliC: 8000, uptoMilliC: 12_000, allowedMs: 60 * MINUTE },
    { id: 'WARM', aboveMilliC: 12_000, uptoMilliC: 25_000, allowedMs: 30 * MINUTE },
  ],
}

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, PROFILE)
})
afterAll(() => database.drop())

/** Two rides of one bag; where they lie, and what is measured on each. */
const RIDES = [
  { fromAt: T0, toAt: T0 + 360 * MINUTE },
  { fromAt: T0 + 600 * MINUTE, toAt: T0 + 960 * MINUTE },
]

type Sample = { ride: number; at: number; c: number | null }

const samples = fc.array(
  fc
    .record({
      ride: fc.constantFrom(0, 1),
      slot: fc.integer({ min: -1, max: 31 }),
      c: fc.constantFrom(5, 5, 5, 8, 8.1, 10, 12, 12.1, 20, 30, 1.9, -4, null, 850),
    })
    .map(({ ride, slot, c }): Sample => ({ ride, at: (RIDES[ride]?.fromAt ?? 0) + slot * 12 * MINUTE, c })),
  { minLength: 1, maxLength: 60, size: 'max' },
)

/** One way in which the same readings may arrive, with questions in between; a question posts. */
function arrivalOf(list: Sample[]) {
  return fc.record({
    order: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
    size: fc.integer({ min: 1, max: 20 }),
    asking: fc.constantFrom('never', 'after each batch', 'with each batch'),
    closing: fc.constantFrom('first', 'last'),
  })
}

type Arrival = { order: Sample[]; size: number; asking: string; closing: string }

test('whatever the order of arrival and of questions, the ledger’s sum is that of all readings', async () => {
  const ways = samples.chain((list) => fc.tuple(fc.constant(list), arrivalOf(list)))
  await fc.assert(
    fc.asyncProperty(ways, async ([list, arrival]) => {
      const shipmentIds = await travel(arrival)
      const [first, second] = [await budgetOf(shipmentIds[0]), await budgetOf(shipmentIds[1])]
      expect(used(first, 'here')).toEqual(expected(list, 0))
      expect(used(second, 'earlier')).toEqual(expected(list, 0))
      expect(used(second, 'here')).toEqual(expected(list, 1))
      expect(await postedOf(shipmentIds[1])).toEqual(expected(list, 1))
    }),
    { numRuns: 15 },
  )
}, 120_000)

async function travel({ order, size, asking, closing }: Arrival): Promise<[number, number]> {
  const code = `BAG-${serial++}`
  const rides = [await startRide(code, 0), await startRide(code, 1)] as const
  const shipmentIds: [number, number] = [rides[0].shipmentId, rides[1].shipmentId]
  const close = async () => {
    for (const [index, shipmentId] of shipmentIds.entries()) {
      await say(world, shipmentId, { kind: 'unpacked', at: RIDES[index]?.toAt ?? 0, by: world.centre })
    }
  }
  if (closing === 'first') await close()
  for (let from = 0; from < order.length; from += size) {
    const batch = order.slice(from, from + size)
    const messages = batch.map((one) => message(rides[one.ride === 0 ? 0 : 1].sensorId, [one], world.clock.now))
    const asked = asking === 'with each batch' ? shipmentIds.map((id) => budgetOf(id)) : []
    await Promise.all([recordMessages(world.ctx, messages), ...asked])
    if (asking === 'after each batch') await budgetOf(shipmentIds[1])
  }
  if (closing === 'last') await close()
  return shipmentIds
}

let serial = 1

async function startRide(code: string, index: 0 | 1) {
  const fromAt = RIDES[index]?.fromAt ?? 0
  const shipmentId = await addShipment(world, null)
  const sensorId = await addSensor(world)
  await world.db
    .insertInto('unit')
    .values({ shipment_id: shipmentId, code, known_at: at(T0) })
    .execute()
  await place(world, { shipmentId, sensorId, fromAt })
  await say(world, shipmentId, { kind: 'packed', at: fromAt })
  return { shipmentId, sensorId }
}

async function budgetOf(shipmentId: number): Promise<ShipmentBudget> {
  const found = await budgetsOfShipment(world.ctx, shipmentId)
  if (isRefusal(found)) throw new Error(found.detail)
  return found
}

function used({ units }: ShipmentBudget, when: 'earlier' | 'here'): Usage[] {
  return something((units[0]?.bands ?? []).map((band) => ({ band: band.id, ...band[when] })))
}

function something(usage: readonly Usage[]): Usage[] {
  const found = usage.filter(({ consumedMs, presumedMs }) => consumedMs + presumedMs > 0)
  return found.sort((a, b) => a.band.localeCompare(b.band))
}

/** The sum of all entries, reversals included. */
async function postedOf(shipmentId: number): Promise<Usage[]> {
  const { rows } = await database.db.pool.query<Usage>(
    `select band, consumed_ms as "consumedMs", presumed_ms as "presumedMs"
     from budget_entry where unit_id in (select id from unit where shipment_id = $1)`,
    [shipmentId],
  )
  return something(addUsage(rows))
}

/** What the pure rules say of all readings at once. */
function expected(list: readonly Sample[], index: 0 | 1): Usage[] {
  const { fromAt, toAt } = RIDES[index] ?? { fromAt: 0, toAt: 0 }
  const span = { fromAt, toAt, closed: true }
  const rows = list
    .filter(({ ride }) => ride === index)
    .map(({ at: when, c }) => ({ at: when, milliC: c === null ? null : Math.round(c * 1000) }))
  const placement = { role: 'product' as const, fromAt, toAt, rows, sensor: PLAIN_SENSOR }
  return something(expose(PROFILE, placedRows(PROFILE, span, [placement]), { span }).usage)
}

test('many who ask and declare at once post once', async () => {
  const code = `BAG-${serial++}`
  const { shipmentId, sensorId } = await startRide(code, 0)
  await recordMessages(world.ctx, [message(sensorId, [{ at: T0 + 15 * MINUTE, c: 10 }], world.clock.now)])
  await say(world, shipmentId, { kind: 'unpacked', at: T0 + 30 * MINUTE, by: world.centre })
  const { id: unitId } = await world.db
    .selectFrom('unit')
    .select('id')
    .where('shipment_id', '=', shipmentId)
    .executeTakeFirstOrThrow()
  const declaration = (consumedMs: number) => ({
    unitId,
    ...{ used: [{ band: 'COOL', consumedMs, presumedMs: 0 }], signature: 'S', reason: 'tank' },
  })
  const declared = [7, 8, 9].map((ms) => declareUse(world.ctx, actorOf(world.sender), declaration(ms)))
  const asked = Array.from({ length: 5 }, () => budgetOf(shipmentId))
  await Promise.all([...asked, ...declared])
  const { units } = await budgetOf(shipmentId)
  const [cool] = (units[0]?.bands ?? []).filter(({ id }) => id === 'COOL')
  expect(cool?.here).toEqual({ consumedMs: 15 * MINUTE, presumedMs: 0 })
  expect([7, 8, 9]).toContain(cool?.earlier.consumedMs)
  const { rows } = await database.db.pool.query(
    `select from budget_entry where unit_id = $1 and source = 'evaluation'`,
    [unitId],
  )
  expect(rows).toHaveLength(1)
})

test.each(['budget_entry', 'budget_posting', 'unit_declaration', 'unit_split'])(
  '%s is appended to, and neither changed nor deleted',
  async (table) => {
    for (const statement of [`update ${table} set known_at = known_at`, `delete from ${table}`]) {
      await expect(database.db.pool.query(statement)).rejects.toThrow(/permission denied/)
    }
  },
)
