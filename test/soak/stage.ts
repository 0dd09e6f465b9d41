import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, withDatabase } from '../../db/databases.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded.ts'
import { type Network, startNetwork } from '../../simulators/network.ts'
import type { Outageable } from '../../simulators/outages.ts'
import { freePort, type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { type RunningService, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Everything a soak runs on, each part of its own, so that it may be killed. */
export type SoakStage = {
  /** The first of the services: whom fleets ask. */
  service: RunningService
  services: readonly RunningService[]
  network: Network
  broker: SoakBroker
  database: SoakDatabase
  ownerUrl: string
  /** Superuser of the database server. */
  adminUrl: string
  /** Where sensors publish. */
  sensorsUrl: string
  close: () => Promise<void>
}

export type StageOptions = {
  seed: number
  /** More than one share a subscription. */
  services?: number
  /** Whose packets cross the network that can be cut. */
  network?: 'sensors' | 'service'
  env?: Record<string, string>
  /** The folder of the database where it is not a temporary one; settings of the server. */
  dataRoot?: string
  settings?: Record<string, string>
}

/** Starts database, broker (with persistence), network and services; `close` ends and removes all of them. */
export async function openStage(options: StageOptions): Promise<SoakStage> {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-soak-'))
  // the server of root runs as `nobody`
  chmodSync(folder, 0o755)
  const opened: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const shut of opened.splice(0).reverse()) await shut()
  }
  try {
    const database = await openDatabase(options.dataRoot ?? folder, options.settings ?? {})
    opened.push(database.close)
    const broker = await openBroker(folder)
    opened.push(broker.close)
    const network = await startNetwork({ target: broker.url, seed: options.seed })
    opened.push(network.close)
    const [serviceUrl, sensorsUrl] =
      options.network === 'service' ? [network.url, broker.url] : [broker.url, network.url]
    const services = await openServices(options, { databaseUrls: database.urls, mqttUrl: serviceUrl })
    opened.push(() => Promise.all(services.map((service) => service.stop())))
    const [service] = services
    if (service === undefined) throw new Error('a stage needs a service')
    const { ownerUrl } = database.urls
    const { adminUrl } = database
    return { service, services, network, broker, database, ownerUrl, adminUrl, sensorsUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openServices(
  { services: count = 1, env = {} }: StageOptions,
  place: { databaseUrls: { servingUrl: string; ownerUrl: string }; mqttUrl: string },
): Promise<RunningService[]> {
  const run = randomBytes(6).toString('hex')
  const shared = count === 1 ? {} : { MQTT_SHARE_GROUP: run, MQTT_TOPIC_PREFIX: `test-${run}/v1` }
  const services: RunningService[] = []
  for (let index = 0; index < count; index += 1) {
    services.push(await startService({ ...place, env: { LOG_LEVEL: 'warn', ...shared, ...env } }))
  }
  return services
}

/** A service as an outage sees it: killed with -9 and started again. */
export function killable(service: RunningService, name = 'service'): Outageable {
  return {
    name,
    kill: async () => void (await service.program().end('SIGKILL')),
    start: () => service.restart(),
  }
}

export type SoakDatabase = Outageable & { running: () => boolean }

async function openDatabase(dataRoot: string, settings: Record<string, string>) {
  const handles: EmbeddedPostgres[] = []
  const start = async (port?: number) => {
    const postgres = await startEmbeddedPostgres({ name: 'soak', dataRoot, port, settings, log: () => {} })
    handles.push(postgres)
    return postgres
  }
  const first = await start()
  await createDatabase(first.adminUrl, 'soak', { owner: new URL(first.ownerUrl).username })
  const urls = { servingUrl: withDatabase(first.servingUrl, 'soak'), ownerUrl: withDatabase(first.ownerUrl, 'soak') }
  const pid = () => handles.at(-1)?.pid ?? 0
  return {
    urls,
    adminUrl: withDatabase(first.adminUrl, 'soak'),
    name: 'database',
    running: () => isRunning(pid()),
    kill: () => kill(pid()),
    start: async () => void (await start(first.port)),
    close: async () => {
      for (const handle of handles) await handle.stop()
    },
  }
}

/** As the machine's out-of-memory killer would: nothing is written, nobody is told. */
async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(() => !isRunning(pid), { what: 'PostgreSQL to end' })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export type SoakBroker = Outageable & {
  url: string
  /** With -9 it loses what it has acknowledged, persistence or not. */
  stop: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** Forgets what a stopped broker kept on disk: sessions, and messages for them. */
  forget: () => void
}

async function openBroker(dataRoot: string): Promise<SoakBroker & { close: () => Promise<void> }> {
  const folder = mkdtempSync(join(dataRoot, 'mosquitto-'))
  const port = await freePort()
  let mosquitto: Mosquitto = await startMosquitto({ port, folder })
  return {
    url: mosquitto.url,
    name: 'broker',
    kill: () => mosquitto.stop('SIGTERM'),
    stop: (signal) => mosquitto.stop(signal),
    start: async () => {
      mosquitto = await startMosquitto({ port, folder })
    },
    forget: () => rmSync(join(folder, 'mosquitto.db'), { force: true }),
    close: () => mosquitto.remove(),
  }
}
