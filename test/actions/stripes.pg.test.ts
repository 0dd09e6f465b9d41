import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { lockWithSensors } from '../../src/actions/follow-ledger.ts'
import { lockSensors, lockShipments } from '../../src/actions/locks.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { stripeOf } from '../../src/actions/stripes.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { currentVersion, judgedAfresh } from '../support/judged-afresh.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { until } from '../support/until.ts'
import { addSensor, addShipment, createWorld, message, place, say, voidOpening, type World } from '../support/world.ts'

let database: TestDatabase
let world: World
let sensorId: number
let shipmentId: number

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
beforeEach(async () => {
  sensorId = await addSensor(world)
  shipmentId = await addShipment(world)
})
afterAll(() => database.drop())

async function record(minutes: readonly number[], c = 5): Promise<void> {
  const samples = minutes.map((minute) => ({ at: T0 + minute * MINUTE, c }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
}

async function isAsAfresh(): Promise<void> {
  expect(await currentVersion(world, shipmentId)).toMatchObject(await judgedAfresh(world, shipmentId))
}

/** A transaction that has done its work and is not committed yet; `commit` does that. */
async function open(work: (tx: Tx) => Promise<unknown>): Promise<{ commit: () => Promise<void> }> {
  const worked = Promise.withResolvers<void>()
  const wanted = Promise.withResolvers<void>()
  const done = transaction(database.db, async (tx) => {
    await work(tx)
    worked.resolve()
    await wanted.promise
  })
  await Promise.race([worked.promise, done])
  return {
    commit: () => {
      wanted.resolve()
      return done
    },
  }
}

async function untilBlocked(count: number): Promise<void> {
  const blocked = async () => {
    const found = await sql`select 1 from pg_stat_activity where datname = current_database()
      and wait_event_type = 'Lock'`.execute(database.db.kysely)
    return found.rows.length === count
  }
  await until(blocked, { what: `${count} transactions to wait` })
}

test('a recorder waits for a placement that is being made, and sees it', async () => {
  const placing = await open(async (tx) => {
    await lockSensors(tx, [sensorId])
    await tx
      .insertInto('placement')
      .values({
        ...{ sensor_id: sensorId, channel: 'probe', shipment_id: shipmentId, role: 'product' },
        ...{ from_at: at(T0), until_window_end: true, known_at: at(T0) },
      })
      .execute()
  })
  const recorded = record([0, 30, 60, 90], 9)
  await untilBlocked(1)
  await placing.commit()
  await recorded
  expect(JSON.stringify((await currentVersion(world, shipmentId))?.content)).toContain('"alarm"')
  await isAsAfresh()
})

test('a change waits for the batches before it, not for those that come after', async () => {
  const stripes = [stripeOf(sensorId)]
  const holding = await open((tx) => sql`select hold_sensor_stripes(${stripes}::int[], ${[-1]}::bigint[])`.execute(tx))
  const placed = place(world, { shipmentId, sensorId })
  await untilBlocked(1)
  const recorded = record([0, 30, 60, 90], 9)
  await untilBlocked(2)
  await Promise.all([holding.commit(), placed, recorded])
  await isAsAfresh()
})

test('a change of another sensor or shipment of a stripe changes nothing', async () => {
  await place(world, { shipmentId, sensorId })
  await record([0, 1])
  const others = await Promise.all(
    Array.from({ length: 64 }, () => Promise.all([addSensor(world), addShipment(world)])),
  )
  const besides = (ids: readonly number[], id: number) => ids.filter((other) => stripeOf(other) === stripeOf(id))
  const sensors = besides(
    others.map(([id]) => id),
    sensorId,
  )
  const shipments = besides(
    others.map(([, id]) => id),
    shipmentId,
  )
  expect([sensors.length, shipments.length]).toEqual([1, 1])
  await transaction(database.db, async (tx) => {
    await lockSensors(tx, sensors)
    await lockShipments(tx, shipments)
  })
  await record([2, 40], 9)
  await isAsAfresh()
})

test('the row of a closed shipment is its lock, also after one that was opened by mistake', async () => {
  await place(world, { shipmentId, sensorId })
  await record([0, 1, 2])
  await say(world, shipmentId, { kind: 'received', at: T0 + 4.5 * MINUTE, by: world.centre })
  await say(world, shipmentId, { kind: 'opened', at: T0 + 5 * MINUTE, by: world.centre })
  await record([3])
  const row = () => sql`select from shipment where id = ${shipmentId} for no key update`
  const certifying = await open((tx) => row().execute(tx))
  const recorded = record([4])
  await untilBlocked(1)
  await certifying.commit()
  await recorded
  await isAsAfresh()
  await voidOpening(world, shipmentId)
  await record([5, 6, 60], 9)
  expect(JSON.stringify((await currentVersion(world, shipmentId))?.content)).toContain('"alarm"')
  await isAsAfresh()
})

test('the stripe of an open shipment is its lock: a batch waits for who changes it, not for its row', async () => {
  await place(world, { shipmentId, sensorId })
  await record([0, 1, 2])
  const other = await open((tx) => sql`select from shipment where id = ${shipmentId} for no key update`.execute(tx))
  await record([3])
  await other.commit()
  const changing = await open((tx) => lockShipments(tx, [shipmentId]))
  const recorded = record([4])
  await untilBlocked(1)
  await changing.commit()
  await recorded
  await isAsAfresh()
})

/** Within this a batch goes as far as it can. */
const SO_FAR_MS = 300

test('a batch holds nothing before those ahead of it do', async () => {
  const other = await addSensor(world)
  const changing = await open((tx) => lockSensors(tx, [sensorId]))
  const first = record([0])
  await untilBlocked(1)
  const second = recordMessages(world.ctx, [message(other, [{ at: T0, c: 5 }], world.clock.now)])
  await pause(SO_FAR_MS)
  await transaction(database.db, (tx) => lockSensors(tx, [other]))
  await changing.commit()
  await Promise.all([first, second])
})

test('a batch that has to begin anew waits for no change that waits for the batch behind it', async () => {
  await place(world, { shipmentId, sensorId })
  await record([0, 1, 2])
  const [holds, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  // in the wrong order: sooner or later somebody is the victim of a deadlock
  const changing = transaction(database.db, async (tx) => {
    await lockShipments(tx, [shipmentId])
    holds.resolve()
    await goOn.promise
    await lockSensors(tx, [sensorId])
  })
  await holds.promise
  const first = record([3])
  await untilBlocked(1)
  const second = record([4])
  await pause(SO_FAR_MS)
  goOn.resolve()
  await Promise.all([changing, first, second])
  await isAsAfresh()
})

test('a deed about a shipment whose window is closed keeps nobody waiting that sends for another', async () => {
  await place(world, { shipmentId, sensorId })
  await record([0, 1, 2])
  await say(world, shipmentId, { kind: 'received', at: T0 + 4.5 * MINUTE, by: world.centre })
  await say(world, shipmentId, { kind: 'opened', at: T0 + 5 * MINUTE, by: world.centre })
  const next = await addShipment(world)
  await place(world, { shipmentId: next, sensorId, fromAt: T0 + 10 * MINUTE })
  const deciding = await open((tx) => lockWithSensors(tx, shipmentId))
  await record([12, 13])
  await deciding.commit()
  expect(await currentVersion(world, next)).toMatchObject(await judgedAfresh(world, next))
})

test('a closed window that moves waits for the batches of its sensors', async () => {
  await place(world, { shipmentId, sensorId })
  await record([0, 1, 2])
  await say(world, shipmentId, { kind: 'received', at: T0 + 4.5 * MINUTE, by: world.centre })
  await say(world, shipmentId, { kind: 'opened', at: T0 + 5 * MINUTE, by: world.centre })
  const stripes = [stripeOf(sensorId)]
  const holding = await open((tx) => sql`select hold_sensor_stripes(${stripes}::int[], ${[-1]}::bigint[])`.execute(tx))
  const moved = voidOpening(world, shipmentId)
  await untilBlocked(1)
  await holding.commit()
  await moved
  await isAsAfresh()
})
