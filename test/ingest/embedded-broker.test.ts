import { connect as connectSocket } from 'node:net'
import { connectAsync, type IClientOptions } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import { createBatcher } from '../../src/ingest/batcher.ts'
import { BATCHER_LIMITS, type BatcherLimits } from '../../src/ingest/batcher-limits.ts'
import { type EmbeddedBrokerOptions, startEmbeddedBroker } from '../../src/ingest/embedded-broker.ts'
import { createMetrics } from '../../src/metrics.ts'
import { capturedLog } from '../support/captured-log.ts'
import { nativeBody, RECEIVED_AT, seqsOf } from '../support/received.ts'
import { idsOf, openTap } from '../support/tap.ts'
import { until } from '../support/until.ts'
import { theThingsStackBody } from '../support/uplink.ts'

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

type Given = Partial<Pick<EmbeddedBrokerOptions, 'verify' | 'port' | 'drainMs' | 'lorawanTopics'>> & {
  limits?: Partial<BatcherLimits>
}

async function openBroker({ limits, ...given }: Given = {}) {
  const { log, said } = capturedLog()
  const gate = { open: true }
  const stored: (number | null)[] = []
  const problems: (string | undefined)[] = []
  const batcher = createBatcher({
    record: async (batch) => {
      await until(() => gate.open, { what: 'the gate to open' })
      stored.push(...seqsOf(batch))
      problems.push(...batch.map((message) => message.parsed.problem?.reason))
    },
    setAside: async () => undefined,
    isTransient: () => false,
    isDataError: () => false,
    log,
    metrics: createMetrics(),
    limits: { ...BATCHER_LIMITS, ...limits },
  })
  const prefix = 'unbroken/v1'
  const broker = await startEmbeddedBroker({
    port: 0,
    prefix,
    batcher,
    log,
    now: () => RECEIVED_AT,
    drainMs: 5000,
    ...given,
  })
  opened.push(async () => {
    gate.open = true
    await broker.close()
  })
  return { broker, batcher, gate, stored, problems, said }
}

async function openSensor(url: string, options: IClientOptions = {}) {
  const client = await connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0, ...options })
  client.on('error', () => undefined)
  opened.push(() => client.endAsync(true))
  const publish = (seq: number, { sensorId = 42, qos = 1, retain = false }: Partial<Publish> = {}) =>
    client.publishAsync(`unbroken/v1/${sensorId}/readings`, nativeBody(seq), { qos, retain })
  return { client, publish }
}

type Publish = { sensorId: number; qos: 0 | 1 | 2; retain: boolean }

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

test('a publish is acked only after its commit, in order', async () => {
  const { broker, batcher, gate, stored } = await openBroker()
  const tap = await openTap(broker.url, 4)
  opened.push(tap.close)
  const sensor = await openSensor(tap.url)
  gate.open = false
  const acked = Promise.all(numbers(1, 50).map((seq) => sensor.publish(seq)))
  await until(() => batcher.held() > 0, { what: 'a message to arrive' })
  // a connection made meanwhile proves that the broker is awake and still withholds the acks
  await openSensor(broker.url)
  const [wire] = tap.connections
  expect([stored, idsOf(wire?.fromBroker ?? [], 'puback')]).toEqual([[], []])
  gate.open = true
  await acked
  expect(stored).toEqual(numbers(1, 50))
  expect(idsOf(wire?.fromBroker ?? [], 'puback')).toEqual(idsOf(wire?.fromClient ?? [], 'publish'))
})

test('QoS 0, QoS 2 and publishes with the retain flag are new readings; late subscribers get no copy', async () => {
  const { broker, stored, problems } = await openBroker()
  const sensor = await openSensor(broker.url)
  await sensor.publish(1, { qos: 0 })
  await sensor.publish(2, { qos: 2 })
  await sensor.publish(3, { retain: true })
  await until(() => stored.length === 3, { what: 'three messages' })
  expect([[...stored].sort(), problems]).toEqual([
    [1, 2, 3],
    [undefined, undefined, undefined],
  ])
  const late = await openSensor(broker.url)
  const heard: (number | null)[] = []
  late.client.on('message', (_topic, payload) => heard.push(JSON.parse(payload.toString()).seq))
  await late.client.subscribeAsync('unbroken/v1/+/readings', { qos: 1 })
  await sensor.publish(4)
  await until(() => heard.length > 0, { what: 'the live message' })
  expect(heard).toEqual([4])
})

test('other topics are passed on between clients and not stored', async () => {
  const { broker, stored } = await openBroker()
  const listener = await openSensor(broker.url)
  const heard: string[] = []
  listener.client.on('message', (topic) => heard.push(topic))
  await listener.client.subscribeAsync('unbroken/v1/+/status', { qos: 1 })
  const sensor = await openSensor(broker.url)
  await sensor.client.publishAsync('unbroken/v1/42/status', 'on', { qos: 1, retain: true })
  await until(() => heard.length === 1, { what: 'the status' })
  expect([heard, stored]).toEqual([['unbroken/v1/42/status'], []])
})

test('uplinks of a LoRaWAN network server are stored before their ack where its topics are configured', async () => {
  const { broker, gate, stored } = await openBroker({ lorawanTopics: ['v3/+/devices/+/up'] })
  const server = await openSensor(broker.url)
  const publish = (topic: string, fCnt: number) =>
    server.client.publishAsync(topic, theThingsStackBody({ at: '2026-03-02T09:55:00Z', fCnt }), { qos: 1 })
  await publish('v3/app1/devices/dev1/join', 1)
  await publish('elsewhere/v3/app1/devices/dev1/up', 2)
  gate.open = false
  let acked = false
  const published = publish('v3/app1/devices/dev1/up', 3).then(() => {
    acked = true
  })
  await openSensor(broker.url)
  expect([acked, stored]).toEqual([false, []])
  gate.open = true
  await published
  expect(stored).toHaveLength(1)
})

test('while nothing can be stored the queue is bounded, and everything is stored and acked afterwards', async () => {
  const { broker, batcher, gate, stored } = await openBroker({ limits: { highWaterMessages: 10 } })
  gate.open = false
  const sensors = await Promise.all([1, 2, 3].map(() => openSensor(broker.url)))
  const acked = Promise.all(
    sensors.flatMap((sensor, index) => numbers(1, 40).map((n) => sensor.publish(index * 40 + n))),
  )
  await until(() => !batcher.hasRoom(), { what: 'a full queue' })
  expect(batcher.held()).toBe(10)
  gate.open = true
  await acked
  expect(new Set(stored)).toEqual(new Set(numbers(1, 120)))
})

test('what still waited when its sensor went away is left to be sent again, and disturbs nobody', async () => {
  const { broker, batcher, gate, stored, said } = await openBroker({ limits: { highWaterMessages: 2 } })
  gate.open = false
  const clientId = 'sensor-42'
  const gone = await openSensor(broker.url, { clientId })
  for (const seq of [1, 2, 3, 4]) gone.publish(seq).catch(() => undefined)
  await until(() => !batcher.hasRoom(), { what: 'a full queue' })
  await gone.client.endAsync(true)
  // the same client id: the broker has closed the old connection before it answers the new one
  const sensor = await openSensor(broker.url, { clientId })
  const acked = sensor.publish(5)
  gate.open = true
  await acked
  await sensor.publish(6)
  expect(stored).toEqual([1, 2, 5, 6])
  expect(said.filter((line) => line.startsWith('warn'))).toEqual([])
})

describe('who may do what', () => {
  const verify = async (username: string, password: string) => {
    if (username === '13') throw new Error('the database is away')
    return username === '42' && password === 'right'
  }

  test('a sensor with its id and password publishes to its own topics', async () => {
    const { broker, stored } = await openBroker({ verify })
    const sensor = await openSensor(broker.url, { username: '42', password: 'right' })
    await sensor.publish(1, { sensorId: 42 })
    expect(stored).toEqual([1])
  })

  test.each([
    ['the reading of another sensor', 'unbroken/v1/43/readings'],
    ['a sensor whose id begins like its own', 'unbroken/v1/421/readings'],
    ['another sensor’s status', 'unbroken/v1/43/status'],
    ['a topic outside the prefix', 'elsewhere'],
    ['a topic with a NUL', 'unbroken/v1/42/readings/\0'],
  ])('it is disconnected unacked when it publishes %s', async (_name, topic) => {
    const { broker, stored, said } = await openBroker({ verify })
    const sensor = await openSensor(broker.url, { username: '42', password: 'right' })
    const published = sensor.client.publishAsync(topic, nativeBody(1), { qos: 1 }).then(
      () => 'acked',
      () => 'not acked',
    )
    await until(() => !sensor.client.connected, { what: 'the broker to disconnect it' })
    await sensor.client.endAsync(true)
    expect([await Promise.race([published, 'not acked']), stored]).toEqual(['not acked', []])
    expect(said.join('\n')).toContain('is not allowed')
  })

  test('it may listen to its own topics and to no others', async () => {
    const { broker } = await openBroker({ verify })
    const sensor = await openSensor(broker.url, { username: '42', password: 'right' })
    await expect(sensor.client.subscribeAsync('unbroken/v1/42/config', { qos: 1 })).resolves.toMatchObject([{ qos: 1 }])
    await expect(sensor.client.subscribeAsync('unbroken/v1/+/config', { qos: 1 })).rejects.toThrow()
  })

  test.each([
    ['a wrong password', '42', 'wrong', 4],
    ['a name that is no sensor id', '+', 'right', 4],
    ['a database that is away', '13', 'right', 3],
  ])('%s is refused', async (_name, username, password, code) => {
    const { broker } = await openBroker({ verify })
    await expect(openSensor(broker.url, { username, password })).rejects.toMatchObject({ code })
  })

  test('an anonymous client of a trial may publish for every sensor, but not to the broker’s own topics', async () => {
    const { broker, stored } = await openBroker({ verify })
    const sensor = await openSensor(broker.url)
    await sensor.publish(1, { sensorId: 1 })
    await sensor.publish(2, { sensorId: 2 })
    expect(stored).toEqual([1, 2])
    sensor.client.publishAsync('$SYS/x', 'x', { qos: 1 }).catch(() => undefined)
    await until(() => !sensor.client.connected, { what: 'the broker to disconnect it' })
  })
})

test('closing stores and acks what came in, and leaves no connection behind', async () => {
  const { broker, batcher, gate, stored } = await openBroker()
  const silent = connectSocket(broker.port, '127.0.0.1')
  const sensor = await openSensor(broker.url)
  gate.open = false
  const acked = Promise.all([sensor.publish(1), sensor.publish(2)])
  await until(() => batcher.held() === 2, { what: 'the messages to arrive' })
  const closed = broker.close()
  gate.open = true
  await Promise.all([acked, until(() => silent.closed, { what: 'the silent connection to close', deadlineMs: 5000 })])
  await closed
  expect(stored).toEqual([1, 2])
})

test('a taken port is one sentence that says what to do, with the code EADDRINUSE', async () => {
  const { broker } = await openBroker()
  const taken = openBroker({ port: broker.port })
  await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await expect(taken).rejects.toThrow(`Port ${broker.port} for the embedded broker is taken: stop the program`)
})
