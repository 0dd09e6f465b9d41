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
  service: RunningService
  network: Network
  processes: Outageable[]
  ownerUrl: string
  close: () => Promise<void>
}

/** Starts database, broker (with persistence), network and service; `close` ends and removes all of them. */
export async function openStage(seed: number): Promise<SoakStage> {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-soak-'))
  // the server of root runs as `nobody`
  chmodSync(folder, 0o755)
  const opened: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const close = async () => {
    for (const shut of opened.splice(0).reverse()) await shut()
  }
  try {
    const database = await openDatabase(folder)
    opened.push(database.close)
    const broker = await openBroker(folder)
    opened.push(broker.close)
    const service = await startService({
      databaseUrls: database.urls,
      mqttUrl: broker.url,
      env: { LOG_LEVEL: 'warn' },
    })
    opened.push(service.stop)
    const network = await startNetwork({ target: broker.url, seed })
    opened.push(network.close)
    const serviceProcess = {
      name: 'service',
      kill: async () => void (await service.program().end('SIGKILL')),
      start: () => service.restart(),
    }
    const processes = [serviceProcess, broker.process, database.process]
    return { service, network, processes, ownerUrl: database.urls.ownerUrl, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openDatabase(dataRoot: string) {
  const handles: EmbeddedPostgres[] = []
  const start = async (port?: number) => {
    const postgres = await startEmbeddedPostgres({ name: 'soak', dataRoot, port, log: () => {} })
    handles.push(postgres)
    return postgres
  }
  const first = await start()
  await createDatabase(first.adminUrl, 'soak', { owner: new URL(first.ownerUrl).username })
  const urls = { servingUrl: withDatabase(first.servingUrl, 'soak'), ownerUrl: withDatabase(first.ownerUrl, 'soak') }
  const process = {
    name: 'database',
    kill: () => kill(handles.at(-1)?.pid ?? 0),
    start: async () => void (await start(first.port)),
  }
  const close = async () => {
    for (const handle of handles) await handle.stop()
  }
  return { urls, process, close }
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

async function openBroker(dataRoot: string) {
  const folder = mkdtempSync(join(dataRoot, 'mosquitto-'))
  const port = await freePort()
  let mosquitto: Mosquitto = await startMosquitto({ port, folder })
  const process = {
    name: 'broker',
    // killed with -9 it loses what it has acknowledged, persistence or not
    kill: () => mosquitto.stop('SIGTERM'),
    start: async () => {
      mosquitto = await startMosquitto({ port, folder })
    },
  }
  return { url: mosquitto.url, process, close: () => mosquitto.remove() }
}
