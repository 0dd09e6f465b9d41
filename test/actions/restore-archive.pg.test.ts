import { appendFileSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { restoreArchive } from '../../src/actions/restore-archive.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory, archiveNow, asOwner, endedJourney, keeperOf, LATER } from '../support/keeping.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { actorOf, createWorld, message, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World
let disk: ReturnType<typeof archiveDirectory>
let place: string
let shipmentId: number
let before: Awaited<ReturnType<typeof everything>>

beforeEach(async () => {
  database = await testDatabase()
  owner = asOwner(database)
  world = await createWorld(database)
  disk = archiveDirectory()
  place = join(disk.directory, 'reading-2026-03')
  const journey = await endedJourney(world, { measure })
  shipmentId = journey.shipmentId
  world.clock.now = LATER
  before = await everything(owner)
  await archiveNow(keeperOf(owner, world, disk), world, 'reading 2026-03')
  return async () => {
    disk.remove()
    await owner.close()
    await database.drop()
  }
})

/** Readings of several row groups, a fault, contradictions, and what no line may be broken by. */
async function measure(sensorId: number, from: number) {
  const samples = Array.from({ length: 180 }, (_, index) => ({
    at: from + index * 15 * MINUTE,
    c: index === 3 ? null : 5,
  }))
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
  for (const c of [6.5, 7, null]) {
    await recordMessages(world.ctx, [message(sensorId, [{ at: from + 30 * MINUTE, c }], world.clock.now)])
  }
  await owner.pool.query(
    `insert into reading (sensor_id, measured_at, received_at, batch_id, value_milli_c, channel, raw, seq, source)
     select 1000 + n % 3, timestamptz '2026-03-05Z' + n * interval '1000.001 ms', '2026-03-05Z', n, n, 'probe',
       case n % 5 when 0 then E'a\\\\\\tb\\n' when 1 then '\\N' when 2 then '' end, nullif(n % 7, 0), n % 2
     from generate_series(1, 51000) n`,
  )
}

/** All of the month, row by row. */
async function everything({ pool }: Database) {
  const digest = (table: string, key: string) =>
    pool.query<{ count: number; digest: string }>(
      `select count(*), md5(string_agg(r::text, chr(10) order by ${key})) as digest from ${table} r`,
    )
  const readings = await digest('reading', 'sensor_id, measured_at, channel, source')
  const conflicts = await digest('conflict', 'id')
  return { readings: readings.rows[0], conflicts: conflicts.rows[0] }
}

const restore = (into: Database = owner, from = place) => restoreArchive({ db: into, now: world.ctx.now }, from)

test('a month comes back as it was, row by row, and its shipments are judged from it again', async () => {
  expect((await everything(owner)).readings?.count).toBe(0)
  await restore()
  expect(await everything(owner)).toEqual(before)
  const { rows } = await owner.pool.query('select archive_id from archive_restoration')
  expect(rows).toHaveLength(1)
  const status = await shipmentStatus(world.ctx, actorOf(world.sender), shipmentId)
  expect(status).toMatchObject({ temperature: { archived: null, judged: { conflicts: 2 } } })
  const audited = await owner.kysely
    .selectFrom('audit_entry')
    .select('action')
    .where('subject_kind', '=', 'archive')
    .execute()
  expect(audited.map(({ action }) => action).sort()).toEqual(['month_archived', 'month_restored'])
})

test('what comes for it afterwards is stored, conflicts with numbers of their own', async () => {
  await restore()
  const late = [
    { at: T0 + 45 * MINUTE, c: 9 },
    { at: T0 + 60 * MINUTE, c: 9 },
  ]
  const sensors = await owner.pool.query<{ id: number }>('select max(sensor_id) as id from placement')
  await recordMessages(world.ctx, [message(sensors.rows[0]?.id ?? 0, late, world.clock.now)])
  expect((await everything(owner)).conflicts?.count).toBe((before.conflicts?.count ?? 0) + 2)
})

test('it comes back once', async () => {
  await restore()
  await expect(restore()).rejects.toThrow(/^reading-2026-03 is restored already/)
  expect(await everything(owner)).toEqual(before)
})

test('two restores at once bring it back once, and the other says so', async () => {
  const outcomes = await Promise.allSettled([restore(), restore()])
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const rejected = outcomes.find((outcome) => outcome.status === 'rejected')
  expect(String(rejected?.reason)).toMatch(/reading-2026-03 is restored already/)
  expect(await everything(owner)).toEqual(before)
})

test('and is archived again under another name, with the same rows', async () => {
  await restore()
  const again = await archiveNow(keeperOf(owner, world, disk), world, 'reading 2026-03')
  expect(again.name).toBe('reading-2026-03.2')
  const first = JSON.parse(readFileSync(join(place, 'manifest.json'), 'utf8'))
  expect(again.files.map(({ rowsSha256 }) => rowsSha256)).toEqual(
    first.files.map((file: { rowsSha256: string }) => file.rowsSha256),
  )
  await expect(restore()).rejects.toThrow('The archive of reading 2026-03 is reading-2026-03.2 here: restore that.')
  await restore(owner, join(disk.directory, 'reading-2026-03.2'))
  expect(await everything(owner)).toEqual(before)
  await expect(restore()).rejects.toThrow(/^reading-2026-03.2 is restored already/)
})

test('an empty database takes it, for inspection, and no other rows of the month', async () => {
  const other = await testDatabase()
  const into = asOwner(other)
  try {
    await restore(into)
    expect(await everything(into)).toEqual(before)
    await expect(restore(into)).rejects.toThrow(/restored already/)
    const { rows } =
      await into.pool.query(`insert into conflict (sensor_id, channel, measured_at, received_at, batch_id,
      payload) values (1, 'probe', '2026-05-01Z', '2026-05-01Z', 1, '') returning id > 3 as later`)
    expect(rows).toEqual([{ later: true }])
  } finally {
    await into.close()
    await other.drop()
  }
  const third = await testDatabase()
  const mixed = asOwner(third)
  try {
    await mixed.pool.query(`select ensure_month_partition('reading', '2026-03-01')`)
    await mixed.pool.query(
      `insert into reading (sensor_id, measured_at, received_at, batch_id, channel)
       values (1, '2026-03-09Z', '2026-03-09Z', 1, 'probe')`,
    )
    await expect(restore(mixed)).rejects.toThrow(/has rows of reading 2026-03: restore reading-2026-03 into an empty/)
  } finally {
    await mixed.close()
    await third.drop()
  }
})

describe('an archive that is not what was archived is named, and nothing of it is taken:', () => {
  const edit = (change: (manifest: Record<string, unknown>) => void) => () => {
    const path = join(place, 'manifest.json')
    const manifest = JSON.parse(readFileSync(path, 'utf8'))
    change(manifest)
    writeFileSync(path, JSON.stringify(manifest))
  }
  const damages: [string, () => void, RegExp][] = [
    ['a flipped byte', () => flip('rows.parquet'), /rows\.parquet has SHA-256 [0-9a-f]{64}, the manifest says/],
    [
      'more bytes',
      () => appendFileSync(join(place, 'rows.parquet'), 'x'),
      /rows\.parquet has \d+ bytes, the manifest says/,
    ],
    ['a missing file', () => rmSync(join(place, 'conflicts.parquet')), /conflicts\.parquet is missing/],
    [
      'another file in its place',
      () => copyFileSync(join(place, 'rows.parquet'), join(place, 'conflicts.parquet')),
      /conflicts\.parquet cannot be read: its columns are/,
    ],
    [
      'no Parquet',
      () => writeFileSync(join(place, 'conflicts.parquet'), 'nonsense'),
      /conflicts\.parquet cannot be read/,
    ],
    [
      'a manifest that says another month',
      edit((m) => Object.assign(m, { month: '2026-04' })),
      /on record is [0-9a-f]+; it differs in month/,
    ],
    [
      'one without a file',
      edit((m) => Object.assign(m, { files: [(m.files as object[])[0]] })),
      /does not name conflicts/,
    ],
    [
      'one of a later program',
      edit((m) => Object.assign(m, { schema: 'unbroken-archive@2' })),
      /is no manifest of an archive/,
    ],
    ['one that is cut', () => writeFileSync(join(place, 'manifest.json'), '{'), /manifest\.json is not JSON/],
    ['none', () => rmSync(join(place, 'manifest.json')), /manifest\.json does not exist: name the directory/],
  ]

  test.each(damages)('%s', async (_name, damage, said) => {
    damage()
    await expect(restore()).rejects.toThrow(said)
    expect((await everything(owner)).readings?.count).toBe(0)
    expect((await owner.pool.query('select from archive_restoration')).rows).toEqual([])
  })

  test('files and manifest forged together, against the record', async () => {
    edit((manifest) => Object.assign(manifest, { writtenAt: '2060-01-02T00:00:00.000Z' }))()
    await expect(restore()).rejects.toThrow(/it differs in writtenAt/)
  })
})

function flip(file: string): void {
  const path = join(place, file)
  const bytes = readFileSync(path)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

test('nothing but the archive is left on the disk', () => {
  expect(readdirSync(disk.directory)).toEqual(['reading-2026-03'])
  expect(readdirSync(place).sort()).toEqual(['conflicts.parquet', 'manifest.json', 'rows.parquet'])
})
