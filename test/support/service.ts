import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { inheritedEnvironment } from '../../src/config.ts'
import { freePort } from './mosquitto.ts'
import { until } from './until.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** A program of this checkout as a process, with what it has said so far. */
export type Program = {
  pid: number
  /** Standard output: lines of the log of a service. */
  stdout: () => string
  stderr: () => string
  /** The sentences of the log with their level, oldest first. */
  said: () => Said[]
  ended: () => boolean
  /** Sends the signal and waits for the end. */
  end: (signal: NodeJS.Signals) => Promise<Ended>
  exit: Promise<Ended>
}

export type Said = { level: 'info' | 'warn' | 'error'; msg: string }
export type Ended = { code: number | null; signal: NodeJS.Signals | null }

/** Runs `node src/main.ts ARGS` with these variables; none of this program's own come from the tests' environment. */
export function runProgram(args: readonly string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...inheritedEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const exit = exitOf(child)
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exit
  }
  const ended = () => child.exitCode !== null || child.signalCode !== null
  return { pid: child.pid ?? 0, stdout, stderr, said: () => sentences(stdout()), ended, end, exit }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** After the last word of the program is read. */
async function exitOf(child: ChildProcess): Promise<Ended> {
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode }
}

const LEVELS: Record<number, Said['level']> = { 30: 'info', 40: 'warn', 50: 'error', 60: 'error' }

function sentences(log: string): Said[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => {
      const { level, msg }: { level: number; msg?: string } = JSON.parse(line)
      return { level: LEVELS[level] ?? 'info', msg: msg ?? '' }
    })
}

/** The service as a process, on ports of its own that stay the same over restarts. */
export type RunningService = {
  apiUrl: string
  mqttUrl: string
  topicPrefix: string
  adminKey: string
  /** The newest process. */
  program: () => Program
  /** Starts it again after its end; waits until it is ready. */
  restart: () => Promise<void>
  /** Waits until `/readyz` answers 200. */
  ready: () => Promise<void>
  /** Ends it, if it still runs, and waits. */
  stop: () => Promise<void>
}

export type ServiceOptions = {
  databaseUrls: { servingUrl: string; ownerUrl: string } | null
  /** Null: the embedded broker. */
  mqttUrl: string | null
  env?: Record<string, string>
}

/** How long a start may take on a busy machine. */
const READY_MS = 60_000

/** Starts the real service (`serve`) without waiting; its topics, ports and session are its own. */
export async function launchService({ databaseUrls, mqttUrl, env = {} }: ServiceOptions): Promise<RunningService> {
  const run = randomBytes(6).toString('hex')
  const [http, mqtt] = [await freePort(), await freePort()]
  const adminKey = `unb_test_${randomBytes(24).toString('hex')}`
  const variables = {
    HTTP_PORT: String(http),
    MQTT_PORT: String(mqtt),
    MQTT_TOPIC_PREFIX: `test-${run}/v1`,
    MQTT_CLIENT_ID: `ingest-${run}`,
    BOOTSTRAP_API_KEY: adminKey,
    STAMP_SECRET: randomBytes(32).toString('base64'),
    ...(databaseUrls && { DATABASE_URL: databaseUrls.servingUrl, DATABASE_OWNER_URL: databaseUrls.ownerUrl }),
    ...(mqttUrl !== null && { MQTT_URL: mqttUrl }),
    ...env,
  }
  const apiUrl = `http://127.0.0.1:${http}`
  let program = runProgram(['serve'], variables)
  const service: RunningService = {
    apiUrl,
    mqttUrl: mqttUrl ?? `mqtt://127.0.0.1:${mqtt}`,
    topicPrefix: variables.MQTT_TOPIC_PREFIX,
    adminKey,
    program: () => program,
    restart: async () => {
      program = runProgram(['serve'], variables)
      await service.ready()
    },
    ready: () => ready(apiUrl, program),
    stop: async () => void (await program.end('SIGKILL')),
  }
  return service
}

/** Starts the real service and waits until it is ready. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const service = await launchService(options)
  await service.ready()
  return service
}

async function ready(apiUrl: string, program: Program): Promise<void> {
  const check = async () => {
    if (program.ended()) throw new Error(`the service ended:\n${program.stdout()}\n${program.stderr()}`)
    return (await readyz(apiUrl)) === 200
  }
  await until(check, { what: 'the service to be ready', deadlineMs: READY_MS }).catch((error) => {
    throw new Error(`${error.message}\n${program.stdout()}\n${program.stderr()}`)
  })
}

/** The status of `/readyz`; null when nothing answers. */
export async function readyz(apiUrl: string): Promise<number | null> {
  return fetch(`${apiUrl}/readyz`).then(
    ({ status }) => status,
    () => null,
  )
}

/** The value of a metric without labels, or with exactly the labels as written; 0 while it does not exist. */
export async function metric(apiUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${apiUrl}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1) ?? 0)
}
