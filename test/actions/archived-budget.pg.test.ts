import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { restoreArchive } from '../../src/actions/restore-archive.ts'
import { budgetsOfShipment } from '../../src/actions/shipment-budget.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory, archiveNow, asOwner, type Ended, endedJourney, keeperOf, LATER } from '../support/keeping.ts'
import { FRIDGE, MINUTE } from '../support/limits.ts'
import { createWorld, message, say, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World
let disk: ReturnType<typeof archiveDirectory>

const COOL = { id: 'COOL', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: 60 * MINUTE }

/** Each test archives the one month that a journey of its own filled: a fresh database for each. */
beforeEach(async () => {
  database = await testDatabase()
  owner = asOwner(database)
  world = await createWorld(database, { ...FRIDGE, budgetBands: [COOL] })
  disk = archiveDirectory()
})
afterEach(async () => {
  disk.remove()
  await owner.close()
  await database.drop()
})

/** Two days, 30 minutes of them at 10 degrees. */
async function journey(): Promise<Ended> {
  return endedJourney(world, {
    measure: async (sensorId, from) => {
      const samples = Array.from({ length: 192 }, (_, index) => ({
        at: from + index * 15 * MINUTE,
        c: index === 5 || index === 6 ? 10 : 5,
      }))
      await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
    },
  })
}

async function archive() {
  world.clock.now = LATER
  return archiveNow(keeperOf(owner, world, { directory: disk.directory }), world, 'reading 2026-03')
}

async function budgetOf({ shipmentId }: Ended) {
  const found = await budgetsOfShipment(world.ctx, shipmentId)
  if (isRefusal(found)) throw new Error(found.detail)
  const [unit] = found.units
  const [cool] = unit?.bands ?? []
  return {
    ...{ archives: found.archives, used: cool?.here.consumedMs, mkt: found.mkt },
    ...{ state: unit?.state, worst: unit?.worst, unknown: unit?.unknownRides },
  }
}

async function entries(): Promise<number[]> {
  const rows = await world.db.selectFrom('budget_entry').select('consumed_ms').orderBy('id').execute()
  return rows.map(({ consumed_ms }) => consumed_ms)
}

test('what was posted stands when its readings are archived, and nothing is reversed', async () => {
  const ended = await journey()
  const before = await budgetOf(ended)
  expect(before).toMatchObject({ archives: [], used: 30 * MINUTE, state: 'within', worst: 'within', unknown: 0 })
  await archive()
  expect(await budgetOf(ended)).toEqual({ ...before, archives: ['reading-2026-03'] })
  // waits for judging, and cannot be judged
  await say(world, ended.shipmentId, { kind: 'correction', at: LATER, corrects: 3, reason: 'test' })
  expect(await budgetOf(ended)).toMatchObject({ archives: ['reading-2026-03'] })
  expect(await entries()).toEqual([30 * MINUTE])
})

test('what nobody asked about before is unobserved, and posted once it is restored', async () => {
  const ended = await journey()
  const { name } = await archive()
  expect(await budgetOf(ended)).toMatchObject({ used: 0, worst: 'exceeded', unknown: 1 })
  expect(await entries()).toEqual([])
  await restoreArchive({ db: owner, now: world.ctx.now }, join(disk.directory, name))
  expect(await budgetOf(ended)).toMatchObject({ archives: [], used: 30 * MINUTE, worst: 'within', unknown: 0 })
  expect(await entries()).toEqual([30 * MINUTE])
})
