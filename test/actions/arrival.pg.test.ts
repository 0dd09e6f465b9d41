import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { judgePending } from '../../src/actions/judge.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import type { Ctx } from '../../src/context.ts'
import { judgeWhole, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import {
  actorOf,
  addSensor,
  addShipment,
  anotherProcess,
  createWorld,
  message,
  place,
  say,
  type World,
} from '../support/world.ts'

let database: TestDatabase
let world: World
let second: ReturnType<typeof anotherProcess>

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
  second = anotherProcess(world, database)
})
afterAll(async () => {
  await second.close()
  await database.drop()
})

type Sample = { sensor: 0 | 1; at: number; c: number | null }

/** Readings of two sensors on a coarse grid with holes, faults, excursions and contradictions. */
const samples = fc
  .array(
    fc.record({
      sensor: fc.constantFrom(0 as const, 1 as const),
      at: fc.integer({ min: -3, max: 30 }).map((slot) => T0 + slot * 12 * MINUTE),
      c: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 20, max: 80 }).map((tenths) => tenths / 10) },
        { weight: 3, arbitrary: fc.constantFrom(8.1, 9, 1.9, 15.1, 1) },
        { weight: 1, arbitrary: fc.constantFrom(null, 850, -273) },
      ),
    }),
    { minLength: 1, maxLength: 80, size: 'max' },
  )
  .map((list): Sample[] => list)

type Recorders = 'one' | 'two in one process' | 'two processes'
type Arrival = { order: readonly Sample[]; sizes: readonly number[]; again: readonly Sample[]; recorders: Recorders }

/** One way in which the same readings may arrive: any order, any batching, some twice, by one or two recorders. */
function arrivalOf(list: Sample[]): fc.Arbitrary<Arrival> {
  return fc.record({
    order: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
    sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 60, maxLength: 60 }),
    again: fc.subarray(list, { maxLength: Math.min(20, list.length) }),
    recorders: fc.constantFrom('one' as const, 'two in one process' as const, 'two processes' as const),
  })
}

test('whatever the order, batching, repetition and concurrency of arrival, the content is the same', async () => {
  const twoWays = samples.chain((list) => fc.tuple(fc.constant(list), arrivalOf(list), arrivalOf(list)))
  await fc.assert(
    fc.asyncProperty(twoWays, fc.boolean(), async ([list, one, other], closed) => {
      const first = await arrive(one, { placeFirst: true, closed })
      const second = await arrive(other, { placeFirst: false, closed })
      expect(second.content).toEqual(first.content)
      expect(second.temperature).toEqual(first.temperature)
      expect(reference(list, closed)).toEqual(first.levels)
    }),
    { numRuns: 40 },
  )
}, 120_000)

test('deleting every checkpoint and interval changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      samples.chain((list) => fc.tuple(fc.constant(list), arrivalOf(list))),
      async ([list, arrival]) => {
        const before = await arrive(arrival, { placeFirst: true, closed: false })
        await world.db.deleteFrom('checkpoint').execute()
        await world.db.deleteFrom('judged_interval').execute()
        expect(await served(before.shipmentId)).toEqual(before.temperature)
        await recordMessages(world.ctx, [sent(before.sensors, list[0] ?? { sensor: 0, at: T0, c: 5 })])
        expect(await served(before.shipmentId)).toEqual(before.temperature)
      },
    ),
    { numRuns: 15 },
  )
}, 60_000)

const END = T0 + 400 * MINUTE

async function arrive(arrival: Arrival, how: { placeFirst: boolean; closed: boolean }) {
  const sensors = [await addSensor(world), await addSensor(world)]
  const shipmentId = await addShipment(world)
  const placeBoth = async () => {
    for (const sensorId of sensors) await place(world, { shipmentId, sensorId, fromAt: T0 - 10 * MINUTE })
  }
  if (how.placeFirst) await placeBoth()
  const batches = inBatches([...arrival.order, ...arrival.again], arrival.sizes)
  const record = (ctx: Ctx, batch: Sample[]) =>
    recordMessages(
      ctx,
      batch.map((sample) => sent(sensors, sample)),
    )
  if (arrival.recorders === 'one') {
    for (const batch of batches) await record(world.ctx, batch)
  } else {
    const recorder = async (ctx: Ctx, offset: number) => {
      for (let index = offset; index < batches.length; index += 2) await record(ctx, batches[index] ?? [])
    }
    const other = arrival.recorders === 'two processes' ? second.ctx : world.ctx
    await Promise.all([recorder(world.ctx, 0), recorder(other, 1)])
  }
  if (how.closed) await say(world, shipmentId, { kind: 'refused', at: END, reason: 'test' })
  if (!how.placeFirst) await placeBoth()
  await judgePending(world.ctx)
  const evaluation = await world.db
    .selectFrom('evaluation')
    .select('content')
    .where('shipment_id', '=', shipmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  const temperature = await served(shipmentId)
  return { shipmentId, sensors, content: evaluation.content, temperature, levels: summary(temperature.judged) }
}

function sent(sensors: number[], sample: Sample) {
  return message(sensors[sample.sensor] ?? 0, [sample], world.clock.now)
}

function inBatches(list: readonly Sample[], sizes: readonly number[]): Sample[][] {
  const batches: Sample[][] = []
  let start = 0
  for (const size of sizes) {
    if (start >= list.length) break
    batches.push(list.slice(start, start + size))
    start += size
  }
  return start < list.length ? [...batches, list.slice(start)] : batches
}

async function served(shipmentId: number) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  return status.temperature
}

/** The same readings judged whole, without database, checkpoints or increments. */
function reference(list: readonly Sample[], closed: boolean) {
  const placements = ([0, 1] as const).map((sensor) => ({
    role: 'product' as const,
    fromAt: T0 - 10 * MINUTE,
    toAt: closed ? END : Number.POSITIVE_INFINITY,
    rows: list
      .filter((sample) => sample.sensor === sensor)
      .map(({ at, c }) => ({ at, milliC: c === null ? null : Math.round(c * 1000) })),
    sensor: PLAIN_SENSOR,
  }))
  return summary(judgeWhole(FRIDGE, { fromAt: T0, toAt: closed ? END : world.clock.now, closed }, placements))
}

function summary(
  judged: Pick<
    ReturnType<typeof judgeWhole>,
    'status' | 'levels' | 'gaps' | 'coveredMs' | 'valid' | 'faults' | 'conflicts'
  > | null,
) {
  if (judged === null) return null
  const { status, levels, gaps, coveredMs, valid, faults, conflicts } = judged
  return { status, levels, gaps, coveredMs, valid, faults, conflicts }
}
