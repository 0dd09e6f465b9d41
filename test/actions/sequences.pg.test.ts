import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import type { Ctx } from '../../src/context.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { addSensor, anotherProcess, createWorld, numbered, numberedBy, type World } from '../support/world.ts'

let database: TestDatabase
let world: World
let sensorId: number

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
beforeEach(async () => {
  sensorId = await addSensor(world)
})
afterAll(() => database.drop())

async function receive(text: string, ctx: Ctx = world.ctx): Promise<void> {
  await recordMessages(ctx, numberedBy(text, sensorId))
}

async function noted(): Promise<string> {
  const rows = await world.db
    .selectFrom('sequence_event')
    .select(['kind', 'epoch', 'from_seq', 'to_seq'])
    .where('sensor_id', '=', sensorId)
    .orderBy('id')
    .execute()
  return rows.map(({ kind, epoch, from_seq, to_seq }) => `${kind} ${epoch}:${from_seq}-${to_seq}`).join(', ')
}

/** A process that remembers nothing. */
async function afterRestart(work: (ctx: Ctx) => Promise<void>): Promise<void> {
  const process = anotherProcess(world, database)
  await work(process.ctx)
  await process.close()
}

test.each([
  ['numbers in order', ['1 2 3', '4 5'], ''],
  ['the first number is anywhere', ['812 813'], ''],
  ['a number is missing', ['1 2', '4'], 'missing 0:3-3'],
  ['several are', ['1', '5', '9'], 'missing 0:2-4, missing 0:6-8'],
  ['overtaken in one batch is no loss', ['1 3 2 4'], ''],
  ['late in another batch, it is filled', ['1 3', '2'], 'missing 0:2-2, filled 0:2-2'],
  ['partly', ['1 6', '3 4'], 'missing 0:2-5, filled 0:3-4'],
  ['repeated messages change nothing', ['1 2 3', '2 3', '1 2 3'], ''],
  ['a restart counts anew', ['5 6 7', '0@20 1@21'], 'restart 1:0-0'],
  ['what was missing before a restart is given up', ['5 8', '0@20'], 'missing 0:6-7, given_up 0:6-7, restart 1:0-0'],
  ['a restart whose first message is lost', ['1 2 3', '2@30 4@31'], 'restart 1:2-2, missing 1:3-3'],
  ['numbers of before a restart that come after it', ['7 8', '0@20', '9@9 10@10', '1@21 2@22'], 'restart 1:0-0'],
  ['in one batch', ['7 8', '0@20 9@9 1@21 10@10 2@22'], 'restart 1:0-0'],
  [
    'with what was missing before it',
    ['2 5', '0@20 1@21', '4@4', '2@22'],
    'missing 0:3-4, given_up 0:3-4, restart 1:0-0',
  ],
  ['what was saved up before a restart and is sent after it', ['7 8', '0@20 1@9', '2@10 3@11 4@21'], 'restart 1:0-0'],
])('noted: %s', async (_what, batches, events) => {
  for (const batch of batches) await receive(batch)
  expect(await noted()).toBe(events)
})

test('numbers that were only remembered are known again after a restart of the service', async () => {
  await receive('1')
  for (const batch of ['2 3', '4', '5 6 7']) await receive(batch)
  await afterRestart(async (ctx) => {
    await receive('8', ctx)
    await receive('10', ctx)
  })
  expect(await noted()).toBe('missing 0:9-9')
})

test('so is a number that brought only what another had brought in the same batch', async () => {
  for (const batch of ['1', '2 3@2 4']) await receive(batch)
  await afterRestart(async (ctx) => {
    await receive('5', ctx)
    await receive('7', ctx)
  })
  expect(await noted()).toBe('missing 0:6-6')
})

test('so are numbers of readings that came late', async () => {
  const day = 1440
  for (const batch of [`1@${day}`, `2@${2 * day}`, `4@${2 * day + 1}`, `3@${2 * day + 2}`]) await receive(batch)
  // late by an hour, by half a day and more, and by a day
  for (const batch of [`5@${2 * day - 60}`, `6@${2 * day - 900}`, `7@${day + 1}`, `8@${3 * day}`]) await receive(batch)
  await afterRestart((ctx) => receive(`9@${3 * day + 1}`, ctx))
  expect(await noted()).toBe('missing 0:3-3, filled 0:3-3')
})

test('numbers of before a restart of the sensor are not taken for numbers after it', async () => {
  for (const batch of ['500 501', '502', '0@520', '1@521', '2@300', '4@522']) await receive(batch)
  await afterRestart((ctx) => receive('5@523 7@524', ctx))
  expect(await noted()).toBe('restart 1:0-0, missing 1:3-3, missing 1:6-6')
})

test('messages whose readings are duplicates, held or none stored count as seen', async () => {
  await receive('1 2')
  await receive('3@2')
  const { parsed, ...message } = numbered(4, sensorId, [{ at: T0 + 9 * MINUTE, c: 5 }])
  const held = parsed.readings.map((reading) => ({ ...reading, index: 0 }))
  await recordMessages(world.ctx, [{ ...message, parsed: { ...parsed, readings: [], held } }])
  await afterRestart((ctx) => receive('5', ctx))
  expect(await noted()).toBe('')
})

test('two processes that get the messages of one sensor by turns see no gap in the end', async () => {
  const shared: Ctx = { ...world.ctx, sharesMessages: true }
  const other = anotherProcess(world, database)
  const ctxs = [shared, { ...other.ctx, sharesMessages: true }]
  for (let seq = 1; seq <= 40; seq++) await receive(String(seq), ctxs[seq % 3 === 0 ? 1 : 0])
  await other.close()
  await afterRestart((ctx) => receive('41', ctx))
  expect(await noted()).toBe('')
})

test('more than 500 numbers are remembered and stored by turns', async () => {
  const numbers = Array.from({ length: 1300 }, (_, index) => index + 1)
  for (let from = 0; from < numbers.length; from += 100) await receive(numbers.slice(from, from + 100).join(' '))
  await afterRestart((ctx) => receive('1301', ctx))
  expect(await noted()).toBe('')
})

test('more gaps than are kept: the oldest are given up', async () => {
  for (let seq = 1; seq <= 140; seq += 2) await receive(String(seq))
  const events = await noted()
  expect(events).toContain('given_up 0:2-2')
  expect(events.match(/given_up/g)).toHaveLength(5)
})

test('what comes ahead of others that were saved up before a restart is missing until it comes again', async () => {
  await receive('7 8')
  for (const batch of ['0@20', '2@10', '3@11', '4@21', '1@9 2@10 3@11']) await receive(batch)
  expect(await noted()).toBe('restart 1:0-0, missing 1:1-3, filled 1:1-3')
})

test('what comes again by way of another process that shares the subscription is no restart', async () => {
  const other = anotherProcess(world, database)
  const [one, two] = [world.ctx, other.ctx].map((ctx) => ({ ...ctx, sharesMessages: true }))
  if (one === undefined || two === undefined) throw new Error('there are two')
  await receive('0', one)
  await receive('1 3 4 5 6 7 8 9', two)
  // the first process now knows of all numbers, and of no reading later than that of 2
  await receive('2', one)
  await receive('9', one)
  expect(await noted()).toBe('missing 0:2-2, filled 0:2-2')
  // a real one is, by whichever process it comes
  await receive('0@20', one)
  expect(await noted()).toBe('missing 0:2-2, filled 0:2-2, restart 1:0-0')
  await other.close()
})
