import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import { judgePending } from '../../src/actions/judge.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { releaseMessage } from '../../src/actions/release-message.ts'
import { restoreArchive } from '../../src/actions/restore-archive.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  archiveDirectory,
  archiveNow,
  asOwner,
  currentEvaluation,
  type Ended,
  endedJourney,
  judgedAfresh,
  keeperOf,
  LATER,
} from '../support/keeping.ts'
import { MINUTE } from '../support/limits.ts'
import { actorOf, anotherProcess, correct, createWorld, message, place, type World } from '../support/world.ts'

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

const HOUR = 60 * MINUTE
/** A journey over the end of March: two days from here. */
const FROM = Date.UTC(2026, 2, 31, 10)

/** Every quarter of an hour for two days, in range all the time. */
function calm(from: number, c = 5) {
  return Array.from({ length: 192 }, (_, index) => ({ at: from + index * 15 * MINUTE, c }))
}

async function record(sensorId: number, samples: readonly { at: number; c: number | null }[]) {
  return recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
}

async function journeyOver(): Promise<Ended> {
  const ended = await endedJourney(world, {
    from: FROM,
    measure: async (sensorId, from) => void (await record(sensorId, calm(from))),
  })
  world.clock.now = LATER
  return ended
}

async function archiveMarch() {
  await archiveNow(keeperOf(owner, world, disk), world, 'reading 2026-03')
}

async function restoreMarch() {
  await restoreArchive({ db: owner, now: world.ctx.now }, join(disk.directory, 'reading-2026-03'))
}

async function statusOf({ shipmentId }: Pick<Ended, 'shipmentId'>, ctx = world.ctx) {
  const status = await shipmentStatus(ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  return status
}

async function stored() {
  const { rows } = await owner.pool.query<{ readings: number; observations: number; held: number }>(
    `select (select count(*) from reading) as readings, (select count(*) from observation) as observations,
      (select count(*) from kept_message where reason = 'MONTH_ARCHIVED') as held`,
  )
  return rows[0]
}

describe('a shipment with readings in an archive', () => {
  test('is served as it was judged, with the archive’s name, and no evaluation is added', async () => {
    const ended = await journeyOver()
    const before = await statusOf(ended)
    expect(before.temperature).toMatchObject({ status: 'in_range', complete: true })
    await archiveMarch()
    for (const ctx of [world.ctx, anotherProcess(world, database).ctx]) {
      const { temperature, recordHash, evaluationVersion } = await statusOf(ended, ctx)
      expect({ recordHash, evaluationVersion }).toEqual({
        recordHash: before.recordHash,
        evaluationVersion: before.evaluationVersion,
      })
      expect(temperature).toMatchObject({
        status: 'in_range',
        complete: true,
        reasons: ['ARCHIVED'],
        judged: { valid: 192, gaps: [], coveredMs: 48 * HOUR },
        archived: { archives: ['reading-2026-03'], version: before.evaluationVersion, waits: false },
      })
    }
  })

  test('is the same when every cache is gone: missing rows are never judged', async () => {
    const ended = await journeyOver()
    await archiveMarch()
    const before = await statusOf(ended)
    await owner.pool.query('truncate checkpoint, judged_interval')
    expect((await statusOf(ended)).temperature).toEqual(before.temperature)
    await owner.pool.query(`update shipment set judge_from = '2026-01-01Z'`)
    expect(await judgePending(world.ctx)).toBe(0)
    expect(await judgePending(world.ctx, ended.shipmentId)).toBe(0)
    expect((await currentEvaluation(owner, ended.shipmentId))?.version).toBe(before.evaluationVersion)
  })

  type Change = (ended: Ended) => Promise<unknown>
  const changes: [string, Change][] = [
    ['a corrected placement', ({ placementId }) => correct(world, placementId, { fromAt: FROM + 5 * HOUR })],
    ['a certificate', ({ sensorId }) => certify(sensorId, 4000)],
    ['a late reading of another month', ({ sensorId }) => record(sensorId, [{ at: FROM + 47.9 * HOUR, c: 9 }])],
    [
      'many readings of another month',
      ({ sensorId }) => record(sensorId, calm(FROM + 24 * HOUR + MINUTE, 9).slice(0, 90)),
    ],
    ['a further sensor', placeAnother],
  ]

  test.each(changes)(
    'waits with %s until the archive is restored, and is then judged with it',
    async (_name, change) => {
      const ended = await journeyOver()
      await archiveMarch()
      const before = await statusOf(ended)
      await change(ended)
      expect(await judgePending(world.ctx)).toBe(0)
      const waiting = await statusOf(ended)
      expect(waiting.temperature).toMatchObject({
        status: 'indeterminate',
        complete: false,
        reasons: ['ARCHIVED', 'NOT_REJUDGED'],
        archived: { version: before.evaluationVersion, waits: true },
      })
      expect(waiting.recordHash).toBe(before.recordHash)
      await restoreMarch()
      const { temperature, evaluationVersion } = await statusOf(ended)
      expect(temperature.archived).toBeNull()
      expect(evaluationVersion).toBe((before.evaluationVersion ?? 0) + 1)
      expect(await currentEvaluation(owner, ended.shipmentId)).toMatchObject(
        await judgedAfresh(owner, ended.shipmentId),
      )
    },
  )

  test('keeps a confirmed alarm while it waits', async () => {
    const ended = await endedJourney(world, {
      from: FROM,
      measure: async (sensorId, from) => void (await record(sensorId, calm(from, 9))),
    })
    world.clock.now = LATER
    await archiveMarch()
    await correct(world, ended.placementId, { fromAt: FROM + HOUR })
    expect((await statusOf(ended)).temperature).toMatchObject({ status: 'alarm', complete: false })
  })

  test('does not hold up others', async () => {
    const [ended, other] = [await journeyOver(), await journeyOver2()]
    await archiveMarch()
    await correct(world, ended.placementId, { fromAt: FROM + HOUR })
    await record(other.sensorId, [{ at: FROM + 30 * 24 * HOUR + MINUTE, c: 9 }])
    const { temperature } = await statusOf(other)
    expect(temperature).toMatchObject({ archived: null, judged: { valid: 193 } })
  })
})

/** A month later. */
async function journeyOver2() {
  const ended = await endedJourney(world, {
    from: FROM + 30 * 24 * HOUR,
    measure: async (sensorId, from) => void (await record(sensorId, calm(from))),
  })
  world.clock.now = LATER
  return ended
}

async function certify(sensorId: number, correctionMilliC: number) {
  const known_at = at(world.clock.now)
  await owner.kysely
    .insertInto('calibration')
    .values({
      sensor_id: sensorId,
      channel: 'probe',
      certificate: 'C-2',
      laboratory: 'Lab',
      calibrated_at: at(FROM - 50 * MINUTE),
      due_at: at(FROM + 365 * 24 * HOUR),
      points: json([
        { atMilliC: -200_000, correctionMilliC },
        { atMilliC: 60_000, correctionMilliC },
      ]),
      uncertainty_milli_c: 200,
      known_at,
    })
    .execute()
  await owner.pool.query(
    `update shipment set judge_from = '2001-01-01Z', revision = revision + 1
     where id in (select shipment_id from placement where sensor_id = $1)`,
    [sensorId],
  )
}

async function placeAnother({ shipmentId }: Ended) {
  const other = await journeyOver2()
  // it was there in the second half, and warm
  await place(world, { shipmentId, sensorId: other.sensorId, fromAt: FROM + 30 * HOUR, toAt: FROM + 40 * HOUR })
}

describe('what comes for a month that is archived', () => {
  test.each([
    ['one by one', 1],
    ['so many that they go in by COPY', 300],
  ])('%s: is kept for a person, though the service has seen the month before', async (_name, count) => {
    const { sensorId } = await journeyOver()
    await archiveMarch()
    const before = await stored()
    const late = Array.from({ length: count }, (_, index) => ({ at: FROM + 100 + index, c: 12 }))
    const whole = message(sensorId, [...late, { at: FROM + 40 * HOUR + 1, c: 5 }], world.clock.now)
    await recordMessages(world.ctx, [whole])
    // what belongs to April is stored
    expect(await stored()).toEqual({ readings: (before?.readings ?? 0) + 1, observations: 0, held: 1 })
    const kept = await owner.kysely.selectFrom('kept_message').selectAll().executeTakeFirstOrThrow()
    expect(kept).toMatchObject({ outcome: 'held', sensor_id: sensorId })
    expect(kept.detail).toBe(
      `${count} value(s) of 2026-03, which is archived: restore the archive, then release this message`,
    )
    expect(Buffer.compare(kept.payload, Buffer.from(whole.payload))).toBe(0)
    const { rows } = await owner.pool.query(`select to_regclass('reading_2026_03') as partition`)
    expect(rows).toEqual([{ partition: null }])
  })

  test('counts once the archive is restored and a person releases it, and not before', async () => {
    const ended = await journeyOver()
    await archiveMarch()
    await record(ended.sensorId, [{ at: FROM + 3 * HOUR + 1, c: 20 }])
    const { id } = await owner.kysely.selectFrom('kept_message').select('id').executeTakeFirstOrThrow()
    const release = () =>
      releaseMessage(world.ctx, actorOf(world.sender), { messageId: id, reason: 'found in the logger' })
    expect(await release()).toMatchObject({ refused: 'archived' })
    expect((await statusOf(ended)).temperature.status).toBe('in_range')
    await restoreMarch()
    expect(await release()).toEqual({ readings: 1, outcome: 'recorded' })
    expect((await statusOf(ended)).temperature).toMatchObject({ status: 'alarm', severity: 'critical' })
    expect(await currentEvaluation(owner, ended.shipmentId)).toMatchObject(await judgedAfresh(owner, ended.shipmentId))
  })

  test('is a duplicate where the archive has it', async () => {
    const ended = await journeyOver()
    await archiveMarch()
    await record(ended.sensorId, calm(FROM).slice(0, 10))
    await restoreMarch()
    const before = await stored()
    const { id } = await owner.kysely.selectFrom('kept_message').select('id').executeTakeFirstOrThrow()
    await releaseMessage(world.ctx, actorOf(world.sender), { messageId: id, reason: 'sent again' })
    expect(await stored()).toEqual(before)
  })

  test('is kept, too, where it is no temperature', async () => {
    const { sensorId } = await journeyOver()
    await observe(sensorId, 55)
    await archiveNow(keeperOf(owner, world, disk), world, 'observation 2026-03')
    await observe(sensorId, 56)
    expect(await stored()).toMatchObject({ observations: 0, held: 1 })
  })
})

async function observe(sensorId: number, value: number) {
  const body = { readings: [{ at: new Date(FROM).toISOString(), value, unit: 'P1', channel: 'humidity' }] }
  const options = { prefix: 'unbroken/v1', receivedAt: FROM, retained: false }
  const topic = `unbroken/v1/${sensorId}/readings`
  await recordMessages(world.ctx, [receiveMessage(topic, Buffer.from(JSON.stringify(body)), options)])
}
