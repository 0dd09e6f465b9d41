import { gs1CheckDigit } from '../src/domain/gs1.ts'
import { exactC } from '../src/domain/units.ts'
import { created, createdKey, createdSensor } from './answers.ts'
import { type ApiClient, type ApiDoor, apiClient } from './client.ts'
import type { Journey, LimitsKey, PartyKey } from './journey.ts'
import { EXAMPLE_LIMITS, type Limits } from './limits.ts'
import { DRY_SHIPPER } from './physics/dry-shipper.ts'

/** The organisations of a play with their keys, and the products with their example limits. */
export type World = {
  parties: Record<PartyKey, Party>
  products: Record<LimitsKey, { productId: number; profileId: number; gtin: string }>
  run: number
}

export type Party = { id: number; name: string; gln: string; api: ApiClient }

/** One journey's shipment and sensor, ready to travel. */
export type Stage = {
  shipmentId: number
  reference: string
  sensorId: number
  secret: string
  unitCodes: string[]
  coi: string
}

const PARTIES: Record<PartyKey, { name: string; role: string }> = {
  sponsor: { name: 'Example Therapeutics', role: 'sponsor' },
  distributor: { name: 'Example Depot', role: 'distributor' },
  carrier: { name: 'Example Couriers', role: 'carrier' },
  centre: { name: 'Example Hospital', role: 'treatment_centre' },
}

/** GS1 reserves this prefix for examples. */
const EXAMPLE_PREFIX = '952'
/** Runs are told apart by the second in which they begin, in so many digits of a key. */
const RUN_DIGITS = 8

/** Registers everybody and everything; `startAt` also makes the GS1 keys of this run its own. */
export async function openWorld(admin: ApiDoor, startAt: number): Promise<World> {
  const run = Math.floor(startAt / 1000) % 10 ** RUN_DIGITS
  const [sponsor, distributor, carrier, centre] = await Promise.all([
    registerParty(admin, 'sponsor', run),
    registerParty(admin, 'distributor', run),
    registerParty(admin, 'carrier', run),
    registerParty(admin, 'centre', run),
  ])
  const products = {
    cryo: await registerProduct(sponsor, { limits: 'cryo', name: 'Example CAR-NK', run }),
    fridge: await registerProduct(sponsor, { limits: 'fridge', name: 'Example CAR-NK, fresh', run }),
  }
  return { parties: { sponsor, distributor, carrier, centre }, products, run }
}

async function registerParty(admin: ApiDoor, key: PartyKey, run: number): Promise<Party> {
  const { name, role } = PARTIES[key]
  const api = apiClient(admin)
  const gln = withCheckDigit(`${EXAMPLE_PREFIX}${digits(run, RUN_DIGITS)}${Object.keys(PARTIES).indexOf(key)}`)
  const { id } = await api.post('/organisations', { name, gln }, created)
  const issued = await api.post(`/organisations/${id}/api-keys`, { role, label: 'demo' }, createdKey)
  return { id, name, gln, api: apiClient({ ...admin, key: issued.key }) }
}

async function registerProduct(sponsor: Party, wanted: { limits: LimitsKey; name: string; run: number }) {
  const index = wanted.limits === 'cryo' ? 0 : 1
  const gtin = withCheckDigit(`0${EXAMPLE_PREFIX}${digits(wanted.run, RUN_DIGITS)}${index}`)
  const product = await sponsor.api.post('/products', { name: wanted.name, gtin }, created)
  const profile = await sponsor.api.post(
    `/products/${product.id}/profiles`,
    profileBody(EXAMPLE_LIMITS[wanted.limits]),
    created,
  )
  return { productId: product.id, profileId: profile.id, gtin }
}

/** Example limits as the service takes them. */
export function profileBody(limits: Limits) {
  const { name, labelLowMilliC, labelHighMilliC, nominalIntervalMs, maxGapMs, levels } = limits
  return {
    name,
    ...(labelLowMilliC === null ? {} : { labelLowC: exactC(labelLowMilliC) }),
    ...(labelHighMilliC === null ? {} : { labelHighC: exactC(labelHighMilliC) }),
    nominalIntervalS: nominalIntervalMs / 1000,
    maxGapS: maxGapMs / 1000,
    levels: levels.map(({ id, side, limitMilliC, mode, allowedMs, severity }) => ({
      id,
      side,
      limitC: exactC(limitMilliC),
      mode,
      allowedS: allowedMs / 1000,
      severity,
    })),
    example: true,
  }
}

/** How the two kinds of container and their sensors differ. */
const EQUIPMENT: Record<LimitsKey, Equipment> = {
  cryo: {
    container: {
      kind: 'dry_vapour_shipper',
      holdTimeS: 10 * 86_400,
      dynamicHoldTimeS: 5 * 86_400,
      coolantCapacity: DRY_SHIPPER.capacityL,
      coolantLossPerDay: DRY_SHIPPER.lossLPerDay,
      emptyKg: DRY_SHIPPER.emptyKg,
    },
    sensor: { model: 'Example cryo logger', rangeLowC: -210, rangeHighC: 60 },
    certificate: { uncertaintyC: 1, atC: [-196, -150, -100] },
  },
  fridge: {
    container: { kind: 'pcm_box', holdTimeS: 3 * 86_400 },
    sensor: { model: 'Example fridge logger', rangeLowC: -40, rangeHighC: 80 },
    certificate: { uncertaintyC: 0.3, atC: [-10, 5, 30] },
  },
}

type Equipment = {
  container: {
    kind: string
    holdTimeS: number
    dynamicHoldTimeS?: number
    coolantCapacity?: number
    coolantLossPerDay?: number
    emptyKg?: number
  }
  sensor: { model: string; rangeLowC: number; rangeHighC: number }
  certificate: { uncertaintyC: number; atC: number[] }
}

const DAY_MS = 86_400_000

/**
 * Orders and opens the shipment of one journey; its sensor is calibrated, but placed nowhere yet. The sponsor opens
 * it: an organisation sees a product only once it shares an order or a shipment of it. /
 */
export async function openStage(world: World, journey: Journey, startAt: number): Promise<Stage> {
  const [order, containerId, sensor] = await Promise.all([
    enterOrder(world, journey, startAt),
    registerContainer(world, journey, startAt),
    registerSensor(world, journey, startAt),
  ])
  const { sponsor, distributor, carrier, centre } = world.parties
  const { productId, profileId, gtin } = world.products[journey.limits]
  const reference = `DEMO-${journey.key}`
  const unitCodes = [`${journey.key}-BAG-1`, `${journey.key}-BAG-2`]
  const shipment = await sponsor.api.post(
    '/shipments',
    {
      reference,
      orderId: order.id,
      productId,
      profileId,
      consigneeId: centre.id,
      containerId,
      sscc: ssccOf(world.run, journey.key),
      coi: order.coi,
      parties: [
        { organisationId: distributor.id, role: 'distributor' },
        { organisationId: carrier.id, role: 'carrier' },
      ],
      units: unitCodes.map((code) => ({ code, gtin, serial: code, lot: 'EXAMPLE-LOT-1' })),
    },
    created,
  )
  return { shipmentId: shipment.id, reference, sensorId: sensor.id, secret: sensor.secret, unitCodes, coi: order.coi }
}

async function enterOrder({ parties, products, run }: World, journey: Journey, startAt: number) {
  const coi = `COI-EXAMPLE-${run}-${journey.key}`
  const { productId, gtin } = products[journey.limits]
  const body = {
    number: `ORDER-${journey.key}`,
    productId,
    consigneeId: parties.centre.id,
    coi,
    coiScheme: 'example',
    expected: [1, 2].map((bag) => ({ gtin, serial: `${journey.key}-BAG-${bag}`, lot: 'EXAMPLE-LOT-1' })),
    neededBy: new Date(startAt + 2 * DAY_MS).toISOString(),
  }
  return { ...(await parties.sponsor.api.post('/orders', body, created)), coi }
}

async function registerContainer({ parties }: World, journey: Journey, startAt: number): Promise<number> {
  const body = {
    ...EQUIPMENT[journey.limits].container,
    serial: `BOX-${journey.key}`,
    qualifiedUntil: new Date(startAt + 90 * DAY_MS).toISOString(),
  }
  return (await parties.sponsor.api.post('/containers', body, created)).id
}

async function registerSensor({ parties }: World, journey: Journey, startAt: number) {
  const { sensor, certificate } = EQUIPMENT[journey.limits]
  const { api } = parties.distributor
  const registered = await api.post('/sensors', { ...sensor, serial: `LOG-${journey.key}`, noisy: true }, createdSensor)
  const body = {
    channel: 'probe',
    certificate: `CERT-${journey.key}`,
    laboratory: 'Example calibration laboratory',
    calibratedAt: new Date(startAt - 90 * DAY_MS).toISOString(),
    dueAt: new Date(startAt + 275 * DAY_MS).toISOString(),
    uncertaintyC: certificate.uncertaintyC,
    points: certificate.atC.map((atC) => ({ atC, correctionC: exactC(journey.sensor.correctionMilliC) })),
  }
  await api.tell(`/sensors/${registered.id}/calibrations`, body)
  return registered
}

function ssccOf(run: number, journeyKey: string): string {
  const box = journeyKey.codePointAt(0) ?? 0
  return withCheckDigit(`1${EXAMPLE_PREFIX}${digits(run, RUN_DIGITS)}${digits(box, 5)}`)
}

function withCheckDigit(key: string): string {
  return `${key}${gs1CheckDigit(key)}`
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
