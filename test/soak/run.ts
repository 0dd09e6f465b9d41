import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { NO_FAULTS } from '../../simulators/network/faults.ts'
import { scheduleOutages } from '../../simulators/outages.ts'
import { seededRandom, seedOf } from '../../simulators/random.ts'
import { findMosquitto, NO_BROKER } from '../support/tools.ts'
import { drive, noTraffic, openRoad, settle, spanOf } from './drive.ts'
import { openBoxes, openFleet, patient } from './fleet.ts'
import { watchMemory } from './memory.ts'
import { type Proof, prove } from './proof.ts'
import { killable, openStage, type SoakStage } from './stage.ts'
import type { TrafficCounts } from './traffic.ts'

/**
 * `npm run test:soak -- --minutes 10 --seed N`: the whole service under random faults. Its process, its broker and its
 * database are killed and come back, the network loses, doubles, reorders and cuts, sensors go offline and upload
 * backwards. At the end every acknowledged reading is stored exactly once and every answer equals the truth. All
 * decisions come from the seed; how they meet is real time. Exit code 1 on any failure.
 */
async function main(): Promise<number> {
  if (findMosquitto() === null) throw new Error(NO_BROKER)
  const { minutes, seed } = readArguments()
  say(`soak of ${minutes} min, seed ${seed}: ${SHIPMENTS} shipments, ${SHIPMENTS * 2} sensors`)
  const stage = await openStage({ seed })
  try {
    return await soak(stage, { minutes, seed })
  } finally {
    await stage.close()
  }
}

type Asked = { minutes: number; seed: number }

const SHIPMENTS = 250
/** Each tick is a minute of every journey: five a second are 2,500 readings a second. */
const TICK_MS = 200
const MINUTE_MS = 60_000
/** Far above what the service needs (about 550 MB) and far below what a leak of a soak would take. */
const MOST_RESIDENT_MB = 800

async function soak(stage: SoakStage, { minutes, seed }: Asked): Promise<number> {
  const ticks = Math.round((minutes * MINUTE_MS) / TICK_MS)
  const span = spanOf(ticks)
  const fleet = await openFleet(stage.service, { shipments: SHIPMENTS, seed, startAt: span.fromAt })
  const counts = noTraffic()
  const place = { mqttUrl: stage.sensorsUrl, topicPrefix: stage.service.topicPrefix }
  const road = await openRoad(fleet, { ...place, startAt: span.fromAt, counts })
  const memory = watchMemory(() => [stage.service.program().pid])
  const faults = startFaults(stage, { minutes, seed })
  const startedAt = performance.now()
  const onTick = (tick: number) => {
    if (tick % 150 === 0) say(`  ${Math.round((tick / ticks) * 100)} %, ${counts.readings} readings`)
  }
  await drive(fleet, road, { ticks, tickMs: TICK_MS, startAt: span.fromAt, counts, onTick })
  const drivenS = (performance.now() - startedAt) / 1000
  await faults.stop()
  await stage.service.ready()
  const rest = await settle(road, { ownerUrl: stage.ownerUrl, counts, say })
  const storedS = (performance.now() - startedAt) / 1000
  const asking = {
    ...fleet,
    sponsor: patient(stage.service, fleet.sponsor),
    centre: patient(stage.service, fleet.centre),
  }
  await openBoxes(asking, span.toAt)
  const proof = await prove(asking, { ownerUrl: stage.ownerUrl, span, poison: 0 })
  const residentMb = memory.stop()
  await road.close()
  const rate = { sent: counts.readings / drivenS, stored: counts.readings / storedS }
  summarise({ counts, proof, rate, residentMb, rest, outages: faults.happened(), network: stage.network.stats() })
  const bad = proof.lost + proof.twice + proof.foreign + proof.wrong + rest.unacked
  const slow = rate.stored < LEAST_RATE
  if (slow) say(`slower than ${LEAST_RATE} readings/s`)
  if (bad === 0 && !slow && residentMb.peak < MOST_RESIDENT_MB) return 0
  say(`failed; to play it again: npm run test:soak -- --minutes ${minutes} --seed ${seed}`)
  return 1
}

const LEAST_RATE = 2000

/** Processes die and come back by plan; the network changes its mind every few seconds. */
function startFaults({ service, broker, database, network }: SoakStage, { minutes, seed }: Asked) {
  const durationMs = minutes * MINUTE_MS * 0.9
  const upMs = { min: 15_000, max: 45_000 }
  const outages = scheduleOutages([killable(service), broker, database], {
    seed,
    durationMs,
    upMs,
    downMs: { min: 500, max: 4000 },
  })
  const random = seededRandom(seedOf(seed, 'network'))
  const stopped = new AbortController()
  const blow = async () => {
    while (!stopped.signal.aborted) {
      const [loss, copy, order, delay, event] = [random(), random(), random(), random(), random()]
      network.setFaults({
        losePublish: loss * 0.0005,
        losePuback: loss * 0.0005,
        duplicate: copy * 0.02,
        reorder: order * 0.02,
        delayMs: { min: 0, max: delay * 5 },
      })
      if (event < 0.15) network.cut()
      else if (event < 0.25) await network.partition(500 + random() * 1500)
      await pause(5000, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }
  const blowing = blow()
  const stop = async () => {
    stopped.abort()
    await blowing
    network.setFaults(NO_FAULTS)
    await outages.stop()
  }
  outages.done.catch((error: unknown) => say(`an outage failed: ${String(error)}`))
  return { stop, happened: outages.happened }
}

type Found = {
  counts: TrafficCounts
  proof: Proof
  rate: { sent: number; stored: number }
  residentMb: { peak: number; last: number }
  rest: { unacked: number }
  outages: number
  network: object
}

function summarise({ counts, proof, rate, residentMb: memory, rest, outages, network }: Found): void {
  for (const line of proof.lines.slice(0, 40)) say(line)
  say(`traffic: ${JSON.stringify(counts)}`)
  say(`network: ${JSON.stringify(network)}; ${outages} kills of service, broker and database`)
  say(`rate: ${Math.round(rate.sent)} readings/s sent, ${Math.round(rate.stored)} readings/s until stored`)
  say(`service: ${memory.peak} MB resident at most, ${memory.last} MB at the end`)
  say(`${proof.lost} lost, ${proof.twice} twice, ${proof.foreign} unexpected, ${rest.unacked} without ack`)
  say(`${SHIPMENTS} answers, ${proof.wrong} wrong`)
}

function readArguments(): Asked {
  const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } })
  const [minutes, seed] = [Number(values.minutes ?? 10), Number(values.seed ?? 1)]
  if (!(minutes > 0) || !Number.isSafeInteger(seed)) throw new Error('usage: --minutes 10 --seed 1')
  return { minutes, seed }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main()
// all is done and written then; Node taking itself apart may never end (nodejs/node#47748)
process.once('beforeExit', () => process.exit())
