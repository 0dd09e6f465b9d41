import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { judgePending } from '../../src/actions/judge.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type DeedWorld, deed, withOtherProfile } from '../support/deeds.ts'
import { FRIDGE, MINUTE } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, type World } from '../support/world.ts'

let database: TestDatabase
let world: World
let inIt: DeedWorld

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
  inIt = await withOtherProfile(world)
})
afterAll(() => database.drop())

test.each([
  ['one after the other', 1],
  ['four at a time', 4],
])('after any changes made %s, the caches say what the inputs say', { timeout: 120_000 }, async (_how, lanes) => {
  const property = fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), async (deeds) => {
    const shipments = [await addShipment(world), await addShipment(world, null)]
    const things = { shipments, sensors: [await addSensor(world), await addSensor(world), await addSensor(world)] }
    for (const shipmentId of shipments) await judgeAgain(shipmentId)
    const queue = [...deeds]
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await next(things, inIt)
    }
    await Promise.all(Array.from({ length: lanes }, work))
    for (const shipmentId of shipments) {
      const cached = await judged(shipmentId)
      await world.db.deleteFrom('checkpoint').execute()
      await world.db.deleteFrom('judged_interval').execute()
      expect(await judged(shipmentId)).toEqual(cached)
      await judgeAgain(shipmentId)
      expect(await judged(shipmentId)).toEqual(cached)
    }
  })
  await fc.assert(property, { numRuns: 12, endOnFailure: true })
})

async function judgeAgain(shipmentId: number): Promise<void> {
  await database.db.pool.query('update shipment set judge_from = known_at where id = $1', [shipmentId])
  await judgePending(world.ctx, shipmentId)
}

/** What is served, and the content of what is stored. */
async function judged(shipmentId: number) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  const stored = await world.db
    .selectFrom('evaluation')
    .select(['version', 'content'])
    .where('shipment_id', '=', shipmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  const { temperature, sensors, recordHash } = status
  return { temperature, sensors, recordHash, stored }
}
