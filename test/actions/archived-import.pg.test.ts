import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { importFile, previewImport } from '../../src/actions/import-file.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { restoreArchive } from '../../src/actions/restore-archive.ts'
import { NO_ANSWERS } from '../../src/loggers/question.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory, archiveNow, asOwner, endedJourney, keeperOf, LATER } from '../support/keeping.ts'
import { sourceOf } from '../support/logger-files.ts'
import { actorOf, createWorld, message, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World
let disk: ReturnType<typeof archiveDirectory>

beforeEach(async () => {
  database = await testDatabase()
  owner = asOwner(database)
  world = await createWorld(database)
  disk = archiveDirectory()
  return async () => {
    disk.remove()
    await owner.close()
    await database.drop()
  }
})

test.each([
  ['ascending', [3, 4, 5]],
  ['descending', [5, 4, 3]],
])('a file of a logger with readings of an archived month, %s, waits for that month', async (_order, days) => {
  const measure = async (id: number, from: number) =>
    void (await recordMessages(world.ctx, [message(id, [{ at: from, c: 5 }], world.clock.now)]))
  const { sensorId } = await endedJourney(world, { measure })
  world.clock.now = LATER
  await archiveNow(keeperOf(owner, world, { directory: disk.directory }), world, 'reading 2026-03')
  const rows = days.map((day) => `2026-03-0${day}T10:00:00Z,5.${day}`)
  const bytes = Buffer.from(`Timestamp,Temperature (°C)\r\n${rows.join('\r\n')}\r\n`)
  const file = { source: sourceOf(bytes), sha256: 'a'.repeat(64), bytes: bytes.length }
  const asked = { sensorId, file, answers: NO_ANSWERS, serialDiffers: null, again: null }
  const refused = await previewImport(world.ctx, actorOf(world.sender), asked)
  expect(refused).toMatchObject({ refused: 'archived', detail: expect.stringContaining('reading-2026-03') })
})

test('a month that is archived while a file is imported is named, and the file goes on once it is back', async () => {
  const measure = async (id: number, from: number) =>
    void (await recordMessages(world.ctx, [message(id, [{ at: from, c: 5 }], world.clock.now)]))
  const { sensorId } = await endedJourney(world, { measure })
  world.clock.now = LATER
  const text = 'Timestamp,Temperature (°C)\r\n2026-03-04T10:00:00Z,5.4\r\n2026-04-04T10:00:00Z,5.5\r\n'
  const bytes = Buffer.from(text)
  const file = { source: sourceOf(bytes), sha256: 'b'.repeat(64), bytes: bytes.length }
  const asked = { sensorId, file, answers: NO_ANSWERS, serialDiffers: null, again: null }
  const [who, quietly] = [{ ctx: world.ctx, actor: actorOf(world.sender) }, () => {}]
  const preview = await previewImport(who.ctx, who.actor, asked)
  if (!('survey' in preview)) throw new Error('it can be imported')
  await archiveNow(keeperOf(owner, world, disk), world, 'reading 2026-03')
  const refused = await importFile(who, { asked, preview }, quietly)
  expect(refused).toMatchObject({ refused: 'archived', detail: expect.stringContaining('2026-03') })
  await restoreArchive({ db: owner, now: world.ctx.now }, join(disk.directory, 'reading-2026-03'))
  expect(await importFile(who, { asked, preview }, quietly)).toMatchObject({ run: { stored: 2 } })
})
