import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { SetupError } from '../setup-error.ts'
import { provideBinaries } from './binaries.ts'

/** Where one embedded server lives and as whom it runs. */
export type Home = {
  /** Directory of this server: passwords, log, users and data. */
  clusterDir: string
  dataDir: string
  /** `bin`, `lib` and `share` of PostgreSQL. */
  binariesDir: string
  /** The unprivileged account to run as; null: the program's own. */
  account: Account | null
}

export type Account = { uid: number; gid: number }

/** What a person can always do instead of using the embedded server. */
export const OR_OWN_SERVER = 'or set DATABASE_URL to a PostgreSQL 18 server'

/**
 * Finds or makes the directories and the binaries. PostgreSQL refuses to run as root, so for root everything lies below
 * /var/lib (a checkout below a closed home directory could not be read by `nobody`), else in the XDG data directory.
 */
export async function openHome(wanted: {
  name: string
  dataRoot?: string | undefined
  xdgDataHome?: string | undefined
}): Promise<Home> {
  if (!/^[a-z0-9-]{1,40}$/.test(wanted.name)) throw new Error(`not a name for an embedded server: ${wanted.name}`)
  const account = process.getuid?.() === 0 ? nobody() : null
  const root = resolve(wanted.dataRoot ?? (account === null ? personalDataDir(wanted.xdgDataHome) : '/var/lib'))
  const checkout = realpathSync(join(import.meta.dirname, '../..'))
  const baseDir = join(root, 'unbroken', createHash('sha256').update(checkout).digest('hex').slice(0, 12))
  try {
    // read and enter for `nobody`, who owns only the data directory itself
    for (const dir of [join(root, 'unbroken'), baseDir, join(baseDir, wanted.name)])
      makeDirectory(dir, account === null ? 0o700 : 0o755)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SetupError(
      `Cannot keep the embedded database below ${root} (${reason}): make it writable, ${OR_OWN_SERVER}.`,
    )
  }
  if (account !== null) requireOpenPath(root)
  const binariesDir = await provideBinaries(baseDir, account)
  // one spelling of the path, or a running server would not be recognised by its command line
  const clusterDir = realpathSync(join(baseDir, wanted.name))
  return { clusterDir, dataDir: join(clusterDir, 'data'), binariesDir, account }
}

/** mkdir's mode is cut by the umask, so it is set a second time. */
function makeDirectory(dir: string, mode: number): void {
  if (existsSync(dir)) return
  mkdirSync(dir, { recursive: true })
  chmodSync(dir, mode)
}

/** The XDG rules: an absolute XDG_DATA_HOME, else ~/.local/share. */
function personalDataDir(xdgDataHome: string | undefined): string {
  if (xdgDataHome?.startsWith('/')) return xdgDataHome
  try {
    return join(homedir(), '.local', 'share')
  } catch {
    throw new SetupError(
      `This account has no home directory for the embedded database: set XDG_DATA_HOME, ${OR_OWN_SERVER}.`,
    )
  }
}

function nobody(): Account {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(\d+):(\d+):/m)
  if (line === null) {
    throw new SetupError(
      `PostgreSQL refuses to run as root and there is no account "nobody": create it, ${OR_OWN_SERVER}.`,
    )
  }
  return { uid: Number(line[1]), gid: Number(line[2]) }
}

function requireOpenPath(dir: string): void {
  for (let above = dir; ; above = dirname(above)) {
    if ((statSync(above).mode & 0o001) === 0) {
      throw new SetupError(
        `The embedded PostgreSQL runs as "nobody", who cannot enter ${above}: run chmod o+x on it, choose another ` +
          `directory, ${OR_OWN_SERVER}.`,
      )
    }
    if (above === '/') return
  }
}

const credentialsSchema = z.object({ admin: z.string(), owner: z.string(), serving: z.string() })

/** The passwords of the three roles. */
export type Credentials = z.infer<typeof credentialsSchema>

/** Reads the passwords, or invents them for a new server; only the account of the program can read the file. */
export function credentialsOf(home: Home): Credentials {
  const file = join(home.clusterDir, 'passwords.json')
  if (existsSync(file)) return credentialsSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  if (existsSync(home.dataDir)) {
    throw new SetupError(
      `The passwords of the embedded database are gone (${file}): remove ${home.clusterDir} to start anew.`,
    )
  }
  const credentials = { admin: password(), owner: password(), serving: password() }
  writeFileSync(`${file}.new`, JSON.stringify(credentials), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return credentials
}

function password(): string {
  return randomBytes(24).toString('base64url')
}
