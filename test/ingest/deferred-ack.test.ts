import { connect, type MqttClient } from 'mqtt'
import { generate, type IPublishPacket } from 'mqtt-packet'
import { afterEach, describe, expect, test } from 'vitest'
import { createBatcher } from '../../src/ingest/batcher.ts'
import { BATCHER_LIMITS } from '../../src/ingest/batcher-limits.ts'
import { deferAcks, pubacks } from '../../src/ingest/deferred-ack.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import { createMetrics } from '../../src/metrics.ts'
import { capturedLog } from '../support/captured-log.ts'
import { nativeBody, seqsOf } from '../support/received.ts'
import { openScriptedBroker, type ScriptedConnection } from '../support/scripted-broker.ts'
import { idsOf } from '../support/tap.ts'
import { until } from '../support/until.ts'

const TOPIC = 'unbroken/v1/42/readings'

const publish = (messageId: number, seq = messageId): IPublishPacket => {
  return { cmd: 'publish', qos: 1, messageId, topic: TOPIC, payload: nativeBody(seq), dup: false, retain: false }
}

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function openBroker(protocolVersion: 4 | 5, greeting?: (connection: number) => IPublishPacket[]) {
  const broker = await openScriptedBroker(protocolVersion, greeting)
  opened.push(broker.close)
  const connection = (index: number): Promise<ScriptedConnection> =>
    until(() => broker.connections[index], { what: `connection ${index}` })
  return { ...broker, connection }
}

function openClient(url: string, protocolVersion: 4 | 5): { client: MqttClient; errors: Error[] } {
  const client = connect(url, { protocolVersion, clean: false, clientId: 'test', reconnectPeriod: 20, keepalive: 1 })
  const errors: Error[] = []
  client.on('error', (error) => errors.push(error))
  opened.push(() => client.end(true))
  return { client, errors }
}

describe.each([4, 5] as const)('MQTT.js, protocol version %i, behaves as the deferred ack needs it', (version) => {
  test('handleMessage calling back an error sends no PUBACK, raises no event, and the parser goes on', async () => {
    const broker = await openBroker(version)
    const { client, errors } = openClient(broker.url, version)
    const handled: (number | undefined)[] = []
    client.handleMessage = (packet, next) => {
      handled.push(packet.messageId)
      // 3 is acked in the documented way, so that the absence of the others' acks means something
      next(packet.messageId === 3 ? undefined : new Error('later'))
    }
    const connection = await broker.connection(0)
    await until(() => client.connected, { what: 'the client to connect' })
    connection.send(publish(1), publish(2), publish(3), publish(4))
    await until(() => handled.length === 4, { what: 'four messages' })
    // a ping answered after the messages proves that the parser went on and that nothing else was sent before it
    await until(() => connection.received.some((packet) => packet.cmd === 'pingreq'), { what: 'a ping' })
    expect(handled).toEqual([1, 2, 3, 4])
    expect(idsOf(connection.received, 'puback')).toEqual([3])
    expect(errors).toEqual([])
    expect(broker.connections).toHaveLength(1)
  })

  test('a callback that is not called stops the parser, and calling it goes on', async () => {
    const broker = await openBroker(version)
    const { client } = openClient(broker.url, version)
    const held: (() => void)[] = []
    client.handleMessage = (_packet, next) => void held.push(() => next(new Error('later')))
    const connection = await broker.connection(0)
    await until(() => client.connected, { what: 'the client to connect' })
    connection.send(publish(1), publish(2))
    await until(() => held.length > 0, { what: 'the first message' })
    expect(held).toHaveLength(1)
    held[0]?.()
    await until(() => held.length === 2, { what: 'the second message' })
  })
})

test.each([4, 5] as const)(
  'the PUBACKs are those of mqtt-packet in protocol version %i, QoS 0 left out',
  (protocolVersion) => {
    const ids = [1, 255, 256, 65_535]
    const expected = ids.map((messageId) => generate({ cmd: 'puback', messageId, reasonCode: 0 }, { protocolVersion }))
    expect(pubacks([0, ...ids, 0])).toEqual(Buffer.concat(expected))
    expect(pubacks([0])).toHaveLength(0)
  },
)

describe('deferred acks', () => {
  /** A client whose batches the test commits itself, oldest first. */
  function openDeferred(url: string, highWaterMessages = 100) {
    const { client } = openClient(url, 5)
    const batches: { seqs: (number | null)[]; commit: () => void }[] = []
    const batcher = createBatcher({
      record: (batch) => new Promise((resolve) => batches.push({ seqs: seqsOf(batch), commit: resolve })),
      setAside: async () => undefined,
      isTransient: () => false,
      isDataError: () => false,
      log: capturedLog().log,
      metrics: createMetrics(),
      limits: { ...BATCHER_LIMITS, highWaterMessages },
    })
    const envelope = { prefix: 'unbroken/v1', receivedAt: Date.UTC(2026, 2, 2, 10), retained: false }
    deferAcks(client, {
      batcher,
      receive: ({ topic, payload }) => receiveMessage(topic, Buffer.from(payload), envelope),
    })
    return { client, batcher, batch: (index: number) => until(() => batches[index], { what: `batch ${index}` }) }
  }

  test('messages in the very segment of the CONNACK are stored and acked', async () => {
    const broker = await openBroker(5, () => [publish(7), publish(8)])
    const { batch } = openDeferred(broker.url)
    const first = await batch(0)
    const connection = await broker.connection(0)
    expect([first.seqs, idsOf(connection.received, 'puback')]).toEqual([[7, 8], []])
    first.commit()
    await until(() => idsOf(connection.received, 'puback').length === 2, { what: 'the acks' })
    expect(idsOf(connection.received, 'puback')).toEqual([7, 8])
  })

  test('an identifier used again on the next connection is not acked by the commit of the first', async () => {
    const broker = await openBroker(5, (index) => [publish(1, 100 + index)])
    const { batch, batcher } = openDeferred(broker.url)
    const first = await batch(0)
    const connection = await broker.connection(0)
    connection.destroy()
    const again = await broker.connection(1)
    await until(() => batcher.held() === 2, { what: 'the message of the second connection' })
    first.commit()
    const second = await batch(1)
    expect([first.seqs, second.seqs]).toEqual([[100], [101]])
    await until(() => again.received.some((packet) => packet.cmd === 'pingreq'), {
      what: 'a ping after the first commit',
    })
    expect(idsOf(again.received, 'puback')).toEqual([])
    second.commit()
    await until(() => idsOf(again.received, 'puback').length === 1, { what: 'the ack' })
  })

  test('a message parked when its connection closes is left to the broker, and the next connection runs', async () => {
    const broker = await openBroker(5, (index) =>
      index === 0 ? [publish(1), publish(2), publish(3)] : [publish(2), publish(3)],
    )
    const { batch, batcher } = openDeferred(broker.url, 1)
    const first = await batch(0)
    expect(first.seqs).toEqual([1])
    const connection = await broker.connection(0)
    connection.destroy()
    const again = await broker.connection(1)
    first.commit()
    for (const index of [1, 2]) (await batch(index)).commit()
    await until(() => idsOf(again.received, 'puback').length === 2, { what: 'the acks' })
    expect(idsOf(again.received, 'puback')).toEqual([2, 3])
    expect(batcher.held()).toBe(0)
  })
})
