import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { createDatabase, dropDatabase } from '../../db/databases.ts'
import { startEmbeddedPostgres } from '../../db/embedded.ts'
import { SetupError } from '../../db/setup-error.ts'
import { runDemo } from '../../simulators/demo.ts'
import { JOURNEY_MS } from '../../simulators/journeys.ts'
import { type Config, inheritedEnvironment, readConfig } from '../config.ts'

/**
 * `unbroken demo`: starts the service as a process of its own on embedded backends, with a clock that begins one
 * journey ago and runs scaled to the real now, plays the journeys of `simulators/` through the public doors, and
 * compares every served answer with what was injected. Should the service be killed, it is started again and nothing
 * acked is lost. Returns the exit code: 0 when all answers were right.
 */
export async function demo(options: { exit: boolean; print: (text: string) => void; isTty: boolean }): Promise<number> {
  const config = readConfig()
  if ('problems' in config) throw new SetupError(config.problems.join('\n'))
  const location = { dataRoot: config.dataDir, xdgDataHome: config.xdgDataHome, name: INSTANCE }
  const postgres = await startEmbeddedPostgres({ ...location, log: () => {} })
  let service: Service | null = null
  try {
    await dropDatabase(postgres.adminUrl, 'unbroken')
    await createDatabase(postgres.adminUrl, 'unbroken', { owner: new URL(postgres.ownerUrl).username })
    service = await startService(config, options.print)
    const write = (text: string) => void process.stdout.write(text)
    const result = await runDemo({ ...service, speed: SPEED, print: write, isTty: options.isTty })
    if (!options.exit) {
      options.print(
        `\nThe service stays up as process ${service.pid()}: kill it with -9, it comes back. Ctrl-C ends it.`,
      )
      await signalled()
    }
    result.close()
    return result.equal ? 0 : 1
  } finally {
    await service?.stop()
    await postgres.stop()
  }
}

const INSTANCE = 'demo'
/** One journey in this time: fast enough for a look, slow enough for each sensor to act like one. */
const PLAY_MS = 22_000
const SPEED = JOURNEY_MS / PLAY_MS
/** For the service to be ready before its clock starts. */
const BOOT_MS = 4000
const READY_MS = 30_000
const RESTART_MS = 300

type Service = Supervised & { apiUrl: string; mqttUrl: string; adminKey: string; now: () => number }

async function startService(config: Config, print: (text: string) => void): Promise<Service> {
  const ports = { http: await portNear(config.http.port), mqtt: await portNear(1883) }
  const adminKey = `unb_${randomBytes(32).toString('base64url')}`
  const apiUrl = `http://127.0.0.1:${ports.http}`
  for (let bootMs = BOOT_MS; ; bootMs *= 2) {
    const clock = clockFrom(Date.now() + bootMs)
    const service = supervise(environment(ports, adminKey, clock), print)
    await ready(apiUrl, service)
    if (Date.now() <= clock.startedAt) {
      await pause(clock.startedAt - Date.now())
      return { ...service, apiUrl, mqttUrl: `mqtt://127.0.0.1:${ports.mqtt}`, adminKey, now: clock.now }
    }
    // ready only after its clock had started: a part of the journey is lost, so once more with more time
    await service.stop()
  }
}

/** Stands one journey ago until `startedAt`, then runs scaled and meets the real time after `PLAY_MS`. */
function clockFrom(startedAt: number) {
  const originAt = startedAt + PLAY_MS - JOURNEY_MS
  const now = () => Math.round(Math.min(Date.now(), originAt + Math.max(0, Date.now() - startedAt) * SPEED))
  return { startedAt, originAt, now }
}

function environment(
  ports: { http: number; mqtt: number },
  adminKey: string,
  clock: { originAt: number; startedAt: number },
): Record<string, string> {
  return {
    ...inheritedEnvironment(),
    UNBROKEN_INSTANCE: INSTANCE,
    HTTP_PORT: String(ports.http),
    MQTT_PORT: String(ports.mqtt),
    LOG_LEVEL: 'warn',
    BOOTSTRAP_API_KEY: adminKey,
    CLOCK_ORIGIN: new Date(clock.originAt).toISOString(),
    CLOCK_STARTED: String(clock.startedAt),
    CLOCK_SPEED: String(SPEED),
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
  throw new SetupError('No free port on 127.0.0.1 for the demo.')
}

async function signalled(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve())
  })
}
