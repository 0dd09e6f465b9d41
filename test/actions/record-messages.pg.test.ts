import { afterAll, beforeAll, expect, test } from 'vitest'
import { at } from '../../db/tables.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { releaseMessage } from '../../src/actions/release-message.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, createWorld, message, type World } from '../support/world.ts'

let database: TestDatabase
let world: World

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database)
})
afterAll(() => database.drop())

test('a rejected message is kept with its bytes, its reason and an audit row', async () => {
  const sensorId = await addSensor(world)
  await recordMessages(world.ctx, [raw(`unbroken/v1/${sensorId}/readings`, '{"readings":[{"at":"2026-03-02"}]}')])
  const [kept] = await keptOf(sensorId)
  expect(kept).toMatchObject({ outcome: 'rejected', reason: 'UNIT_MISSING', topic: `unbroken/v1/${sensorId}/readings` })
  expect(kept?.payload.toString()).toBe('{"readings":[{"at":"2026-03-02"}]}')
  const audit = await world.db
    .selectFrom('audit_entry')
    .select('action')
    .where('subject_kind', '=', 'message')
    .where('subject_id', '=', String(kept?.id))
    .execute()
  expect(audit).toEqual([{ action: 'message_rejected' }])
})

test('the good readings of a partly bad message are stored, and the whole message is kept', async () => {
  const sensorId = await addSensor(world)
  const body = {
    readings: [
      { at: '2026-03-02T10:00:00Z', value: 5, unit: 'CEL' },
      { at: '2026-03-02T10:15:00Z', value: 5 },
    ],
  }
  await recordMessages(world.ctx, [raw(`unbroken/v1/${sensorId}/readings`, JSON.stringify(body))])
  expect(await valuesOf(sensorId)).toEqual([5000])
  expect(await keptOf(sensorId)).toMatchObject([{ outcome: 'rejected', reason: 'UNIT_MISSING' }])
})

test('readings of an unknown sensor are quarantined, and stored once it is registered and they released', async () => {
  const { id } = await world.db
    .selectFrom('sensor')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirstOrThrow()
  const unknown = id + 1
  await recordMessages(world.ctx, [message(unknown, [{ at: T0, c: 5 }], world.clock.now)])
  const [kept] = await keptOf(unknown)
  expect(kept).toMatchObject({ outcome: 'quarantined', reason: 'UNKNOWN_SENSOR' })
  const input = { messageId: kept?.id ?? 0, reason: 'registered late' }
  const administrator = await installer()
  expect(await releaseMessage(world.ctx, administrator, input)).toMatchObject({ refused: 'invalid' })
  expect(await addSensor(world)).toBe(unknown)
  expect(await releaseMessage(world.ctx, actorOf(world.sender), input)).toMatchObject({ readings: 1 })
  expect(await valuesOf(unknown)).toEqual([5000])
  expect(await releaseMessage(world.ctx, actorOf(world.sender), input)).toMatchObject({ refused: 'already_released' })
})

test('a far-future reading is held while the others of its message count; released, it keeps its time', async () => {
  const sensorId = await addSensor(world)
  const ahead = world.clock.now + 301_000
  await recordMessages(world.ctx, [
    message(
      sensorId,
      [
        { at: T0, c: 5 },
        { at: ahead, c: 6 },
      ],
      world.clock.now,
    ),
  ])
  expect(await valuesOf(sensorId)).toEqual([5000])
  const [kept] = await keptOf(sensorId)
  expect(kept).toMatchObject({ outcome: 'held', reason: 'IMPLAUSIBLE_CLOCK' })
  const input = { messageId: kept?.id ?? 0, reason: 'the clock was right' }
  expect(await releaseMessage(world.ctx, actorOf(world.sender), input)).toMatchObject({ readings: 2 })
  expect(await valuesOf(sensorId)).toEqual([5000, 6000])
})

test('the same value again is a duplicate, another value a conflict kept with its message, in any batch', async () => {
  const sensorId = await addSensor(world)
  const now = world.clock.now
  const first = message(sensorId, [{ at: T0, c: 5 }], now)
  const other = message(sensorId, [{ at: T0, c: 7 }], now)
  await recordMessages(world.ctx, [first, first, other, other])
  await recordMessages(world.ctx, [other, first])
  expect(await valuesOf(sensorId)).toEqual([5000])
  const conflicts = await world.db.selectFrom('conflict').selectAll().where('sensor_id', '=', sensorId).execute()
  expect(conflicts.map((row) => [row.value_milli_c, row.payload.toString()])).toEqual([
    [7000, Buffer.from(other.payload).toString()],
  ])
})

test('so it is among many new readings', async () => {
  const sensorId = await addSensor(world)
  const of = (c: number, minute: number) => message(sensorId, [{ at: T0 + minute * MINUTE, c }], world.clock.now)
  const many = Array.from({ length: 300 }, (_, minute) => of(5, minute))
  await recordMessages(world.ctx, [...many, of(5, 7), of(5, 7), of(6, 8), of(6, 8), of(5, 8)])
  expect(await valuesOf(sensorId)).toEqual(many.map(() => 5000))
  const batch = world.db.selectFrom('batch').select(['readings', 'duplicates', 'conflicts']).orderBy('id', 'desc')
  expect(await batch.executeTakeFirst()).toEqual({ readings: 300, duplicates: 4, conflicts: 1 })
})

test('two recorders storing contradicting values at once keep both', async () => {
  const sensorId = await addSensor(world)
  const slots = Array.from({ length: 50 }, (_, index) => T0 + index * MINUTE)
  const batch = (c: number) => [
    message(
      sensorId,
      slots.map((at) => ({ at, c })),
      world.clock.now,
    ),
  ]
  await Promise.all([recordMessages(world.ctx, batch(5)), recordMessages(world.ctx, batch(6))])
  const conflicts = await world.db.selectFrom('conflict').selectAll().where('sensor_id', '=', sensorId).execute()
  const stored = await valuesOf(sensorId)
  expect([stored.length, conflicts.length]).toEqual([50, 50])
  const pairs = slots.map((_, index) => [stored[index], conflicts[index]?.value_milli_c].sort())
  expect(pairs).toEqual(slots.map(() => [5000, 6000]))
})

test('readings over many months each get their partition', async () => {
  const sensorId = await addSensor(world)
  const months = Array.from({ length: 14 }, (_, index) => ({ at: Date.UTC(2024, index, 15), c: 5 }))
  await recordMessages(world.ctx, [message(sensorId, months, world.clock.now)])
  expect((await valuesOf(sensorId)).length).toBe(14)
})

test('the serving role can neither change nor delete what was recorded', async () => {
  for (const table of ['reading', 'conflict', 'custody_event', 'evaluation', 'audit_entry', 'batch', 'kept_message']) {
    await expect(database.db.pool.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' })
    await expect(database.db.pool.query(`update ${table} set id = id`)).rejects.toMatchObject({ code: /42501|42703/ })
  }
})

/** The administrator of the installation: of the organisation that holds the first key. */
async function installer() {
  const key = { organisation_id: world.sender, role: 'administrator', label: 'first', secret_sha256: Buffer.alloc(32) }
  await world.db
    .insertInto('api_key')
    .values({ ...key, known_at: at(T0) })
    .execute()
  return actorOf(world.sender, 'administrator')
}

function raw(topic: string, body: string): ReceivedMessage {
  const envelope = { prefix: 'unbroken/v1', receivedAt: world.clock.now, retained: false }
  return receiveMessage(topic, Buffer.from(body), envelope)
}

function keptOf(sensorId: number) {
  return world.db.selectFrom('kept_message').selectAll().where('sensor_id', '=', sensorId).orderBy('id').execute()
}

async function valuesOf(sensorId: number): Promise<(number | null)[]> {
  const rows = await world.db
    .selectFrom('reading')
    .select('value_milli_c')
    .where('sensor_id', '=', sensorId)
    .orderBy('measured_at')
    .execute()
  return rows.map((row) => row.value_milli_c)
}
