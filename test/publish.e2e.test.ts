import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ApiProblem } from '../simulators/client.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'
import { bodyOf, foreignClient, type Journey, openJourney, openParty, shipmentStatus } from './support/journey.ts'
import { MINUTE } from './support/limits.ts'
import { type Mosquitto, startMosquitto } from './support/mosquitto.ts'
import { type RunningService, startService } from './support/service.ts'
import { until } from './support/until.ts'

let database: TestDatabase
let mosquitto: Mosquitto
let service: RunningService
let journey: Journey
/** The minute the shipment was packed: readings must not lie ahead of the real clock. */
const packedAt = Math.floor((Date.now() - 120 * MINUTE) / MINUTE) * MINUTE

beforeAll(async () => {
  database = await testDatabase()
  mosquitto = await startMosquitto()
  service = await startService({ databaseUrls: database, mqttUrl: mosquitto.url })
  journey = await openJourney(service, { packedAt, sensors: 3 })
})

afterAll(async () => {
  await service?.stop()
  await mosquitto?.remove()
  await database?.drop()
})

const statusOf = ({ sponsor, shipmentId }: Journey) =>
  sponsor.api.get(`/shipments/${shipmentId}/status`, shipmentStatus)

describe('a reading published through Mosquitto appears in the status answer:', () => {
  test.each([
    { client: 'MQTT.js, MQTT 5', protocolVersion: 5, sensor: 0, c: 5.1 },
    { client: 'MQTT.js, MQTT 3.1.1', protocolVersion: 4, sensor: 1, c: 5.2 },
  ] as const)('$client', async ({ protocolVersion, sensor, c }) => {
    const client = await foreignClient(mosquitto.url, { protocolVersion })
    await client.publishAsync(topicOf(sensor), bodyOf([{ at: packedAt, c }]), { qos: 1 })
    await client.endAsync()
    await expectHighest(c)
  })

  test('mosquitto_pub', async (context) => {
    const program = findProgram('mosquitto_pub')
    if (program === null) return context.skip('mosquitto_pub is not installed: apt-get install mosquitto-clients')
    const { hostname, port } = new URL(mosquitto.url)
    const message = bodyOf([{ at: packedAt, c: 5.3 }])
    await promisify(execFile)(program, ['-h', hostname, '-p', port, '-q', '1', '-t', topicOf(2), '-m', message])
    await expectHighest(5.3)
  })
})

test('another organisation finds neither the shipment nor its sensors, and the list is empty for it', async () => {
  const stranger = await openParty(service, 'distributor')
  const { shipmentId, sensors } = journey
  for (const path of ['', '/status', '/readings', '/custody-events', '/placements', '/evaluations']) {
    const refused = await stranger.api.get(`/shipments/${shipmentId}${path}`, z.unknown()).catch((error) => error)
    expect(refused, path).toBeInstanceOf(ApiProblem)
    expect(refused, path).toMatchObject({ status: 404, code: 'not-found' })
  }
  const refused = await stranger.api.get(`/sensors/${sensors[0]?.id}/readings`, z.unknown()).catch((error) => error)
  expect(refused).toMatchObject({ status: 404 })
  expect(await stranger.api.get('/shipments', list)).toMatchObject({ items: [] })
  expect((await journey.sponsor.api.get('/shipments', list)).items).toHaveLength(1)
})

test('the audit row of a deed names the key, its organisation and the request', async () => {
  const { sponsor, shipmentId } = journey
  const path = `/audit-entries?subjectKind=shipment&subjectId=${shipmentId}`
  const { items } = await sponsor.api.get(path, auditList)
  expect(items.find(({ action }) => action === 'open_shipment')).toMatchObject({
    actorKind: 'machine',
    actorId: String(sponsor.keyId),
    organisationId: sponsor.id,
    role: 'sponsor',
    requestId: expect.stringMatching(/./),
  })
})

test('every route of openapi.json is served by the running service', async () => {
  const document = openapi.parse(await (await fetch(`${service.apiUrl}/openapi.json`)).json())
  expect(document.openapi).toBe('3.1.0')
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  )
  expect(routes.length).toBeGreaterThan(40)
  const unserved: string[] = []
  for (const { method, path } of routes) {
    const response = await fetch(`${service.apiUrl}${path.replaceAll(/\{\w+\}/g, '1')}`, {
      method,
      headers: { authorization: `Bearer ${journey.sponsor.api.key}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: '{}' }),
    })
    const text = await response.text()
    const isServed =
      response.status < 500 && ![401, 405].includes(response.status) && !text.includes('There is nothing at')
    if (!isServed) unserved.push(`${method} ${path}: ${response.status} ${text}`)
  }
  expect(unserved).toEqual([])
})

test('healthz and readyz answer, and no label of the metrics names a sensor or a shipment', async () => {
  for (const [path, ok] of [
    ['/healthz', { ok: true }],
    ['/readyz', { ok: true, parts: { database: true, broker: true } }],
  ] as const) {
    const response = await fetch(`${service.apiUrl}${path}`)
    expect([response.status, await response.json()]).toEqual([200, ok])
  }
  await statusOf(journey)
  const text = await (await fetch(`${service.apiUrl}/metrics`)).text()
  expect(text).toMatch(/^unbroken_ingest_readings_total\{outcome="stored"\} [1-9]/m)
  expect(text).toContain('route="/api/v1/shipments/:id/status"')
  const names = [...text.matchAll(/([a-z_]+)="/g)].map(([, name]) => name)
  expect([...new Set(names)].sort()).toEqual(['le', 'method', 'outcome', 'route', 'status'])
  const idsInRoutes = [...text.matchAll(/route="([^"]*)"/g)].filter(([, route]) => /\d/.test(route?.slice(7) ?? ''))
  expect(idsInRoutes).toEqual([])
})

const list = z.object({ items: z.array(z.object({ id: z.int() })) })
const openapi = z.object({ openapi: z.string(), paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
const auditList = z.object({
  items: z.array(
    z.object({
      action: z.string(),
      actorKind: z.string(),
      actorId: z.string(),
      organisationId: z.int().nullable(),
      role: z.string().nullable(),
      requestId: z.string().nullable(),
    }),
  ),
})

function topicOf(sensor: number): string {
  return `${service.topicPrefix}/${journey.sensors[sensor]?.id}/readings`
}

async function expectHighest(c: number): Promise<void> {
  const check = async () => {
    const { temperature } = await statusOf(journey)
    return temperature.worst.highestC === c && temperature.dataUntil === new Date(packedAt).toISOString()
  }
  await until(check, { what: `a highest temperature of ${c} in the status answer` })
}

function findProgram(name: string): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null
}
