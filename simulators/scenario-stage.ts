import { exactC } from '../src/domain/units.ts'
import { created, createdSensor } from './answers.ts'
import type { CertificatePart, Scenario, Script, SensorPart } from './scenario.ts'
import { SCENARIO_LIMITS, type ScenarioLimitsKey } from './scenario-limits.ts'
import { journeyStart, type Staging } from './scenario-telling.ts'
import { profileBody, type World } from './world.ts'

/** The products of the scenarios, one per set of limits. */
export type ScenarioProducts = Record<ScenarioLimitsKey, { productId: number; profileId: number }>

/** A scenario's shipment and sensors, ready to travel. */
export type ScenarioStage = {
  shipmentId: number
  reference: string
  coi: string
  unitCodes: string[]
  /** By the key of the sensor's part. */
  sensors: Record<string, { id: number; secret: string }>
}

/** Registers a product with its example limits for each kind of cold. */
export async function openProducts({ parties }: World): Promise<ScenarioProducts> {
  const { api } = parties.sponsor
  const open = async (key: ScenarioLimitsKey) => {
    const { limits } = SCENARIO_LIMITS[key]
    const product = await api.post('/products', { name: `Example ${key} product` }, created)
    const profile = await api.post(`/products/${product.id}/profiles`, profileBody(limits), created)
    return { productId: product.id, profileId: profile.id }
  }
  const [cryo, fridge, dryice, room] = await Promise.all([open('cryo'), open('fridge'), open('dryice'), open('room')])
  return { cryo, fridge, dryice, room }
}

type Setting = { world: World; products: ScenarioProducts; scenario: Scenario; script: Script; staging: Staging }

/** Orders and opens a scenario's shipment; its sensors have the certificates of before, and no placement. */
export async function openScenario(setting: Setting): Promise<ScenarioStage> {
  const { world, products, scenario, script } = setting
  const { sponsor, distributor, carrier, centre } = world.parties
  const coi = `COI-EXAMPLE-${world.run}-${scenario.name}`
  const unitCodes = [1, 2].map((bag) => `${scenario.name}-bag-${bag}`)
  const [orderId, containerId, sensors] = await Promise.all([
    enterOrder(setting, { coi, unitCodes }),
    registerContainer(setting),
    Promise.all(script.sensors.map(async (part) => [part.key, await registerSensor(setting, part)] as const)),
  ])
  const body = {
    reference: `SCENARIO-${scenario.name}`,
    orderId,
    ...products[script.limits],
    consigneeId: centre.id,
    containerId,
    coi,
    parties: [
      { organisationId: distributor.id, role: 'distributor' },
      { organisationId: carrier.id, role: 'carrier' },
    ],
    units: unitCodes.map((code) => ({ code })),
  }
  const { id } = await sponsor.api.post('/shipments', body, created)
  return { shipmentId: id, reference: body.reference, coi, unitCodes, sensors: Object.fromEntries(sensors) }
}

const DAY_MS = 86_400_000

async function enterOrder({ world, products, scenario, script, staging }: Setting, of: OrderOf): Promise<number> {
  const body = {
    number: `ORDER-${scenario.name}`,
    productId: products[script.limits].productId,
    consigneeId: world.parties.centre.id,
    coi: of.coi,
    coiScheme: 'example',
    expected: of.unitCodes.map((code) => ({ serial: code })),
    neededBy: new Date(staging.startAt + 2 * DAY_MS).toISOString(),
  }
  return (await world.parties.sponsor.api.post('/orders', body, created)).id
}

type OrderOf = { coi: string; unitCodes: readonly string[] }

async function registerContainer({ world, scenario, script, staging }: Setting): Promise<number> {
  const body = {
    kind: SCENARIO_LIMITS[script.limits].container,
    holdTimeS: 10 * 86_400,
    serial: `BOX-${scenario.name}`,
    qualifiedUntil: new Date(staging.startAt + 90 * DAY_MS).toISOString(),
  }
  return (await world.parties.sponsor.api.post('/containers', body, created)).id
}

async function registerSensor(setting: Setting, part: SensorPart): Promise<{ id: number; secret: string }> {
  const { api } = setting.world.parties.distributor
  const serial = `LOG-${setting.scenario.name}-${part.key}`
  const range = { rangeLowC: part.rangeC.lowC, rangeHighC: part.rangeC.highC }
  const sensor = await api.post('/sensors', { serial, model: 'Example logger', ...range, noisy: true }, createdSensor)
  for (const certificate of part.certificates.filter(({ addedMs }) => addedMs === null)) {
    await api.tell(`/sensors/${sensor.id}/calibrations`, certificateBody(setting, part, certificate))
  }
  return sensor
}

/** A certificate as the service takes it. */
export function certificateBody(
  { script, staging }: Pick<Setting, 'script' | 'staging'>,
  part: SensorPart,
  { correctionMilliC, datedMs, dueMs }: CertificatePart,
) {
  const startAt = journeyStart(script, staging)
  return {
    channel: part.device.channel,
    certificate: `CERT-${part.key}-${datedMs}`,
    laboratory: 'Example calibration laboratory',
    calibratedAt: new Date(startAt + datedMs).toISOString(),
    dueAt: new Date(startAt + dueMs).toISOString(),
    uncertaintyC: 0.3,
    points: SCENARIO_LIMITS[script.limits].sensor.certificateC.map((atC) => ({
      atC,
      correctionC: exactC(correctionMilliC),
    })),
  }
}
