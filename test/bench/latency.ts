import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { shipmentStatus } from '../../src/actions/shipment-status.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { T0 } from '../support/limits.ts'
import { batcherOf, type Door, open, through } from './door.ts'
import { type Benchmark, type Figure, median } from './figure.ts'
import { floorRecord } from './floor.ts'
import type { Publishing } from './publisher.ts'
import { oneEach, type Series, STEP_MS } from './series.ts'
import { openStage, PREFIX, placeFleet, queueFor, type Stage } from './stage.ts'

/**
 * From publishing to our PUBACK at a steady rate, a tenth of what the door takes at most; p99 against that of the bare
 * door by turns. Publisher and door are processes of their own; the clock is the machine's monotonic one.
 */
export const latencyBenchmark: Benchmark = {
  name: 'latency',
  run: async ({ quick }) => {
    const stage = await openStage()
    try {
      const sensors = await placeFleet(stage.owner, { sensors: 2000, shipments: 500 })
      const series = { sensors, slot: 0 }
      const perSecond = await tenthOfPeak(stage, series, quick ? 10_000 : 60_000)
      const plan = { perSecond, first: series.slot * STEP_MS, seconds: quick ? 1 : 2, rounds: quick ? 1 : 19 }
      return [await withPublisher((publisher) => measure({ stage, publisher, sensors, plan }))]
    } finally {
      await stage.close()
    }
  },
}

/** Of what the door takes here; the first time warms up. */
async function tenthOfPeak(stage: Stage, series: Series, messages: number): Promise<number> {
  await through(stage, 'subject', oneEach(series, messages))
  const { seconds } = await through(stage, 'subject', oneEach(series, messages))
  return Math.round(messages / seconds / 1000) * 100
}

/** `first`: the millisecond of the first reading. */
type Plan = { perSecond: number; first: number; seconds: number; rounds: number }

/** One process for all rounds, so that only the first one meets it cold. */
async function withPublisher<T>(work: (publisher: ChildProcess) => Promise<T>): Promise<T> {
  const publisher = fork(join(import.meta.dirname, 'publisher.ts'))
  try {
    return await work(publisher)
  } finally {
    publisher.disconnect()
  }
}

type Measuring = { stage: Stage; publisher: ChildProcess; sensors: readonly number[]; plan: Plan }

async function measure({ stage, publisher, sensors, plan }: Measuring): Promise<Figure> {
  const subject: Percentiles[] = []
  const floor: Percentiles[] = []
  let { first } = plan
  for (let round = 0; round <= plan.rounds; round++) {
    const doors = [
      ['floor', floor],
      ['subject', subject],
    ] as const
    for (const [door, into] of round % 2 === 0 ? doors : doors.toReversed()) {
      const measured = await paced(stage, { door, publisher, sensors, plan, first })
      first += plan.perSecond * plan.seconds
      if (round > 0) into.push(measured)
      if (door === 'subject') await seen(stage, first)
    }
    if (round > 0) process.stderr.write(`  round ${round}: p99 ${[subject, floor].map(lastP99).join(' and ')} ms\n`)
  }
  const [value, floorMs] = [median(subject.map(({ p99 }) => p99)), median(floor.map(({ p99 }) => p99))]
  const ratio = median(subject.map(({ p99 }, index) => p99 / (floor[index]?.p99 ?? p99)))
  const [half, floorHalf] = [subject, floor].map((runs) => median(runs.map(({ p50 }) => p50)).toFixed(1))
  const p50 = `p50 ${half} ms, floor ${floorHalf} ms`
  const notes = `${p50}; ${plan.perSecond} messages/s; every reading acked was visible to a status asked then`
  return { name: 'latency', value: round2(value), unit: 'ms p99', floor: round2(floorMs), ratio: round2(ratio), notes }
}

function lastP99(runs: readonly Percentiles[]): string {
  return runs.at(-1)?.p99.toFixed(1) ?? ''
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}

/** For both doors to be connected before the first message. */
const SETTLE_MS = 500

type Percentiles = { p50: number; p99: number }
type Paced = { door: Door; publisher: ChildProcess; sensors: readonly number[]; plan: Plan; first: number }

async function paced(stage: Stage, { door, publisher, sensors, plan, first }: Paced): Promise<Percentiles> {
  const count = plan.perSecond * plan.seconds
  const ackedMs = new Float64Array(count)
  let acked = 0
  const batcher = batcherOf(stage, async (batch) => {
    if (door === 'floor') await floorRecord(stage.db, batch)
    else await recordMessages(stage.ctx, batch)
    const nowMs = monotonicMs()
    for (const { payload } of batch) ackedMs[numberOf(payload) - first] = nowMs
    acked += batch.length
  })
  const clientId = 'bench-consumer'
  await queueFor(stage.broker.url, [clientId], [])
  const opened = open(stage, { door, clientId, batcher })
  await pause(SETTLE_MS)
  const publishedMs = await publish(publisher, { url: stage.broker.url, prefix: PREFIX, sensors, ...plan, first })
  while (acked < count) await pause(5)
  await opened.close()
  const latencies = publishedMs.map((ms, index) => (ackedMs[index] ?? 0) - ms).sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? 0
  return { p50: at(0.5), p99: at(0.99) }
}

/** The number of a message is the millisecond of its reading. */
function numberOf(payload: Uint8Array): number {
  const at = /"at":"([^"]+)"/.exec(Buffer.from(payload).toString('latin1'))?.[1] ?? ''
  return Date.parse(at) - T0
}

async function publish(publisher: ChildProcess, plan: Publishing): Promise<number[]> {
  publisher.send(plan)
  const [published] = await once(publisher, 'message')
  return published
}

/** The last reading that was acked is in the answer about its shipment. */
async function seen(stage: Stage, next: number): Promise<void> {
  const { rows } = await stage.owner.pool.query<{ shipment: number; organisation: number; at: number }>(
    `select p.shipment_id as shipment, s.organisation_id as organisation, r.measured_at as at
     from reading r join placement p on p.sensor_id = r.sensor_id join shipment s on s.id = p.shipment_id
     where r.measured_at = $1::timestamptz`,
    [new Date(T0 + next - 1).toISOString()],
  )
  const [last] = rows
  if (last === undefined) throw new Error('the last reading that was acked is not stored')
  const actor = {
    kind: 'machine',
    id: 'bench',
    organisationId: last.organisation,
    role: 'distributor',
    requestId: null,
  } as const
  const status = await shipmentStatus(stage.ctx, actor, last.shipment)
  if (isRefusal(status)) throw new Error(status.detail)
  if ((status.temperature.dataUntilAt ?? 0) < last.at) throw new Error('a reading that was acked is not visible')
}

function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
