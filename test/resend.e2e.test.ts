import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { connectAsync } from 'mqtt'
import { generate, type Packet, parser } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SimulatedDevice } from '../simulators/device/device.ts'
import { PLAIN_DEVICE } from '../simulators/device/script.ts'
import {
  atTrialPlace,
  startTrialService,
  type TrialPlace,
  type TrialService,
} from '../src/commands/supervised-service.ts'
import { type Journey, openJourney, servedReadings } from './support/journey.ts'
import { MINUTE, T0 } from './support/limits.ts'
import { addressOf } from './support/mosquitto.ts'
import { metric } from './support/service.ts'
import { until } from './support/until.ts'

/** The 60 s that a message may be late take 4 s. */
const SPEED = 15
const READINGS = 12
const LOST = [5, 6, 7]
const PACKED_AT = T0 - (READINGS - 1) * 5 * MINUTE
/** Short of the 30 minutes that are an alarm. */
const [GOOD_MILLI_C, LOST_MILLI_C] = [5000, 9000]

type Place = TrialPlace & TrialService

/** Closed after the play in reverse order of opening. */
const opened: (() => unknown)[] = []

test('messages that were acked and lost are noticed, asked for, answered, and the excursion they hid is judged', () =>
  atTrialPlace('resend', (place) => play(place).finally(closeAll)))

async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close()
}

async function play(place: TrialPlace): Promise<void> {
  const clock = { originAt: T0, startedAt: Date.now(), speed: SPEED }
  const service = { ...place, ...(await startTrialService(place, clock, () => undefined)) }
  opened.push(service.stop)
  const journey = await openJourney(service, { packedAt: PACKED_AT })
  const downlinks = await hearDownlinks(service, journey)
  const device = await openDevice(service, journey)
  await measureAll(device)
  // the device waits for nothing: it holds all for delivered
  expect(device.progress()).toEqual({ published: READINGS, acked: READINGS })
  await until(async () => (await served(journey)).length === READINGS - LOST.length, { what: 'what was not lost' })
  expect(await sequenceEvents(journey)).toEqual({ missing: LOST, filled: [] })
  const before = await newestEvaluation(journey)
  expect(before).toMatchObject({ status: 'indeterminate', complete: false })

  await until(async () => (await served(journey)).length === READINGS, { what: 'what was lost' })
  // each comes in a message of its own, so the gap may close in steps
  expect(await sequenceEvents(journey)).toEqual({ missing: LOST, filled: LOST })
  await until(() => downlinks.length === 2, { what: 'the downlink to be emptied' })
  expect(downlinks).toEqual([{ resend: [[5, 7]], attempt: 1 }, null])
  expect(await served(journey)).toEqual(Array.from({ length: READINGS }, (_, index) => milliCOf(index + 1) / 1000))
  const after = await newestEvaluation(journey)
  expect(after).toMatchObject({ status: 'excursion_below_alarm', complete: true })
  expect(after.version).toBeGreaterThan(before.version)
  expect(await metric(service.apiUrl, 'unbroken_resend_requests_total')).toBe(1)
}

function milliCOf(seq: number): number {
  return LOST.includes(seq) ? LOST_MILLI_C : GOOD_MILLI_C
}

async function served(journey: Journey): Promise<(number | null)[]> {
  return (await servedReadings(journey)).map(({ valueC }) => valueC)
}

const events = z.object({ items: z.array(z.object({ kind: z.string(), from: z.int(), to: z.int() })) })

async function sequenceEvents({ sponsor, sensors }: Journey): Promise<Record<string, number[]>> {
  const { items } = await sponsor.api.get(`/sensors/${sensors[0]?.id}/sequence-events`, events)
  const numbers: Record<string, number[]> = { missing: [], filled: [] }
  for (const { kind, from, to } of items) {
    const range = Array.from({ length: to - from + 1 }, (_, index) => from + index)
    numbers[kind] = [...(numbers[kind] ?? []), ...range]
  }
  return numbers
}

const evaluation = z.object({ version: z.int(), status: z.string(), complete: z.boolean() })

async function newestEvaluation({ sponsor, shipmentId }: Journey): Promise<z.infer<typeof evaluation>> {
  const { items } = await sponsor.api.get(
    `/shipments/${shipmentId}/evaluations`,
    z.object({ items: z.array(evaluation) }),
  )
  const [newest] = items
  if (newest === undefined) throw new Error('nothing was judged')
  return newest
}

/** What is said to the sensor of a journey. */
async function hearDownlinks({ mqttUrl }: Place, { sensors }: Journey): Promise<unknown[]> {
  const downlinks: unknown[] = []
  const client = await connectAsync(mqttUrl, { protocolVersion: 4 })
  opened.push(() => client.endAsync(true))
  client.on('message', (_topic, payload) => downlinks.push(payload.length === 0 ? null : JSON.parse(String(payload))))
  await client.subscribeAsync(`unbroken/v1/${sensors[0]?.id}/config`, { qos: 1 })
  return downlinks
}

async function openDevice({ mqttUrl }: Place, { sensors: [sensor] }: Journey): Promise<SimulatedDevice> {
  if (sensor === undefined) throw new Error('the journey has a sensor')
  const door = { sensorId: sensor.id, secret: sensor.secret, startAt: PACKED_AT }
  const device = new SimulatedDevice({ ...door, mqttUrl: await openForgetfulWire(mqttUrl) }, PLAIN_DEVICE)
  opened.push(() => device.goOffline())
  return device
}

async function measureAll(device: SimulatedDevice): Promise<void> {
  for (let seq = 1; seq <= READINGS; seq++) {
    device.measure({ at: PACKED_AT + (seq - 1) * 5 * MINUTE, milliC: milliCOf(seq) })
  }
  await device.settled(10_000)
}

/** As a broker that acks and then loses: of each message to be lost the first copy is acked and goes no further. */
async function openForgetfulWire(brokerUrl: string): Promise<string> {
  const lost = new Set<number>()
  const server = createServer((device) => {
    const broker = connect(Number(new URL(brokerUrl).port), '127.0.0.1')
    const reader = parser({ protocolVersion: 4 })
    reader.on('packet', (packet) => {
      const seq = seqOf(packet)
      if (seq === null || !LOST.includes(seq) || lost.has(seq)) {
        broker.write(generate(packet))
        return
      }
      lost.add(seq)
      device.write(generate({ cmd: 'puback', messageId: packet.messageId ?? 0 }))
    })
    device.on('data', (chunk) => reader.parse(chunk))
    broker.pipe(device)
    for (const [socket, other] of [
      [device, broker],
      [broker, device],
    ] as const) {
      socket.on('error', () => other.destroy())
      socket.on('close', () => other.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(() => server.close())
  return `mqtt://127.0.0.1:${addressOf(server.address()).port}`
}

function seqOf(packet: Packet): number | null {
  if (packet.cmd !== 'publish' || !packet.topic.endsWith('/readings')) return null
  return JSON.parse(packet.payload.toString()).seq
}
