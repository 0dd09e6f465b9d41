import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createDatabase, dropDatabase } from '../../db/databases.ts'
import { startEmbeddedPostgres } from '../../db/embedded.ts'
import { SetupError } from '../../db/setup-error.ts'
import { inheritedEnvironment, readConfig } from '../config.ts'

/** Where a trial's service lives: its embedded database, ports, and first key. */
export type TrialPlace = { instance: string; ports: { http: number; mqtt: number }; adminKey: string }

/**
 * Runs `work` with an empty embedded database named `instance` and free ports; the database server outlives every
 * restart of the service and ends with the work.
 */
export async function atTrialPlace<T>(instance: string, work: (place: TrialPlace) => Promise<T>): Promise<T> {
  const config = readConfig()
  if ('problems' in config) throw new SetupError(config.problems.join('\n'))
  const location = { dataRoot: config.dataDir, xdgDataHome: config.xdgDataHome, name: instance }
  const postgres = await startEmbeddedPostgres({ ...location, log: () => {} })
  try {
    await dropDatabase(postgres.adminUrl, 'unbroken')
    await createDatabase(postgres.adminUrl, 'unbroken', { owner: new URL(postgres.ownerUrl).username })
    const mqttPort = config.broker.kind === 'embedded' ? config.broker.port : USUAL_MQTT_PORT
    const ports = { http: await portNear(config.http.port), mqtt: await portNear(mqttPort) }
    return await work({ instance, ports, adminKey: `unb_${randomBytes(32).toString('base64url')}` })
  } finally {
    await postgres.stop()
  }
}

/** A clock that stands at `originAt` until the real `startedAt`, then runs `speed` times as fast up to the real now. */
export type TrialClock = { originAt: number; startedAt: number; speed: number }

/** What such a clock shows now, epoch ms. */
export function trialNow({ originAt, startedAt, speed }: TrialClock): number {
  return Math.round(Math.min(Date.now(), originAt + Math.max(0, Date.now() - startedAt) * speed))
}

/** A service that is ready; killed, it is started again, until it is stopped. */
export type TrialService = { apiUrl: string; mqttUrl: string; pid: () => number; stop: () => Promise<void> }

/** Starts the service with this clock and waits until it is ready. */
export async function startTrialService(
  place: TrialPlace,
  clock: TrialClock,
  print: (text: string) => void,
): Promise<TrialService> {
  const apiUrl = `http://127.0.0.1:${place.ports.http}`
  const service = supervise(environment(place, clock), print)
  await ready(apiUrl, service)
  return { ...service, apiUrl, mqttUrl: `mqtt://127.0.0.1:${place.ports.mqtt}` }
}

/**
 * Starts the service so that it is ready before its clock starts, and resolves at that instant. Where the machine is
 * too slow for that a part of the play would be lost, so once more with more time.
 */
export async function startOnTime(
  place: TrialPlace,
  clockFrom: (startedAt: number) => TrialClock,
  print: (text: string) => void,
): Promise<TrialService & { now: () => number }> {
  for (let bootMs = BOOT_MS; ; bootMs *= 2) {
    const clock = clockFrom(Date.now() + bootMs)
    const service = await startTrialService(place, clock, print)
    if (Date.now() <= clock.startedAt) {
      await pause(clock.startedAt - Date.now())
      return { ...service, now: () => trialNow(clock) }
    }
    await service.stop()
  }
}

/** For the service to be ready before its clock starts. */
const BOOT_MS = 4000
const READY_MS = 30_000
const RESTART_MS = 300
const USUAL_MQTT_PORT = 1883

function environment({ instance, ports, adminKey }: TrialPlace, clock: TrialClock): Record<string, string> {
  return {
    ...inheritedEnvironment(),
    UNBROKEN_INSTANCE: instance,
    HTTP_PORT: String(ports.http),
    MQTT_PORT: String(ports.mqtt),
    LOG_LEVEL: 'warn',
    BOOTSTRAP_API_KEY: adminKey,
    CLOCK_ORIGIN: new Date(clock.originAt).toISOString(),
    CLOCK_STARTED: String(clock.startedAt),
    CLOCK_SPEED: String(clock.speed),
  }
}

type Supervised = { pid: () => number; failed: () => boolean; stop: () => Promise<void> }

/** Keeps one service process running until stopped; one that was killed is started again, one that gave up is not. */
function supervise(env: Record<string, string>, print: (text: string) => void): Supervised {
  const main = join(import.meta.dirname, '..', 'main.ts')
  const state: { child: ChildProcess | null; stopping: boolean; failed: boolean } = {
    child: null,
    stopping: false,
    failed: false,
  }
  const run = async () => {
    while (!state.stopping && !state.failed) {
      // the channel carries nothing: its end tells the service that this program was killed
      const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
      state.child = child
      await once(child, 'exit')
      state.failed = child.signalCode === null && !state.stopping
      if (state.stopping || state.failed) continue
      print('\nThe service was killed; starting it again.')
      await pause(RESTART_MS)
    }
  }
  const ended = run()
  const stop = async () => {
    state.stopping = true
    state.child?.kill('SIGTERM')
    await ended
  }
  return { pid: () => state.child?.pid ?? 0, failed: () => state.failed, stop }
}

async function ready(apiUrl: string, service: Supervised): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline && !service.failed()) {
    const answer = await fetch(`${apiUrl}/readyz`).catch(() => null)
    if (answer?.ok) return
    await pause(50)
  }
  await service.stop()
  throw new SetupError('The service did not become ready; see above, or run `npx unbroken serve`.')
}

/** The usual port when it is free, else any free one. */
async function portNear(wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const server = createServer()
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!listening) continue
    const address = server.address()
    server.close()
    await once(server, 'close')
    if (typeof address === 'object' && address !== null) return address.port
  }
  throw new SetupError('No free port on 127.0.0.1 for a trial.')
}
