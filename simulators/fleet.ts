import type { FleetClock } from './fleet-clock.ts'
import { judgeShipment, patienceOf } from './fleet-judge.ts'
import { courseOf } from './fleet-kinds.ts'
import { type PlannedShipment, planFleet } from './fleet-plan.ts'
import { playFleet } from './fleet-play.ts'
import { FleetProblem } from './fleet-problem.ts'
import { FleetPublisher } from './fleet-publisher.ts'
import type { Recorder } from './fleet-recording.ts'
import { inParallel, type RegisteredFleet, registerFleet } from './fleet-register.ts'
import type { FleetScenario } from './fleet-scenario.ts'
import { type FleetSensor, sensorsOf } from './fleet-sensor.ts'
import { FleetTally, verdictText } from './fleet-view.ts'
import { type Watching, watchFleet } from './fleet-watch.ts'
import { startNetwork } from './network.ts'

/**
 * Plays a fleet against a running service through its public doors: registers it, lets all sensors measure and send in
 * simulated time over a few connections, then asks for every shipment and compares with what was injected. Memory is
 * bounded: a sensor is a curve and some numbers, the truth is computed shipment by shipment. Throws a `FleetProblem`
 * where a door is shut, an `ApiProblem` where it refuses what must be taken.
 */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const { scenario, startAt, print } = options
  await reached(options.apiUrl)
  const fleet = buildFleet(scenario)
  print(`${fleet.shipments.length} shipments, ${fleet.sensors.length} sensors, seed ${scenario.seed}\n`)
  const registered = await register(options, fleet)
  const closers: (() => Promise<void>)[] = []
  try {
    const mqttUrl = await throughFaults(options, closers)
    const { mqttUser: username, mqttPassword: secret, connections, recorder } = options
    const door = { mqttUrl, username, secret, connections, recorder, run: options.run }
    const publisher = await FleetPublisher.open({ ...door, topicPrefix: registered.topicPrefix })
    closers.push(() => publisher.close())
    const clock = await options.begin()
    const watch = watchFleet({ ...options, ...registered, shipments: fleet.shipments, clock, publisher })
    const { stoppedMs } = await untilSettled({ options, fleet, registered, publisher, clock, watch })
    const wrong = await judgeAll(options, registered, { ...fleet, startAt, stoppedMs })
    print(`${watch.summary()}\n`)
    return { wrong, stoppedMs }
  } finally {
    for (const close of closers.reverse()) await close()
  }
}

export type FleetOptions = {
  scenario: FleetScenario
  /** Root of the service, without `/api/v1`. */
  apiUrl: string
  /** A key that may register organisations. */
  adminKey: string
  mqttUrl: string
  /** Empty: anonymous. */
  mqttUser: string
  mqttPassword: string
  connections: number
  /** Tells this run's names and connections from those of others. */
  run: string
  /** When all shipments are packed: a full minute, epoch ms, not later than the service's clock while registering. */
  startAt: number
  /** Everything is registered: starts the clock of the play. */
  begin: () => Promise<FleetClock>
  recorder: Recorder | null
  /** Writes a piece of text as it is. */
  print: (text: string) => void
  /** Whether a line may be drawn over itself. */
  isTty: boolean
}

export type FleetResult = {
  /** Shipments whose served answer is not the injected one. */
  wrong: number
  /** Every sample due by then was published; ms since `startAt`. */
  stoppedMs: number
}

/** Everybody in a scenario. */
export type Fleet = { shipments: readonly PlannedShipment[]; sensors: readonly FleetSensor[] }

/** The shipments and sensors that follow from a scenario. */
export function buildFleet(scenario: FleetScenario): Fleet {
  const shipments = planFleet(scenario)
  const sensors = shipments.flatMap((shipment) => sensorsOf(shipment, courseOf(shipment, scenario.seed), scenario.seed))
  return { shipments, sensors }
}

async function reached(apiUrl: string): Promise<void> {
  const answer = await fetch(new URL('/readyz', apiUrl)).catch(() => null)
  if (answer?.ok) return
  const state = answer === null ? 'does not answer' : `is not ready (${await answer.text()})`
  throw new FleetProblem(`The service at ${apiUrl} ${state}.`)
}

async function register(options: FleetOptions, fleet: Fleet): Promise<RegisteredFleet> {
  const { apiUrl, adminKey, run, startAt, print, isTty } = options
  const total = fleet.shipments.length
  const every = Math.ceil(total / (isTty ? 200 : 10))
  const startedMs = performance.now()
  const seconds = () => ((performance.now() - startedMs) / 1000).toFixed(1)
  const registered = await registerFleet({ apiUrl, key: adminKey }, { run, startAt, ...fleet }, (done) => {
    if (done !== total && (done % every !== 0 || (!isTty && total < WORTH_TELLING))) return
    const line = `registered ${done} of ${total} shipments in ${seconds()} s`
    print(isTty ? `\r${line}${done === total ? '\n' : ''}` : `${line}\n`)
  })
  return registered
}

/** Fewer shipments are registered before anybody reads about it. */
const WORTH_TELLING = 100

/** What a lossy network loses: rare enough that connections live for some time between two losses. */
const LOSS_SHARE = 0.0005

/** With the fault `loss` all messages go through a network that loses some, in both directions. */
async function throughFaults({ scenario, mqttUrl }: FleetOptions, closers: (() => Promise<void>)[]): Promise<string> {
  if (!scenario.faults.includes('loss')) return mqttUrl
  const faults = { losePublish: LOSS_SHARE, losePuback: LOSS_SHARE }
  const network = await startNetwork({ target: mqttUrl, seed: scenario.seed, faults })
  closers.push(network.close)
  return network.url
}

type Playing = {
  options: FleetOptions
  fleet: Fleet
  registered: RegisteredFleet
  publisher: FleetPublisher
  clock: FleetClock
  watch: Watching
}

/** Plays to the end, shown all the while, and waits for the last PUBACK. */
async function untilSettled({ options, fleet, registered, publisher, clock, watch }: Playing) {
  const { sensorIds } = registered
  const publish = ({ index }: FleetSensor, payload: string) =>
    publisher.publish({ index, sensorId: sensorIds[index] ?? 0 }, payload)
  const { startAt, scenario } = options
  const play = playFleet({ sensors: fleet.sensors, faults: scenario.faults, startAt, publish, clock }).then(
    async (ended) => {
      await publisher.settled()
      return ended
    },
  )
  const [ended] = await Promise.all([play.finally(watch.stop), watch.done])
  return ended
}

/** Each answer is a judgement of its own to the service; more at once only wait for its connections. */
const QUESTIONS_AT_ONCE = 8
/** A service that stores nothing more for so long, though all is acknowledged, has lost the rest. */
const STORED_WITHIN_MS = 30_000

type Played = Fleet & { startAt: number; stoppedMs: number }

async function judgeAll({ print }: FleetOptions, { api, shipmentIds }: RegisteredFleet, played: Played) {
  const { startAt, stoppedMs } = played
  const tally = new FleetTally()
  const patience = patienceOf(STORED_WITHIN_MS)
  const startedMs = performance.now()
  await inParallel(played.shipments, QUESTIONS_AT_ONCE, async (shipment) => {
    const sensors = played.sensors.slice(shipment.firstSensor, shipment.firstSensor + shipment.sensors)
    const shipmentId = shipmentIds[shipment.index] ?? 0
    const verdict = await judgeShipment(api, { shipment, shipmentId, sensors, startAt, stoppedMs }, patience)
    tally.add(verdict)
    if (verdict.differences.length > 0) print(`${verdictText(verdict)}\n`)
  })
  print(`${tally.text()} (asked and compared in ${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`)
  return tally.wrong()
}
