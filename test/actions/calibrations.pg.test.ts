import { afterAll, beforeAll, expect, test } from 'vitest'
import { addCalibration, supersedeCalibration } from '../../src/actions/calibrations.ts'
import { listEvaluations } from '../../src/actions/evaluations.ts'
import { placeSensor } from '../../src/actions/place-sensor.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, place, say, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, guardBand: 'uncertainty' })
})
afterAll(() => database.drop())

const DAY = 24 * 60 * MINUTE

test('a certificate dated after a placement has ended changes nothing about it', async () => {
  const { shipmentId, sensorId } = await journey(7.5)
  const before = await judged(shipmentId)
  expect(before).toMatchObject({ status: 'in_range', problems: [null] })
  await certify(sensorId, { calibratedAt: T0 + DAY, uncertaintyMilliC: 1000 })
  expect(await judged(shipmentId)).toEqual(before)
})

test('a certificate that ruled before the placement began moves no limit of it', async () => {
  const { shipmentId, sensorId } = await journey(7.5)
  const before = await judged(shipmentId)
  await certify(sensorId, { calibratedAt: T0 - 30 * DAY, uncertaintyMilliC: 1000 })
  expect(await judged(shipmentId)).toEqual(before)
})

test('a placement that names a certificate is judged with the uncertainty of that one alone', async () => {
  const sensorId = await addSensor(world)
  const named = await certify(sensorId, { calibratedAt: T0 - 60 * DAY, uncertaintyMilliC: 100 })
  await certify(sensorId, { calibratedAt: T0 - DAY / 24, uncertaintyMilliC: 1000 })
  const { shipmentId } = await journey(7.5, { sensorId, calibrationId: named })
  expect(await judged(shipmentId)).toMatchObject({ status: 'in_range', problems: [null] })
})

test('without a certificate in force the status is at best indeterminate, and its versions say why', async () => {
  const { shipmentId, sensorId } = await journey(5)
  const [certificate] = await world.db
    .selectFrom('calibration')
    .select('id')
    .where('sensor_id', '=', sensorId)
    .execute()
  const input = { calibrationId: certificate?.id ?? 0, reason: 'found out of tolerance' }
  await supersedeCalibration(world.ctx, actorOf(world.sender), input)
  expect(await judged(shipmentId)).toMatchObject({ status: 'indeterminate', problems: ['no_certificate'] })
  const page = { limit: 1, after: null }
  const versions = await listEvaluations(world.ctx, actorOf(world.sender), { shipmentId, page })
  expect(versions).toMatchObject({ items: [{ status: 'in_range', reasons: ['CALIBRATION_INVALID'] }] })
})

/** Two hours at one temperature in a shipment that is opened at their end. */
async function journey(degrees: number, placing: { sensorId?: number; calibrationId?: number } = {}) {
  const sensorId = placing.sensorId ?? (await addSensor(world))
  const shipmentId = await addShipment(world)
  if (placing.calibrationId === undefined) await place(world, { shipmentId, sensorId })
  else {
    const { calibrationId } = placing
    const input = { shipmentId, sensorId, calibrationId, channel: 'probe', role: 'product' as const }
    await placeSensor(world.ctx, actorOf(world.sender), { ...input, fromAt: T0, toAt: null, reason: null })
  }
  const samples = Array.from({ length: 8 }, (_, index) => ({ at: T0 + index * 15 * MINUTE, c: degrees }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
  await say(world, shipmentId, { kind: 'received', at: T0 + 119 * MINUTE, by: world.centre })
  await say(world, shipmentId, { kind: 'opened', at: T0 + 120 * MINUTE, by: world.centre })
  return { shipmentId, sensorId }
}

async function certify(sensorId: number, given: { calibratedAt: number; uncertaintyMilliC: number }): Promise<number> {
  const added = await addCalibration(world.ctx, actorOf(world.sender), {
    ...given,
    sensorId,
    channel: 'probe',
    certificate: 'C-2',
    laboratory: 'Lab',
    dueAt: given.calibratedAt + 365 * DAY,
    points: [
      { atMilliC: -200_000, correctionMilliC: 0 },
      { atMilliC: 60_000, correctionMilliC: 0 },
    ],
  })
  if (isRefusal(added)) throw new Error(added.detail)
  return added.id
}

/** What is served and what is stored. */
async function judged(shipmentId: number) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  const { recordHash, evaluationVersion, temperature, sensors } = status
  const problems = sensors.map(({ calibration }) => calibration)
  return { status: temperature.status, levels: temperature.judged?.levels, problems, recordHash, evaluationVersion }
}
