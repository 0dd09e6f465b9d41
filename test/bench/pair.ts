import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Benchmark, median, ratioOf } from './figure.ts'
import { oneEach, type Series } from './series.ts'
import { forgetSessions, openStage, placeFleet, queueFor, type Stage } from './stage.ts'

/** Readings per second of two ingest processes on a shared subscription, beside one on the same machine. */
export const pairBenchmark: Benchmark = {
  name: 'ingestPair',
  run: async ({ quick }) => {
    const stage = await openStage()
    try {
      const sensors = { sensors: await placeFleet(stage.owner, { sensors: 2000, shipments: 500 }), slot: 0 }
      const size = quick ? { messages: 10_000, rounds: 1 } : { messages: 100_000, rounds: 5 }
      const [pairs, ones]: [number[], number[]] = [[], []]
      for (let round = quick ? 1 : 0; round <= size.rounds; round++) {
        const one = await rateOf(stage, { sensors, messages: size.messages, processes: 1 })
        const pair = await rateOf(stage, { sensors, messages: size.messages, processes: 2 })
        if (round === 0) continue
        ones.push(one)
        pairs.push(pair)
        process.stderr.write(`  round ${round}: ${Math.round(pair)} and ${Math.round(one)} messages/s\n`)
      }
      const [value, floor] = [Math.round(median(pairs)), Math.round(median(ones))]
      const notes = 'two processes on one share; its floor is one process, started the same way'
      return [{ name: 'ingestPair', value, unit: 'readings/s', floor, ratio: ratioOf(pairs, ones), notes }]
    } finally {
      await stage.close()
    }
  },
}

type Load = { sensors: Series; messages: number; processes: number }

/** From the connection of the last process until every message is stored and no shipment waits for judging. */
async function rateOf(stage: Stage, { sensors, messages, processes }: Load): Promise<number> {
  const clientIds = Array.from({ length: processes }, (_, index) => `bench-share-${processes}-${index}`)
  const before = await storedIn(stage)
  const count = await queueFor(stage.broker.url, clientIds, oneEach(sensors, messages))
  const consumers = await Promise.all(clientIds.map(async (clientId) => ({ clientId, child: await ready() })))
  const start = performance.now()
  const plan = { mqttUrl: stage.broker.url, databaseUrl: stage.databaseUrl }
  for (const { clientId, child } of consumers) child.send({ ...plan, clientId })
  while ((await storedIn(stage)) - before < count) await pause(10)
  const seconds = (performance.now() - start) / 1000
  for (const { child } of consumers) child.send('end')
  await Promise.all(consumers.map(({ child }) => once(child, 'exit')))
  // a member of the share that stays away would be given messages of the next round
  await forgetSessions(stage.broker.url, clientIds)
  return count / seconds
}

/** A process that has loaded its modules. */
async function ready(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'consumer.ts'))
  await once(child, 'message')
  return child
}

/** Messages of the batches that are committed; minus one while a shipment waits. */
async function storedIn({ owner }: Stage): Promise<number> {
  const { rows } = await owner.pool.query<{ messages: number; waits: boolean }>(
    `select coalesce(sum(messages), 0)::int as messages,
       exists (select 1 from shipment where judge_from is not null) as waits from batch`,
  )
  return (rows[0]?.messages ?? 0) - (rows[0]?.waits === true ? 1 : 0)
}
