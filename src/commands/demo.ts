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
import { readConfig } from '../config.ts'

/**
 * `unbroken demo`: starts the service as a process of its own on embedded backends, with a clock that begins one journey ago
 * and runs scaled to the real now, plays the journeys of `simulators/` through the public doors, and compares every served
 * answer with what was injected. Should the service be killed, it is started again and nothing acked is lost. Returns the
 * exit code: 0 when all answers were right.
 */
export async function demo(options: { exit: boolean; print: (text: string) => void; isTty: boolean }): Promise<number> {
  const location = dataLocation()
  const postgres = await startEmbeddedPostgres({ ...location, name: INSTANCE, log: () => {} })
  const stopped = new AbortController()
  let service: Supervised | null = null
  try {
    await dropDatabase(postgres.adminUrl, 'unbroken')
    await createDatabase(postgres.adminUrl, 'unbroken', { owner: new URL(postgres.ownerUrl).username })
    service = await startService(options.print, stopped.signal)
    const result = await runDemo({ ...service, print: (text) => process.stdout.write(text), isTty: options.isTty })
    if (options.exit) {
      result.close()
      return result.equal ? 0 : 1
    }
    options.print(`\nThe service stays up (process ${service.pid()}; kill it with -9 and watch it come back). Ctrl-C ends it.`)
    await signalled()
    result.close()
    return result.equal ? 0 : 1
  } finally {
    stopped.abort()
    await service?.ended()
    await postgres.stop()
  }
}

const INSTANCE = 'demo'
/** One journey in this time: fast enough for a look, slow enough for each sensor to act like one. */
const PLAY_MS = 22_000
const READY_MS = 30_000
const RESTART_MS = 300

type Supervised = {
  apiUrl: string
  mqttUrl: string
  adminKey: string
  now: () => number
  speed: number
  pid: () => number
  ended: () => Promise<void>
}

async function startService(print: (text: string) => void, stopped: AbortSignal): Promise<Supervised> {
  const [httpPort, mqttPort] = [await portNear(8080), await portNear(1883)]
  const startedAt = Date.now()
  const originAt = startedAt + PLAY_MS - JOURNEY_MS
  const speed = JOURNEY_MS / PLAY_MS
  const adminKey = `unb_${randomBytes(32).toString('base64url')}`
  const environment = {
    ...passedOn(),
    UNBROKEN_INSTANCE: INSTANCE,
    HTTP_PORT: String(httpPort),
    MQTT_PORT: String(mqttPort),
    LOG_LEVEL: 'warn',
    BOOTSTRAP_API_KEY: adminKey,
    CLOCK_ORIGIN: new Date(originAt).toISOString(),
    CLOCK_STARTED: String(startedAt),
    CLOCK_SPEED: String(speed),
  }
  const process_ = supervise(environment, print, stopped)
  const apiUrl = `http://127.0.0.1:${httpPort}`
  await ready(apiUrl, stopped)
  return {
    apiUrl,
    mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
    adminKey,
    speed,
    now: () => Math.round(Math.min(Date.now(), originAt + (Date.now() - startedAt) * speed)),
    ...process_,
  }
}

/** Keeps one service process running until stopped; one that dies by itself is said and started again. */
function supervise(environment: NodeJS.ProcessEnv, print: (text: string) => void, stopped: AbortSignal) {
  const main = join(import.meta.dirname, '..', 'main.ts')
  let child: ChildProcess
  const run = async () => {
    for (;;) {
      child = spawn(process.execPath, [main, 'serve'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] })
      child.stderr?.resume()
      const exit = once(child, 'exit')
      const stop = () => child.kill('SIGTERM')
      stopped.addEventListener('abort', stop)
      await exit
      stopped.removeEventListener('abort', stop)
      if (stopped.aborted) return
      print('\nThe service ended unexpectedly; starting it again.')
      await pause(RESTART_MS)
    }
  }
  const running = run()
  return { pid: () => child.pid ?? 0, ended: () => running }
}

async function ready(apiUrl: string, stopped: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline && !stopped.aborted) {
    const answer = await fetch(`${apiUrl}/readyz`).catch(() => null)
    if (answer?.ok) return
    await pause(100)
  }
  throw new SetupError('The service did not become ready: run `npx unbroken serve` to see why.')
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
