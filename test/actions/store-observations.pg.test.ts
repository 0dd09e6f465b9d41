import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at } from '../../db/tables.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { releaseMessage } from '../../src/actions/release-message.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, createWorld, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
afterAll(() => database.drop())

test('an equal value again is a duplicate, another one for the same instant is kept beside it', async () => {
  const sensorId = await addSensor(world)
  const first = said(sensorId, [{ minute: 0, kg: 8.6 }])
  const other = said(sensorId, [{ minute: 0, kg: 8.4 }])
  await recordMessages(world.ctx, [first, first, other])
  await recordMessages(world.ctx, [other, first])
  expect(await massesOf(sensorId)).toEqual([8400, 8600])
})

test('a fault is kept as one, once', async () => {
  const sensorId = await addSensor(world)
  const fault = said(sensorId, [{ minute: 0, kg: null }])
  await recordMessages(world.ctx, [fault, fault])
  await recordMessages(world.ctx, [fault])
  expect(await massesOf(sensorId)).toEqual([null])
})

test('whatever arrives in whatever order and batches, the same is stored', async () => {
  const samples = fc.array(fc.record({ minute: fc.integer({ min: 0, max: 5 }), kg: fc.constantFrom(8, 8.5, null) }), {
    minLength: 1,
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(samples, fc.integer({ min: 1, max: 4 }), async (list, size) => {
      const [forwards, backwards] = [await addSensor(world), await addSensor(world)]
      await recordMessages(world.ctx, [said(forwards, list)])
      const reversed = list.toReversed()
      for (let index = 0; index < reversed.length; index += size) {
        await recordMessages(world.ctx, [said(backwards, reversed.slice(index, index + size))])
      }
      expect(await massesOf(backwards)).toEqual(await massesOf(forwards))
    }),
    { numRuns: 20 },
  )
})

test('two recorders storing the same things in opposite orders neither block each other nor lose any', async () => {
  const sensorIds = [await addSensor(world), await addSensor(world)]
  const minutes = Array.from({ length: 200 }, (_, minute) => ({ minute, kg: 8 }))
  const batch = sensorIds.map((sensorId) => said(sensorId, minutes))
  const backwards = sensorIds.map((sensorId) => said(sensorId, minutes.toReversed())).reverse()
  await Promise.all([recordMessages(world.ctx, batch), recordMessages(world.ctx, backwards)])
  for (const sensorId of sensorIds) expect(await massesOf(sensorId)).toHaveLength(200)
})

test('observations over many months each get their partition', async () => {
  const sensorId = await addSensor(world)
  const months = Array.from({ length: 14 }, (_, index) => ({ minute: index * -31 * 24 * 60, kg: 8 }))
  await recordMessages(world.ctx, [said(sensorId, months)])
  expect(await massesOf(sensorId)).toHaveLength(14)
})

test('those of an unknown sensor are quarantined, and stored once it is registered and they released', async () => {
  const { id } = await world.db
    .selectFrom('sensor')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirstOrThrow()
  await recordMessages(world.ctx, [said(id + 1, [{ minute: 0, kg: 8 }])])
  const kept = await keptOf(id + 1)
  expect(kept).toMatchObject({ outcome: 'quarantined', reason: 'UNKNOWN_SENSOR' })
  expect(await addSensor(world)).toBe(id + 1)
  expect(await release(kept.id)).toMatchObject({ readings: 1 })
  expect(await massesOf(id + 1)).toEqual([8000])
})

test('one of the far future is held; released, it keeps its time', async () => {
  const sensorId = await addSensor(world)
  const ahead = (world.clock.now - T0) / MINUTE + 6
  await recordMessages(world.ctx, [
    said(sensorId, [
      { minute: 0, kg: 8 },
      { minute: ahead, kg: 7 },
    ]),
  ])
  expect(await massesOf(sensorId)).toEqual([8000])
  const kept = await keptOf(sensorId)
  expect(kept).toMatchObject({ outcome: 'held', reason: 'IMPLAUSIBLE_CLOCK' })
  expect(await release(kept.id)).toMatchObject({ readings: 2 })
  expect(await massesOf(sensorId)).toEqual([8000, 7000])
})

test('the serving role can neither change nor delete them', async () => {
  for (const statement of ['delete from observation', 'update observation set value = 0', 'truncate observation']) {
    await expect(database.db.pool.query(statement)).rejects.toMatchObject({ code: '42501' })
  }
})

type Sample = { minute: number; kg: number | null }

function said(sensorId: number, samples: readonly Sample[]): ReceivedMessage {
  const readings = samples.map(({ minute, kg }) => ({
    at: new Date(T0 + minute * MINUTE).toISOString(),
    value: kg,
    unit: 'KGM',
  }))
  const envelope = { prefix: 'unbroken/v1', receivedAt: world.clock.now, retained: false }
  return receiveMessage(`unbroken/v1/${sensorId}/readings`, Buffer.from(JSON.stringify({ readings })), envelope)
}

async function massesOf(sensorId: number): Promise<(number | null)[]> {
  const rows = await world.db
    .selectFrom('observation')
    .select('value')
    .where('sensor_id', '=', sensorId)
    .orderBy('measured_at')
    .orderBy('value')
    .execute()
  return rows.map(({ value }) => value)
}

function keptOf(sensorId: number) {
  return world.db.selectFrom('kept_message').selectAll().where('sensor_id', '=', sensorId).executeTakeFirstOrThrow()
}

async function release(messageId: number) {
  const known_at = at(T0)
  const role = 'administrator' as const
  const key = { organisation_id: world.sender, role, label: 'first', secret_sha256: Buffer.alloc(32), known_at }
  await world.db
    .insertInto('api_key')
    .values(key)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return releaseMessage(world.ctx, actorOf(world.sender, role), { messageId, reason: 'test' })
}
