import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type ShipmentStatus, shipmentStatus } from '../../src/actions/shipment-status.ts'
import { statusAsOf } from '../../src/actions/status-as-of.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { asOwner, type TestDatabase, testDatabase } from '../support/database.ts'
import { type DeedWorld, deed, withOtherProfile } from '../support/deeds.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, place, say, type World } from '../support/world.ts'

let database: TestDatabase
let world: World
let inIt: DeedWorld

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
  inIt = await withOtherProfile(world)
})
afterAll(() => database.drop())

async function live(shipmentId: number): Promise<ShipmentStatus> {
  const found = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(found)) throw new Error(found.detail)
  return found
}

const asked = (shipmentId: number, asOf: number) => statusAsOf(world.ctx, actorOf(world.sender), { shipmentId, asOf })

async function then(shipmentId: number, asOf: number): Promise<ShipmentStatus> {
  const found = await asked(shipmentId, asOf)
  if (isRefusal(found)) throw new Error(found.detail)
  return found
}

/** Without what says which kind of answer it is, and what is followed as of now only. */
function told({ recomputedAt: _at, sensors, ...status }: ShipmentStatus) {
  return { ...status, sensors: sensors.map(({ sequence: _sequence, ...sensor }) => sensor) }
}

test('whatever happens later, the answer of each step is the one that was given then', {
  timeout: 120_000,
}, async () => {
  const property = fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 25 }), async (deeds) => {
    const shipments = [await addShipment(world), await addShipment(world, null)]
    const things = { shipments, sensors: [await addSensor(world), await addSensor(world), await addSensor(world)] }
    const given: ShipmentStatus[] = []
    for (const next of deeds) {
      // an estimate of the hold time serves for a minute
      world.clock.now += MINUTE + 1
      await next(things, inIt)
      given.push(await live(shipments[0] ?? 0), await live(shipments[1] ?? 0))
    }
    for (const status of given) expect(told(await then(status.shipmentId, status.asOf))).toEqual(told(status))
  })
  await fc.assert(property, { numRuns: 8, endOnFailure: true })
})

/** A packed shipment whose sensor measured so many minutes at 5 degrees. */
async function journey(minutes: number) {
  const shipmentId = await addShipment(world)
  const sensorId = await addSensor(world)
  await place(world, { shipmentId, sensorId })
  await arrive(sensorId, [0, minutes], 5)
  return { shipmentId, sensorId }
}

async function arrive(sensorId: number, [from, to]: readonly [number, number], c: number) {
  const samples = Array.from({ length: to - from }, (_, index) => ({ at: T0 + (from + index) * MINUTE, c }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
}

describe('an answer of the past', () => {
  test('knows nothing of what came late, and says that it was worked out anew', async () => {
    const { shipmentId, sensorId } = await journey(10)
    const before = world.clock.now
    world.clock.now += MINUTE
    await arrive(sensorId, [10, 60], 16)
    expect((await live(shipmentId)).temperature.status).toBe('alarm')
    expect(await then(shipmentId, before)).toMatchObject({
      asOf: before,
      recomputedAt: world.clock.now,
      temperature: { status: 'indeterminate', judged: { valid: 10 } },
    })
    expect(await then(shipmentId, world.clock.now)).toMatchObject({ temperature: { status: 'alarm' } })
  })

  test('shows silence as it grew', async () => {
    const { shipmentId } = await journey(10)
    const silent = async (asOf: number) => (await then(shipmentId, asOf)).temperature.judged?.gaps[0]?.toAt
    const earlier = world.clock.now
    world.clock.now += 60 * MINUTE
    expect([await silent(earlier), await silent(world.clock.now)]).toEqual([earlier, earlier + 60 * MINUTE])
  })

  test('needs no cache and leaves none', async () => {
    const { shipmentId } = await journey(600)
    const found = await then(shipmentId, world.clock.now)
    await world.db.deleteFrom('checkpoint').execute()
    await world.db.deleteFrom('judged_interval').execute()
    expect(await then(shipmentId, world.clock.now)).toEqual(found)
    expect(await world.db.selectFrom('checkpoint').selectAll().execute()).toEqual([])
  })

  test('has the custody of then: who held it, and nothing that was said later', async () => {
    const { shipmentId } = await journey(10)
    const before = world.clock.now
    world.clock.now += MINUTE
    await say(world, shipmentId, { kind: 'lost', at: T0 + 30 * MINUTE, reason: 'test' })
    expect((await then(shipmentId, before)).custody.lastEvent).toMatchObject({ kind: 'packed' })
    expect((await then(shipmentId, world.clock.now)).custody.lastEvent).toMatchObject({ kind: 'lost' })
  })
})

describe('is refused', () => {
  test('for an instant that is still to come', async () => {
    const { shipmentId } = await journey(1)
    expect(await asked(shipmentId, world.clock.now + 1)).toMatchObject({ refused: 'in_the_future' })
  })

  test('before the shipment existed', async () => {
    const { shipmentId } = await journey(1)
    expect(await asked(shipmentId, T0 - 1)).toMatchObject({
      refused: 'not_found',
      detail: expect.stringMatching('did not exist'),
    })
  })

  test('to whoever does not see the shipment', async () => {
    const { shipmentId } = await journey(1)
    const stranger = actorOf(999_999)
    expect(await statusAsOf(world.ctx, stranger, { shipmentId, asOf: T0 })).toMatchObject({ refused: 'not_found' })
  })

  test('where its readings are archived', async () => {
    const { shipmentId } = await journey(1)
    const month = new Date(T0).toISOString().slice(0, 7)
    await asOwner(
      database,
      `insert into archive (name, table_name, month, rows, conflicts, manifest, manifest_sha256, known_at)
       values ('reading-${month}', 'reading', '${month}-01', 0, 0, '{}', repeat('0', 64), now())`,
    )
    expect(await asked(shipmentId, world.clock.now)).toMatchObject({ refused: 'archived' })
  })
})
