import { beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { type AskedSeries, shipmentSeries } from '../../src/actions/series.ts'
import { certificateAt, corrected } from '../../src/domain/calibration.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { archiveDirectory, archiveNow, asOwner, endedJourney, keeperOf, LATER } from '../support/keeping.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { actorOf, addSensor, addShipment, correct, createWorld, message, place, type World } from '../support/world.ts'

let database: TestDatabase
let owner: Database
let world: World

beforeEach(async () => {
  database = await testDatabase()
  owner = asOwner(database)
  world = await createWorld(database)
  return async () => {
    await owner.close()
    await database.drop()
  }
})

const HOUR = 60 * MINUTE
type Sample = { at: number; c: number | null }

async function record(sensorId: number, samples: readonly Sample[]) {
  await recordMessages(world.ctx, [message(sensorId, samples, world.clock.now)])
}

async function chart(shipmentId: number, asked: Partial<AskedSeries> = {}) {
  const all = { sensorId: null, channel: null, fromAt: null, toAt: null, points: 500, ...asked }
  const found = await shipmentSeries(world.ctx, actorOf(world.sender), { ...all, shipmentId })
  if (isRefusal(found)) throw new Error(`${found.refused}: ${found.detail}`)
  return found
}

async function placed(): Promise<{ shipmentId: number; sensorId: number; placementId: number }> {
  const [sensorId, shipmentId] = [await addSensor(world), await addShipment(world)]
  return { sensorId, shipmentId, placementId: await place(world, { shipmentId, sensorId }) }
}

/** Two days, a reading every quarter of an hour. */
function calm(from: number): Sample[] {
  return Array.from({ length: 192 }, (_, index) => ({ at: from + index * 15 * MINUTE, c: 5 + (index % 7) / 10 }))
}

test('one warm reading among thousands shows in every chart, however few points it has', async () => {
  const { shipmentId, sensorId } = await placed()
  const many = Array.from({ length: 1900 }, (_, index) => ({ at: T0 + index * MINUTE, c: index === 777 ? 31.4 : 5 }))
  await record(sensorId, many)
  await record(sensorId, [{ at: T0 + 100 * MINUTE, c: -3 }])
  for (const points of [1, 3, 50, 2000]) {
    const { series, grid } = await chart(shipmentId, { points, fromAt: T0, toAt: T0 + 1900 * MINUTE })
    const buckets = series[0]?.buckets ?? []
    expect(buckets.length).toBeLessThanOrEqual(points)
    const warm = buckets.filter(({ highestMilliC }) => highestMilliC === 31_400)
    expect(warm.map(({ fromAt, toAt }) => fromAt <= T0 + 777 * MINUTE && T0 + 777 * MINUTE < toAt)).toEqual([true])
    // the other value of a contradicted reading
    expect(Math.min(...buckets.flatMap(({ lowestMilliC }) => lowestMilliC ?? []))).toBe(-3000)
    expect(buckets.reduce((sum, { values }) => sum + values, 0)).toBe(1901)
    expect(grid.toAt).toBeGreaterThanOrEqual(T0 + 1900 * MINUTE)
  }
})

test('faults are counted and are no temperature; silence is a gap to the millisecond, also at the ends', async () => {
  const { shipmentId, sensorId } = await placed()
  const minutes = [90, 105, 120, 300, 315, 330]
  const samples = minutes.map((minute) => ({ at: T0 + minute * MINUTE, c: minute === 105 ? null : 5 }))
  await record(sensorId, [...samples, { at: T0 + 106 * MINUTE, c: 200 }])
  world.clock.now = T0 + 600 * MINUTE
  const { series } = await chart(shipmentId, { fromAt: T0, toAt: T0 + 10 * HOUR, points: 10 })
  const { rows } = await owner.pool.query<{ nominal: number; longest: number }>(
    `select (definition->>'nominalIntervalMs')::int as nominal, (definition->>'maxGapMs')::int as longest from profile`,
  )
  const { nominal = 0, longest = 0 } = rows[0] ?? {}
  const between = (to: number, from: number) => (to - from > longest ? to - from - nominal : 0)
  const expected =
    90 * MINUTE +
    between(120 * MINUTE, 90 * MINUTE) +
    between(300 * MINUTE, 120 * MINUTE) +
    between(600 * MINUTE, 330 * MINUTE)
  const buckets = series[0]?.buckets ?? []
  expect(buckets.reduce((sum, { gapMs }) => sum + gapMs, 0)).toBe(expected)
  expect(buckets.reduce((sum, { faults }) => sum + faults, 0)).toBe(2)
  expect(Math.max(...buckets.flatMap(({ highestMilliC }) => highestMilliC ?? []))).toBe(5000)
  expect(buckets[0]).toMatchObject({ values: 0, gapMs: HOUR, lowestMilliC: null })
})

describe('extremes are those of corrected values', () => {
  const falling = [
    { atMilliC: 0, correctionMilliC: 0 },
    { atMilliC: 10_000, correctionMilliC: -20_000 },
    { atMilliC: 20_000, correctionMilliC: 0 },
  ]
  const shifted = [
    { atMilliC: -50_000, correctionMilliC: 1500 },
    { atMilliC: 50_000, correctionMilliC: 1500 },
  ]
  test.each([
    ['where the certificate changes within a stretch', [shifted]],
    ['where a correction falls faster than the value rises', [falling]],
    ['where both happen', [falling, shifted]],
  ])('%s', async (_name, later) => {
    const { shipmentId, sensorId } = await placed()
    const samples = Array.from({ length: 200 }, (_, index) => ({ at: T0 + index * MINUTE, c: (index * 37) % 21 }))
    await record(sensorId, samples)
    const plain = [
      { atMilliC: -200_000, correctionMilliC: 0 },
      { atMilliC: 60_000, correctionMilliC: 0 },
    ]
    const all = [{ from: T0 - 1000 * MINUTE, points: plain }]
    for (const [index, points] of later.entries()) {
      const from = T0 + (70 + 61 * index) * MINUTE
      all.push({ from, points })
      await certify(sensorId, from, points)
    }
    const certificates = all.map(({ from, points }, id) => ({
      ...{ id, certificate: '', calibratedAt: from, dueAt: from, uncertaintyMilliC: 0, points },
    }))
    const correctedOf = (sample: { at: number; c: number }) =>
      corrected(certificateAt(certificates, null, sample.at), sample.c * 1000)
    const { series } = await chart(shipmentId, { fromAt: T0, toAt: T0 + 200 * MINUTE, points: 9 })
    const buckets = series[0]?.buckets ?? []
    expect(buckets).toHaveLength(9)
    for (const { fromAt, toAt, lowestMilliC, highestMilliC } of buckets) {
      const inside = samples.filter((sample) => sample.at >= fromAt && sample.at < toAt).map(correctedOf)
      expect({ lowestMilliC, highestMilliC }).toEqual({
        lowestMilliC: Math.min(...inside),
        highestMilliC: Math.max(...inside),
      })
    }
  })
})

async function certify(sensorId: number, from: number, points: { atMilliC: number; correctionMilliC: number }[]) {
  const row = {
    sensor_id: sensorId,
    channel: 'probe',
    certificate: `C-${from}`,
    laboratory: 'Lab',
    points: json(points),
  }
  await owner.kysely
    .insertInto('calibration')
    .values({ ...row, calibrated_at: at(from), due_at: at(LATER), uncertainty_milli_c: 200, known_at: at(from) })
    .execute()
}

test('a series has only what was measured while its sensor rode with the shipment', async () => {
  const { shipmentId, sensorId } = await placed()
  const other = await addSensor(world)
  await place(world, { shipmentId, sensorId: other, role: 'ambient', fromAt: T0, toAt: T0 + HOUR })
  await record(other, [
    { at: T0 - MINUTE, c: 40 },
    { at: T0 + 10 * MINUTE, c: 21 },
    { at: T0 + HOUR, c: 40 },
  ])
  await record(sensorId, [{ at: T0 + 10 * MINUTE, c: 5 }])
  const highest = async (asked: Partial<AskedSeries>) =>
    (await chart(shipmentId, asked)).series.map(({ placement, buckets }) => [
      placement.role,
      Math.max(...buckets.flatMap(({ highestMilliC }) => highestMilliC ?? [])),
    ])
  expect(await highest({})).toEqual([
    ['product', 5000],
    ['ambient', 21_000],
  ])
  expect(await highest({ sensorId: other })).toEqual([['ambient', 21_000]])
  expect(await highest({ channel: 'lid' })).toEqual([])
})

describe('of an archived month', () => {
  /** Over the end of March. */
  const FROM = Date.UTC(2026, 2, 31, 10)
  const asked = { fromAt: FROM - 2 * HOUR, toAt: FROM + 52 * HOUR, points: 27 }

  async function archivedJourney() {
    const ended = await endedJourney(world, {
      from: FROM,
      measure: async (sensorId, from) => {
        const some = calm(from).filter((_, index) => index < 20 || index > 40)
        await record(sensorId, [...some, { at: from + 7 * MINUTE, c: null }, { at: from + 8 * MINUTE, c: 19 }])
        await record(sensorId, [{ at: from + 45 * MINUTE, c: -8 }])
      },
    })
    const before = await chart(ended.shipmentId, asked)
    world.clock.now = LATER
    const disk = archiveDirectory()
    try {
      await archiveNow(keeperOf(owner, world, disk), world, 'reading 2026-03')
    } finally {
      disk.remove()
    }
    return { ...ended, before }
  }

  test('a series says what it said before, to the extreme and the millisecond', async () => {
    const { shipmentId, before } = await archivedJourney()
    const after = await chart(shipmentId, asked)
    expect(after.archives).toEqual(['reading-2026-03'])
    expect(after.series).toEqual(before.series)
    expect(before.series[0]?.buckets.some(({ gapMs }) => gapMs > 0)).toBe(true)
    expect(before.series[0]?.buckets.some(({ highestMilliC }) => highestMilliC === 19_000)).toBe(true)
    const fine = await chart(shipmentId, { ...asked, points: 2000 })
    expect(fine.grid.widthMs).toBe(HOUR)
    const april = await chart(shipmentId, { fromAt: Date.UTC(2026, 3, 1, 5), toAt: Date.UTC(2026, 3, 1, 6) })
    expect(april.archives).toEqual([])
  })

  test('is refused where a placement was corrected after the month had gone: nothing was kept of that', async () => {
    const { shipmentId, placementId } = await archivedJourney()
    await correct(world, placementId, { fromAt: FROM + HOUR })
    await expect(chart(shipmentId)).rejects.toThrow(
      /^archived: Part of what you ask for is archived \(reading-2026-03\)/,
    )
    const april = await chart(shipmentId, { fromAt: Date.UTC(2026, 3, 1, 5), toAt: Date.UTC(2026, 3, 1, 6) })
    expect(april.series[0]?.buckets.length).toBeGreaterThan(0)
  })
})
