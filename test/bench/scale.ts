import { recordMessages } from '../../src/actions/record-messages.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { T0 } from '../support/limits.ts'
import { type Benchmark, type Figure, median, ratioOf } from './figure.ts'
import { oneEach, type Series } from './series.ts'
import { openStage, PREFIX, placeFleet, type Stage } from './stage.ts'

/**
 * What a reading costs as the fleet and the table grow: recorded in batches of 5,000 one-reading messages, without the
 * broker, by 1,000 and 10,000 sensors, and on top of 1 and 10 million stored readings; 100,000 sensors in the long run.
 * The value is how many times more it costs.
 */
export const scaleBenchmark: Benchmark = {
  name: 'scale',
  run: async ({ quick }) => {
    const sensors = await growth(quick ? [500, 2000] : [1000, 10_000], (count) =>
      openRecorder(`${count} sensors`, { sensors: count, stored: 0, quick }),
    )
    const stored = await growth(quick ? [20_000, 80_000] : [1_000_000, 10_000_000], (count) =>
      openRecorder(`${count} stored`, { sensors: 2000, stored: count, quick }),
    )
    const long = quick ? [] : [await longRun()]
    const figures = [figure('scaleSensors', sensors), figure('scaleStored', stored)]
    return [worstOf(figures), ...figures, ...long]
  },
}

type Cost = { of: string; costs: readonly number[]; us: number; buffers: number }

/** Both by turns, so that the machine's slow minutes are those of both. */
async function growth(
  counts: readonly [number, number],
  openOne: (count: number) => Promise<Recorder>,
): Promise<[Cost, Cost]> {
  const small = await openOne(counts[0])
  const large = await openOne(counts[1]).catch(async (error: unknown) => {
    await small.stage.close()
    throw error
  })
  try {
    for (let round = 0; round <= small.rounds; round++) {
      for (const one of round % 2 === 0 ? [small, large] : [large, small]) await recordRound(one, round)
    }
    return [costOf(small), costOf(large)]
  } finally {
    for (const { stage } of [small, large]) await stage.close()
  }
}

function figure(name: string, [small, large]: [Cost, Cost]): Figure {
  const text = ({ of, us, buffers }: Cost) => `${of}: ${us.toFixed(1)} us and ${buffers.toFixed(2)} buffers per reading`
  const value = ratioOf(large.costs, small.costs)
  return {
    name,
    value,
    unit: 'times',
    floor: 1,
    ratio: value,
    notes: `${text(small)}; ${text(large)}; ${residentMb()} MB resident`,
  }
}

function worstOf(figures: readonly Figure[]): Figure {
  const value = Math.max(...figures.map((figure) => figure.value))
  return { name: 'scale', value, unit: 'times', floor: 1, ratio: value, notes: 'the worse of the next two' }
}

/** What a batch has at the door on the mean: not all of them are full. */
const BATCH = 5000

/** A fleet with a database of its own, and what each round of recording cost so far. */
type Recorder = {
  of: string
  stage: Stage
  series: Series
  rounds: number
  messages: number
  costs: number[]
  buffers: number[]
}

type Fleet = { sensors: number; stored: number; quick: boolean }

async function openRecorder(of: string, { sensors, stored, quick }: Fleet): Promise<Recorder> {
  const stage = await openStage()
  const ids = await placeFleet(stage.owner, { sensors, shipments: sensors / 4 })
  if (stored > 0) await storeElsewhere(stage, stored)
  const messages = Math.max(sensors, quick ? 10_000 : 50_000)
  return { of, stage, series: { sensors: ids, slot: 0 }, rounds: quick ? 1 : 19, messages, costs: [], buffers: [] }
}

/** Readings of other sensors, as years of a fleet leave them: two months, a reading a minute. */
export async function storeElsewhere(stage: Pick<Stage, 'owner'>, readings: number): Promise<void> {
  const { pool } = stage.owner
  const perSensor = 80_000
  for (const month of ['2026-03-01', '2026-04-01']) await pool.query(`select ensure_reading_partition('${month}')`)
  for (let sensor = 0; sensor * perSensor < readings; sensor++) {
    const count = Math.min(perSensor, readings - sensor * perSensor)
    await pool.query(
      `insert into reading (sensor_id, channel, measured_at, received_at, batch_id, seq, value_milli_c)
       select $1, 'probe', $2::timestamptz + n * interval '1 minute', $2, 0, n, 5000 from generate_series(0, $3 - 1) n`,
      [1_000_000 + sensor, new Date(T0).toISOString(), count],
    )
    process.stderr.write(`\r  ${sensor * perSensor + count} readings stored elsewhere`)
  }
  process.stderr.write('\n')
  await pool.query('vacuum analyze reading')
}

async function recordRound({ stage, series, messages, costs, buffers }: Recorder, round: number): Promise<void> {
  const batches = batchesOf(series, messages)
  const before = await buffersTouched(stage)
  const start = performance.now()
  for (const batch of batches) await recordMessages(stage.ctx, batch)
  const us = ((performance.now() - start) * 1000) / messages
  const touched = (await buffersTouched(stage)) - before
  // the first round learns the fleet
  if (round === 0) return
  costs.push(us)
  buffers.push(touched / messages)
}

function costOf({ of, costs, buffers }: Recorder): Cost {
  return { of, costs, us: median(costs), buffers: median(buffers) }
}

function residentMb(): number {
  return Math.round(process.memoryUsage().rss / 2 ** 20)
}

function batchesOf(series: Series, messages: number): ReceivedMessage[][] {
  const received = [...oneEach(series, messages)].map(({ topic, payload }) =>
    receiveMessage(topic, Buffer.from(payload), { prefix: PREFIX, receivedAt: Date.now(), retained: false }),
  )
  return Array.from({ length: Math.ceil(messages / BATCH) }, (_, index) =>
    received.slice(index * BATCH, (index + 1) * BATCH),
  )
}

/** Pages looked at by all statements so far, from memory or disk; each session is asked to tell its own. */
async function buffersTouched({ owner, db }: Stage): Promise<number> {
  for (const pool of [db.pool, db.pipelined]) {
    const clients = await Promise.all(Array.from({ length: pool.options.max ?? 1 }, () => pool.connect()))
    for (const client of clients) await client.query('select pg_stat_force_next_flush()')
    for (const client of clients) client.release()
  }
  const { rows } = await owner.pool.query<{ touched: number }>(
    'select blks_hit + blks_read as touched from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.touched ?? 0
}

/** As many sensors as a process remembers, and the memory it takes for them. */
async function longRun(): Promise<Figure> {
  const sensors = 100_000
  const stage = await openStage()
  try {
    const ids = await placeFleet(stage.owner, { sensors, shipments: sensors / 4 })
    const before = residentMb()
    const series = { sensors: ids, slot: 0 }
    const recorder: Recorder = { of: '', stage, series, rounds: 3, messages: sensors, costs: [], buffers: [] }
    for (let round = 0; round <= recorder.rounds; round++) await recordRound(recorder, round)
    const cost = costOf(recorder)
    const memory = `${before} MB resident before, ${residentMb()} MB after`
    const notes = `${cost.buffers.toFixed(2)} buffers per reading; ${memory}`
    return {
      name: 'scaleLong',
      value: Math.round(cost.us * 10) / 10,
      unit: 'us/reading',
      floor: null,
      ratio: null,
      notes,
    }
  } finally {
    await stage.close()
  }
}
