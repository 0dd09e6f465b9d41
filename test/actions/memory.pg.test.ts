import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { transaction, withClient } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import { addCalibration } from '../../src/actions/calibrations.ts'
import { lockShipments } from '../../src/actions/locks.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { remembered } from '../../src/actions/recorder-memory.ts'
import type { Ctx } from '../../src/context.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { checkpointsHold, currentVersion, judgedAfresh } from '../support/judged-afresh.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'
import { until } from '../support/until.ts'
import {
  actorOf,
  addSensor,
  addShipment,
  anotherProcess,
  createWorld,
  message,
  place,
  say,
  type World,
} from '../support/world.ts'

let database: TestDatabase
let world: World
let second: ReturnType<typeof anotherProcess>

beforeAll(async () => {
  database = await testDatabase()
  world = await createWorld(database, { ...FRIDGE, nominalIntervalMs: MINUTE, maxGapMs: 3 * MINUTE })
  second = anotherProcess(world, database)
})
afterAll(async () => {
  await second.close()
  await database.drop()
})

type Travelling = { shipmentId: number; sensors: number[] }

async function travelling(): Promise<Travelling> {
  const shipmentId = await addShipment(world)
  const sensors = [await addSensor(world), await addSensor(world)]
  for (const sensorId of sensors) await place(world, { shipmentId, sensorId })
  return { shipmentId, sensors }
}

/** What happens next: readings of both sensors from where they stand, and what people do meanwhile. */
const chapter = fc.record({
  by: fc.constantFrom('first' as const, 'second' as const),
  /** One at a time calm readings are only noted. */
  minutes: fc.oneof(fc.integer({ min: 1, max: 90 }), { weight: 2, arbitrary: fc.constantFrom(1, 1, 1, 2) }),
  /** Mostly calm, as journeys are: warm for some minutes, cold, silent, late, or repeated. */
  what: fc.oneof(
    { weight: 10, arbitrary: fc.constant('calm' as const) },
    { weight: 6, arbitrary: fc.constantFrom('warm', 'cold', 'silent', 'fault', 'late', 'repeated', 'contradicting') },
    { weight: 4, arbitrary: fc.constantFrom('just late', 'warm, late', 'just contradicting') },
    { weight: 2, arbitrary: fc.constantFrom('one silent', 'calibrated', 'opened') },
  ),
})

test('after every batch judged from memory the evaluation is what judging afresh makes of the readings', {
  timeout: 120_000,
}, async () => {
  const story = fc.array(chapter, { minLength: 4, maxLength: 24 })
  await fc.assert(
    fc.asyncProperty(story, async (chapters) => {
      const traveller = await travelling()
      const stand = { minute: 0 }
      for (const part of chapters) {
        await tell(part, traveller, stand)
        expect(await currentVersion(world, traveller.shipmentId)).toMatchObject(
          await judgedAfresh(world, traveller.shipmentId),
        )
        expect(await checkpointsHold(world, traveller.shipmentId)).toBe(true)
      }
    }),
    { numRuns: 25, endOnFailure: true },
  )
})

type Chapter = { by: 'first' | 'second'; minutes: number; what: string }

async function tell({ by, minutes, what }: Chapter, { shipmentId, sensors }: Travelling, stand: { minute: number }) {
  const ctx = by === 'first' ? world.ctx : second.ctx
  const [one = 0, two = 0] = sensors
  const behind = BEHIND[what]
  const from = behind === undefined ? stand.minute : Math.max(0, stand.minute - behind) + 0.5
  if (what === 'opened') {
    await say(world, shipmentId, { kind: 'received', at: T0 + from * MINUTE, by: world.centre })
    await say(world, shipmentId, { kind: 'opened', at: T0 + (from + 1) * MINUTE, by: world.centre })
  }
  if (what === 'calibrated') await calibrate(one, T0 + (from - 5) * MINUTE)
  const again = what === 'repeated' || what.endsWith('contradicting')
  const start = again ? Math.max(0, from - (what === 'just contradicting' ? 3 : minutes)) : from
  if (what !== 'silent') {
    const c = CELSIUS[what] ?? 5
    await record(ctx, one, series(start, minutes, c))
    if (what !== 'one silent') await record(ctx, two, series(start, behind === undefined ? minutes : 2, 5))
  }
  if (!again && behind === undefined) stand.minute += minutes
}

/** How many minutes late: further back than a process remembers, or not. */
const BEHIND: Record<string, number> = { late: 200, 'just late': 20, 'warm, late': 9 }

const CELSIUS: Record<string, number | null> = {
  ...{ warm: 9, 'warm, late': 9, cold: 1, fault: null, contradicting: 8.5, 'just contradicting': 8.5 },
}

function series(fromMinute: number, minutes: number, c: number | null) {
  return Array.from({ length: minutes }, (_, index) => {
    const minute = fromMinute + index
    return { at: T0 + minute * MINUTE, c: c === null ? null : c + noiseOf(minute) }
  })
}

/** Never the same in two half-minutes next to each other: identical values are folded with more care. */
function noiseOf(minute: number): number {
  return ((minute * 6) % 7) / 100
}

async function record(ctx: Ctx, sensorId: number, samples: { at: number; c: number | null }[]) {
  await recordMessages(ctx, [message(sensorId, samples, world.clock.now)])
}

async function calibrate(sensorId: number, calibratedAt: number) {
  await addCalibration(world.ctx, actorOf(world.sender), {
    sensorId,
    channel: 'probe',
    certificate: `again-${calibratedAt}`,
    laboratory: 'Lab',
    calibratedAt,
    dueAt: calibratedAt + 100 * MINUTE,
    uncertaintyMilliC: 100,
    points: [
      { atMilliC: -200_000, correctionMilliC: 400 },
      { atMilliC: 60_000, correctionMilliC: 400 },
    ],
  })
}

describe('what a process remembers wrongly harms nothing:', () => {
  // many go in by COPY, a few by one insert: neither knows duplicates
  test.each([400, 30])('%i readings that another process has stored meanwhile are met as duplicates', async (count) => {
    const { shipmentId, sensors } = await travelling()
    const [sensorId = 0] = sensors
    await record(world.ctx, sensorId, series(0, 10, 5))
    const theirs = series(10, count, 5)
    await record(second.ctx, sensorId, theirs)
    await record(world.ctx, sensorId, [...theirs, ...series(10 + count, 5, 9)])
    expect(await storedInstants(sensorId)).toEqual(series(0, 15 + count, 5).map((sample) => sample.at))
    await record(world.ctx, sensorId, series(15 + count, 300, 5))
    expect(await storedInstants(sensorId)).toHaveLength(315 + count)
    expect(await currentVersion(world, shipmentId)).toMatchObject(await judgedAfresh(world, shipmentId))
  })

  test('a transaction that dies half-way is forgotten, and the same batch is then stored and judged once', async () => {
    const { shipmentId, sensors } = await travelling()
    const [sensorId = 0] = sensors
    await record(world.ctx, sensorId, series(0, 30, 5))
    await withClient(database.ownerUrl, async (blocker) => {
      await blocker.query('begin')
      await blocker.query('select from shipment where id = $1 for update', [shipmentId])
      const dying = record(world.ctx, sensorId, series(30, 300, 9)).then(
        () => 'stored',
        () => 'failed',
      )
      await until(() => killWaiting(blocker), { what: 'the recorder to wait for the shipment' })
      expect(await dying).toBe('failed')
      await blocker.query('rollback')
    })
    await record(world.ctx, sensorId, series(30, 300, 9))
    expect(await storedInstants(sensorId)).toHaveLength(330)
    const before = await currentVersion(world, shipmentId)
    expect(JSON.stringify(before?.content)).toContain('"alarm"')
    expect(before).toMatchObject(await judgedAfresh(world, shipmentId))
  })

  test('a placement made by another process is seen by the next batch', async () => {
    const [shipmentId, sensorId] = [await addShipment(world), await addSensor(world)]
    await record(world.ctx, sensorId, series(0, 5, 9))
    await place({ ...world, ctx: second.ctx }, { shipmentId, sensorId })
    await record(world.ctx, sensorId, series(5, 300, 9))
    const before = await currentVersion(world, shipmentId)
    expect(JSON.stringify(before?.content)).toContain('"alarm"')
    expect(before).toMatchObject(await judgedAfresh(world, shipmentId))
  })

  test('limits pinned by another process rule the next batch', async () => {
    const { shipmentId, sensors } = await travelling()
    const [sensorId = 0] = sensors
    await record(world.ctx, sensorId, series(0, 30, 7))
    const { id } = await world.db
      .insertInto('profile')
      .values({
        product_id: world.productId,
        version: 2,
        name: 'narrow',
        definition: json({ ...FRIDGE, levels: FRIDGE.levels.map((level) => ({ ...level, limitMilliC: 6000 })) }),
        example: true,
        known_at: at(T0),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await transaction(database.db, async (tx) => {
      await lockShipments(tx, [shipmentId])
      await tx.updateTable('shipment').set({ profile_id: id }).where('id', '=', shipmentId).execute()
    })
    await record(world.ctx, sensorId, series(30, 60, 7))
    const before = await currentVersion(world, shipmentId)
    expect(before).toMatchObject(await judgedAfresh(world, shipmentId))
  })
})

async function storedInstants(sensorId: number): Promise<number[]> {
  const rows = await world.db
    .selectFrom('reading')
    .select('measured_at')
    .where('sensor_id', '=', sensorId)
    .orderBy('measured_at')
    .execute()
  return rows.map((row) => row.measured_at)
}

type Blocker = Parameters<Parameters<typeof withClient>[1]>[0]

async function killWaiting(blocker: Blocker): Promise<boolean> {
  const { rows } = await blocker.query<{ pid: number }>(
    `select pid from pg_stat_activity where $1 = any(pg_blocking_pids(pid))`,
    [await pidOf(blocker)],
  )
  const [waiting] = rows
  if (waiting === undefined) return false
  await withClient(database.servingUrl, (own) => own.query('select pg_terminate_backend($1)', [waiting.pid]))
  return true
}

async function pidOf(client: Blocker): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]?.pid ?? 0
}

describe('the memory', () => {
  test('holds the entries asked for last, and never more than it may', () => {
    const entries = fc.array(fc.tuple(fc.constantFrom('set', 'get', 'delete'), fc.nat(40)), { maxLength: 300 })
    fc.assert(
      fc.property(entries, (steps) => {
        const memory = remembered<string>(20)
        const truth = new Map<number, string>()
        for (const [step, id] of steps) {
          if (step === 'set') {
            memory.set(id, `v${id}`)
            truth.set(id, `v${id}`)
          } else if (step === 'delete') {
            memory.delete(id)
            truth.delete(id)
          } else expect([undefined, truth.get(id)]).toContain(memory.get(id))
        }
        const kept = Array.from({ length: 41 }, (_, id) => memory.get(id)).filter((entry) => entry !== undefined)
        expect(kept.length).toBeLessThanOrEqual(20)
        memory.set(7, 'new')
        expect(memory.get(7)).toBe('new')
      }),
    )
  })
})
