import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from '../setup-error.ts'

/** Longer than the slowest start another program may be in the middle of. */
const LOCK_DEADLINE_MS = 180_000
const LOCK_POLL_MS = 50

/**
 * Runs `work` while no other program starts or stops the server of this directory. The lock is a socket name in Linux's
 * abstract namespace: taking it is atomic, and the kernel frees it with its process, so it is never stale. (A lock file
 * must be broken when its writer was killed, and two programs breaking it at once both believe to hold it.)
 */
export async function withLock<T>(clusterDir: string, work: () => Promise<T>): Promise<T> {
  const name = `\0unbroken-${createHash('sha256').update(clusterDir).digest('hex')}`
  const deadline = performance.now() + LOCK_DEADLINE_MS
  let lock = await tryListen(name)
  while (lock === null) {
    if (performance.now() > deadline) {
      throw new SetupError(
        `Another program has been starting or stopping the embedded database in ${clusterDir} for ` +
          `${LOCK_DEADLINE_MS / 1000} s: end it, then try again.`,
      )
    }
    await sleep(LOCK_POLL_MS)
    lock = await tryListen(name)
  }
  try {
    return await work()
  } finally {
    lock.close()
  }
}

/** Null when somebody else has the name. */
function tryListen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    )
    server.listen(name, () => resolve(server))
  })
}

/**
 * Notes that this program uses the server, and returns how to take that back. A note of a killed program counts for
 * nothing: it names the start time of its process, so a reused process id is not mistaken for it.
 */
export function registerUser(clusterDir: string): () => void {
  const usersDir = join(clusterDir, 'users')
  mkdirSync(usersDir, { recursive: true })
  // random, not counted: a program may hold several uses, and load this module more than once
  const file = join(usersDir, `${process.pid}-${startOf(process.pid)}-${randomUUID()}`)
  writeFileSync(file, '')
  return () => rmSync(file, { force: true })
}

/** Whether a living program uses the server; notes of dead ones are removed. Call under the lock. */
export function hasUsers(clusterDir: string): boolean {
  const usersDir = join(clusterDir, 'users')
  const alive = readdirSync(usersDir).filter((note) => {
    const [pid, start] = note.split('-')
    if (startOf(Number(pid)) === start) return true
    rmSync(join(usersDir, note), { force: true })
    return false
  })
  return alive.length > 0
}

/** When a process started, in clock ticks since boot (proc(5), field 22 of stat); null when it is gone or a zombie. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the second field is the program's name in parentheses and may hold anything, so count from behind it
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}
