import { chmodSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { freePort } from '../support/mosquitto.ts'
import { type Program, readyz, runProgram } from '../support/service.ts'
import { until } from '../support/until.ts'

/** What issue and README promise on two cores; the machine may be busier. */
const DEMO_MS = 120_000
const START_MS = 60_000
/** In the command line of the service. */
const SERVE = 'main.ts serve'

let dataRoot: string
const demos: Program[] = []
const services: number[] = []

beforeAll(() => {
  dataRoot = mkdtempSync(join(tmpdir(), 'unbroken-demo-'))
  // the server of root runs as `nobody`
  chmodSync(dataRoot, 0o755)
})
afterEach(async () => {
  for (const pid of services.splice(0)) if (commandOf(pid).includes(SERVE)) process.kill(pid, 'SIGKILL')
  for (const demo of demos.splice(0)) if (!demo.ended()) await demo.end('SIGKILL')
})
afterAll(() => {
  // after a failure nobody else ends it
  for (const pid of processesNaming(dataRoot)) process.kill(pid, 'SIGKILL')
  rmSync(dataRoot, { recursive: true, force: true })
})

test('a demo that is killed takes its service and its database along', async () => {
  const { demo, apiUrl, servicePid } = await startDemo()
  await demo.end('SIGKILL')
  await until(() => commandOf(servicePid) === '', { what: 'the service to end', deadlineMs: START_MS })
  expect(await readyz(apiUrl)).toBeNull()
  await until(() => processesNaming(dataRoot).length === 0, { what: 'PostgreSQL to end', deadlineMs: START_MS })
})

test(
  'killed with its service it leaves a database that the next demo adopts, whose service is killed again; all is right',
  async () => {
    const killed = await startDemo()
    // stopped, it cannot end the database before it is killed itself
    process.kill(killed.servicePid, 'SIGSTOP')
    process.kill(killed.demo.pid, 'SIGKILL')
    await until(() => commandOf(killed.demo.pid) === '', { what: 'the demo to end' })
    process.kill(killed.servicePid, 'SIGKILL')
    const postmaster = postmasterPid()
    expect(commandOf(postmaster)).toContain('postgres')
    const { demo, servicePid } = await startDemo()
    expect(postmasterPid()).toBe(postmaster)
    const halfway = () => /\] +[4-6]\d %/.test(demo.stdout())
    await until(halfway, { what: 'half of the journey', deadlineMs: START_MS })
    process.kill(servicePid, 'SIGKILL')
    await expectAllRight(demo)
    expect(demo.stdout()).toContain('The service was killed; starting it again.')
  },
  DEMO_MS,
)

type Demo = { demo: Program; apiUrl: string; servicePid: number }

/** Starts `demo --exit` on data of this file; answers once the play has begun. */
async function startDemo(): Promise<Demo> {
  const [http, mqtt] = [await freePort(), await freePort()]
  const env = { UNBROKEN_DATA_DIR: dataRoot, HTTP_PORT: String(http), MQTT_PORT: String(mqtt) }
  const demo = runProgram(['demo', '--exit'], env)
  demos.push(demo)
  // before that a slow machine may start the service a second time
  const hasBegun = () => / % {2}\d+ messages published/.test(demo.stdout())
  await until(() => hasBegun() || demo.ended(), { what: 'the play to begin', deadlineMs: START_MS })
  const servicePid = childrenOf(demo.pid).find((pid) => commandOf(pid).includes(SERVE)) ?? 0
  expect(servicePid, `${demo.stdout()}\n${demo.stderr()}`).toBeGreaterThan(0)
  services.push(servicePid)
  return { demo, apiUrl: `http://127.0.0.1:${http}`, servicePid }
}

async function expectAllRight(demo: Program): Promise<void> {
  const { code } = await demo.exit
  const equal = [...demo.stdout().matchAll(/^DEMO-\w-\w+ .* (yes|NO) *$/gm)].map(([, word]) => word)
  expect({ code, equal }, `${demo.stdout()}\n${demo.stderr()}`).toEqual({ code: 0, equal: Array(6).fill('yes') })
}

function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Boolean)
}

function childrenOf(parent: number): number[] {
  return processes().filter((pid) => {
    // the name in parentheses may hold anything; the parent is the second field behind it
    const stat = read(`/proc/${pid}/stat`)
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
  })
}

/** Empty for a process that has ended, collected or not. */
function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
}

function processesNaming(text: string): number[] {
  return processes().filter((pid) => commandOf(pid).includes(text))
}

function postmasterPid(): number {
  const [file = ''] = globSync(join(dataRoot, 'unbroken/*/demo/data/postmaster.pid'))
  return Number(read(file).split('\n')[0])
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
