import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import type { Ctx } from '../../src/context.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { checkpointsHold, currentVersion, judgedAfresh } from '../support/judged-afresh.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import {
  actorOf,
  addSensor,
  addShipment,
  anotherProcess,
  createWorld,
  message,
  place,
  type World,
} from '../support/world.ts'

/** Readings that come late, to processes that remember what they have folded. */

let database: TestDatabase
let world: World
let first: Ctx
let second: ReturnType<typeof anotherProcess>
let shipmentId: number
let [one, two] = [0, 0]

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
  first = world.ctx
  second = anotherProcess(world, database)
})
afterAll(async () => {
  await second.close()
  await database.drop()
})
beforeEach(async () => {
  shipmentId = await addShipment(world)
  one = await addSensor(world)
  two = await addSensor(world)
  for (const sensorId of [one, two]) await place(world, { shipmentId, sensorId })
})

type Measured = { sensorId: number; minutes: readonly number[]; c?: number | ((minute: number) => number) }

async function record(ctx: Ctx, { sensorId, minutes, c = 5 }: Measured): Promise<void> {
  const at = typeof c === 'number' ? () => c : c
  const samples = minutes.map((minute) => ({ at: T0 + minute * MINUTE, c: at(minute) }))
  await recordMessages(ctx, [message(sensorId, samples, world.clock.now)])
}

/** Whole minutes from one to before another. */
function minutes(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

async function isAsAfresh(): Promise<void> {
  expect(await currentVersion(world, shipmentId)).toMatchObject(await judgedAfresh(world, shipmentId))
}

async function revision(): Promise<number> {
  const row = await world.db.selectFrom('shipment').select('revision').where('id', '=', shipmentId).executeTakeFirst()
  return row?.revision ?? -1
}

test('a reading behind what another process stored since is judged, here and there', async () => {
  await record(first, { sensorId: one, minutes: minutes(0, 10) })
  await record(second.ctx, { sensorId: one, minutes: minutes(10, 50) })
  await record(first, { sensorId: one, minutes: [30.5], c: 16 })
  expect(JSON.stringify((await currentVersion(world, shipmentId))?.content)).toContain('"alarm"')
  await isAsAfresh()
  await record(second.ctx, { sensorId: one, minutes: minutes(50, 55) })
  await isAsAfresh()
})

test('a late reading and a new one in one message close a gap that another sensor left', async () => {
  await record(first, { sensorId: one, minutes: minutes(0, 11) })
  await record(first, { sensorId: two, minutes: minutes(0, 11) })
  await record(first, { sensorId: two, minutes: minutes(20, 23) })
  await record(first, { sensorId: two, minutes: minutes(23, 41) })
  await record(first, { sensorId: one, minutes: [9.5, 13] })
  await isAsAfresh()
})

test('a reading late for the fold, though not for what its process has stored, is seen by every status', async () => {
  await record(first, { sensorId: one, minutes: minutes(0, 90) })
  await record(second.ctx, { sensorId: one, minutes: [100] })
  await record(first, { sensorId: one, minutes: [98] })
  const statusOf = async (ctx: Ctx) => {
    const status = await shipmentStatus(ctx, actorOf(world.sender), shipmentId)
    if (isRefusal(status)) throw new Error(status.detail)
    return status.temperature
  }
  const other = anotherProcess(world, database)
  await statusOf(other.ctx)
  await record(first, { sensorId: one, minutes: [99], c: 7.5 })
  world.clock.now += 5000
  expect(await statusOf(other.ctx)).toEqual(await statusOf(second.ctx))
  await other.close()
  await record(second.ctx, { sensorId: one, minutes: [101] })
  await isAsAfresh()
})

test('what is stored of an interval that a late reading changes is forgotten', async () => {
  await record(first, { sensorId: one, minutes: minutes(0, 256) })
  // a checkpoint stands before it, and the warm minutes are stored with it
  await record(first, {
    sensorId: one,
    minutes: minutes(256, 301),
    c: (minute) => (Math.abs(minute - 272) < 4 ? 9 : 5),
  })
  await record(first, { sensorId: one, minutes: [272.5], c: 5 })
  await isAsAfresh()
  await record(first, { sensorId: one, minutes: minutes(301, 560) })
  expect(await checkpointsHold(world, shipmentId)).toBe(true)
})

/** So many that those known to be new go in by COPY, which knows no duplicates. */
const many = { from: 300, to: 600 }

test.each([
  ['that this one lacks is stored once', null, { readings: 601, conflicts: 0 }],
  ['that another process has stored is a duplicate', 5, { readings: 601, conflicts: 0 }],
  ['of which another process has stored another value is a conflict', 6, { readings: 601, conflicts: 1 }],
])('among many new readings a late one %s', async (_, stored, expected) => {
  await record(first, { sensorId: one, minutes: minutes(0, many.from) })
  if (stored !== null) await record(second.ctx, { sensorId: one, minutes: [290.5], c: stored })
  await record(first, { sensorId: one, minutes: [290.5, ...minutes(many.from, many.to)] })
  const count = async (table: 'reading' | 'conflict') =>
    (await world.db.selectFrom(table).select('measured_at').where('sensor_id', '=', one).execute()).length
  expect({ readings: await count('reading'), conflicts: await count('conflict') }).toEqual(expected)
  await isAsAfresh()
})

test('processes that take turns go on from what they remember; only what is late makes them forget', async () => {
  await record(first, { sensorId: one, minutes: minutes(0, 10) })
  await record(second.ctx, { sensorId: one, minutes: minutes(10, 20) })
  const before = await revision()
  for (let turn = 0; turn < 6; turn++) {
    await record(turn % 2 === 0 ? first : second.ctx, { sensorId: one, minutes: minutes(20 + turn * 5, 25 + turn * 5) })
  }
  expect(await revision()).toBe(before)
  await isAsAfresh()
  await record(first, { sensorId: one, minutes: [40.5] })
  expect(await revision()).toBe(before + 1)
  await isAsAfresh()
})
