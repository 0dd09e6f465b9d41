import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Database, withClient } from '../../db/connect.ts'
import { SetupError } from '../../db/setup-error.ts'
import { type ArchiveStep, archiveMonth } from '../../src/actions/archive-month.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { LINE_FORM } from '../../src/domain/archive-format.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  archiveDirectory,
  asOwner,
  type Ended,
  endedJourney,
  keeperOf,
  LATER,
  monthOfTable,
} from '../support/keeping.ts'
import { MINUTE } from '../support/limits.ts'
import { actorOf, createWorld, message, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World
let disk: ReturnType<typeof archiveDirectory>

/** Each test archives the one month that a journey of its own filled: a fresh database for each. */
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

const MARCH = 'reading 2026-03'
/** What a line must not be broken by. */
const HARD_TEXT = 'tab\t back\\slash \\N \\t line\nfeed\r\b\f\v ö 😀 "quoted"'

/** Readings on time, a fault, a value that contradicts another, one whose text says more than its value. */
async function measure(sensorId: number, from: number) {
  const samples = Array.from({ length: 190 }, (_, index) => ({
    at: from + index * 15 * MINUTE,
    c: index === 7 ? null : index > 20 && index < 25 ? 9.5 : 5 + (index % 10) / 10,
  }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
  await recordMessages(world.ctx, [message(sensorId, [{ at: from + 30 * MINUTE, c: 6.5 }], world.clock.now)])
  await owner.pool.query(
    `insert into reading (sensor_id, measured_at, received_at, batch_id, value_milli_c, channel, raw, seq, source)
     values ($1, '2026-03-02 12:05:00.000789Z', '2026-03-02Z', 1, -1, 'probe', $2, 12345678901, 1)`,
    [sensorId, HARD_TEXT],
  )
}

async function journeyOver(): Promise<Ended> {
  const ended = await endedJourney(world, { measure })
  world.clock.now = LATER
  return ended
}

async function archive(more: { step?: (step: ArchiveStep) => void | Promise<void> } = {}) {
  const month = await monthOfTable(owner, world, MARCH)
  if (month === undefined) throw new Error('the month is not there')
  return archiveMonth(keeperOf(owner, world, { directory: disk.directory, ...more }), month)
}

async function statusOf({ shipmentId }: Ended) {
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  if (isRefusal(status)) throw new Error(status.detail)
  return status
}

async function counts() {
  const found = await owner.pool.query<{ readings: number; conflicts: number; archives: number }>(
    `select (select count(*) from reading) as readings, (select count(*) from conflict) as conflicts,
      (select count(*) from archive) as archives`,
  )
  return found.rows[0]
}

test('a month that is due is archived and dropped, and the answer about its shipment stays the same', async () => {
  const ended = await journeyOver()
  const before = await statusOf(ended)
  expect(await counts()).toEqual({ readings: 191, conflicts: 1, archives: 0 })
  const files = await archive()
  if (files === 'kept') throw new Error('it was kept')
  expect(await counts()).toEqual({ readings: 0, conflicts: 0, archives: 1 })
  expect(await monthOfTable(owner, world, MARCH)).toBeUndefined()
  const { temperature, recordHash } = await statusOf(ended)
  const { archived, reasons, outOfWindow: _outside, ...same } = temperature
  expect(before.temperature).toMatchObject(same)
  expect([...before.temperature.reasons, 'ARCHIVED']).toEqual(reasons)
  expect(archived).toMatchObject({ archives: ['reading-2026-03'], version: before.evaluationVersion, waits: false })
  expect(recordHash).toBe(before.recordHash)
  const recorded = await world.db.selectFrom('archive').selectAll().executeTakeFirstOrThrow()
  expect(recorded).toMatchObject({ name: 'reading-2026-03', month: '2026-03-01', rows: 191, conflicts: 1 })
  expect(recorded.manifest).toEqual(files.manifest)
  const audited = await world.db.selectFrom('audit_entry').selectAll().where('subject_kind', '=', 'archive').execute()
  expect(audited.map(({ action }) => action)).toEqual(['month_archived'])
})

describe('another tool', () => {
  test('reads the same rows, and makes the same hash of them by the words of the manifest', async () => {
    await journeyOver()
    const files = await archive()
    if (files === 'kept') throw new Error('it was kept')
    const [rows, conflicts] = files.manifest.files
    const duck = await (await DuckDBInstance.create()).connect()
    const ask = async (query: string) => (await duck.runAndReadAll(query)).getRowObjectsJson()
    const from = (file: string) => `read_parquet('${join(disk.directory, 'reading-2026-03', file)}')`
    const [summary] = await ask(`set TimeZone = 'UTC'; select count(*)::int as rows, min(value_milli_c) as low,
      max(value_milli_c) as high, strftime(min(measured_at), '%Y-%m-%dT%H:%M:%S.%fZ') as first,
      strftime(max(measured_at), '%Y-%m-%dT%H:%M:%S.%fZ') as last from ${from('rows.parquet')}`)
    expect(summary).toEqual({
      rows: rows?.rows,
      low: Number(rows?.value?.[0]),
      high: Number(rows?.value?.[1]),
      first: rows?.measuredAt?.[0],
      last: rows?.measuredAt?.[1],
    })
    expect(files.manifest.line).toBe(LINE_FORM)
    for (const [file, columns, key] of [
      ['rows.parquet', READING_LINE, 'sensor_id, measured_at, channel, source'],
      ['conflicts.parquet', CONFLICT_LINE, 'id'],
    ] as const) {
      const [{ hash } = {}] = await ask(`select sha256(string_agg(concat_ws(chr(9), ${columns}) || chr(10), ''
        order by ${key})) as hash from ${from(file)}`)
      expect(hash).toBe((file === 'rows.parquet' ? rows : conflicts)?.rowsSha256)
    }
    const types = await ask(`select name, type, repetition_type, logical_type
      from parquet_schema('${join(disk.directory, 'reading-2026-03', 'rows.parquet')}')`)
    expect(types.map(({ name, type }) => `${name} ${type}`)).toContain('value_milli_c INT32')
    expect(JSON.stringify(types)).toContain('isAdjustedToUTC=1')
  })
})

/** As the manifest words it: the backslash first, then what would break a line. */
const ESCAPED = (column: string) =>
  [
    [92, 'chr(92)'],
    [8, "'b'"],
    [12, "'f'"],
    [10, "'n'"],
    [13, "'r'"],
    [9, "'t'"],
    [11, "'v'"],
  ].reduce((text, [code, letter]) => `replace(${text}, chr(${code}), chr(92) || ${letter})`, column)
const OR_NULL = (text: string) => `coalesce(${text}, chr(92) || 'N')`
const READING_LINE = [
  'sensor_id',
  'epoch_us(measured_at)',
  ESCAPED('channel'),
  'source',
  OR_NULL('value_milli_c::text'),
  OR_NULL(ESCAPED('raw')),
  OR_NULL('seq::text'),
  'epoch_us(received_at)',
  'batch_id',
].join(', ')
const CONFLICT_LINE = `id, ${READING_LINE}, lower(hex(payload))`

describe('a run that dies', () => {
  test.each(['writing', 'written', 'placed', 'dropping'] as const)(
    'at "%s" loses nothing, and the next one finishes',
    async (at) => {
      const ended = await journeyOver()
      const before = await statusOf(ended)
      const step = (step: ArchiveStep) => {
        if (step === at) throw new Error('killed')
      }
      await expect(archive({ step })).rejects.toThrow('killed')
      expect(await counts()).toEqual({ readings: 191, conflicts: 1, archives: 0 })
      expect((await statusOf(ended)).temperature).toEqual(before.temperature)
      await archive()
      expect(await counts()).toEqual({ readings: 0, conflicts: 0, archives: 1 })
      expect(readdirSync(disk.directory)).toEqual(['reading-2026-03'])
    },
  )

  test('after it has dropped the month has archived it', async () => {
    await journeyOver()
    const step = (step: ArchiveStep) => {
      if (step === 'dropped') throw new Error('killed')
    }
    await expect(archive({ step })).rejects.toThrow('killed')
    expect(await counts()).toEqual({ readings: 0, conflicts: 0, archives: 1 })
    expect(readdirSync(disk.directory)).toEqual(['reading-2026-03'])
  })

  test('in the middle of the drop loses nothing', async () => {
    const ended = await journeyOver()
    await withClient(database.ownerUrl, async (blocker) => {
      await blocker.query('begin')
      await blocker.query('select from shipment where id = $1 for update', [ended.shipmentId])
      const dying = archive().catch(() => 'died')
      await expect.poll(() => killWaiting(blocker), { timeout: 10_000 }).toBe(true)
      expect(await dying).toBe('died')
      await blocker.query('rollback')
    })
    expect(await counts()).toEqual({ readings: 191, conflicts: 1, archives: 0 })
    await archive()
    expect(await counts()).toEqual({ readings: 0, conflicts: 0, archives: 1 })
  })
})

async function killWaiting(blocker: Parameters<Parameters<typeof withClient>[1]>[0]): Promise<boolean> {
  const { rows } = await blocker.query<{ killed: boolean }>(
    `select pg_terminate_backend(pid) as killed from pg_stat_activity
     where pg_backend_pid() = any(pg_blocking_pids(pid))`,
  )
  return rows.length > 0
}

describe('what lies where the archive belongs', () => {
  test('is never overwritten', async () => {
    await journeyOver()
    const place = join(disk.directory, 'reading-2026-03')
    mkdirSync(place)
    writeFileSync(join(place, 'manifest.json'), '{"mine":true}')
    await expect(archive()).rejects.toThrow(SetupError)
    expect(readFileSync(join(place, 'manifest.json'), 'utf8')).toBe('{"mine":true}')
    expect(await counts()).toMatchObject({ readings: 191, archives: 0 })
  })

  test('is taken only where it holds what the table holds', async () => {
    const { sensorId } = await journeyOver()
    const step = (step: ArchiveStep) => {
      if (step === 'dropping') throw new Error('killed')
    }
    await expect(archive({ step })).rejects.toThrow('killed')
    await storeUnseen(sensorId)
    await expect(archive()).rejects.toThrow(
      /It differs: rows.parquet: rows is 192, not 191; .*move it away|exists, and no/,
    )
    expect(await counts()).toMatchObject({ readings: 192, archives: 0 })
  })
})

test('what is stored while the month is being written is in the archive, too', async () => {
  const { sensorId } = await journeyOver()
  let stored = false
  const step = async (step: ArchiveStep) => {
    if (step !== 'placed' || stored) return
    stored = true
    await storeUnseen(sensorId)
  }
  const files = await archive({ step })
  if (files === 'kept') throw new Error('it was kept')
  expect(files.manifest.files[0]?.rows).toBe(192)
  expect(await counts()).toEqual({ readings: 0, conflicts: 0, archives: 1 })
})

/** A reading that lengthens no retention: it was received long ago. */
async function storeUnseen(sensorId: number) {
  await owner.pool.query(
    `insert into reading (sensor_id, measured_at, received_at, batch_id, value_milli_c, channel)
     values ($1, '2026-03-20 10:00:00.000123Z', '2026-03-20Z', 1, 5000, 'probe')`,
    [sensorId],
  )
}

test('months of observations are archived by themselves', async () => {
  const { sensorId } = await endedJourney(world, {
    measure: async (sensor, from) => {
      const body = { readings: [{ at: new Date(from).toISOString(), value: 55.5, unit: 'P1', channel: 'humidity' }] }
      const options = { prefix: 'unbroken/v1', receivedAt: world.clock.now, retained: false }
      const topic = `unbroken/v1/${sensor}/readings`
      await recordMessages(world.ctx, [receiveMessage(topic, Buffer.from(JSON.stringify(body)), options)])
      await measure(sensor, from)
    },
  })
  world.clock.now = LATER
  const month = await monthOfTable(owner, world, 'observation 2026-03')
  if (month === undefined) throw new Error('the month is not there')
  const files = await archiveMonth(keeperOf(owner, world, disk), month)
  if (files === 'kept') throw new Error('it was kept')
  expect(files.manifest.files.map(({ file, rows }) => [file, rows])).toEqual([['rows.parquet', 1]])
  expect(files.manifest.files[0]?.value).toEqual(['55500', '55500'])
  expect(await counts()).toEqual({ readings: 191, conflicts: 1, archives: 1 })
  expect(existsSync(join(disk.directory, 'observation-2026-03', 'manifest.json'))).toBe(true)
  expect(sensorId).toBeGreaterThan(0)
})
