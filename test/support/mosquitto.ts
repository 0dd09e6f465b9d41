import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { findMosquitto, NO_BROKER } from './tools.ts'
import { until } from './until.ts'

/** A real broker of a test's own on 127.0.0.1. `stop` ends it and waits; `remove` also deletes its files. */
export type Mosquitto = {
  url: string
  port: number
  pid: number
  stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
  remove: () => Promise<void>
}

/**
 * `port` to come back where an earlier one was; `folder` to keep sessions over restarts, else they are forgotten;
 * `settings` instead of the profile.
 */
export type MosquittoOptions = { port?: number; folder?: string; settings?: string }

/**
 * Starts Mosquitto with the broker profile this service needs: no limit on what is in flight or queued. A test that
 * asks for none of the options gets the broker that MQTT_URL names, where there is one, so it needs a prefix of its
 * own.
 */
export async function startMosquitto({ port, folder, settings }: MosquittoOptions = {}): Promise<Mosquitto> {
  const given = process.env.MQTT_URL
  if (given && port === undefined && folder === undefined && settings === undefined) return borrowed(given)
  const program = findMosquitto()
  if (program === null) throw new Error(NO_BROKER)
  const home = folder ?? mkdtempSync(join(tmpdir(), 'unbroken-mosquitto-'))
  for (let tries = 1; ; tries++) {
    const chosen = port ?? (await freePort())
    const config = join(home, 'mosquitto.conf')
    writeFileSync(config, configText({ port: chosen, folder, settings }))
    const child = spawn(program, ['-c', config], { stdio: 'ignore' })
    if (await answers(child, chosen)) return handle(child, chosen, home)
    // another process may have taken the port between asking and binding
    if (tries === 3) throw new Error(`mosquitto does not start on port ${chosen}`)
  }
}

/** A broker that is not ours to stop. */
function borrowed(url: string): Mosquitto {
  const leave = async (): Promise<void> => undefined
  return { url, port: Number(new URL(url).port), pid: 0, stop: leave, remove: leave }
}

function configText({
  port,
  folder,
  settings,
}: { [name in keyof MosquittoOptions]: MosquittoOptions[name] | undefined }): string {
  const kept = folder === undefined ? ['persistence false'] : ['persistence true', `persistence_location ${folder}/`]
  return [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    `user ${userInfo().username}`,
    'log_dest none',
    ...kept,
    settings ?? brokerProfile(),
  ].join('\n')
}

/** The settings the service asks of any broker of this kind. */
export function brokerProfile(): string {
  return readFileSync(join(import.meta.dirname, '../../infra/mosquitto/profile.conf'), 'utf8')
}

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = addressOf(server.address())
  server.close()
  await once(server, 'close')
  return port
}

/** The address of a listening TCP server. */
export function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  return address
}

async function answers(child: ChildProcess, port: number): Promise<boolean> {
  return until(
    async () => {
      if (child.exitCode !== null) return 'no'
      return (await isOpen(port)) ? 'yes' : false
    },
    { what: `mosquitto to listen on port ${port}` },
  ).then((answer) => answer === 'yes')
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function handle(child: ChildProcess, port: number, home: string): Mosquitto {
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  const remove = async (): Promise<void> => {
    await stop('SIGKILL')
    rmSync(home, { recursive: true, force: true })
  }
  return { url: `mqtt://127.0.0.1:${port}`, port, pid: child.pid ?? 0, stop, remove }
}
