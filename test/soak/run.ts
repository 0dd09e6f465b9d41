import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { withClient } from '../../db/connect.ts'
import { Gateway } from '../../simulators/gateway.ts'
import { NO_FAULTS } from '../../simulators/network/faults.ts'
import { scheduleOutages } from '../../simulators/outages.ts'
import { seededRandom, seedOf } from '../../simulators/random.ts'
import { findMosquitto, NO_BROKER } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { openBoxes, openFleet, patient, type SoakFleet } from './fleet.ts'
import { type Proof, prove } from './proof.ts'
import { openStage, type SoakStage } from './stage.ts'
import { publish, type TrafficCounts } from './traffic.ts'

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
  const stage = await openStage(seed)
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
const GATEWAYS = 4
const MINUTE_MS = 60_000
const SETTLED_MS = 120_000
/** Far above what the service needs (about 250 MB) and far below what a leak of a soak would take. */
const MOST_RESIDENT_MB = 800

async function soak(stage: SoakStage, { minutes, seed }: Asked): Promise<number> {
  const ticks = Math.round((minutes * MINUTE_MS) / TICK_MS)
  const span = { fromAt: spanStart(ticks), toAt: spanStart(ticks) + ticks * MINUTE_MS }
  const fleet = await openFleet(stage.service, { shipments: SHIPMENTS, seed, startAt: span.fromAt })
  const gateways = await openGateways(stage)
  const memory = watchMemory(stage)
  const faults = startFaults(stage, { minutes, seed })
  const counts: TrafficCounts = { readings: 0, messages: 0, duplicates: 0, reorders: 0, uploads: 0 }
  const startedAt = performance.now()
  await drive({ fleet, gateways, counts, ticks, startAt: span.fromAt })
  const drivenS = (performance.now() - startedAt) / 1000
  await faults.stop()
  const rest = await settle(stage, { fleet, gateways, counts })
  const storedS = (performance.now() - startedAt) / 1000
  const asking = {
    ...fleet,
    sponsor: patient(stage.service, fleet.sponsor),
    centre: patient(stage.service, fleet.centre),
  }
  await openBoxes(asking, span.toAt)
  const proof = await prove(asking, { ownerUrl: stage.ownerUrl, span })
  const residentMb = memory.stop()
  for (const gateway of gateways) await gateway.close()
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

/** Journeys that end before now, on a full minute: nothing lies in the future. */
function spanStart(ticks: number): number {
  return Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - (ticks + 60) * MINUTE_MS
}

async function openGateways({ network, service }: SoakStage): Promise<Gateway[]> {
  const gateways = Array.from({ length: GATEWAYS }, (_, index) => {
    const username = `soak-${index}`
    return new Gateway({ mqttUrl: network.url, username, secret: '', topicPrefix: service.topicPrefix })
  })
  for (const gateway of gateways) await gateway.connected(10_000)
  return gateways
}

type Drive = { fleet: SoakFleet; gateways: readonly Gateway[]; counts: TrafficCounts; ticks: number; startAt: number }

/** A minute of every journey per tick; behind time after an outage it catches up as fast as the gateways have room. */
async function drive({ fleet, gateways, counts, ticks, startAt }: Drive): Promise<void> {
  const sensors = fleet.shipments.flatMap((shipment) => shipment.sensors)
  const begunAt = performance.now()
  for (let tick = 0; tick <= ticks; tick += 1) {
    for (const [index, sensor] of sensors.entries()) {
      const gateway = gateways[index % gateways.length]
      const messages = tick < ticks ? sensor.live(tick, counts) : sensor.flush(counts)
      for (const message of messages) {
        while (gateway?.hasRoom() === false) await gateway.room()
        counts.messages += 1
        if (gateway !== undefined) void publish(gateway, sensor.id, { seq: counts.messages, startAt, message })
      }
    }
    if (tick % 150 === 0) say(`  ${Math.round((tick / ticks) * 100)} %, ${counts.readings} readings`)
    await pause(Math.max(0, begunAt + (tick + 1) * TICK_MS - performance.now()))
  }
}

/** Processes die and come back by plan; the network changes its mind every few seconds. */
function startFaults({ processes, network }: SoakStage, { minutes, seed }: Asked) {
  const durationMs = minutes * MINUTE_MS * 0.9
  const upMs = { min: 15_000, max: 45_000 }
  const outages = scheduleOutages(processes, { seed, durationMs, upMs, downMs: { min: 500, max: 4000 } })
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

/** Waits until all is acknowledged and stored, as long as it gets more. */
async function settle(
  stage: SoakStage,
  sent: { fleet: SoakFleet; gateways: readonly Gateway[]; counts: TrafficCounts },
) {
  await stage.service.ready()
  for (const gateway of sent.gateways) await gateway.settled(SETTLED_MS).catch((error: unknown) => say(String(error)))
  const unacked = sent.gateways.reduce((sum, gateway) => sum + gateway.inFlight(), 0)
  const all = () =>
    withClient(stage.ownerUrl, async (client) => {
      const { rows } = await client.query<{ count: string }>('select count(*) from reading')
      return Number(rows[0]?.count) >= sent.counts.readings
    })
  await until(all, { what: 'every reading to be stored', deadlineMs: SETTLED_MS }).catch((error: unknown) => {
    say(String(error))
  })
  return { unacked }
}

function watchMemory({ service }: SoakStage) {
  let [peak, last] = [0, 0]
  const timer = setInterval(() => {
    last = residentMb(service.program().pid) ?? last
    peak = Math.max(peak, last)
  }, 1000)
  const stop = () => {
    clearInterval(timer)
    return { peak, last }
  }
  return { stop }
}

/** Null for a process that has just ended. */
function residentMb(pid: number): number | null {
  try {
    const kb = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kb === undefined ? null : Math.round(Number(kb) / 1024)
  } catch {
    return null
  }
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
