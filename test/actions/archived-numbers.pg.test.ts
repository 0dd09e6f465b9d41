import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { archiveMonth } from '../../src/actions/archive-month.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory, asOwner, endedJourney, keeperOf, LATER, monthOfTable } from '../support/keeping.ts'
import { MINUTE } from '../support/limits.ts'
import { anotherProcess, createWorld, numbered, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World
const disk = archiveDirectory()

beforeAll(async () => {
  database = await testDatabase()
  owner = asOwner(database)
  world = await createWorld(database)
})
afterAll(async () => {
  disk.remove()
  await owner.close()
  await database.drop()
})

test('message numbers that stood with the readings of an archived month alone are still seen', async () => {
  const { sensorId } = await endedJourney(world, {
    measure: async (sensor, from) => {
      for (const seq of [1, 2, 3]) {
        await recordMessages(world.ctx, [numbered(seq, sensor, [{ at: from + seq * 15 * MINUTE, c: 5 }])])
      }
    },
  })
  world.clock.now = LATER
  const month = await monthOfTable(owner, world, 'reading 2026-03')
  if (month === undefined) throw new Error('the month is not there')
  expect(await archiveMonth(keeperOf(owner, world, disk), month)).not.toBe('kept')
  const later = anotherProcess(world, database)
  for (const seq of [4, 6]) {
    await recordMessages(later.ctx, [numbered(seq, sensorId, [{ at: LATER + seq * MINUTE, c: 5 }])])
  }
  await later.close()
  const noted = await world.db.selectFrom('sequence_event').select(['kind', 'from_seq', 'to_seq']).execute()
  expect(noted).toEqual([{ kind: 'missing', from_seq: 5, to_seq: 5 }])
})
