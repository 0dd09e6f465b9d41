import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { dueResendRequests, noteAsked } from '../../src/actions/resend-requests.ts'
import { MAX_RESEND_ATTEMPTS, RESEND_GRACE_MS, RETELL_MS } from '../../src/domain/sequence.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE } from '../support/limits.ts'
import { addSensor, createWorld, numberedBy, type World } from '../support/world.ts'

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

async function receive(text: string): Promise<void> {
  await recordMessages(world.ctx, numberedBy(text, sensorId))
}

/** What the downlink of the sensor asks for now, published or not. */
async function due({ published = true } = {}) {
  const all = await dueResendRequests(world.ctx)
  const requests = all.filter((request) => request.sensorId === sensorId)
  if (published) await noteAsked(world.ctx, requests)
  return requests.map(({ missing, attempt }) => ({ missing, attempt }))
}

/** Every request of so many hours, shortly. */
async function askedIn(hours: number): Promise<string[]> {
  const asked: string[] = []
  for (let minute = 0; minute < hours * 60; minute += 10) {
    world.clock.now += 10 * MINUTE
    for (const { missing, attempt } of await due()) asked.push(`${attempt}: ${missing.join(' ')}`)
  }
  return asked
}

test('missing messages are asked for after a while, again with pauses, and taken back once filled', async () => {
  await receive('1 2 5 6')
  expect(await due()).toEqual([])
  world.clock.now += RESEND_GRACE_MS
  expect(await due()).toEqual([{ missing: [[3, 4]], attempt: 1 }])
  expect(await due()).toEqual([])
  world.clock.now += 4 * RESEND_GRACE_MS
  expect(await due()).toEqual([{ missing: [[3, 4]], attempt: 2 }])
  await receive('4')
  expect(await due()).toEqual([])
  world.clock.now += 16 * RESEND_GRACE_MS
  expect(await due()).toEqual([{ missing: [[3, 3]], attempt: 3 }])
  await receive('3')
  expect(await due()).toEqual([{ missing: [], attempt: 0 }])
  expect(await due()).toEqual([])
})

test('a sensor that never answers is asked only so often', async () => {
  await receive('1 3')
  expect(await askedIn(12)).toHaveLength(MAX_RESEND_ATTEMPTS)
})

test('what is lost after it has all its attempts, and so has what is lost after a restart', async () => {
  await receive('1 3')
  await askedIn(12)
  await receive('5')
  expect(await askedIn(12)).toEqual([6, 7, 8, 9, 10].map((attempt) => `${attempt}: 4,4`))
  await receive('1@20 3@21')
  expect(await askedIn(12)).toEqual([11, 12, 13, 14, 15].map((attempt) => `${attempt}: 2,2`))
})

test('losses that go on let no number be asked for more often, each time under a higher attempt', async () => {
  const asked = []
  for (let seq = 1; seq < 60; seq += 2) {
    await receive(`${seq} ${seq + 2}`)
    asked.push(...(await askedIn(0.5)))
  }
  asked.push(...(await askedIn(12)))
  expect(asked.map((request) => Number.parseInt(request, 10))).toEqual(asked.map((_, index) => index + 1))
  for (let seq = 2; seq < 60; seq += 2) {
    expect(asked.filter((request) => request.match(`[: ]${seq},${seq}\\b`))).toHaveLength(MAX_RESEND_ATTEMPTS)
  }
})

test('losses that go on do not put off that they are asked for', async () => {
  await receive('1 3')
  world.clock.now += RESEND_GRACE_MS / 2
  await receive('5')
  world.clock.now += RESEND_GRACE_MS / 2
  expect(await due()).toEqual([
    {
      missing: [
        [2, 2],
        [4, 4],
      ],
      attempt: 1,
    },
  ])
})

test('a request that could not be published is due again, the last one and the one that takes back too', async () => {
  await receive('1 3')
  for (let times = 1; times <= MAX_RESEND_ATTEMPTS; times++) {
    world.clock.now += RESEND_GRACE_MS * 4 ** times
    expect(await due({ published: false })).toEqual([{ missing: [[2, 2]], attempt: 2 * times - 1 }])
    expect(await due()).toEqual([])
    world.clock.now += RETELL_MS
    expect(await due()).toEqual([{ missing: [[2, 2]], attempt: 2 * times }])
  }
  expect(await askedIn(12)).toEqual([])
  await receive('2')
  expect(await due({ published: false })).toEqual([{ missing: [], attempt: 0 }])
  world.clock.now += RETELL_MS
  expect(await due()).toEqual([{ missing: [], attempt: 0 }])
  expect(await askedIn(12)).toEqual([])
})

test('a request of which nobody knows whether it was published is taken back once filled', async () => {
  await receive('1 3')
  world.clock.now += RESEND_GRACE_MS
  await due({ published: false })
  await receive('2')
  expect(await due()).toEqual([{ missing: [], attempt: 0 }])
})

test('what is noted late, after others were asked for, changes nothing', async () => {
  await receive('1 3')
  world.clock.now += RESEND_GRACE_MS
  const first = await dueResendRequests(world.ctx)
  await receive('2')
  const taken = await dueResendRequests(world.ctx)
  await noteAsked(world.ctx, first)
  await receive('5')
  world.clock.now += RETELL_MS
  expect(await due()).toMatchObject([{ missing: [[4, 4]], attempt: 3 }])
  await noteAsked(world.ctx, taken)
  world.clock.now += 4 * RESEND_GRACE_MS
  expect(await due()).toMatchObject([{ missing: [[4, 4]], attempt: 4 }])
})

test('what is answered bit by bit is asked for no sooner', async () => {
  await receive('1 20')
  world.clock.now += RESEND_GRACE_MS
  await due()
  for (let seq = 2; seq < 6; seq++) {
    await receive(String(seq))
    world.clock.now += RESEND_GRACE_MS / 2
    expect(await due()).toEqual([])
  }
  world.clock.now += 2 * RESEND_GRACE_MS
  expect(await due()).toEqual([{ missing: [[6, 19]], attempt: 2 }])
})

test('what changes while a request is published is not taken for asked', async () => {
  await receive('1 3')
  world.clock.now += RESEND_GRACE_MS
  const lost = await dueResendRequests(world.ctx)
  await receive('5')
  await noteAsked(world.ctx, lost)
  world.clock.now += RESEND_GRACE_MS
  const filled = await dueResendRequests(world.ctx)
  expect(filled).toMatchObject([
    {
      missing: [
        [2, 2],
        [4, 4],
      ],
      attempt: 2,
    },
  ])
  await receive('2 4')
  await noteAsked(world.ctx, filled)
  expect(await due()).toEqual([{ missing: [], attempt: 0 }])
})
