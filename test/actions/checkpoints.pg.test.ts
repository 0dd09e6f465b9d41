import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { judgeWhole, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, place, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
afterAll(() => database.drop())

/** A fridge that warms now and then: 2,000 readings of a quarter of an hour, with a fault here and there. */
const SERIES = Array.from({ length: 2000 }, (_, index) => ({
  at: T0 + index * 15 * MINUTE,
  c: index % 97 === 0 ? null : index % 61 < 3 ? 8.5 : 5,
}))

test('late, repeated and contradicting readings are judged from a checkpoint as from the beginning', async () => {
  const { sensorId, shipmentId } = await placed()
  const late = [3, 255, 256, 257, 300, 511, 512, 1024, 1999]
  await record(
    sensorId,
    SERIES.filter((_, index) => !late.includes(index)),
    100,
  )
  expect(await checkpointOrdinals()).toContain(1792)
  for (const index of [...late].reverse()) await record(sensorId, SERIES.slice(index, index + 1), 1)
  const worse = [255, 256, 700, 1999]
    .flatMap((index) => SERIES.slice(index, index + 1))
    .map(({ at }) => ({ at, c: 16 }))
  await record(sensorId, worse, 1)
  await expectJudgedWhole(shipmentId, [...SERIES, ...worse])
})

test('a series longer than one transaction may judge is judged to its end', async () => {
  const { sensorId, shipmentId } = await placed()
  const long = Array.from({ length: 45_000 }, (_, index) => ({
    at: T0 + index * 60_000,
    c: index % 5000 === 7 ? 9 : 5,
  }))
  world.clock.now = T0 + 45_000 * 60_000
  const { id } = await world.db
    .selectFrom('placement')
    .select('id')
    .where('sensor_id', '=', sensorId)
    .executeTakeFirstOrThrow()
  await world.db.deleteFrom('checkpoint').where('placement_id', '=', id).execute()
  await record(sensorId, long, 25_000)
  await expectJudgedWhole(shipmentId, long)
})

async function placed() {
  const sensorId = await addSensor(world)
  const shipmentId = await addShipment(world)
  await place(world, { shipmentId, sensorId })
  return { sensorId, shipmentId }
}

type Sample = { at: number; c: number | null }

async function record(sensorId: number, samples: readonly Sample[], size: number) {
  for (let start = 0; start < samples.length; start += size) {
    const slice = samples.slice(start, start + size)
    const messages = Map.groupBy(slice, (_, index) => Math.floor(index / 500))
    await recordMessages(
      world.ctx,
      [...messages.values()].map((list) => message(sensorId, list, world.clock.now)),
    )
  }
}

async function checkpointOrdinals(): Promise<number[]> {
  const rows = await world.db.selectFrom('checkpoint').select('ordinal').execute()
  return rows.map((row) => row.ordinal)
}

async function expectJudgedWhole(shipmentId: number, samples: readonly Sample[]) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  const rows = samples.map(({ at, c }) => ({ at, milliC: c === null ? null : Math.round(c * 1000) }))
  const placement = { role: 'product', fromAt: T0, toAt: Number.POSITIVE_INFINITY, rows, sensor: PLAIN_SENSOR } as const
  const whole = judgeWhole(FRIDGE, { fromAt: T0, toAt: world.clock.now, closed: false }, [placement])
  const { perPlacement: _alone, outOfWindow: _outside, duplicates: _again, ...expected } = whole
  expect(status.temperature.judged).toMatchObject(expected)
}
