import { afterAll, beforeAll, expect, test } from 'vitest'
import { at as instant, json } from '../../db/tables.ts'
import { judgePending } from '../../src/actions/judge.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, place, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
afterAll(() => database.drop())

test('a shipment whose judging fails stops neither recording nor others, and is judged once it can be', async () => {
  const [good, bad] = [await placed(), await placed()]
  await record(bad, [0, 15, 30])
  await spoilProfile('not a profile', bad.shipmentId)
  await record(bad, [60])
  await recordMessages(world.ctx, [at(bad, 75), at(good, 0), at(good, 15), at(bad, 45)])
  expect(await validOf(good)).toBe(2)
  await expect(validOf(bad)).rejects.toThrow()
  expect(await judgePending(world.ctx)).toBe(0)
  await spoilProfile(null, bad.shipmentId)
  // the late reading at 45 minutes is judged too, although its transaction could not judge it
  expect(await validOf(bad)).toBe(6)
})

type Placed = { shipmentId: number; sensorId: number }

async function placed(): Promise<Placed> {
  const [sensorId, shipmentId] = [await addSensor(world), await addShipment(world)]
  await place(world, { shipmentId, sensorId })
  return { sensorId, shipmentId }
}

function at({ sensorId }: Placed, minute: number) {
  return message(sensorId, [{ at: T0 + minute * MINUTE, c: 5 }], world.clock.now)
}

async function record(one: Placed, minutes: readonly number[]) {
  await recordMessages(
    world.ctx,
    minutes.map((minute) => at(one, minute)),
  )
}

async function validOf({ shipmentId }: Placed) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  return status.temperature.judged?.valid
}

/** Gives a shipment a profile that cannot be read, as no action does; null gives the good one back. */
async function spoilProfile(definition: string | null, shipmentId: number) {
  let { profileId } = world
  if (definition !== null) {
    const spoiled = { product_id: world.productId, version: 99, name: 'spoiled', definition: json(definition) }
    const row = await world.db
      .insertInto('profile')
      .values({ ...spoiled, example: true, known_at: instant(T0) })
      .returning('id')
      .executeTakeFirstOrThrow()
    profileId = row.id
  }
  await world.db.updateTable('shipment').set({ profile_id: profileId }).where('id', '=', shipmentId).execute()
}
