import { afterEach, beforeEach, expect, test } from 'vitest'
import { SimulatedSensor } from '../simulators/sensor.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'
import { bodyOf, foreignClient, type Journey, openJourney, servedReadings } from './support/journey.ts'
import { MINUTE, T0 } from './support/limits.ts'
import { startMosquitto } from './support/mosquitto.ts'
import { type RunningService, startService } from './support/service.ts'
import { TEST_SEED } from './support/tools.ts'
import { until } from './support/until.ts'

/** A run this long is stored in many batches, so a kill falls into, between and behind them. */
const MESSAGES = 2000
const KILLS = 3
const STORED_MS = 20_000

let database: TestDatabase
/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
beforeEach(async () => {
  database = await testDatabase()
  opened.push(database.drop)
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

test('killed with -9 while a client publishes through Mosquitto, every message is stored exactly once', async () => {
  const mosquitto = await startMosquitto()
  opened.push(mosquitto.remove)
  const service = await openService(mosquitto.url)
  const journey = await openJourney(service, { packedAt: T0, sensors: 2 })
  const client = await foreignClient(mosquitto.url)
  opened.push(() => client.endAsync(true))
  const kills = killPoints()
  const published: Promise<unknown>[] = []
  for (let number = 0; number < MESSAGES; number++) {
    const { sensorId, reading } = messageOf(journey, number)
    const topic = `${service.topicPrefix}/${sensorId}/readings`
    published.push(client.publishAsync(topic, bodyOf([reading]), { qos: 1 }))
    // a loaded line, but no single burst: the service stores while the client publishes
    if (number % 200 === 199) await Promise.all(published.slice(-200))
    if (kills.includes(number)) await killAndRestart(service, published)
  }
  await Promise.all(published)
  await expectEachStoredOnce(journey)
})

test('killed with -9 on the embedded broker, all that was acked is stored, the rest sent again', async () => {
  const service = await openService(null)
  const journey = await openJourney(service, { packedAt: T0, sensors: 2 })
  const door = { mqttUrl: service.mqttUrl, topicPrefix: service.topicPrefix, now: () => T0 }
  const sensors = journey.sensors.map(({ id, secret }) => new SimulatedSensor({ ...door, sensorId: id, secret }))
  for (const sensor of sensors) {
    opened.push(() => sensor.goOffline())
    sensor.goOnline()
  }
  const kills = killPoints()
  const acked = () => sensors.reduce((sum, sensor) => sum + sensor.progress().acked, 0)
  for (let number = 0; number < MESSAGES; number++) {
    const { reading } = messageOf(journey, number)
    sensors[number % 2]?.send([{ at: reading.at, milliC: reading.c * 1000 }])
    if (number % 100 === 99) await until(() => acked() > number - 300, { what: 'acks', deadlineMs: STORED_MS })
    if (kills.includes(number)) {
      await service.program().end('SIGKILL')
      const promised = acked()
      const { count } = await storedCount()
      // sensors send again only what was not acked, so a promise that was not kept would be missing here and at the end
      expect(count).toBeGreaterThanOrEqual(promised)
      await service.restart()
    }
  }
  for (const sensor of sensors) await sensor.settled(STORED_MS)
  await expectEachStoredOnce(journey)
})

async function openService(mqttUrl: string | null): Promise<RunningService> {
  const service = await startService({ databaseUrls: database, mqttUrl })
  opened.push(service.stop)
  return service
}

/** Message numbers after which the service dies; from the seed, so the same in every run. */
function killPoints(): number[] {
  let state = TEST_SEED
  const points = Array.from({ length: KILLS }, () => {
    // a linear congruential generator (Numerical Recipes) is random enough for this
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * MESSAGES)
  })
  process.stdout.write(`seed ${TEST_SEED}: killed after messages ${points.join(', ')}\n`)
  return points
}

/** Each reading has an instant of its own, so the stored rows tell which messages are there. */
function messageOf({ sensors }: Journey, number: number) {
  const sensor = sensors[number % sensors.length]
  return { sensorId: sensor?.id ?? 0, reading: { at: T0 + number * MINUTE, c: 3 + (number % 40) / 10 } }
}

async function killAndRestart(service: RunningService, published: readonly Promise<unknown>[]): Promise<void> {
  await service.program().end('SIGKILL')
  await Promise.all(published)
  await service.restart()
}

async function storedCount(): Promise<{ count: number }> {
  const { count } = database.db.kysely.fn
  const row = await database.db.kysely.selectFrom('reading').select(count<number>('sensor_id').as('count')).execute()
  return { count: Number(row[0]?.count) }
}

async function expectEachStoredOnce(journey: Journey): Promise<void> {
  const all = async () => (await storedCount()).count >= MESSAGES
  await until(all, { what: 'every message to be stored', deadlineMs: STORED_MS })
  const expected = Array.from({ length: MESSAGES }, (_, number) => {
    const { sensorId, reading } = messageOf(journey, number)
    return { sensorId, at: new Date(reading.at).toISOString(), valueC: reading.c }
  })
  expect(await servedReadings(journey)).toEqual(expected)
  const kysely = database.db.kysely
  expect(await kysely.selectFrom('conflict').selectAll().execute()).toEqual([])
  expect(await kysely.selectFrom('kept_message').select(['outcome', 'reason']).execute()).toEqual([])
}
