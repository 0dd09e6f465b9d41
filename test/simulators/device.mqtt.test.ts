import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { type DeviceDoor, SimulatedDevice } from '../../simulators/device/device.ts'
import type { Transmission } from '../../simulators/device/firmware.ts'
import { type DeviceScript, PLAIN_DEVICE } from '../../simulators/device/script.ts'
import { parseMessage } from '../../src/ingest/message.ts'
import { type Heard, listenAt } from '../support/listen.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { openTap } from '../support/tap.ts'
import { until } from '../support/until.ts'

const STARTED_AT = Date.UTC(2026, 2, 2)
const MINUTE = 60_000
const SETTLED_MS = 5000

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

describe('the status of a device', () => {
  test('is online once connected, and offline by its last will when the connection breaks', async () => {
    const { device, statuses } = await openDevice({})
    device.goOnline()
    await until(() => statuses().length === 1, { what: 'online' })
    device.goOffline()
    await until(() => statuses().length === 2, { what: 'the last will' })
    expect(statuses()).toEqual([{ online: true }, { online: false }])
  })

  test('is offline by its own word when it is switched off, and is kept for who asks later', async () => {
    const { device, statuses, prefix, url } = await openDevice({})
    device.goOnline()
    await until(() => statuses().length === 1, { what: 'online' })
    await device.switchOff()
    await until(() => statuses().length === 2, { what: 'offline' })
    const later = await listenAt(url, `${prefix}/42/status`)
    opened.push(later.close)
    await until(() => later.heard.length === 1, { what: 'the retained status' })
    expect(later.heard[0]).toMatchObject({ retained: true })
    expect(String(later.heard[0]?.payload)).toBe('{"online":false}')
  })

  test('tells the alarm of its own rule, also where it rose without radio', async () => {
    const alarm = { minMilliC: null, maxMilliC: 8000, afterMs: 0, toldIn: 'status' as const }
    const silences = [{ fromMs: MINUTE, toMs: 2 * MINUTE, memory: { uploadAtMs: 2 * MINUTE } }]
    const { device, statuses, measure } = await openDevice({ alarm, silences })
    measure(5000)
    await until(() => statuses().length === 1, { what: 'online' })
    measure(9000)
    await until(() => statuses().length === 2, { what: 'the last will' })
    measure(9000)
    await device.settled(SETTLED_MS)
    await until(() => statuses().length >= 3, { what: 'the alarm' })
    measure(5000)
    await until(() => statuses().at(-1)?.alarm === false, { what: 'the end of the alarm' })
    expect(statuses().slice(0, 3)).toEqual([{ online: true }, { online: false }, { online: true, alarm: true }])
  })
})

describe('the downlink of a device', () => {
  test('brings a message that the device took for sent, with its old number and bytes', async () => {
    const { device, readings, retain, measure } = await openDevice({ swallowEvery: 3 })
    const steps = [5000, 5001, 5002, 5003].map((milliC) => measure(milliC))
    await device.settled(SETTLED_MS)
    await until(() => readings().length === 3, { what: 'what was not swallowed' })
    await retain({
      resend: [
        [3, 3],
        [77, 99],
      ],
    })
    await until(() => readings().length === 4, { what: 'the swallowed message' })
    expect(String(readings()[3]?.payload)).toBe(String(steps[2]?.swallowed[0]?.payload))
  })

  test('is answered once, although it is heard again on every connection, and what is no wish is ignored', async () => {
    const { device, readings, retain, measure, tap } = await openDevice({})
    measure(5000)
    await device.settled(SETTLED_MS)
    await retain({ resend: [[1, 1]] })
    await until(() => readings().length === 2, { what: 'the answer' })
    for (const text of ['no JSON', '{"resend":5}', '{"resend":[[1]]}', '[]']) await retain(text)
    await retain({ resend: [[1, 1]] })
    tap.cut()
    await until(() => heardConfigs(tap) >= 2, { what: 'the downlink on the second connection' })
    measure(5001)
    await device.settled(SETTLED_MS)
    await until(() => readings().length >= 3, { what: 'the next reading' })
    expect(readings().map(({ payload }) => JSON.parse(String(payload)).seq)).toEqual([1, 1, 2])
  })
})

test.each([
  ['senml-json', 'topic', 'readings/senml', null],
  ['senml-cbor', 'topic', 'readings/senml-cbor', null],
  ['native-json', 'topic', 'readings', null],
  ['senml-json', 'content_type', 'readings', 'application/senml+json'],
  ['senml-cbor', 'content_type', 'readings', 'application/senml+cbor'],
  ['native-json', 'content_type', 'readings', 'application/json'],
] as const)('%s told by %s is understood at the other end', async (dialect, tellsFormatBy, ending, contentType) => {
  const { device, prefix, readings, measure } = await openDevice({ dialect }, { protocolVersion: 5, tellsFormatBy })
  measure(-189_500)
  await device.settled(SETTLED_MS)
  const heard = await until(() => readings()[0], { what: 'the message' })
  expect([heard.topic, heard.contentType]).toEqual([`${prefix}/42/${ending}`, contentType])
  const envelope = { prefix, receivedAt: STARTED_AT, contentType: heard.contentType, retained: false }
  const parsed = parseMessage(heard.topic, heard.payload, envelope)
  expect(parsed).toMatchObject({ problem: null, readings: [{ at: STARTED_AT, milliC: -189_500, channel: 'probe' }] })
})

test('a device says what was delivered, and what its memory forgot before that', async () => {
  const delivered: Transmission[] = []
  const forgotten: Transmission[] = []
  const { device, readings, measure, tap } = await openDevice(
    {},
    { maxUnacked: 3, onDelivered: (sent) => delivered.push(sent), onForgotten: (sent) => forgotten.push(sent) },
  )
  await tap.close()
  for (let minute = 0; minute < 5; minute += 1) measure(5000 + minute)
  expect(forgotten.map(({ seq }) => seq)).toEqual([1, 2])
  const again = await openTap(tap.brokerUrl, 4, tap.port)
  opened.push(again.close)
  await device.settled(SETTLED_MS)
  expect(delivered.map(({ seq }) => seq)).toEqual([3, 4, 5])
  await until(() => readings().length === 3, { what: 'what was kept' })
})

/** A device behind a tap, whose topics somebody hears at the broker. */
async function openDevice(script: Partial<DeviceScript>, door: Partial<DeviceDoor> = {}) {
  const { url, remove } = await startMosquitto()
  opened.push(remove)
  // a prefix of the test's own: a broker may be shared
  const prefix = `test-${randomUUID()}/v1`
  const listener = await listenAt(url, `${prefix}/42/#`)
  opened.push(listener.close)
  const tap = await openTap(url, door.protocolVersion ?? 4)
  opened.push(tap.close)
  const where = { mqttUrl: tap.url, sensorId: 42, secret: 's', startAt: STARTED_AT, topicPrefix: prefix }
  const device = new SimulatedDevice({ ...where, ...door }, { ...PLAIN_DEVICE, ...script })
  opened.push(() => device.goOffline())
  let minute = 0
  return {
    ...{ device, prefix, url },
    tap: { ...tap, brokerUrl: url, port: Number(new URL(tap.url).port) },
    measure: (milliC: number) => {
      const step = device.measure({ at: STARTED_AT + minute * MINUTE, milliC })
      minute += 1
      return step
    },
    readings: () => listener.heard.filter(({ topic }) => topic.includes('/readings')),
    statuses: () => listener.heard.filter(({ topic }) => topic.endsWith('/status')).map(parsed),
    retain: (config: unknown) =>
      listener.retain(`${prefix}/42/config`, typeof config === 'string' ? config : JSON.stringify(config)),
  }
}

function parsed({ payload }: Heard): { online: boolean; alarm?: boolean } {
  return JSON.parse(String(payload))
}

/** On how many connections the broker has passed a downlink on. */
function heardConfigs(tap: { connections: { fromBroker: { cmd: string }[] }[] }): number {
  return tap.connections.filter(({ fromBroker }) => fromBroker.some(({ cmd }) => cmd === 'publish')).length
}
