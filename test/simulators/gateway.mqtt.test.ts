import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { Gateway, type GatewayDoor } from '../../simulators/gateway.ts'
import { listenAt } from '../support/listen.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { openScriptedBroker } from '../support/scripted-broker.ts'
import { openTap } from '../support/tap.ts'
import { until } from '../support/until.ts'

const SETTLED_MS = 5000

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

describe('a gateway', () => {
  test('carries many sensors over one connection, each on its own topic, under its own user name', async () => {
    const { gateway, listener, prefix, tap } = await openGateway({ protocolVersion: 5 })
    const sensors = Array.from({ length: 300 }, (_, index) => index + 1)
    const outcomes = await Promise.all(sensors.map((sensorId) => gateway.publish(sensorId, `of ${sensorId}`)))
    await gateway.publish(7, Buffer.from([1]), { ending: '/senml-cbor', contentType: 'application/senml+cbor' })
    expect(new Set(outcomes)).toEqual(new Set(['acked']))
    await until(() => listener.heard.length === 301, { what: 'every message' })
    expect(listener.heard.slice(0, 300).map(({ topic, payload }) => `${topic} ${payload}`)).toEqual(
      sensors.map((sensorId) => `${prefix}/${sensorId}/readings of ${sensorId}`),
    )
    expect(listener.heard[300]).toMatchObject({
      topic: `${prefix}/7/readings/senml-cbor`,
      contentType: 'application/senml+cbor',
    })
    expect(tap.connections).toHaveLength(1)
    expect(tap.connections[0]?.fromClient[0]).toMatchObject({ cmd: 'connect', username: 'lorry' })
  })

  test('sends again over the next connection, in order, what was cut off, and then resolves', async () => {
    const { gateway, listener, tap } = await openGateway({ reconnectMs: 20, window: 10 })
    const acked = Array.from({ length: 100 }, (_, index) => gateway.publish(1, String(index)))
    tap.cut()
    expect(new Set(await Promise.all(acked))).toEqual(new Set(['acked']))
    expect(gateway.inFlight()).toBe(0)
    expect(tap.connections.length).toBeGreaterThanOrEqual(2)
    await until(() => listener.heard.length >= 100, { what: 'every message' })
    const last = listener.heard.slice(-100).map(({ payload }) => Number(payload))
    expect(last).toEqual(Array.from({ length: 100 }, (_, index) => index))
  })

  test('publishes while there is no broker, up to its bound, and then says that it is full', async () => {
    const { gateway, tap } = await openGateway({ maxUnacked: 3, reconnectMs: 20 })
    gateway.goOffline()
    const acked = [1, 2, 3].map((sensorId) => gateway.publish(sensorId, 'x'))
    expect(gateway.inFlight()).toBe(3)
    expect(gateway.hasRoom()).toBe(false)
    expect(() => gateway.publish(4, 'x')).toThrow('holds 3 messages')
    gateway.goOnline()
    await Promise.all(acked)
    expect(gateway.hasRoom()).toBe(true)
    expect(tap.connections).toHaveLength(2)
  })

  test('lets everybody who waits for room publish in the end, and never holds more than its bound', async () => {
    const { gateway, listener } = await openGateway({ maxUnacked: 10 })
    let most = 0
    const publishWhenRoom = async (sensorId: number) => {
      while (!gateway.hasRoom()) await gateway.room()
      const outcome = gateway.publish(sensorId, 'x')
      most = Math.max(most, gateway.inFlight())
      return outcome
    }
    await Promise.all(Array.from({ length: 500 }, (_, index) => publishWhenRoom(index + 1)))
    await until(() => listener.heard.length === 500, { what: 'every message' })
    expect(most).toBe(10)
  })

  test.each([
    ['its window', 3, {}],
    ['an MQTT 5 broker takes', 100, { receiveMaximum: 3 }],
  ])('keeps no more on the wire than %s', async (_name, window, properties) => {
    const broker = await openScriptedBroker(5, () => [], properties)
    opened.push(broker.close)
    const gateway = new Gateway({ mqttUrl: broker.url, username: 'g', secret: 's', protocolVersion: 5, window })
    opened.push(() => gateway.close())
    await gateway.connected(SETTLED_MS)
    for (let sensorId = 1; sensorId <= 10; sensorId += 1) void gateway.publish(sensorId, 'x')
    const connection = broker.connections[0]
    const published = () => connection?.received.filter(({ cmd }) => cmd === 'publish') ?? []
    await until(() => published().length === 3, { what: 'the window' })
    // whatever else were on its way would have come before the answer to this
    connection?.send({ cmd: 'puback', messageId: published()[0]?.messageId ?? 0 })
    await until(() => published().length === 4, { what: 'the next one' })
    expect(gateway.inFlight()).toBe(9)
  })

  test('closed gives up what has no PUBACK, and refuses more', async () => {
    const broker = await openScriptedBroker(4)
    opened.push(broker.close)
    const gateway = new Gateway({ mqttUrl: broker.url, username: 'g', secret: 's', maxUnacked: 2 })
    await gateway.connected(SETTLED_MS)
    gateway.goOffline()
    const outcomes = [gateway.publish(1, 'x'), gateway.publish(2, 'x')]
    const room = gateway.room()
    await gateway.close()
    expect(await Promise.all(outcomes)).toEqual(['forgotten', 'forgotten'])
    await room
    expect(() => gateway.publish(3, 'x')).toThrow('closed')
  })
})

async function openGateway(door: Partial<GatewayDoor>) {
  const { url, remove } = await startMosquitto()
  opened.push(remove)
  const prefix = `test-${randomUUID()}/v1`
  const listener = await listenAt(url, `${prefix}/#`)
  opened.push(listener.close)
  const tap = await openTap(url, door.protocolVersion ?? 4)
  opened.push(tap.close)
  const gateway = new Gateway({ mqttUrl: tap.url, username: 'lorry', secret: 's', topicPrefix: prefix, ...door })
  opened.push(() => gateway.close())
  await gateway.connected(SETTLED_MS)
  return { gateway, listener, prefix, tap }
}
