import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { SCENARIOS } from '../../simulators/scenarios.ts'
import { freePort } from '../support/mosquitto.ts'
import { type Program, runProgram } from '../support/service.ts'

/** The library takes about a minute on two cores; the machine may be busier. */
const LIBRARY_MS = 240_000

let dataRoot: string
const programs: Program[] = []

beforeAll(() => {
  dataRoot = mkdtempSync(join(tmpdir(), 'unbroken-scenarios-'))
  // the server of root runs as `nobody`
  chmodSync(dataRoot, 0o755)
})
afterEach(async () => {
  for (const program of programs.splice(0)) if (!program.ended()) await program.end('SIGTERM')
})
afterAll(() => {
  // after a failure nobody else ends them
  for (const pid of processesNaming(dataRoot)) process.kill(pid, 'SIGKILL')
  rmSync(dataRoot, { recursive: true, force: true })
})

test(
  'every scenario of the library is served as it was injected, a kill of the service in the middle included',
  async () => {
    const demo = await startDemo(['--all'])
    const { code } = await demo.exit
    const rows = [...demo.stdout().matchAll(/^([a-z0-9]+(?:-[a-z0-9]+)+) .* (yes|NO) *$/gm)]
    const equal = Object.fromEntries(rows.map(([, name, word]) => [name, word]))
    expect(equal, `${demo.stdout()}\n${demo.stderr()}`).toEqual(
      Object.fromEntries(SCENARIOS.map(({ name }) => [name, 'yes'])),
    )
    expect(demo.stdout()).toContain('The service was killed; starting it again.')
    expect(code).toBe(0)
  },
  LIBRARY_MS,
)

test('the list names every scenario, and a name nobody knows is told', async () => {
  const list = await startDemo(['--list'])
  expect((await list.exit).code).toBe(0)
  const named = SCENARIOS.filter(({ name }) => new RegExp(`^${name} `, 'm').test(list.stdout()))
  expect(named).toHaveLength(SCENARIOS.length)
  const unknown = await startDemo(['--scenario', 'nothing-happens,no-such-story'])
  expect((await unknown.exit).code).toBe(2)
  expect(unknown.stderr()).toContain('There is no scenario no-such-story')
})

test.each([[['--al']], [['--all', '--list']], [['--scenario', ',']], [['nothing-happens']]])(
  'what nobody reads is refused with the usage: %j',
  async (args) => {
    const demo = await startDemo(args)
    expect((await demo.exit).code).toBe(2)
    expect(demo.stderr()).toContain('--scenario NAME')
  },
)

async function startDemo(args: readonly string[]): Promise<Program> {
  const port = await freePort()
  const demo = runProgram(['demo', ...args], { UNBROKEN_DATA_DIR: dataRoot, HTTP_PORT: String(port) })
  programs.push(demo)
  return demo
}

function processesNaming(text: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Boolean)
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
    } catch {
      return false
    }
  })
}
