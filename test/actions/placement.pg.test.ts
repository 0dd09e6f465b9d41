import { afterAll, beforeAll, expect, test } from 'vitest'
import { at } from '../../db/tables.ts'
import { correctPlacement, listPlacements } from '../../src/actions/correct-placement.ts'
import { placeSensor } from '../../src/actions/place-sensor.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import {
  actorOf,
  addSensor,
  addShipment,
  correct,
  createWorld,
  message,
  place,
  say,
  voidOpening,
  type World,
} from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
afterAll(() => database.drop())

/** Out of range from 30 to 75 minutes: an alarm. */
const WARM = [5, 5, 9, 9, 9, 5, 5, 5].map((c, index) => ({ at: T0 + index * 15 * MINUTE, c }))

test('a placement made after its readings arrived gives the content of one made before', async () => {
  const [early, late] = [await addSensor(world), await addSensor(world)]
  const [before, after] = [await addShipment(world), await addShipment(world)]
  await place(world, { shipmentId: before, sensorId: early })
  await record(early, WARM)
  await record(late, WARM)
  await place(world, { shipmentId: after, sensorId: late })
  expect(await content(after)).toEqual(await content(before))
  expect(await content(after)).toMatchObject({ status: 'alarm', severity: 'major' })
})

test('a placement made while its readings arrive loses none of them', async () => {
  for (let round = 0; round < 15; round++) {
    const sensorId = await addSensor(world)
    const shipmentId = await addShipment(world)
    const recording = (async () => {
      for (const sample of WARM) await record(sensorId, [sample])
    })()
    const placing = place(world, { shipmentId, sensorId })
    await Promise.all([recording, placing])
    const judged = await judgedOf(shipmentId)
    expect({ round, valid: judged?.valid, status: judged?.status }).toEqual({ round, valid: 8, status: 'alarm' })
  }
})

test('a corrected placement judges both shipments again and rewrites no reading', async () => {
  const sensorId = await addSensor(world)
  const [wrong, right] = [await addShipment(world), await addShipment(world)]
  const placementId = await place(world, { shipmentId: wrong, sensorId })
  await record(sensorId, WARM)
  const before = await world.db.selectFrom('reading').selectAll().where('sensor_id', '=', sensorId).execute()
  await correct(world, placementId, { shipmentId: right })
  expect(await judgedOf(wrong)).toMatchObject({ valid: 0, status: 'indeterminate' })
  expect(await judgedOf(right)).toMatchObject({ valid: 8, status: 'alarm' })
  expect(await world.db.selectFrom('reading').selectAll().where('sensor_id', '=', sensorId).execute()).toEqual(before)
  const again = await listPlacements(world.ctx, actorOf(world.sender), wrong)
  if (isRefusal(again)) throw new Error(again.detail)
  expect(again.map((placement) => placement.supersededAt !== null)).toEqual([true])
})

test('a back-dated end takes the later readings out of the judgement', async () => {
  const sensorId = await addSensor(world)
  const shipmentId = await addShipment(world)
  const placementId = await place(world, { shipmentId, sensorId })
  await record(sensorId, WARM)
  await correct(world, placementId, { toAt: T0 + 30 * MINUTE })
  expect(await judgedOf(shipmentId, T0 + 60 * MINUTE)).toMatchObject({
    valid: 2,
    status: 'indeterminate',
    gaps: [{ fromAt: T0 + 30 * MINUTE, toAt: T0 + 60 * MINUTE, open: true }],
  })
})

test('two placements of a channel may not overlap, except ambient ones; the refusal says what to do', async () => {
  const sensorId = await addSensor(world)
  const [one, other] = [await addShipment(world), await addShipment(world)]
  await place(world, { shipmentId: one, sensorId })
  const again = { shipmentId: other, sensorId, channel: 'probe', role: 'product', fromAt: T0 + MINUTE } as const
  const refused = await placeSensor(world.ctx, actorOf(world.sender), {
    ...again,
    toAt: null,
    calibrationId: null,
    reason: null,
  })
  expect(refused).toMatchObject({ refused: 'placement_overlaps' })
  await place(world, { shipmentId: other, sensorId, role: 'ambient' })
})

test('opening at the consignee ends the placement, a voided opening reopens it, and each judges again', async () => {
  const sensorId = await addSensor(world)
  const shipmentId = await addShipment(world)
  await place(world, { shipmentId, sensorId })
  await record(sensorId, WARM)
  await say(world, shipmentId, { kind: 'received', at: T0 + 20 * MINUTE, by: world.centre })
  await say(world, shipmentId, { kind: 'opened', at: T0 + 25 * MINUTE, by: world.centre })
  expect(await judgedOf(shipmentId)).toMatchObject({ valid: 2, status: 'in_range' })
  await voidOpening(world, shipmentId)
  expect(await judgedOf(shipmentId)).toMatchObject({ valid: 8, status: 'alarm' })
})

test('before packing nothing is judged, and the newest reading of each sensor is served', async () => {
  const sensorId = await addSensor(world)
  const shipmentId = await addShipment(world, null)
  await place(world, { shipmentId, sensorId })
  await record(sensorId, WARM)
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  expect(status).toMatchObject({
    temperature: { status: 'indeterminate', reasons: ['NOT_PACKED'], judged: null },
    sensors: [{ sensorId, last: { at: T0 + 105 * MINUTE, lowestMilliC: 5000 }, calibration: null }],
  })
})

test('a party cannot place or move a sensor it does not own, and so not read its past', async () => {
  const sensorId = await addSensor(world)
  const shipmentId = await addShipment(world)
  const placementId = await place(world, { shipmentId, sensorId })
  const centre = actorOf(world.centre, 'treatment_centre')
  const before = { shipmentId, sensorId, channel: 'probe', role: 'ambient', fromAt: T0 - 1000 * MINUTE } as const
  const placed = await placeSensor(world.ctx, centre, { ...before, toAt: null, calibrationId: null, reason: null })
  expect(placed).toMatchObject({ refused: 'not_allowed' })
  const change = { fromAt: T0 - 1000 * MINUTE, role: 'ambient' } as const
  const moved = await correctPlacement(world.ctx, centre, { placementId, reason: 'test', change })
  expect(moved).toMatchObject({ refused: 'not_allowed' })
})

test('another organisation can neither place on a shipment nor see it', async () => {
  const stranger = await world.db
    .insertInto('organisation')
    .values({ name: 'Stranger', known_at: at(T0) })
    .returning('id')
    .executeTakeFirstOrThrow()
  const [sensorId, shipmentId] = [await addSensor(world), await addShipment(world)]
  const actor = actorOf(stranger.id)
  const input = { shipmentId, sensorId, channel: 'probe', role: 'product', fromAt: T0, toAt: null } as const
  const placed = await placeSensor(world.ctx, actor, { ...input, calibrationId: null, reason: null })
  expect(placed).toMatchObject({ refused: 'not_found' })
  expect(await shipmentStatus(world.ctx, actor, shipmentId)).toMatchObject({ refused: 'not_found' })
})

async function record(sensorId: number, samples: readonly { at: number; c: number }[]) {
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
}

/** Judged to the latest reading, or to a later instant. */
async function judgedOf(shipmentId: number, now = T0) {
  const asked = world.clock.now
  world.clock.now = now
  try {
    const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
    if (isRefusal(status)) throw new Error(status.detail)
    return status.temperature.judged
  } finally {
    world.clock.now = asked
  }
}

async function content(shipmentId: number) {
  const row = await world.db
    .selectFrom('evaluation')
    .select('content')
    .where('shipment_id', '=', shipmentId)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return row.content
}
