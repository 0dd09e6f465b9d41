import { appendFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory } from '../support/keeping.ts'
import { runProgram } from '../support/service.ts'
import { addSensor, createWorld, message } from '../support/world.ts'

let database: TestDatabase
let disk: ReturnType<typeof archiveDirectory>
let place: string

/** Received long ago and never placed: kept for ten years. */
const LONG_AGO = Date.UTC(2010, 2, 5)

beforeEach(async () => {
  database = await testDatabase()
  const world = await createWorld(database)
  const sensorId = await addSensor(world)
  for (const at of [LONG_AGO, world.clock.now]) {
    await recordMessages(world.ctx, [message(sensorId, [{ at, c: 5 }], at)])
  }
  disk = archiveDirectory()
  place = join(disk.directory, 'reading-2010-03')
  return async () => {
    disk.remove()
    await database.drop()
  }
})

async function run(...args: string[]) {
  return runWith({}, args)
}

async function runWith(env: Record<string, string>, args: readonly string[]) {
  const urls = { DATABASE_URL: database.servingUrl, DATABASE_OWNER_URL: database.ownerUrl, LOG_LEVEL: 'error' }
  const program = runProgram(args, { ...urls, ...env })
  const { code } = await program.exit
  return { code, said: program.stdout().trimEnd().split('\n'), problem: program.stderr().trimEnd() }
}

const KEPT = /^reading 2026-0\d: kept until 2036-\S+ \(US_1271_CREATION\)$/

test('what is due is said, archived and brought back; the rest stays and says until when', async () => {
  const listed = await run('archive', '--list')
  expect(listed).toMatchObject({ code: 0, said: ['reading 2010-03: due', expect.stringMatching(KEPT)] })
  expect(readdirSync(disk.directory)).toEqual([])
  const archived = await run('archive', disk.directory)
  expect(archived).toMatchObject({
    code: 0,
    said: [
      expect.stringMatching(
        /^reading 2010-03: archived as reading-2010-03, 1 of reading, 0 of conflict; SHA-256 .*\w{64}$/,
      ),
      expect.stringMatching(KEPT),
    ],
  })
  expect(readdirSync(disk.directory)).toEqual(['reading-2010-03'])
  expect((await run('archive', '--list')).said).toEqual([expect.stringMatching(KEPT)])
  const restored = await run('restore-archive', place)
  expect(restored.code).toBe(0)
  expect(restored.said[0]).toBe('reading 2010-03 is back from reading-2010-03, verified: 1 of reading, 0 of conflict.')
  expect((await run('archive', '--list')).said[0]).toBe('reading 2010-03: due')
  expect(await run('restore-archive', place)).toMatchObject({
    code: 1,
    problem: 'reading-2010-03 is restored already: its rows are in the database.',
  })
})

describe('one sentence that says what to do, and exit 1, for', () => {
  const missing = () => join(disk.directory, 'missing')
  type Wrong = [string, () => string[], RegExp]
  const wrongs: Wrong[] = [
    ['a directory that is not there', () => ['archive', missing()], /missing does not exist: create the directory/],
    ['a file', () => ['archive', file()], /file is no directory: name one that archives go to\.$/],
    [
      'no archive',
      () => ['restore-archive', missing()],
      /manifest\.json does not exist: name the directory of an arch/,
    ],
  ]
  const file = () => {
    const path = join(disk.directory, 'file')
    writeFileSync(path, '')
    return path
  }

  test.each(wrongs)('%s', async (_name, args, says) => {
    const { code, problem } = await run(...args())
    expect({ code, lines: problem.split('\n').length }).toEqual({ code: 1, lines: 1 })
    expect(problem).toMatch(says)
  })

  test('a role that may neither archive nor restore', async () => {
    const env = { DATABASE_OWNER_URL: database.servingUrl }
    const { code, problem } = await runWith(env, ['archive', disk.directory])
    expect(code).toBe(1)
    expect(problem).toMatch(/set DATABASE_OWNER_URL/)
    expect(problem).not.toMatch(/^\s+at /m)
    expect((await run('archive', '--list')).said[0]).toBe('reading 2010-03: due')
  })
})

test('an archive that was tampered with is named with everything that differs, and stays out', async () => {
  await run('archive', disk.directory)
  appendFileSync(join(place, 'rows.parquet'), 'x')
  rmSync(join(place, 'conflicts.parquet'))
  const { code, problem } = await run('restore-archive', place)
  expect(code).toBe(1)
  expect(problem).toMatch(/is not what was archived; take another copy of it:\n/)
  expect(problem).toMatch(/rows\.parquet has SHA-256 [0-9a-f]{64}, the manifest says/)
  expect(problem).toMatch(/conflicts\.parquet is missing/)
  expect((await run('archive', '--list')).said).toEqual([expect.stringMatching(KEPT)])
})

test('what cannot be archived says why, and what lies there is not overwritten', async () => {
  writeFileSync(place, 'mine')
  const { code, problem, said } = await run('archive', disk.directory)
  expect(code).toBe(1)
  expect(problem).toMatch(/reading 2010-03: not archived\. .*reading-2010-03 exists.*: move it away/)
  expect(said).toEqual([expect.stringMatching(KEPT)])
})

test.each(['archive', 'archive --all', 'archive a b', 'restore-archive', 'restore-archive a b'])(
  '`unbroken %s` is answered with the usage and exit 2',
  async (line) => {
    expect(await run(...line.split(' '))).toMatchObject({
      code: 2,
      problem: expect.stringMatching(/^unbroken COMMAND/),
    })
  },
)
