import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { runFleet } from '../../simulators/fleet.ts'
import { scaledClock } from '../../simulators/fleet-clock.ts'
import { replayFrom } from '../../simulators/fleet-recording.ts'
import { type FleetScenario, profileShares } from '../../simulators/fleet-scenario.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { bodyOf, foreignClient } from '../support/journey.ts'
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts'
import { metric, type RunningService, runProgram, startService } from '../support/service.ts'
import { TEST_SEED } from '../support/tools.ts'
import { until } from '../support/until.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

let database: TestDatabase
let mosquitto: Mosquitto
let service: RunningService
let folder: string
const opened: (() => unknown)[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unbroken-fleet-'))
  database = await testDatabase()
  mosquitto = await startMosquitto()
  service = await startService({ databaseUrls: database, mqttUrl: mosquitto.url })
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})
afterAll(async () => {
  await service?.stop()
  await mosquitto?.remove()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

test('50 sensors of 12 shipments under all faults: every answer is right; the recording can be replayed', async () => {
  const file = join(folder, 'traffic.ndjson')
  const faults = ['--faults', 'flight,duplicates,reorder,loss', '--record', file]
  const { code, said } = await simulate(...SIZES, '--seed', String(TEST_SEED % 1000), ...faults)
  expect({ code }, said).toEqual({ code: 0 })
  expect(said).toContain('12 shipments, 0 served otherwise than injected')
  const [published] = /(?<=^|\n)\d+(?= messages published)/.exec(said) ?? []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines).toHaveLength(Number(published))
  const duplicatesBefore = await metric(service.apiUrl, 'unbroken_ingest_readings_total{outcome="duplicate"}')
  const door = { mqttUrl: service.mqttUrl, username: '', password: '', speed: 0, onProgress: () => undefined }
  expect(await replayFrom(file, door)).toBe(lines.length)
  // each of them is known, so nothing is new
  const isAllDuplicate = async () => {
    const now = await metric(service.apiUrl, 'unbroken_ingest_readings_total{outcome="duplicate"}')
    return now - duplicatesBefore >= lines.length
  }
  await until(isAllDuplicate, { what: 'every reading to come a second time' })
})

test('a reading that nobody injected is found, and named', async () => {
  const scenario: FleetScenario = {
    ...{ seed: 7, sensors: 4, shipments: 2, durationMs: 2 * HOUR_MS, faults: [], disturbances: [] },
    profiles: profileShares('fridge'),
  }
  const startAt = Math.floor((Date.now() - scenario.durationMs) / MINUTE_MS) * MINUTE_MS
  const client = await foreignClient(service.mqttUrl)
  opened.push(() => client.endAsync(true))
  let said = ''
  const { wrong } = await runFleet({
    ...{ scenario, startAt, run: 'intruder', connections: 1, mqttUser: '', mqttPassword: '', isTty: false },
    ...{ apiUrl: service.apiUrl, adminKey: service.adminKey, mqttUrl: service.mqttUrl, recorder: null },
    print: (text) => {
      said += text
    },
    begin: async () => {
      const newest = await newestSensor()
      const warm = bodyOf([{ at: startAt + HOUR_MS, c: 30 }])
      await client.publishAsync(`${service.topicPrefix}/${newest}/readings`, warm, { qos: 1 })
      return scaledClock(startAt, 3600)
    },
  })
  expect(wrong).toBe(1)
  expect(said).toMatch(/DIFFERENT shipment \d+ \(fridge, undisturbed\): served alarm, injected in_range/)
  expect(said).toContain('H3 alarm: served confirmed')
})

const SIZES = ['--sensors', '50', '--shipments', '12', '--duration', '12', '--speed', '4800']

async function simulate(...flags: string[]) {
  const { apiUrl, mqttUrl, adminKey } = service
  const program = runProgram(['simulate', '--api', apiUrl, '--mqtt', mqttUrl, '--key', adminKey, ...flags])
  opened.push(() => (program.ended() ? undefined : program.end('SIGKILL')))
  const { code } = await program.exit
  return { code, said: `${program.stdout()}\n${program.stderr()}` }
}

async function newestSensor(): Promise<number> {
  const { id } = await database.db.kysely
    .selectFrom('sensor')
    .select((eb) => eb.fn.max<number>('id').as('id'))
    .executeTakeFirstOrThrow()
  return id
}
