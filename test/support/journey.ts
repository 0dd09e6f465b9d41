import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { z } from 'zod'
import { type ApiClient, apiClient } from '../../simulators/client.ts'
import { MINUTE } from './limits.ts'
import type { RunningService } from './service.ts'

/** An organisation as the service knows it; `api` speaks with its key. */
export type Party = { id: number; keyId: number; api: ApiClient }

/** A shipment under way with its placed sensors, all registered through the service's own API. */
export type Journey = {
  admin: ApiClient
  sponsor: Party
  centre: Party
  shipmentId: number
  sensors: { id: number; secret: string }[]
}

const created = z.object({ id: z.int() })
const createdKey = z.object({ id: z.int(), key: z.string() })
const createdSensor = z.object({ id: z.int(), secret: z.string() })

/** Limits of 2 to 8 degrees, a reading every 5 minutes: 30 minutes above 8 in one piece are an alarm. */
const LIMITS = {
  name: 'Test limits 2-8',
  labelLowC: 2,
  labelHighC: 8,
  nominalIntervalS: 300,
  maxGapS: 900,
  levels: [
    { id: 'H1', side: 'high', limitC: 8, mode: 'single', allowedS: 1800, severity: 'major' },
    { id: 'L1', side: 'low', limitC: 2, mode: 'single', allowedS: 1800, severity: 'major' },
  ],
  example: true,
}

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Opens a shipment packed at `packedAt` with so many calibrated sensors placed from then on. */
export async function openJourney(
  service: Pick<RunningService, 'apiUrl' | 'adminKey'>,
  { packedAt, sensors = 1, limits = LIMITS }: { packedAt: number; sensors?: number; limits?: typeof LIMITS },
): Promise<Journey> {
  const admin = apiClient({ apiUrl: service.apiUrl, key: service.adminKey })
  const sponsor = await openParty(service, 'sponsor')
  const centre = await openParty(service, 'treatment_centre')
  const product = await sponsor.api.post('/products', { name: 'Test product' }, created)
  const profile = await sponsor.api.post(`/products/${product.id}/profiles`, limits, created)
  const body = {
    reference: 'TEST-1',
    productId: product.id,
    profileId: profile.id,
    consigneeId: centre.id,
    units: [{ code: 'BAG-1' }],
  }
  const shipment = await sponsor.api.post('/shipments', body, created)
  const at = new Date(packedAt).toISOString()
  await sponsor.api.tell(`/shipments/${shipment.id}/custody-events`, { kind: 'packed', at, units: ['BAG-1'] })
  const placed: Journey['sensors'] = []
  for (let number = 1; number <= sensors; number++) {
    const sensor = await openSensor(sponsor, `SN-${number}`, packedAt)
    await sponsor.api.tell(`/shipments/${shipment.id}/placements`, { sensorId: sensor.id, from: at })
    placed.push(sensor)
  }
  return { admin, sponsor, centre, shipmentId: shipment.id, sensors: placed }
}

/** Registers an organisation with a key of the role. */
export async function openParty(
  { apiUrl, adminKey }: Pick<RunningService, 'apiUrl' | 'adminKey'>,
  role: string,
): Promise<Party> {
  const admin = apiClient({ apiUrl, key: adminKey })
  const { id } = await admin.post('/organisations', { name: `Test ${role}` }, created)
  const issued = await admin.post(`/organisations/${id}/api-keys`, { role, label: 'test' }, createdKey)
  return { id, keyId: issued.id, api: apiClient({ apiUrl, key: issued.key }) }
}

/** Registers a sensor with a certificate that covers the limits. */
export async function openSensor({ api }: Party, serial: string, usedAt: number) {
  const sensor = await api.post('/sensors', { serial, model: 'T1', noisy: false }, createdSensor)
  await api.tell(`/sensors/${sensor.id}/calibrations`, {
    channel: 'probe',
    certificate: `CERT-${serial}`,
    laboratory: 'Test laboratory',
    calibratedAt: new Date(usedAt - 90 * DAY).toISOString(),
    dueAt: new Date(usedAt + 900 * DAY).toISOString(),
    uncertaintyC: 0.2,
    points: [-10, 5, 30].map((atC) => ({ atC, correctionC: 0 })),
  })
  return sensor
}

/** The body of a contract message. */
export function bodyOf(readings: readonly { at: number; c: number }[]): string {
  return JSON.stringify({
    readings: readings.map(({ at, c }) => ({ at: new Date(at).toISOString(), value: c, unit: 'CEL' })),
  })
}

/** Connects an MQTT client that knows nothing of this project but its topic and message. */
export function foreignClient(mqttUrl: string, options: IClientOptions = {}): Promise<MqttClient> {
  return connectAsync(mqttUrl, { protocolVersion: 5, ...options })
}

/** What tests read of `GET /shipments/{id}/status`. */
export const shipmentStatus = z.object({
  evaluationVersion: z.int().nullable(),
  temperature: z.object({
    status: z.string(),
    complete: z.boolean(),
    dataUntil: z.string().nullable(),
    worst: z.object({ lowestC: z.number().nullable(), highestC: z.number().nullable() }),
    counts: z.object({ valid: z.int(), faults: z.int(), conflicts: z.int() }),
    levels: z.array(
      z.object({
        id: z.string(),
        alarm: z.object({ state: z.string(), at: z.string().nullable() }),
        totalConfirmedS: z.number(),
        events: z.array(z.looseObject({ start: z.string(), end: z.string(), extremeC: z.number().nullable() })),
      }),
    ),
  }),
  custody: z.object({ chainStatus: z.string() }),
})

const readingPage = z.object({
  items: z.array(z.object({ sensorId: z.int(), at: z.string(), valueC: z.number().nullable() })),
  nextCursor: z.string().nullable(),
})

/** All readings served for a shipment, page by page. */
export async function servedReadings({ sponsor, shipmentId }: Journey) {
  const all: z.infer<typeof readingPage>['items'] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = await sponsor.api.get(`/shipments/${shipmentId}/readings?limit=500${after}`, readingPage)
    all.push(...page.items)
    cursor = page.nextCursor
  }
  return all
}
