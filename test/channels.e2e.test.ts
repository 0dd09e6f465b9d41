import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { DRY_SHIPPER, depletionMs, dryShipper } from '../simulators/physics/dry-shipper.ts'
import { during } from '../simulators/physics/input.ts'
import { SimulatedSensor } from '../simulators/sensor.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'
import { openParty, type Party } from './support/journey.ts'
import { type RunningService, startService } from './support/service.ts'
import { chirpstackBody, DEV_EUI, hex, TTS_TOPIC, theThingsStackBody } from './support/uplink.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let database: TestDatabase
let service: RunningService
let sponsor: Party

beforeAll(async () => {
  database = await testDatabase()
  const env = { MQTT_LORAWAN_TOPICS: 'v3/+/devices/+/up,application/+/device/+/event/+' }
  service = await startService({ databaseUrls: database, mqttUrl: null, env })
  sponsor = await openParty(service, 'sponsor')
})
afterAll(async () => {
  await service?.stop()
  await database?.drop()
})

const created = z.object({ id: z.int() })
const spread = z.object({ best: z.number(), low: z.number(), high: z.number() })
const holdTime = z.object({
  container: z.object({
    holdTimeLeft: z.object({
      hoursLeft: spread,
      litresLeft: spread,
      basis: z.string(),
      handling: z.object({ sideS: z.number(), unknownS: z.number() }),
      reasons: z.array(z.string()),
    }),
  }),
})
const observations = z.object({ items: z.array(z.object({ quantity: z.string(), value: z.number().nullable() })) })

test('a simulated dry shipper that weighs itself and feels how it lies is served its hold time left', async () => {
  const packedAt = Math.floor((Date.now() - 2 * DAY) / MINUTE) * MINUTE
  const tiltDeg = during(0, [{ fromMs: 20 * HOUR, toMs: 26 * HOUR, value: 90 }])
  const course = dryShipper(DRY_SHIPPER, { tiltDeg })
  const { shipmentId, sensor } = await packShipper(packedAt)
  sensor.goOnline()
  for (let sinceMs = 0; packedAt + sinceMs < Date.now(); sinceMs += 15 * MINUTE) {
    const massG = Math.round(course.massKg(sinceMs) * 1000)
    const gauges = { tiltDeg: tiltDeg.valueAt(sinceMs), massG }
    sensor.send([{ at: packedAt + sinceMs, milliC: Math.round(course.probeC(sinceMs) * 1000), gauges }])
  }
  await sensor.settled(30_000)
  sensor.goOffline()
  const { container } = await sponsor.api.get(`/shipments/${shipmentId}/status`, holdTime)
  const { hoursLeft, litresLeft, basis, handling, reasons } = container.holdTimeLeft
  const now = Date.now() - packedAt
  const litres = course.litres(now)
  const hours = ((depletionMs(course, 30 * DAY) ?? 0) - now) / HOUR
  expect(basis).toBe('weighed')
  expect(litresLeft.low < litres && litres < litresLeft.high).toBe(true)
  expect(hoursLeft.low < hours && hours < hoursLeft.high).toBe(true)
  expect(litresLeft.high - litresLeft.low).toBeLessThan(0.4)
  // since the last weighing it stood upright
  expect(handling.sideS).toBe(0)
  expect(reasons).toEqual(['AMBIENT_UNKNOWN'])
})

test('uplinks of either network server are stored, acked and served; other events are acked, too', async () => {
  const body = { serial: 'LORA-1', model: 'EM500-PT100', devEui: DEV_EUI, decoder: 'milesight_em500_pt100' }
  const { id } = await sponsor.api.post('/sensors', body, created)
  const server = await connectAsync(service.mqttUrl, { protocolVersion: 4 })
  const publish = (topic: string, payload: string) => server.publishAsync(topic, payload, { qos: 1 })
  const at = (minutesAgo: number) =>
    new Date(Math.floor(Date.now() / MINUTE) * MINUTE - minutesAgo * MINUTE).toISOString()
  const bytes = hex('017564 03675AF8')
  await publish(TTS_TOPIC, theThingsStackBody({ at: at(20), bytes, fCnt: 1, fPort: 85 }))
  const topic = `application/17c8/device/${DEV_EUI}/event/up`
  await publish(topic.replace(/up$/, 'join'), '{}')
  await publish(topic, chirpstackBody({ at: at(10), bytes, fCnt: 2, fPort: 85 }))
  await server.endAsync()
  const readings = z.object({ items: z.array(z.object({ valueC: z.number(), seq: z.int() })) })
  const found = await sponsor.api.get(`/sensors/${id}/readings`, readings)
  expect(found.items).toEqual([
    { valueC: -195.8, seq: 1 },
    { valueC: -195.8, seq: 2 },
  ])
  const { items } = await sponsor.api.get(`/sensors/${id}/observations`, observations)
  expect(items.map(({ quantity, value }) => [quantity, value])).toEqual(Array(2).fill(['battery', 100]))
  const { items: kept } = await sponsor.api.get('/messages', z.object({ items: z.array(z.unknown()) }))
  expect(kept).toEqual([])
})

/** A shipment in a registered dewar, packed with its weight on record, and its sensor placed from then on. */
async function packShipper(packedAt: number) {
  const { api } = sponsor
  const centre = await openParty(service, 'treatment_centre')
  const product = await api.post('/products', { name: 'Test product' }, created)
  const profile = await api.post(`/products/${product.id}/profiles`, CRYO, created)
  const { capacityL, lossLPerDay, emptyKg } = DRY_SHIPPER
  const dewar = { serial: 'DEWAR-1', kind: 'dry_vapour_shipper', emptyKg, holdTimeS: 864_000 }
  const coolant = { coolantCapacity: capacityL, coolantLossPerDay: lossLPerDay }
  const container = await api.post('/containers', { ...dewar, ...coolant }, created)
  const ids = { productId: product.id, profileId: profile.id, consigneeId: centre.id, containerId: container.id }
  const shipment = await api.post('/shipments', { reference: 'DRY-1', ...ids, units: [{ code: 'BAG-1' }] }, created)
  const from = new Date(packedAt).toISOString()
  const packed = { kind: 'packed', at: from, units: ['BAG-1'], details: { chargeWeightG: 8609, payloadG: 0 } }
  await api.tell(`/shipments/${shipment.id}/custody-events`, packed)
  const registered = await api.post(
    '/sensors',
    { serial: 'CRYO-1', model: 'Example' },
    z.object({ id: z.int(), secret: z.string() }),
  )
  await api.tell(`/shipments/${shipment.id}/placements`, { sensorId: registered.id, from })
  const { mqttUrl, topicPrefix } = service
  const door = { mqttUrl, topicPrefix, sensorId: registered.id, secret: registered.secret, now: Date.now }
  return { shipmentId: shipment.id, sensor: new SimulatedSensor(door) }
}

/** As the example profile of the domain page for vapour of liquid nitrogen. */
const CRYO = {
  name: 'Test limits -120',
  labelHighC: -120,
  nominalIntervalS: 900,
  maxGapS: 2700,
  levels: [{ id: 'C', side: 'high', limitC: -120, mode: 'single', allowedS: 0, severity: 'critical' }],
  example: true,
}
