import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { testDatabase } from '../support/database.ts'
import { brokerProfile, startMosquitto } from '../support/mosquitto.ts'
import { type Program, runProgram, startService } from '../support/service.ts'
import { findMosquitto } from '../support/tools.ts'

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function openBackends(settings: string) {
  const database = await testDatabase()
  opened.push(database.drop)
  const broker = await startMosquitto({ settings })
  opened.push(broker.remove)
  return { database, broker }
}

async function ended(program: Program) {
  const { code } = await program.exit
  return { code, lines: program.stdout().trimEnd().split('\n') }
}

const report = z.object({
  checks: z.array(
    z.object({ name: z.string(), level: z.string(), found: z.string(), change: z.string().nullable() }).strict(),
  ),
})

test.skipIf(findMosquitto() === null)('a running service on its profile has nothing that fails: exit 0', async () => {
  const { database, broker } = await openBackends(brokerProfile())
  const service = await startService({ databaseUrls: database, mqttUrl: broker.url })
  opened.push(service.stop)
  const env = {
    DATABASE_URL: database.servingUrl,
    DATABASE_OWNER_URL: database.ownerUrl,
    MQTT_URL: broker.url,
    MQTT_TOPIC_PREFIX: service.topicPrefix,
    HTTP_PORT: new URL(service.apiUrl).port,
  }
  const { code, lines } = await ended(runProgram(['doctor', '--json'], env))
  const { checks } = report.parse(JSON.parse(lines.join('\n')))
  expect(checks.filter(({ level }) => level === 'fail')).toEqual([])
  expect(code).toBe(0)
  const names = checks.map(({ name }) => name)
  for (const name of ['broker window', 'queue limit', 'persistence', 'session', 'roles', 'partitions of reading']) {
    expect(names).toContain(name)
  }
  expect(checks.filter(({ name }) => /^clock of|^session$/.test(name)).map(({ level }) => level)).toEqual(
    Array(3).fill('ok'),
  )
  // the service was not thrown off and stored nothing of the probe
  expect((await fetch(`${service.apiUrl}/readyz`)).status).toBe(200)
  expect(
    service
      .program()
      .said()
      .filter(({ level }) => level !== 'info'),
  ).toEqual([])
})

test.skipIf(findMosquitto() === null)(
  'a default broker and the owner as serving role fail: exit 1, no secret',
  async () => {
    const { database, broker } = await openBackends('')
    const env = { DATABASE_URL: database.ownerUrl, MQTT_URL: broker.url, MQTT_PROTOCOL: '3.1.1', HTTP_PORT: '1' }
    const program = runProgram(['doctor'], env)
    const { code, lines } = await ended(program)
    expect(code).toBe(1)
    for (const line of lines) expect(line).toMatch(/^(ok {2}|warn|fail) {2}[a-z][a-z ]*: \S.*\.$/)
    expect(lines.filter((line) => line.startsWith('fail')).map((line) => line.split(':')[0])).toEqual([
      'fail  broker window',
      'fail  queue limit',
      'fail  roles',
    ])
    expect(program.stdout() + program.stderr()).not.toContain(new URL(database.ownerUrl).password)
  },
)

test.each([
  ['an unknown flag', ['doctor', '--fix'], {}, /^unbroken COMMAND\n/],
  ['a wrong variable', ['doctor'], { MQTT_URL: 'localhost' }, /^The configuration cannot be used:\n {2}MQTT_URL: must/],
] as const)('%s is answered with exit 2', async (_what, args, env, says) => {
  const program = runProgram(args, env)
  expect(await program.exit).toEqual({ code: 2, signal: null })
  expect(program.stderr()).toMatch(says)
})
