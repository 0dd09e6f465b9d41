import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withClient } from '../db/connect.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'
import { bodyOf, foreignClient, openJourney, servedReadings, shipmentStatus } from './support/journey.ts'
import { MINUTE, T0 } from './support/limits.ts'
import { startMosquitto } from './support/mosquitto.ts'
import { metric, type RunningService, startService } from './support/service.ts'
import { until } from './support/until.ts'

/** What a supervisor such as systemd or Kubernetes gives a process at least. */
const END_DEADLINE_MS = 10_000

let database: TestDatabase
const opened: (() => unknown)[] = []
beforeEach(async () => {
  database = await testDatabase()
  opened.push(database.drop)
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function openService(mqttUrl: string | null, env: Record<string, string> = {}): Promise<RunningService> {
  const service = await startService({ databaseUrls: database, mqttUrl, env })
  opened.push(service.stop)
  return service
}

describe('SIGTERM while a batch waits for the database', () => {
  test.each(['mosquitto', 'embedded'] as const)('%s: it is stored and acked, then the exit is 0', async (broker) => {
    const mosquitto = broker === 'mosquitto' ? await startMosquitto() : null
    if (mosquitto !== null) opened.push(mosquitto.remove)
    const service = await openService(mosquitto?.url ?? null)
    const journey = await openJourney(service, { packedAt: T0 })
    const client = await foreignClient(service.mqttUrl, { protocolVersion: 4 })
    opened.push(() => client.endAsync(true))
    const topic = `${service.topicPrefix}/${journey.sensors[0]?.id}/readings`
    let acked = 0
    const unlock = await lockSensors()
    for (let number = 0; number < 100; number++) {
      const body = bodyOf([{ at: T0 + number * MINUTE, c: 5 }])
      client.publishAsync(topic, body, { qos: 1 }).then(
        () => acked++,
        () => undefined,
      )
    }
    const queued = async () => (await metric(service.apiUrl, 'unbroken_ingest_queued_messages')) === 100
    await until(queued, { what: 'the messages to wait' })
    const ended = service.program().end('SIGTERM')
    await until(
      () =>
        service
          .program()
          .said()
          .some(({ msg }) => msg === 'SIGTERM: closing'),
      { what: 'the closing' },
    )
    await unlock()
    const startedMs = performance.now()
    expect(await ended).toEqual({ code: 0, signal: null })
    expect(performance.now() - startedMs).toBeLessThan(END_DEADLINE_MS)
    expect(acked).toBe(100)
    const rows = await database.db.kysely.selectFrom('reading').select('measured_at').execute()
    expect(rows).toHaveLength(100)
    expect(service.program().stderr()).not.toContain('rror')
    if (broker === 'mosquitto') {
      // nothing is left at the broker: the next process gets no message again
      await service.restart()
      await client.publishAsync(topic, bodyOf([{ at: T0 + 100 * MINUTE, c: 5 }]), { qos: 1 })
      await until(async () => (await servedReadings(journey)).length === 101, { what: 'the last reading' })
      const text = await (await fetch(`${service.apiUrl}/metrics`)).text()
      expect(text).not.toMatch(/unbroken_ingest_readings_total\{outcome="duplicate"\} [1-9]/)
    }
  })
})

/** Holds every recording transaction at its first step until the returned function is called. */
async function lockSensors(): Promise<() => Promise<void>> {
  const { promise: unlocked, resolve: unlock } = Promise.withResolvers<void>()
  const { promise: isLocked, resolve: locked } = Promise.withResolvers<void>()
  const transaction = withClient(database.ownerUrl, async (client) => {
    await client.query('begin')
    await client.query('lock table sensor in access exclusive mode')
    locked()
    await unlocked
    await client.query('commit')
  })
  await isLocked
  return () => {
    unlock()
    return transaction
  }
}

test('two services on one shared subscription and database store each reading once and judge it right', async () => {
  const mosquitto = await startMosquitto()
  opened.push(mosquitto.remove)
  const first = await openService(mosquitto.url, { MQTT_SHARE_GROUP: 'two' })
  const second = await openService(mosquitto.url, {
    MQTT_SHARE_GROUP: 'two',
    MQTT_TOPIC_PREFIX: first.topicPrefix,
    BOOTSTRAP_API_KEY: first.adminKey,
  })
  const journey = await openJourney(first, { packedAt: T0, sensors: 1 })
  const client = await foreignClient(mosquitto.url)
  opened.push(() => client.endAsync(true))
  // 50 hours every 5 minutes; out of limits from 10:00 to 10:40 after the start, and 10 minutes an hour later
  const readings = Array.from({ length: 600 }, (_, number) => ({ at: T0 + number * 5 * MINUTE, c: valueAt(number) }))
  const topic = `${first.topicPrefix}/${journey.sensors[0]?.id}/readings`
  await Promise.all(readings.map((reading) => client.publishAsync(topic, bodyOf([reading]), { qos: 1 })))
  await until(async () => (await servedReadings(journey)).length === 600, { what: 'all readings', deadlineMs: 20_000 })
  const stored = await Promise.all([first, second].map(storedBy))
  expect(stored.reduce((sum, count) => sum + count, 0)).toBe(600)
  expect(Math.min(...stored)).toBeGreaterThan(0)
  // the consignee's word ends the window
  await journey.centre.api.tell(`/shipments/${journey.shipmentId}/custody-events`, { kind: 'unpacked', at: iso(3000) })
  const { temperature } = await journey.sponsor.api.get(`/shipments/${journey.shipmentId}/status`, shipmentStatus)
  expect(temperature).toMatchObject({ status: 'alarm', complete: true, counts: { valid: 600, conflicts: 0 } })
  const high = temperature.levels.find(({ id }) => id === 'H1')
  expect(high).toMatchObject({
    alarm: { state: 'confirmed', at: iso(120 * 5 + 30) },
    totalConfirmedS: (40 + 10) * 60,
    events: [
      { start: iso(120 * 5), end: iso(128 * 5), extremeC: 9 },
      { start: iso(140 * 5), end: iso(142 * 5), extremeC: 9 },
    ],
  })
})

function valueAt(number: number): number {
  return (number >= 120 && number < 128) || (number >= 140 && number < 142) ? 9 : 5
}

function iso(minutes: number): string {
  return new Date(T0 + minutes * MINUTE).toISOString()
}

async function storedBy({ apiUrl }: RunningService): Promise<number> {
  return metric(apiUrl, 'unbroken_ingest_readings_total{outcome="stored"}')
}
