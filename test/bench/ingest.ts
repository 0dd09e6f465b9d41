import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { judgePending } from '../../src/actions/judge.ts'
import { recordMessages } from '../../src/actions/record-messages.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { createBatcher } from '../../src/ingest/batcher.ts'
import { BATCHER_LIMITS } from '../../src/ingest/batcher-limits.ts'
import { openSession } from '../../src/ingest/session.ts'
import { MINUTE, T0 } from '../support/limits.ts'
import { type Benchmark, type Figure, median } from './figure.ts'
import { openStage, PREFIX, placeFleet, type Queued, queueFor, type Stage } from './stage.ts'

/**
 * Readings per second through the whole door: one reading per message, QoS 1, queued before, durable commits,
 * everything on, until the last PUBACK is out and no shipment waits for judging. The floor is the same session, batcher
 * and connection doing nothing useful: JSON.parse and COPY into a table without index, then the deferred ack.
 */
export const ingestBenchmark: Benchmark = {
  name: 'ingest',
  run: async ({ quick }) => {
    const stage = await openStage()
    try {
      return [await measure(stage, quick ? { messages: 20_000, rounds: 3 } : { messages: 40_000, rounds: 5 })]
    } finally {
      await stage.close()
    }
  },
}

const FLEET = { sensors: 2000, shipments: 500 }

async function measure(stage: Stage, { messages, rounds }: { messages: number; rounds: number }): Promise<Figure> {
  const sensors = await placeFleet(stage.owner, FLEET)
  await stage.owner.pool.query('create table floor_reading (sensor_id bigint, at text, value float8)')
  await stage.owner.pool.query(`grant insert on floor_reading to ${new URL(stage.servingUrl).username}`)
  const runs: { subject: Run[]; floor: Run[] } = { subject: [], floor: [] }
  let slot = 0
  for (let round = 0; round <= rounds; round++) {
    const series = () => batchOf(sensors, slot, messages)
    const floor = await through(stage, series(), (batch) => floorRecord(stage, batch))
    const subject = await through(stage, series(), async (batch) => void (await recordMessages(stage.ctx, batch)))
    slot += messages / sensors.length
    // the first round warms up
    if (round === 0) continue
    runs.floor.push(floor)
    runs.subject.push(subject)
    process.stderr.write(`  round ${round}: floor ${floor.rate}/s, ingest ${subject.rate}/s\n`)
  }
  const [value, floor] = [median(runs.subject.map((run) => run.rate)), median(runs.floor.map((run) => run.rate))]
  const ratio = median(runs.subject.map((run, index) => run.rate / (runs.floor[index]?.rate ?? run.rate)))
  const batch = Math.round(median(runs.subject.map((run) => run.batch)))
  const cpu = median(runs.subject.map((run) => run.cpuUs)).toFixed(1)
  const notes = `${FLEET.sensors} sensors, ${FLEET.shipments} shipments; batches of ${batch}; ${cpu} us CPU per reading`
  return { name: 'ingest', value, unit: 'readings/s', floor, ratio: Math.round(ratio * 100) / 100, notes }
}

function* batchOf(sensors: readonly number[], slot: number, messages: number): Generator<Queued> {
  for (let index = 0; index < messages; index++) {
    const at = new Date(T0 + (slot + Math.floor(index / sensors.length)) * 15 * MINUTE).toISOString()
    const value = 5 + (index % 11) / 10
    const reading = `{"at":"${at}","channel":"probe","value":${value},"unit":"CEL"}`
    const payload = `{"seq":${slot + index},"readings":[${reading}]}`
    yield { topic: `${PREFIX}/${sensors[index % sensors.length]}/readings`, payload }
  }
}

type Run = { rate: number; batch: number; cpuUs: number }

async function through(
  stage: Stage,
  series: Iterable<Queued>,
  record: (batch: readonly ReceivedMessage[]) => Promise<void>,
): Promise<Run> {
  const clientId = 'bench-consumer'
  const count = await queueFor(stage.broker.url, clientId, series)
  const { log, metrics, now } = stage.ctx
  const done = { stored: 0, batches: 0 }
  const counted = async (batch: readonly ReceivedMessage[]) => {
    await record(batch)
    done.stored += batch.length
    done.batches++
  }
  const batcher = createBatcher({
    record: counted,
    setAside: async () => {
      throw new Error('a benchmark message was set aside')
    },
    isTransient: () => false,
    isDataError: () => false,
    log,
    metrics,
    limits: BATCHER_LIMITS,
  })
  const cpu = process.cpuUsage()
  const start = performance.now()
  const session = openSession({ broker: brokerOf(stage, clientId), batcher, log, metrics, now, drainMs: 10_000 })
  while (done.stored < count) await once(process.stdout, 'never', { signal: AbortSignal.timeout(5) }).catch(() => {})
  await judgePending(stage.ctx)
  const seconds = (performance.now() - start) / 1000
  const used = process.cpuUsage(cpu)
  await session.close()
  const cpuUs = (used.user + used.system) / count
  return { rate: Math.round(count / seconds), batch: count / done.batches, cpuUs }
}

function brokerOf(stage: Stage, clientId: string) {
  const share = { group: 'bench', prefix: PREFIX, receiveMaximum: 65_535 }
  return { url: stage.broker.url, protocolVersion: 5, clientId, ...share } as const
}

async function floorRecord(stage: Stage, batch: readonly ReceivedMessage[]): Promise<void> {
  const lines: string[] = []
  for (const { topic, payload } of batch) {
    const { readings } = JSON.parse(Buffer.from(payload).toString('utf8'))
    lines.push(`${topic.slice(PREFIX.length + 1, -'/readings'.length)}\t${readings[0].at}\t${readings[0].value}\n`)
  }
  const client = await stage.db.pool.connect()
  try {
    const copy = client.query(copyFrom('copy floor_reading (sensor_id, at, value) from stdin'))
    await pipeline(Readable.from([lines.join('')]), copy)
  } finally {
    client.release()
  }
}
