import { readdirSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { type ArchiveStep, archiveMonth } from '../../src/actions/archive-month.ts'
import { isDue } from '../../src/actions/due-months.ts'
import { placeHold } from '../../src/actions/legal-holds.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory, asOwner, endedJourney, keeperOf, LATER, monthOfTable } from '../support/keeping.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, createWorld, message, place, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World

beforeEach(async () => {
  database = await testDatabase()
  owner = asOwner(database)
  world = await createWorld(database)
  return async () => {
    await owner.close()
    await database.drop()
  }
})

const MARCH = 'reading 2026-03'

async function journeyOver() {
  const samples = [0, 15, 30].map((minute) => ({ at: T0 + minute * MINUTE, c: 5 }))
  const measure = async (sensorId: number) =>
    void (await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)]))
  const ended = await endedJourney(world, { measure })
  world.clock.now = LATER
  return ended
}

describe('a month stays', () => {
  const due = async () => {
    const month = await monthOfTable(owner, world, MARCH)
    return month !== undefined && isDue(month, world.clock.now)
  }

  test('until the longest retention of what is in it has passed', async () => {
    await journeyOver()
    expect(await due()).toBe(true)
    world.clock.now = T0 + 365 * 24 * 60 * MINUTE + Date.UTC(2056, 0, 1) - Date.UTC(2026, 0, 1)
    expect(await due()).toBe(false)
    expect(await monthOfTable(owner, world, MARCH)).toMatchObject({ kept: { rule: 'EU_ATMP' } })
    world.clock.now = Date.UTC(2057, 2, 2, 10)
    expect(await due()).toBe(true)
  })

  test('ten years where nothing of it rode with a shipment', async () => {
    const sensorId = await addSensor(world)
    await recordMessages(world.ctx, [message(sensorId, [{ at: T0, c: 5 }], T0)])
    world.clock.now = Date.UTC(2036, 3, 1) - 1
    expect(await due()).toBe(false)
    world.clock.now += 1
    expect(await due()).toBe(true)
    expect(await monthOfTable(owner, world, MARCH)).toMatchObject({ kept: { rule: 'US_1271_CREATION' } })
  })

  test('ten years after the newest of it was received', async () => {
    const ended = await journeyOver()
    await recordMessages(world.ctx, [message(ended.sensorId, [{ at: T0 + 7 * MINUTE, c: 5 }], LATER)])
    expect(await due()).toBe(false)
    expect(await monthOfTable(owner, world, MARCH)).toMatchObject({ kept: { until: Date.UTC(2070, 0, 1) } })
  })

  test('while a shipment that a sensor rides with goes on, also one that began later', async () => {
    await journeyOver()
    const [sensorId, shipmentId] = [await addSensor(world), await addShipment(world, T0 + 1000 * MINUTE)]
    await place(world, { shipmentId, sensorId, fromAt: T0 + 20 * 24 * 60 * MINUTE })
    expect(await due()).toBe(false)
    expect(await monthOfTable(owner, world, MARCH)).toMatchObject({ shipmentId, kept: { until: null } })
  })

  test('longer where its sponsor said so', async () => {
    await journeyOver()
    const years = JSON.stringify({ ...THIRTY, readings: 33 })
    await owner.pool.query(
      `insert into product_retention (product_id, years, reason, known_at) values ($1, $2, 'r', '2030-01-01Z')`,
      [world.productId, years],
    )
    expect(await due()).toBe(false)
    world.clock.now = Date.UTC(2060, 2, 2, 10)
    expect(await due()).toBe(true)
  })

  test.each(['shipment', 'lot', 'product', 'sensor', 'all'] as const)('under a hold on its %s', async (subject) => {
    const { shipmentId, sensorId } = await journeyOver()
    const { productId } = world
    const on = {
      shipment: { subject: 'shipment', shipmentId },
      lot: { subject: 'lot', productId, lot: `lot-${shipmentId}` },
      product: { subject: 'product', productId },
      sensor: { subject: 'sensor', sensorId },
      all: { subject: 'all' },
    } as const
    await hold(on[subject])
    expect(await due()).toBe(false)
    expect(await monthOfTable(owner, world, MARCH)).toMatchObject({ holds: 1 })
  })

  test('under a hold on a sensor that was never placed', async () => {
    const sensorId = await addSensor(world)
    await recordMessages(world.ctx, [message(sensorId, [{ at: T0, c: 5 }], T0)])
    world.clock.now = LATER
    await hold({ subject: 'sensor', sensorId })
    expect(await due()).toBe(false)
  })

  test('where a hold comes while it is being written', async () => {
    const { shipmentId } = await journeyOver()
    const step = async (step: ArchiveStep) => {
      if (step === 'placed') await hold({ subject: 'shipment', shipmentId })
    }
    const month = await monthOfTable(owner, world, MARCH)
    if (month === undefined) throw new Error('the month is not there')
    const disk = archiveDirectory()
    try {
      expect(await archiveMonth(keeperOf(owner, world, { ...disk, step }), month)).toBe('kept')
      expect(readdirSync(disk.directory)).toEqual([])
    } finally {
      disk.remove()
    }
    expect(await monthOfTable(owner, world, MARCH)).toMatchObject({ holds: 1 })
    const { rows } = await owner.pool.query(
      'select (select count(*) from reading) as readings, (select count(*) from archive) as archives',
    )
    expect(rows).toEqual([{ readings: 3, archives: 0 }])
  })
})

const THIRTY = { readings: 30, observations: 30, messages: 30, custody: 30, evaluations: 30, audit: 30 }

type On = Parameters<typeof placeHold>[2]['on']

async function hold(on: On) {
  if (on.subject === 'all') {
    // the installation is run by whoever holds the first key
    await owner.pool.query(
      `insert into api_key (organisation_id, role, label, secret_sha256, known_at)
       values ($1, 'administrator', 'test', sha256('x'), '2026-01-01Z')`,
      [world.sender],
    )
  }
  const actor = actorOf(world.sender, on.subject === 'all' ? 'administrator' : 'sponsor')
  const placed = await placeHold(world.ctx, actor, { on, reason: 'claim' })
  if (isRefusal(placed)) throw new Error(placed.detail)
}
