import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { SetupError } from '../setup-error.ts'
import { type Home, OR_OWN_SERVER } from './home.ts'

/** About one second on two cores; a busy machine gets more. */
const INITDB_DEADLINE_MS = 120_000

/** PostgreSQL sees nothing of the program's environment: PGDATA, LANG and the like are meant for something else. */
export const POSTGRES_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }

/**
 * Makes the data directory unless it is there. It is made beside and renamed when whole, so one that was killed
 * half-way is never used. `adminPassword` becomes that of the superuser. Call under the lock.
 */
export async function ensureCluster(home: Home, adminPassword: string, log: (line: string) => void): Promise<void> {
  if (existsSync(home.dataDir)) return
  log(`Creating the embedded PostgreSQL database in ${home.clusterDir}.`)
  removeHalfMade(home)
  const fresh = `${home.dataDir}.new-${process.pid}`
  const passwordFile = `${fresh}.password`
  mkdirSync(fresh, { mode: 0o700 })
  writeFileSync(passwordFile, adminPassword, { mode: 0o600 })
  if (home.account !== null) {
    chownSync(fresh, home.account.uid, home.account.gid)
    chownSync(passwordFile, home.account.uid, home.account.gid)
  }
  try {
    await initdb(home, fresh, passwordFile)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(fresh, home.dataDir)
}

async function initdb(home: Home, dataDir: string, passwordFile: string): Promise<void> {
  // codepoint order on every machine, and letters beyond ASCII still have case
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const login = ['--username=unbroken_admin', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const program = join(home.binariesDir, 'bin', 'initdb')
  try {
    await promisify(execFile)(program, ['-D', dataDir, ...login, ...locale, '--no-instructions'], {
      cwd: home.clusterDir,
      env: POSTGRES_ENV,
      timeout: INITDB_DEADLINE_MS,
      ...home.account,
    })
  } catch (error) {
    const reason = stderrOf(error) || String(error)
    throw new SetupError(`The embedded PostgreSQL could not be set up (${reason}): put that right, ${OR_OWN_SERVER}.`)
  }
}

function stderrOf(error: unknown): string {
  return error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
}

/** An initdb whose program was killed may still write into its directory; what cannot go now goes next time. */
function removeHalfMade(home: Home): void {
  const prefix = `${basename(home.dataDir)}.new-`
  for (const name of readdirSync(home.clusterDir).filter((entry) => entry.startsWith(prefix))) {
    try {
      rmSync(join(home.clusterDir, name), { recursive: true, force: true })
    } catch {}
  }
}
