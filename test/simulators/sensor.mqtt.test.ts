import { randomUUID } from 'node:crypto'
import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SimulatedSensor } from '../../simulators/sensor.ts'
import { freePort, startMosquitto } from '../support/mosquitto.ts'
import { openTap } from '../support/tap.ts'
import { until } from '../support/until.ts'

const STARTED_AT = Date.UTC(2026, 2, 2)
const SETTLED_MS = 5000

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

describe('a simulated sensor', () => {
  test('publishes under its own topic with rising sequence numbers, in degrees with their unit', async () => {
    const { url } = await openMosquitto()
    const { sensor, received } = await openSensor(url)
    sensor.send([reading(0, -189_500)])
    sensor.send([reading(1, 4100), reading(2, -100)])
    await sensor.settled(SETTLED_MS)
    await until(() => received.length === 2, { what: 'both messages' })
    expect(received.map(({ seq }) => seq)).toEqual([1, 2])
    expect(received.flatMap(({ readings }) => readings)).toEqual([
      { at: '2026-03-02T00:00:00.000Z', channel: 'probe', value: -189.5, unit: 'CEL' },
      { at: '2026-03-02T00:01:00.000Z', channel: 'probe', value: 4.1, unit: 'CEL' },
      { at: '2026-03-02T00:02:00.000Z', channel: 'probe', value: -0.1, unit: 'CEL' },
    ])
  })

  test('keeps its memory while offline and uploads it later, after what it measured live', async () => {
    const { url } = await openMosquitto()
    const { sensor, received } = await openSensor(url)
    sensor.goOffline()
    for (let minute = 0; minute < 60; minute += 1) sensor.store(reading(minute, 5000))
    sensor.goOnline()
    sensor.send([reading(60, 5000)])
    await sensor.settled(SETTLED_MS)
    sensor.upload()
    await sensor.settled(SETTLED_MS)
    await until(() => minutesOf(received).length === 61, { what: 'all readings' })
    expect(minutesOf(received)).toEqual([60, ...Array.from({ length: 60 }, (_, minute) => minute)])
    expect(received.length).toBeLessThanOrEqual(4)
  })

  test('loses nothing when the broker is killed, and sends what was not acknowledged to the next one', async () => {
    const port = await freePort()
    const first = await openMosquitto(port)
    const { sensor } = await openSensor(first.url)
    sensor.send([reading(0, 5000)])
    await sensor.settled(SETTLED_MS)
    await first.stop('SIGKILL')
    for (let minute = 1; minute <= 50; minute += 1) sensor.send([reading(minute, 5000)])
    expect(sensor.progress()).toEqual({ published: 51, acked: 1 })
    const second = await openMosquitto(port)
    // whatever the sensor sends before somebody listens would be lost by this broker, not by the sensor: it acks it
    await sensor.settled(SETTLED_MS)
    expect(sensor.progress()).toEqual({ published: 51, acked: 51 })
    const { received } = await listen(second.url, prefixOf(sensor))
    sensor.send([reading(51, 5000)])
    await until(() => minutesOf(received).includes(51), { what: 'the reading after the restart' })
  })

  test('repeats every message whose acknowledgement was cut off, in order and with its old number', async () => {
    const { url } = await openMosquitto()
    const tap = await openTap(url, 4)
    opened.push(tap.close)
    const { sensor, received } = await openSensor(tap.url, url)
    await until(() => tap.connections[0]?.fromBroker.some(({ cmd }) => cmd === 'connack'), { what: 'the connection' })
    for (let minute = 0; minute < 20; minute += 1) sensor.send([reading(minute, 5000)])
    tap.cut()
    await sensor.settled(SETTLED_MS)
    await until(() => new Set(minutesOf(received)).size === 20, { what: 'all readings' })
    expect(tap.connections.length).toBeGreaterThanOrEqual(2)
    expect(received.every(({ seq, readings }) => readings[0]?.at === isoMinute(seq - 1))).toBe(true)
    const repeated = received.map(({ seq }) => seq).slice(-20)
    expect(repeated).toEqual(repeated.toSorted((a, b) => a - b))
  })

  test('a message sent twice has one number, a lost one leaves a hole in the numbers', async () => {
    const { url } = await openMosquitto()
    const { sensor, received } = await openSensor(url)
    sensor.sendTwice([reading(0, 5000)])
    sensor.lose()
    sensor.send([reading(2, 5000)])
    await sensor.settled(SETTLED_MS)
    await until(() => received.length === 3, { what: 'three messages' })
    expect(received.map(({ seq }) => seq)).toEqual([1, 1, 3])
  })
})

async function openMosquitto(port?: number) {
  const broker = await startMosquitto(port === undefined ? {} : { port })
  opened.push(broker.remove)
  return broker
}

const prefixes = new WeakMap<SimulatedSensor, string>()

function prefixOf(sensor: SimulatedSensor): string {
  return prefixes.get(sensor) ?? ''
}

/** A sensor at `url`, and somebody who listens to its topic at the broker behind it. */
async function openSensor(url: string, brokerUrl = url) {
  // a prefix of the test's own: a broker may be shared
  const topicPrefix = `test-${randomUUID()}/v1`
  const { received } = await listen(brokerUrl, topicPrefix)
  const sensor = new SimulatedSensor({ mqttUrl: url, sensorId: 42, secret: 's', now: () => STARTED_AT, topicPrefix })
  prefixes.set(sensor, topicPrefix)
  sensor.goOnline()
  opened.push(() => sensor.goOffline())
  return { sensor, received }
}

async function listen(url: string, topicPrefix: string) {
  const received: z.infer<typeof message>[] = []
  const client = await connectAsync(url, { protocolVersion: 5, clientId: `listener-${randomUUID()}` })
  opened.push(() => client.endAsync(true))
  client.on('message', (_topic, payload) => received.push(message.parse(JSON.parse(payload.toString()))))
  await client.subscribeAsync(`${topicPrefix}/42/readings`, { qos: 1 })
  return { received }
}

const message = z.object({
  seq: z.int(),
  readings: z.array(z.object({ at: z.string(), channel: z.string(), value: z.number(), unit: z.string() })),
})

function reading(minute: number, milliC: number) {
  return { at: STARTED_AT + minute * 60_000, milliC }
}

function isoMinute(minute: number): string {
  return new Date(STARTED_AT + minute * 60_000).toISOString()
}

function minutesOf(received: readonly z.infer<typeof message>[]): number[] {
  return received.flatMap(({ readings }) => readings.map(({ at }) => (Date.parse(at) - STARTED_AT) / 60_000))
}
