import { z } from 'zod'
import { exactC, isoInstant } from '../src/domain/units.ts'
import { created, createdKey } from './answers.ts'
import { type ApiClient, type ApiDoor, apiClient } from './client.ts'
import { FLEET_KINDS } from './fleet-kinds.ts'
import type { PlannedShipment } from './fleet-plan.ts'
import type { FLEET_PROFILES, FleetProfile } from './fleet-scenario.ts'
import type { FleetSensor } from './fleet-sensor.ts'
import type { Limits } from './limits.ts'

/** A fleet to be registered: `run` tells its names from those of other runs, `startAt` is when everything is packed. */
export type FleetToRegister = {
  run: string
  startAt: number
  shipments: readonly PlannedShipment[]
  sensors: readonly FleetSensor[]
}

/** A fleet as the service knows it; ids stand at the index of their shipment or sensor. */
export type RegisteredFleet = {
  /** The sender's, who sees every shipment. */
  api: ApiClient
  shipmentIds: readonly number[]
  sensorIds: readonly number[]
  /** Where sensors publish: what stands before their id. */
  topicPrefix: string
}

/**
 * Registers a whole fleet through the public API, several shipments at a time: products with example limits, shipments
 * packed at `startAt`, sensors with certificates, placed from then on. `onProgress` is told how many shipments are
 * done.
 */
export async function registerFleet(
  door: ApiDoor,
  fleet: FleetToRegister,
  onProgress: (registered: number) => void,
): Promise<RegisteredFleet> {
  const sender = await openParty(door, { role: 'sponsor', name: `Example fleet ${fleet.run}` })
  const centre = await openParty(door, { role: 'treatment_centre', name: `Example centre ${fleet.run}` })
  const products = await registerProducts(sender.api, fleet)
  const world: World = { fleet, api: sender.api, centreId: centre.id, products }
  const shipmentIds = new Array<number>(fleet.shipments.length).fill(0)
  const sensorIds = new Array<number>(fleet.sensors.length).fill(0)
  let [done, topicPrefix] = [0, '']
  await inParallel(fleet.shipments, REQUESTS_AT_ONCE, async (shipment) => {
    const id = await openShipment(world, shipment)
    shipmentIds[shipment.index] = id
    for (const sensor of fleet.sensors.slice(shipment.firstSensor, shipment.firstSensor + shipment.sensors)) {
      const registered = await openSensor(world, sensor, id)
      sensorIds[sensor.index] = registered.id
      topicPrefix = registered.topic.slice(0, -`/${registered.id}/readings`.length)
    }
    await pack(world, shipment, id)
    done += 1
    onProgress(done)
  })
  return { api: sender.api, shipmentIds, sensorIds, topicPrefix }
}

/** Does the work for every item, so many at a time; the first failure ends it. */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  let failed = false
  const worker = async () => {
    for (let next = iterator.next(); !next.done && !failed; next = iterator.next()) await work(next.value)
  }
  const workers = Array.from({ length: atOnce }, worker)
  await Promise.all(workers).catch((error: unknown) => {
    failed = true
    throw error
  })
}

/** Enough to keep a service of two cores and its database busy; its pool has ten connections. */
const REQUESTS_AT_ONCE = 16
const DAY_MS = 86_400_000

type World = {
  fleet: FleetToRegister
  api: ApiClient
  centreId: number
  products: Record<FleetProfile, { productId: number; profileId: number }>
}

async function openParty(door: ApiDoor, { role, name }: { role: string; name: string }) {
  const admin = apiClient(door)
  const { id } = await admin.post('/organisations', { name }, created)
  const { key } = await admin.post(`/organisations/${id}/api-keys`, { role, label: 'fleet' }, createdKey)
  return { id, api: apiClient({ ...door, key }) }
}

async function registerProducts(api: ApiClient, { run }: FleetToRegister): Promise<World['products']> {
  const register = async (profile: FleetProfile) => {
    const product = await api.post('/products', { name: `Example ${profile} ${run}` }, created)
    const limits = profileBody(FLEET_KINDS[profile].limits)
    const { id } = await api.post(`/products/${product.id}/profiles`, limits, created)
    return { productId: product.id, profileId: id }
  }
  const [cryo, fridge, dryice] = await Promise.all([register('cryo'), register('fridge'), register('dryice')])
  return { cryo, fridge, dryice } satisfies Record<(typeof FLEET_PROFILES)[number], unknown>
}

function profileBody({ labelLowMilliC, labelHighMilliC, nominalIntervalMs, maxGapMs, name, levels }: Limits) {
  return {
    name,
    labelLowC: labelLowMilliC === null ? undefined : exactC(labelLowMilliC),
    labelHighC: labelHighMilliC === null ? undefined : exactC(labelHighMilliC),
    nominalIntervalS: nominalIntervalMs / 1000,
    maxGapS: maxGapMs / 1000,
    levels: levels.map(({ limitMilliC, allowedMs, ...level }) => ({
      ...level,
      limitC: exactC(limitMilliC),
      allowedS: allowedMs / 1000,
    })),
    example: true,
  }
}

async function openShipment({ api, fleet, centreId, products }: World, shipment: PlannedShipment): Promise<number> {
  const body = {
    reference: shipmentName(fleet.run, shipment),
    ...products[shipment.profile],
    consigneeId: centreId,
    units: [{ code: bagCode(fleet.run, shipment) }],
  }
  return (await api.post('/shipments', body, created)).id
}

/** After its placements: so they are judged once, not one by one. */
async function pack({ api, fleet }: World, shipment: PlannedShipment, shipmentId: number): Promise<void> {
  const packed = { kind: 'packed', at: isoInstant(fleet.startAt), units: [bagCode(fleet.run, shipment)] }
  await api.tell(`/shipments/${shipmentId}/custody-events`, packed)
}

/** A code of its own: one that stands in several shipments would be one bag that rode with them all. */
function bagCode(run: string, { index }: PlannedShipment): string {
  return `BAG-${run}-${index + 1}`
}

/** The reference of a shipment of this run. */
function shipmentName(run: string, { index }: PlannedShipment): string {
  return `FLEET-${run}-${index + 1}`
}

const registeredSensor = z.object({ id: z.int(), topic: z.string() })

async function openSensor({ api, fleet }: World, sensor: FleetSensor, shipmentId: number) {
  const { sensor: kind, certificate } = FLEET_KINDS[sensor.shipment.profile]
  const serial = `FLEET-${fleet.run}-${sensor.index + 1}`
  const registered = await api.post('/sensors', { ...kind, serial, noisy: true }, registeredSensor)
  await api.tell(`/sensors/${registered.id}/calibrations`, {
    channel: 'probe',
    certificate: `CERT-${serial}`,
    laboratory: 'Example calibration laboratory',
    calibratedAt: isoInstant(fleet.startAt - 90 * DAY_MS),
    dueAt: isoInstant(fleet.startAt + 275 * DAY_MS),
    uncertaintyC: certificate.uncertaintyC,
    points: certificate.atC.map((atC) => ({ atC, correctionC: exactC(sensor.correctionMilliC) })),
  })
  const placement = { sensorId: registered.id, role: sensor.role, from: isoInstant(fleet.startAt) }
  await api.tell(`/shipments/${shipmentId}/placements`, placement)
  return registered
}
