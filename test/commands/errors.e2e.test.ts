import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { withClient } from '../../db/connect.ts'
import { withDatabase } from '../../db/databases.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { addressOf, freePort } from '../support/mosquitto.ts'
import { type Program, runProgram } from '../support/service.ts'
import vectors from '../vectors/excursions.json' with { type: 'json' }

let database: TestDatabase
let newer: TestDatabase
/** Another program that listens. */
let taken: Server
let takenPort: number

beforeAll(async () => {
  database = await testDatabase()
  newer = await testDatabase()
  await withClient(newer.ownerUrl, (client) =>
    client.query(
      `insert into schema_migration (number, name, sha256, applied_at) values (9999, '9999_later.sql', '', $1)`,
      ['2026-03-02T10:00:00Z'],
    ),
  )
  taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  takenPort = addressOf(taken.address()).port
})

afterAll(async () => {
  taken?.close()
  await newer?.drop()
  await database?.drop()
})

type Case = { error: string; env: () => Record<string, string>; says: RegExp }

const WRONG_PASSWORD =
  /^PostgreSQL at \S+ refused the password of role "\w+": correct the role or its password in the database URL\.$/

/** What the person who starts the service can put right: one sentence, exit 1. */
const CASES: Case[] = [
  {
    error: 'HTTP port taken',
    env: () => ({ HTTP_PORT: String(takenPort) }),
    says: /^Port \d+ is taken by another program: end it, or set HTTP_PORT to a free port\.$/,
  },
  {
    error: 'MQTT port taken',
    env: () => ({ MQTT_PORT: String(takenPort) }),
    says: /^Port \d+ is taken by another program: end it, or set MQTT_PORT to a free port, or MQTT_URL to the broker/,
  },
  {
    error: 'an address of another machine',
    env: () => ({ HTTP_HOST: '203.0.113.1' }),
    says: /^203\.0\.113\.1 is no address of this machine: set HTTP_HOST to one of its addresses\.$/,
  },
  {
    error: 'a wrong password of the serving role',
    env: () => ({ DATABASE_URL: withPassword(database.servingUrl, 'guessed') }),
    says: WRONG_PASSWORD,
  },
  {
    error: 'a wrong password of the owning role',
    env: () => ({ DATABASE_OWNER_URL: withPassword(database.ownerUrl, 'guessed') }),
    says: WRONG_PASSWORD,
  },
  {
    error: 'a database that does not exist',
    env: () => ({
      DATABASE_URL: withDatabase(database.servingUrl, 'missing'),
      DATABASE_OWNER_URL: withDatabase(database.ownerUrl, 'missing'),
    }),
    says: /^database "missing" does not exist on PostgreSQL at \S+: create it, or correct the name at the end of the/,
  },
  {
    error: 'a schema newer than the program',
    env: () => ({ DATABASE_URL: newer.servingUrl, DATABASE_OWNER_URL: newer.ownerUrl }),
    says: /^The database is at schema version 9999, this program knows \d+: run the newer program, or restore/,
  },
]

describe('a sentence that says what to do, and exit 1:', () => {
  test.each(CASES)('$error', async ({ env, says }) => {
    const defaults = {
      DATABASE_URL: database.servingUrl,
      DATABASE_OWNER_URL: database.ownerUrl,
      HTTP_PORT: String(await freePort()),
      MQTT_PORT: String(await freePort()),
    }
    const program = runProgram(['serve'], { ...defaults, ...env() })
    expect(await program.exit).toEqual({ code: 1, signal: null })
    expect(program.stderr().trimEnd().split('\n')).toEqual([expect.stringMatching(says)])
    expectNoSecrets(program)
  })

  test('all problems of the configuration at once', async () => {
    const program = runProgram(['serve'], {
      DATABASE_URL: 'postgres://role:sec#ret@127.0.0.1:5432/unbroken',
      MQTT_URL: 'localhost:1883',
      HTTP_PORT: '80a',
      BOOTSTRAP_API_KEY: 'sec#ret',
      CLOCK_ORIGIN: '2026-03-02T10:00:00Z',
    })
    expect(await program.exit).toEqual({ code: 1, signal: null })
    expect(program.stderr().trimEnd().split('\n')).toEqual([
      'The configuration cannot be used:',
      expect.stringMatching(/^ {2}DATABASE_URL: must read postgres:\/\/.*percent-encoded/),
      expect.stringMatching(/^ {2}MQTT_URL: must read mqtt:\/\/host:1883/),
      expect.stringMatching(/^ {2}HTTP_PORT: must be a whole number from 0 to 65535/),
      expect.stringMatching(/^ {2}BOOTSTRAP_API_KEY: must have at least 32 characters/),
      expect.stringMatching(/^ {2}CLOCK_ORIGIN: a scaled clock is for trials on embedded backends only: unset it/),
    ])
    expectNoSecrets(program)
  })
})

/** A Node that says to be an older one, and the older one of this machine where there is one. */
const PRETEND =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"22.1.0"}})'
const OLD_NODES = [
  { node: process.execPath, args: ['--import', PRETEND] },
  ...['/usr/bin/node', '/usr/local/bin/node'].filter(existsSync).map((node) => ({ node, args: [] })),
]

const ENTRY = join(import.meta.dirname, '../../src/unbroken.mjs')

test('under an older Node the one that came with the checkout takes over', async () => {
  for (const { node, args } of OLD_NODES) {
    const { code, stderr } = await execute(node, [...args, ENTRY, 'serve', 'now'])
    expect([node, code, stderr]).toEqual([node, 2, expect.stringMatching(/^unbroken COMMAND\n {2}serve /)])
  }
})

test('an older Node without that is told in one sentence', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-entry-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const entry = join(folder, 'unbroken.mjs')
  copyFileSync(ENTRY, entry)
  for (const { node, args } of OLD_NODES) {
    if (args.length === 0 && (await majorOf(node)) >= 24) continue
    const { code, stderr } = await execute(node, [...args, entry, 'serve'])
    expect([node, code, stderr]).toEqual([
      node,
      1,
      expect.stringMatching(/^unbroken needs Node 24 or newer \(this is [\d.]+\): run `npm ci` in the checkout.*\n$/),
    ])
  }
})

test.each([
  { line: '', exitCode: 2 },
  { line: 'start', exitCode: 2 },
  { line: 'serve now', exitCode: 2 },
  { line: 'demo --quick', exitCode: 2 },
  { line: 'evaluate', exitCode: 2 },
  { line: 'check-vectors', exitCode: 2 },
])('`unbroken $line` is answered with the usage and exit 2', async ({ line, exitCode }) => {
  const program = runProgram(line.split(' ').filter(Boolean))
  expect(await program.exit).toEqual({ code: exitCode, signal: null })
  expect(program.stderr()).toMatch(/^unbroken COMMAND\n {2}serve /)
})

test('`unbroken help` is the usage and exit 0', async () => {
  const program = runProgram(['help'])
  expect(await program.exit).toEqual({ code: 0, signal: null })
  expect(program.stdout()).toMatch(/^unbroken COMMAND\n {2}serve /)
})

function expectNoSecrets(program: Program): void {
  const said = `${program.stdout()}${program.stderr()}`
  for (const secret of [new URL(database.servingUrl).password, 'guessed', 'sec#ret']) expect(said).not.toContain(secret)
  // no stack trace
  expect(said).not.toMatch(/^\s+at .*:\d+/m)
}

function withPassword(url: string, password: string): string {
  const changed = new URL(url)
  changed.password = password
  return changed.toString()
}

async function majorOf(node: string): Promise<number> {
  const { stdout } = await execute(node, ['--version'])
  return Number(stdout.slice(1).split('.')[0])
}

function execute(file: string, args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(file, args, (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }))
  })
}

test('a program whose output nobody reads to its end stops without a word', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unbroken-unread-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  // more than a pipe holds
  const cases = Array.from({ length: 50 }, () => vectors.cases).flat()
  writeFileSync(join(folder, 'many.json'), JSON.stringify({ ...vectors, cases }))
  const args = [ENTRY, 'evaluate', join(folder, 'many.json')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const warned: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => warned.push(chunk))
  child.stdout.once('data', () => child.stdout.destroy())
  const [code] = await once(child, 'close')
  expect([code, Buffer.concat(warned).toString()]).toEqual([0, ''])
})
