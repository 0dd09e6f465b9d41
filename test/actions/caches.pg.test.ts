import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { json } from '../../db/tables.ts'
import { addCalibration, supersedeCalibration } from '../../src/actions/calibrations.ts'
import { correctPlacement } from '../../src/actions/correct-placement.ts'
import { judgePending } from '../../src/actions/judge.ts'
import { pinProfile } from '../../src/actions/pin-profile.ts'
import { placeSensor } from '../../src/actions/place-sensor.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, say, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
})
afterAll(() => database.drop())

const minute = fc.integer({ min: 0, max: 900 })
const shipment = fc.nat({ max: 1 })
const sensor = fc.nat({ max: 2 })

/** Everything that may happen to two shipments and three sensors, in minutes after T0. */
const deed = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      deed: fc.constant('measure' as const),
      sensor,
      from: minute,
      count: fc.integer({ min: 1, max: 400 }),
      warm: fc.integer({ min: 2, max: 60 }),
      cold: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      deed: fc.constant('place' as const),
      shipment,
      sensor,
      from: minute,
      minutes: fc.option(minute),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      deed: fc.constant('correct' as const),
      nth: fc.nat({ max: 5 }),
      change: fc.constantFrom('withdraw', 'from', 'to', 'shipment', 'open', 'role'),
      at: minute,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      deed: fc.constant('custody' as const),
      shipment,
      kind: fc.constantFrom('packed' as const, 'received' as const, 'opened' as const, 'cancelled' as const),
      at: minute,
    }),
  },
  { weight: 2, arbitrary: fc.record({ deed: fc.constant('void' as const), shipment, nth: fc.nat({ max: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      deed: fc.constant('calibrate' as const),
      sensor,
      at: minute,
      c: fc.integer({ min: -2, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ deed: fc.constant('supersede' as const), sensor, nth: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ deed: fc.constant('pin' as const), shipment, other: fc.boolean() }) },
)
type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never

test('after any changes the caches say what the inputs say', async () => {
  const other = await world.db
    .insertInto('profile')
    .values({
      product_id: world.productId,
      version: 2,
      name: 'other',
      definition: json({
        ...FRIDGE,
        nominalIntervalMs: 2 * MINUTE,
        maxGapMs: 5 * MINUTE,
        loadingMs: 20 * MINUTE,
        requiredSensors: 2,
        guardBand: 'uncertainty',
      }),
      example: true,
      known_at: (await import('../../db/tables.ts')).at(T0),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), async (deeds) => {
      const things = {
        shipments: [await addShipment(world), await addShipment(world, null)],
        sensors: [await addSensor(world), await addSensor(world), await addSensor(world)],
        other: other.id,
      }
      for (const id of things.shipments) await judgeAgain(id)
      for (const one of deeds) await act(things, one)
      for (const id of things.shipments) {
        const cached = await facts(id)
        await world.db.deleteFrom('checkpoint').execute()
        await world.db.deleteFrom('judged_interval').execute()
        expect(await facts(id)).toEqual(cached)
        await judgeAgain(id)
        expect(await facts(id)).toEqual(cached)
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 20), endOnFailure: true },
  )
}, 600_000)

type Things = { shipments: number[]; sensors: number[]; other: number }

async function act({ shipments, sensors, other }: Things, one: Deed): Promise<void> {
  const me = actorOf(world.sender)
  const time = (minutes: number) => T0 + minutes * MINUTE
  const shipmentId = 'shipment' in one ? (shipments[one.shipment] ?? 0) : 0
  const sensorId = 'sensor' in one ? (sensors[one.sensor] ?? 0) : 0
  switch (one.deed) {
    case 'measure': {
      const samples = Array.from({ length: one.count }, (_, index) => ({
        at: time(one.from + index),
        c: index % 97 === 13 ? null : index % one.warm < one.cold ? 9 + (index % 3) * 4 : 5,
      }))
      await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
      return
    }
    case 'place': {
      const toAt = one.minutes === null ? null : time(one.from + one.minutes + 1)
      await placeSensor(world.ctx, me, {
        shipmentId,
        sensorId,
        channel: 'probe',
        role: 'product',
        fromAt: time(one.from),
        toAt,
        calibrationId: null,
        reason: null,
      })
      return
    }
    case 'correct': {
      const placed = await world.db
        .selectFrom('placement')
        .selectAll()
        .where('shipment_id', 'in', shipments)
        .where('superseded_at', 'is', null)
        .orderBy('id')
        .execute()
      const found = placed[one.nth % Math.max(1, placed.length)]
      if (found === undefined) return
      const changes = {
        withdraw: null,
        from: { fromAt: time(one.at) },
        to: { toAt: time(one.at) },
        shipment: { shipmentId: shipments.find((id) => id !== found.shipment_id) },
        open: { toAt: null },
        role: { role: found.role === 'ambient' ? ('product' as const) : ('ambient' as const) },
      }
      await correctPlacement(world.ctx, me, {
        placementId: found.id,
        reason: 'r',
        change: changes[one.change as keyof typeof changes],
      })
      return
    }
    case 'custody':
      await say(world, shipmentId, {
        kind: one.kind,
        at: time(one.at),
        by: one.kind === 'packed' ? world.sender : world.centre,
        reason: 'r',
      })
      return
    case 'void': {
      const events = await world.db
        .selectFrom('custody_event')
        .selectAll()
        .where('shipment_id', '=', shipmentId)
        .orderBy('seq')
        .execute()
      const found = events[one.nth % Math.max(1, events.length)]
      if (found === undefined) return
      await say(world, shipmentId, {
        kind: 'correction',
        at: time(0),
        by: found.organisation_id,
        corrects: found.seq,
        reason: 'r',
      })
      return
    }
    case 'calibrate':
      await addCalibration(world.ctx, me, {
        sensorId,
        channel: 'probe',
        certificate: 'C-9',
        laboratory: 'L',
        calibratedAt: time(one.at),
        dueAt: time(one.at + 100_000),
        uncertaintyMilliC: 100 * Math.abs(one.c),
        points: [
          { atMilliC: -50_000, correctionMilliC: one.c * 1000 },
          { atMilliC: 60_000, correctionMilliC: one.c * 1000 },
        ],
      })
      return
    case 'supersede': {
      const found = await world.db
        .selectFrom('calibration')
        .selectAll()
        .where('sensor_id', '=', sensorId)
        .where('superseded_at', 'is', null)
        .orderBy('id')
        .execute()
      const calibration = found[one.nth % Math.max(1, found.length)]
      if (calibration !== undefined)
        await supersedeCalibration(world.ctx, me, { calibrationId: calibration.id, reason: 'r' })
      return
    }
    case 'pin':
      await pinProfile(world.ctx, actorOf(world.sender, 'sponsor'), {
        shipmentId,
        profileId: one.other ? other : world.profileId,
        reason: 'r',
      })
      return
  }
}

async function facts(shipmentId: number) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  const { temperature, sensors, recordHash, evaluationVersion } = status
  const { rows } = await database.db.pool.query(
    'select content, statistics from evaluation where shipment_id = $1 order by version desc limit 1',
    [shipmentId],
  )
  return { temperature, sensors, recordHash, evaluationVersion, stored: rows[0] }
}

async function judgeAgain(shipmentId: number): Promise<void> {
  await database.db.pool.query('update shipment set judge_from = $2 where id = $1', [shipmentId, new Date(T0)])
  await judgePending(world.ctx, shipmentId)
}
