import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, dropDatabase, withDatabase } from '../db/databases.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../db/embedded.ts'
import { SimulatedSensor } from '../simulators/sensor.ts'
import { type Journey, openJourney, servedReadings } from './support/journey.ts'
import { MINUTE, T0 } from './support/limits.ts'
import { freePort, startMosquitto } from './support/mosquitto.ts'
import { launchService, type RunningService, readyz, type Said, startService } from './support/service.ts'
import { findMosquitto } from './support/tools.ts'
import { until } from './support/until.ts'

/** A server of this file's own, which the tests may kill. */
let dataRoot: string
let postgres: EmbeddedPostgres
/** Every handle on it: each has a note of its own there. */
const handles: EmbeddedPostgres[] = []
let urls: { servingUrl: string; ownerUrl: string }
let databases = 0

const opened: (() => unknown)[] = []

beforeAll(async () => {
  dataRoot = mkdtempSync(join(tmpdir(), 'unbroken-outage-'))
  // the server of root runs as `nobody`
  chmodSync(dataRoot, 0o755)
  await startPostgres()
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})
afterAll(async () => {
  for (const handle of handles) await handle.stop()
  rmSync(dataRoot, { recursive: true, force: true })
})

async function startPostgres(port?: number): Promise<void> {
  postgres = await startEmbeddedPostgres({ name: 'outage', dataRoot, port, log: () => {} })
  handles.push(postgres)
}

async function freshDatabase(): Promise<void> {
  const name = `outage_${databases++}`
  await createDatabase(postgres.adminUrl, name, { owner: new URL(postgres.ownerUrl).username })
  opened.push(() => dropDatabase(postgres.adminUrl, name))
  urls = { servingUrl: withDatabase(postgres.servingUrl, name), ownerUrl: withDatabase(postgres.ownerUrl, name) }
}

/** As the machine's out-of-memory killer would end it, or as an administrator. */
const WAYS_TO_END = [
  { way: 'killed with -9', signal: 'SIGKILL' },
  { way: 'stopped', signal: 'SIGINT' },
] as const

describe.each(WAYS_TO_END)('PostgreSQL $way while readings come', ({ signal }) => {
  test.each([
    { door: 'through a broker', broker: 'mosquitto' },
    { door: 'at the embedded broker', broker: 'embedded' },
  ])('$door: ingest stalls, says so once, resumes and loses nothing', async ({ broker }) => {
    await freshDatabase()
    const mosquitto = broker === 'mosquitto' ? await startMosquitto() : null
    if (mosquitto !== null) opened.push(mosquitto.remove)
    const service = await startService({ databaseUrls: urls, mqttUrl: mosquitto?.url ?? null })
    opened.push(service.stop)
    const { pid } = service.program()
    const journey = await openJourney(service, { packedAt: T0 })
    const sensor = openSensor(service, journey)
    await sensor.publish(0, 20)
    await expectServed(journey, 20)
    const before = service.program().said().length
    await endPostgres(signal)
    await sensor.publish(20, 40)
    await until(async () => (await readyz(service.apiUrl)) === 503, { what: 'readyz to answer 503' })
    // several tries fail meanwhile: the pause doubles from 0.1 s
    await until(() => sentences(service, before, /cannot store readings/).length > 0, { what: 'the outage to be said' })
    await until(async () => (await retries(service)) >= 4, { what: 'several tries' })
    await startPostgres(postgres.port)
    await expectServed(journey, 40)
    await sensor.settled()
    await service.ready()
    expect([service.program().pid, service.program().ended()]).toEqual([pid, false])
    const said = service.program().said().slice(before)
    expect(said.filter(({ level }) => level === 'error')).toEqual([
      { level: 'error', msg: expect.stringMatching(/^The database cannot store readings .* Check that it runs/) },
    ])
    expect(said.filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(1)
    expect(sentences(service, before, /^Storing readings works again after/)).toHaveLength(1)
  })
})

test('a database that is away at start is waited for, said once, and used when it comes', async () => {
  await freshDatabase()
  await endPostgres('SIGINT')
  const service = await launchService({ databaseUrls: urls, mqttUrl: null })
  opened.push(service.stop)
  const waiting = /^Nothing answers at PostgreSQL at 127\.0\.0\.1:\d+: start PostgreSQL there, .* every 2 s\.$/
  await until(() => sentences(service, 0, waiting).length > 0, { what: 'the sentence' })
  await startPostgres(postgres.port)
  await service.ready()
  expect(
    service
      .program()
      .said()
      .filter(({ level }) => level === 'error'),
  ).toHaveLength(1)
  expect((await openJourney(service, { packedAt: T0 })).sensors).toHaveLength(1)
})

/** These stop and start the broker, so it has to be one of their own. */
describe.skipIf(findMosquitto() === null)('a broker that is away', () => {
  test.each([
    { subscription: 'its own', group: {} },
    // Mosquitto 2.0 forgets it over a restart, though it says that the session is present
    { subscription: 'a shared', group: { MQTT_SHARE_GROUP: 'two' } },
  ])(
    'at start and later is waited for, said once each, and used, with $subscription subscription',
    async ({ group }) => {
      await freshDatabase()
      const port = await freePort()
      const folder = mkdtempSync(join(tmpdir(), 'unbroken-mosquitto-'))
      opened.push(() => rmSync(folder, { recursive: true, force: true }))
      const service = await launchService({ databaseUrls: urls, mqttUrl: `mqtt://127.0.0.1:${port}`, env: group })
      opened.push(service.stop)
      const away = /^No connection to the MQTT broker at 127\.0\.0\.1:\d+ .*Check that it runs and MQTT_URL/
      await until(() => sentences(service, 0, away).length === 1, { what: 'the sentence' })
      const answer = await fetch(`${service.apiUrl}/readyz`)
      expect([answer.status, await answer.json()]).toEqual([
        503,
        { ok: false, parts: { database: true, broker: false } },
      ])
      const first = await startMosquitto({ port, folder })
      opened.push(first.remove)
      await service.ready()
      const journey = await openJourney(service, { packedAt: T0 })
      await first.stop()
      await until(async () => (await readyz(service.apiUrl)) === 503, { what: 'readyz to notice' })
      const second = await startMosquitto({ port, folder })
      opened.push(second.remove)
      await service.ready()
      await openSensor(service, journey).publish(0, 1)
      await expectServed(journey, 1)
      expect(sentences(service, 0, away)).toHaveLength(2)
      expect(
        service
          .program()
          .said()
          .filter(({ level }) => level === 'error'),
      ).toHaveLength(2)
    },
  )
})

type Sensor = { publish: (from: number, to: number) => Promise<void>; settled: () => Promise<void> }

/** Publishes one reading a minute; on the embedded broker with acks that wait for the database. */
function openSensor(service: RunningService, journey: Journey): Sensor {
  const [sensor] = journey.sensors
  if (sensor === undefined) throw new Error('the journey has a sensor')
  const { mqttUrl, topicPrefix } = service
  const simulated = new SimulatedSensor({
    mqttUrl,
    topicPrefix,
    sensorId: sensor.id,
    secret: sensor.secret,
    now: () => T0,
  })
  opened.push(() => simulated.goOffline())
  simulated.goOnline()
  return {
    publish: async (from, to) => {
      for (let number = from; number < to; number++) simulated.send([{ at: T0 + number * MINUTE, milliC: 5000 }])
    },
    settled: () => simulated.settled(20_000),
  }
}

async function endPostgres(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
  const { pid } = postgres
  process.kill(pid, signal)
  await until(() => !isRunning(pid), { what: 'PostgreSQL to end' })
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function sentences(service: RunningService, from: number, pattern: RegExp): Said[] {
  return service
    .program()
    .said()
    .slice(from)
    .filter(({ msg }) => pattern.test(msg))
}

async function retries(service: RunningService): Promise<number> {
  const text = await (await fetch(`${service.apiUrl}/metrics`)).text()
  return Number(/^unbroken_ingest_retries_total (\d+)/m.exec(text)?.[1])
}

async function expectServed(journey: Journey, count: number): Promise<void> {
  const expected = Array.from({ length: count }, (_, number) => new Date(T0 + number * MINUTE).toISOString())
  const served = async () => (await servedReadings(journey)).length >= count
  await until(served, { what: `${count} readings`, deadlineMs: 20_000 })
  expect((await servedReadings(journey)).map(({ at }) => at)).toEqual(expected)
}
