import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../setup-error.ts'
import { POSTGRES_ENV } from './cluster.ts'
import { type Home, OR_OWN_SERVER } from './home.ts'

/** A running server process and the port it answers on. */
export type Postmaster = { pid: number; port: number }

/** A start takes 0.2 s; after a crash it first replays up to 1 GB of log, and must not be killed while it does. */
const START_DEADLINE_MS = 120_000
const POLL_MS = 20

/** The server of this data directory that is running already, once it is ready; null when there is none. */
export async function adopt(home: Home): Promise<Postmaster | null> {
  const deadline = performance.now() + START_DEADLINE_MS
  for (;;) {
    const found = readPidFile(home)
    if (found === null || !isPostmaster(found.pid, home)) return null
    if (found.ready) return found
    if (performance.now() > deadline) {
      throw new SetupError(
        `PostgreSQL (process ${found.pid}) has been starting or stopping too long: end it, then try again.`,
      )
    }
    await sleep(POLL_MS)
  }
}

const MAX_ATTEMPTS = 10

type Settings = Readonly<Record<string, string>>
type Wanted = { port?: number | undefined; settings?: Settings | undefined; log: (line: string) => void }

/**
 * Starts the server on 127.0.0.1 in a session of its own, so that neither Ctrl-C nor a killed program ends it.
 * A taken port is not probed for (it may be taken a moment later) but met: then another one is tried.
 */
export async function launch(home: Home, wanted: Wanted): Promise<Postmaster> {
  await settlePidFile(home)
  keepPreviousLog(home)
  let port = wanted.port ?? usualPort(home)
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const pid = await tryLaunch(home, port, wanted.settings)
    if (pid !== null) return { pid, port }
    const said = logTail(home)
    if (!/could not bind .*Address already in use/.test(said)) {
      throw new SetupError(`The embedded PostgreSQL did not start: put right what it says, ${OR_OWN_SERVER}.\n${said}`)
    }
    port = randomInt(FIRST_PORT, LAST_PORT + 1)
    wanted.log(`The port is taken; trying ${port} for the embedded PostgreSQL.`)
  }
  throw new SetupError(`The embedded PostgreSQL did not start in ${MAX_ATTEMPTS} attempts.\n${logTail(home)}`)
}

/** Below the range from which Linux picks ports for outgoing connections. */
const FIRST_PORT = 15_000
const LAST_PORT = 30_000

/** The same port at every start unless it is taken, so that a noted URL stays true. */
function usualPort(home: Home): number {
  const hash = createHash('sha256').update(home.clusterDir).digest().readUInt32BE()
  return FIRST_PORT + (hash % (LAST_PORT - FIRST_PORT))
}

/** The process id once it is ready for connections; null when it ended instead. */
async function tryLaunch(home: Home, port: number, wanted: Settings = {}): Promise<number | null> {
  const child = spawnPostgres(home, { ...SETTINGS, ...wanted, port: String(port) })
  let ended: string | null = null
  child.once('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`
  })
  child.once('error', (error) => {
    ended = error.message
  })
  const deadline = performance.now() + START_DEADLINE_MS
  for (;;) {
    await sleep(POLL_MS)
    if (child.pid === undefined)
      throw new SetupError(`The embedded PostgreSQL cannot be run (${ended}): ${OR_OWN_SERVER}.`)
    if (ended !== null) return null
    const found = readPidFile(home)
    if (found?.pid === child.pid && found.ready) return child.pid
    if (performance.now() > deadline) {
      child.kill('SIGQUIT')
      throw new SetupError(
        `The embedded PostgreSQL was not ready after ${START_DEADLINE_MS / 1000} s.\n${logTail(home)}`,
      )
    }
  }
}

function spawnPostgres(home: Home, given: Settings): ChildProcess {
  const settings = Object.entries(given).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const output = openSync(logFile(home), 'w', 0o600)
  const child = spawn(join(home.binariesDir, 'bin', 'postgres'), ['-D', home.dataDir, ...settings], {
    cwd: home.clusterDir,
    env: POSTGRES_ENV,
    detached: true,
    stdio: ['ignore', output, output],
    ...home.account,
  })
  child.unref()
  closeSync(output)
  return child
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // no socket file: its path may be at most 107 bytes long
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  // what was acknowledged is on disk, as in production
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  log_checkpoints: 'off',
  // many short statements on few cores: compiling them or spreading them over workers costs more than it gives
  jit: 'off',
  max_parallel_workers_per_gather: '0',
}

const FAST_SHUTDOWN_MS = 20_000
const IMMEDIATE_SHUTDOWN_MS = 10_000

/**
 * Ends the server of this data directory, `knownPid` or the one that took its place after a crash: fast shutdown, then
 * an immediate one. Nothing committed is lost by either.
 */
export async function stopPostmaster(home: Home, knownPid: number): Promise<void> {
  const pid = isPostmaster(knownPid, home) ? knownPid : (readPidFile(home)?.pid ?? knownPid)
  const steps = [
    { signal: 'SIGINT', deadlineMs: FAST_SHUTDOWN_MS },
    { signal: 'SIGQUIT', deadlineMs: IMMEDIATE_SHUTDOWN_MS },
  ] as const
  for (const { signal, deadlineMs } of steps) {
    if (!isPostmaster(pid, home)) return
    process.kill(pid, signal)
    const deadline = performance.now() + deadlineMs
    while (isAlive(pid) && performance.now() < deadline) await sleep(POLL_MS)
  }
  if (isPostmaster(pid, home)) throw new Error(`PostgreSQL (process ${pid}) did not stop`)
}

/** postmaster.pid: process id, data directory, start, port, socket directory, address, memory key, state. */
function readPidFile(home: Home): (Postmaster & { ready: boolean }) | null {
  try {
    const lines = readFileSync(pidFile(home), 'utf8').split('\n')
    const pid = Number(lines[0])
    return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : null
  } catch {
    return null
  }
}

/** Whether a process is the server of this data directory; a zombie has no command line, so it is not. */
function isPostmaster(pid: number, home: Home): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(home.dataDir)
  } catch {
    return false
  }
}

/** Children of a killed server end within moments. */
const ORPHANS_DEADLINE_MS = 10_000

/**
 * Called when no server runs here. PostgreSQL clears a stale pid file itself but refuses one that is empty or names a
 * process of the same account: another program (ids are used again after a restart of the machine), or the dead server
 * as a zombie (in containers nobody may collect it). Such a file is removed once no child of that server is left.
 */
async function settlePidFile(home: Home): Promise<void> {
  const deadline = performance.now() + ORPHANS_DEADLINE_MS
  while (hasOrphans(home) && performance.now() < deadline) await sleep(POLL_MS)
  if (hasOrphans(home)) return
  const found = readPidFile(home)
  if (found === null || isNoServer(found.pid)) rmSync(pidFile(home), { force: true })
}

/** Whether processes are attached to the shared memory that the pid file names (key and id in its seventh line). */
function hasOrphans(home: Home): boolean {
  try {
    const [key, id] = readFileSync(pidFile(home), 'utf8').split('\n')[6]?.trim().split(/\s+/) ?? []
    const segments = readFileSync('/proc/sysvipc/shm', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    return segments.some(
      (fields) => fields[1] === id && Number(fields[0]) >>> 0 === Number(key) && Number(fields[6]) > 0,
    )
  } catch {
    return false
  }
}

/** A process that lives and is another program, or is dead and not collected; false when there is none at all. */
function isNoServer(pid: number): boolean {
  const found = processOf(pid)
  return found !== null && (found.program !== 'postgres' || !isAlive(pid))
}

/** False once a process has ended, even where nobody collects it. (Its command line is gone a moment earlier.) */
function isAlive(pid: number): boolean {
  const found = processOf(pid)
  return found !== null && found.state !== 'Z' && found.state !== 'X'
}

function processOf(pid: number): { program: string | undefined; state: string | undefined } | null {
  try {
    const [, program, state] = /^\d+ \((.*)\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { program, state }
  } catch {
    return null
  }
}

function keepPreviousLog(home: Home): void {
  if (existsSync(logFile(home))) renameSync(logFile(home), `${logFile(home)}.1`)
}

const LOG_TAIL_CHARS = 2_000

function logTail(home: Home): string {
  return readFileSync(logFile(home), 'utf8').slice(-LOG_TAIL_CHARS).trim()
}

function pidFile(home: Home): string {
  return join(home.dataDir, 'postmaster.pid')
}

function logFile(home: Home): string {
  return join(home.clusterDir, 'postgres.log')
}
