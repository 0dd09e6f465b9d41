import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBatcher } from '../../src/ingest/batcher.ts'
import { BATCHER_LIMITS, type BatcherLimits } from '../../src/ingest/batcher-limits.ts'
import { type BrokerOptions, openSession } from '../../src/ingest/session.ts'
import { createMetrics } from '../../src/metrics.ts'
import { capturedLog } from '../support/captured-log.ts'
import { freePort, startMosquitto } from '../support/mosquitto.ts'
import { nativeBody, RECEIVED_AT, seqsOf } from '../support/received.ts'
import { idsOf, openTap } from '../support/tap.ts'
import { findMosquitto } from '../support/tools.ts'
import { until } from '../support/until.ts'

/** A prefix of each test's own: a broker may be shared. */
let prefix = ''
beforeEach(() => {
  prefix = `test-${randomUUID()}/v1`
})

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function openMosquitto(options: { port?: number; folder?: string } = {}) {
  const broker = await startMosquitto(options)
  opened.push(broker.remove)
  return broker
}

async function openPublisher(url: string) {
  const client = await connectAsync(url, { protocolVersion: 5, clientId: `sensor-${randomUUID()}` })
  opened.push(() => client.endAsync(true))
  const publish = (seq: number, options: { qos?: 0 | 1 | 2; retain?: boolean } = {}) =>
    client.publishAsync(`${prefix}/42/readings`, nativeBody(seq), { qos: 1, ...options })
  return { client, publish, publishAll: (seqs: number[]) => Promise.all(seqs.map((seq) => publish(seq))) }
}

type Given = { url: string; broker?: Partial<BrokerOptions>; limits?: Partial<BatcherLimits>; drainMs?: number }

/** A session whose record function is a gate the test opens: `gate.open` lets batches commit. */
async function openDoor({ url, broker, limits, drainMs = 5000 }: Given) {
  const { log, said } = capturedLog()
  const metrics = createMetrics()
  const gate = { open: true }
  const stored: (number | null)[] = []
  const problems: (string | undefined)[] = []
  const batcher = createBatcher({
    record: async (batch) => {
      await until(() => gate.open, { what: 'the gate to open', deadlineMs: 60_000 })
      stored.push(...seqsOf(batch))
      problems.push(...batch.map((message) => message.parsed.problem?.reason))
    },
    setAside: async () => undefined,
    isTransient: () => false,
    isDataError: () => false,
    log,
    metrics,
    limits: { ...BATCHER_LIMITS, ...limits },
  })
  const named = { clientId: `ingest-${randomUUID()}`, group: '', prefix, receiveMaximum: 65_535 }
  const session = openSession({
    broker: { url, protocolVersion: 5, ...named, ...broker },
    batcher,
    log,
    metrics,
    now: () => RECEIVED_AT,
    drainMs,
  })
  opened.push(async () => {
    gate.open = true
    await session.close()
  })
  const lost = async () => (await metrics.sessionsLost.get()).values[0]?.value
  return { session, batcher, gate, stored, problems, said, lost }
}

const subscribed = (door: Awaited<ReturnType<typeof openDoor>>) =>
  until(() => door.session.connected(), { what: 'the session to subscribe' })

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe.each([4, 5] as const)('against Mosquitto, protocol version %i', (protocolVersion) => {
  test('nothing is acked before its commit, and acks come in arrival order', async () => {
    const mosquitto = await openMosquitto()
    const tap = await openTap(mosquitto.url, protocolVersion)
    opened.push(tap.close)
    const door = await openDoor({ url: tap.url, broker: { protocolVersion } })
    await subscribed(door)
    const sensor = await openPublisher(mosquitto.url)
    door.gate.open = false
    await sensor.publishAll(numbers(1, 200))
    await until(() => door.batcher.held() === 200, { what: 'the messages to arrive' })
    const [wire] = tap.connections
    expect(idsOf(wire?.fromClient ?? [], 'puback')).toEqual([])
    door.gate.open = true
    await until(() => idsOf(wire?.fromClient ?? [], 'puback').length === 200, { what: 'the acks' })
    expect(idsOf(wire?.fromClient ?? [], 'puback')).toEqual(idsOf(wire?.fromBroker ?? [], 'publish'))
    expect(door.stored).toEqual(numbers(1, 200))
  })

  test('a connection cut between commit and ack brings the messages again, and they are acked there', async () => {
    const mosquitto = await openMosquitto()
    const tap = await openTap(mosquitto.url, protocolVersion)
    opened.push(tap.close)
    const door = await openDoor({ url: tap.url, broker: { protocolVersion } })
    await subscribed(door)
    const sensor = await openPublisher(mosquitto.url)
    door.gate.open = false
    await sensor.publishAll(numbers(1, 20))
    await until(() => door.batcher.held() === 20, { what: 'the messages to arrive' })
    tap.cut()
    door.gate.open = true
    await until(() => door.stored.length === 40, { what: 'every message to be stored twice' })
    const again = tap.connections.at(-1)
    await until(() => idsOf(again?.fromClient ?? [], 'puback').length === 20, { what: 'the acks' })
    expect(door.stored).toEqual([...numbers(1, 20), ...numbers(1, 20)])
    expect(idsOf(again?.fromClient ?? [], 'puback')).toEqual(idsOf(again?.fromBroker ?? [], 'publish'))
    expect(await door.lost()).toBe(0)
  })

  test('while nothing can be stored the queue is bounded and the connection lives; then all arrives', async () => {
    const mosquitto = await openMosquitto()
    const tap = await openTap(mosquitto.url, protocolVersion)
    opened.push(tap.close)
    const door = await openDoor({
      url: tap.url,
      broker: { protocolVersion, keepaliveS: 1 },
      limits: { highWaterMessages: 20 },
    })
    await subscribed(door)
    const sensor = await openPublisher(mosquitto.url)
    door.gate.open = false
    await sensor.publishAll(numbers(1, 300))
    const [wire] = tap.connections
    // at a keepalive of 1 s either side would have given up after 1.5 s; twelve pings while parked take 4 s
    const pings = () => idsOf(wire?.fromClient ?? [], 'pingreq').length
    await until(() => door.batcher.held() <= 20 && pings() >= 12, { what: 'pings while parked' })
    expect([door.batcher.held(), door.session.connected(), tap.connections.length]).toEqual([20, true, 1])
    door.gate.open = true
    await until(() => door.stored.length === 300, { what: 'all messages' })
    expect(door.stored).toEqual(numbers(1, 300))
    await until(() => idsOf(wire?.fromClient ?? [], 'puback').length === 300, { what: 'the acks' })
    expect(tap.connections).toHaveLength(1)
  })

  test('closing stores and acks what came in, then disconnects; what comes later waits at the broker', async () => {
    const mosquitto = await openMosquitto()
    const tap = await openTap(mosquitto.url, protocolVersion)
    opened.push(tap.close)
    const clientId = `ingest-${randomUUID()}`
    const door = await openDoor({ url: tap.url, broker: { protocolVersion, clientId } })
    await subscribed(door)
    const sensor = await openPublisher(mosquitto.url)
    door.gate.open = false
    await sensor.publishAll(numbers(1, 10))
    await until(() => door.batcher.held() === 10, { what: 'the messages to arrive' })
    const closed = door.session.close()
    door.gate.open = true
    await closed
    const wire = tap.connections[0]
    await until(() => wire?.closed, { what: 'the connection to close' })
    expect(idsOf(wire?.fromClient ?? [], 'puback')).toHaveLength(10)
    expect(wire?.fromClient.at(-1)?.cmd).toBe('disconnect')
    await sensor.publishAll(numbers(11, 15))
    const next = await openDoor({ url: tap.url, broker: { protocolVersion, clientId } })
    await until(() => next.stored.length === 5, { what: 'the messages that waited' })
    expect(next.stored).toEqual(numbers(11, 15))
  })

  test('closing while the database is away leaves the messages at the broker', async () => {
    const mosquitto = await openMosquitto()
    const clientId = `ingest-${randomUUID()}`
    const door = await openDoor({
      url: mosquitto.url,
      broker: { protocolVersion, clientId },
      limits: { highWaterMessages: 5 },
      drainMs: 50,
    })
    await subscribed(door)
    const sensor = await openPublisher(mosquitto.url)
    door.gate.open = false
    await sensor.publishAll(numbers(1, 20))
    await until(() => !door.batcher.hasRoom(), { what: 'a full queue' })
    await door.session.close()
    const next = await openDoor({ url: mosquitto.url, broker: { protocolVersion, clientId } })
    await until(() => next.stored.length === 20, { what: 'all messages again' })
    expect(next.stored).toEqual(numbers(1, 20))
  })

  test('QoS 0 and QoS 2 publishes are stored like QoS 1', async () => {
    const mosquitto = await openMosquitto()
    const door = await openDoor({ url: mosquitto.url, broker: { protocolVersion } })
    await subscribed(door)
    const sensor = await openPublisher(mosquitto.url)
    await sensor.publish(1, { qos: 0 })
    await sensor.publish(2, { qos: 1 })
    await sensor.publish(3, { qos: 2 })
    await until(() => door.stored.length === 3, { what: 'three messages' })
    expect([...door.stored].sort()).toEqual([1, 2, 3])
  })
})

test('several processes of one group share the messages, each one stored once', async () => {
  const mosquitto = await openMosquitto()
  const group = randomUUID()
  const doors = [1, 2].map(() => openDoor({ url: mosquitto.url, broker: { group } }))
  const [a, b] = await Promise.all(doors)
  if (a === undefined || b === undefined) throw new Error('two doors were opened')
  await subscribed(a)
  await subscribed(b)
  const sensor = await openPublisher(mosquitto.url)
  await sensor.publishAll(numbers(1, 100))
  await until(() => a.stored.length + b.stored.length === 100, { what: 'all messages' })
  expect([...a.stored, ...b.stored].sort((x, y) => Number(x) - Number(y))).toEqual(numbers(1, 100))
  expect(Math.min(a.stored.length, b.stored.length)).toBeGreaterThan(0)
})

test('a retained copy is rejected as no new reading in MQTT 3.1.1, and not asked for in MQTT 5', async () => {
  const mosquitto = await openMosquitto()
  const sensor = await openPublisher(mosquitto.url)
  await sensor.publish(1, { retain: true })
  const old = await openDoor({ url: mosquitto.url, broker: { protocolVersion: 4 } })
  const modern = await openDoor({ url: mosquitto.url, broker: { protocolVersion: 5 } })
  await subscribed(old)
  await subscribed(modern)
  await sensor.publish(2)
  for (const door of [old, modern]) await until(() => door.stored.includes(2), { what: 'the new reading' })
  expect([old.problems, modern.problems]).toEqual([['RETAINED', undefined], [undefined]])
})

/** These stop and start the broker, so it has to be one of their own. */
describe.skipIf(findMosquitto() === null)('a broker that is away', () => {
  test('at start is waited for, said once with what to do, and used when it comes', async () => {
    const port = await freePort()
    const door = await openDoor({ url: `mqtt://user:secret@127.0.0.1:${port}` })
    await until(() => door.said.length > 0, { what: 'a sentence' })
    await openMosquitto({ port })
    await subscribed(door)
    const errors = door.said.filter((line) => line.startsWith('error'))
    expect(errors).toHaveLength(1)
    expect(errors[0]).toContain(`No connection to the MQTT broker at 127.0.0.1:${port} (connect ECONNREFUSED`)
    expect(errors[0]).toContain('Check that it runs and MQTT_URL')
    expect(door.said.join()).not.toContain('secret')
    expect(await door.lost()).toBe(0)
  })

  test('later and has forgotten the session is subscribed again, counted and said loudly', async () => {
    const first = await openMosquitto({ port: await freePort() })
    const door = await openDoor({ url: first.url })
    await subscribed(door)
    expect(await door.lost()).toBe(0)
    await first.stop('SIGKILL')
    await until(() => !door.session.connected(), { what: 'the session to notice' })
    await openMosquitto({ port: first.port })
    await until(async () => (await door.lost()) === 1, { what: 'the lost session to be counted' })
    await subscribed(door)
    expect(door.said.join('\n')).toMatch(/error: The broker forgot the session .* may be missing/)
    const sensor = await openPublisher(first.url)
    await sensor.publish(1)
    await until(() => door.stored.length === 1, { what: 'a message after the restart' })
  })

  test('later and keeps its sessions is simply continued', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unbroken-mosquitto-'))
    opened.push(() => rmSync(folder, { recursive: true, force: true }))
    const first = await openMosquitto({ folder })
    const door = await openDoor({ url: first.url })
    await subscribed(door)
    await first.stop('SIGTERM')
    await until(() => !door.session.connected(), { what: 'the session to notice' })
    await openMosquitto({ port: first.port, folder })
    await subscribed(door)
    const sensor = await openPublisher(first.url)
    await sensor.publish(1)
    await until(() => door.stored.length === 1, { what: 'a message after the restart' })
    expect(await door.lost()).toBe(0)
  })
})
