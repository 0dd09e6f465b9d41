import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkBroker } from '../../src/commands/doctor/broker-checks.ts'
import { brokerFacts } from '../../src/commands/doctor/broker-facts.ts'
import { readConfig } from '../../src/config.ts'
import { listenAt } from '../support/listen.ts'
import { brokerProfile, freePort, type MosquittoOptions, startMosquitto } from '../support/mosquitto.ts'
import { findMosquitto } from '../support/tools.ts'
import { until } from '../support/until.ts'

const HOUR = 3_600_000

let folder: string
/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unbroken-doctor-'))
  opened.push(() => rmSync(folder, { recursive: true, force: true }))
})
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function startBroker(options?: MosquittoOptions) {
  const broker = await startMosquitto(options)
  opened.push(broker.remove)
  return broker
}

/** What doctor finds at a broker, by check. */
async function examine(url: string, env: Record<string, string> = {}) {
  const config = readConfig({ MQTT_URL: url, ...env })
  if ('problems' in config) throw new Error(config.problems.join('\n'))
  const checks = checkBroker(await brokerFacts(config, Date.now), config.mqtt)
  return Object.fromEntries(checks.map(({ name, level, found }) => [name, { level, found }]))
}

function levels(found: Awaited<ReturnType<typeof examine>>): Record<string, string> {
  return Object.fromEntries(Object.entries(found).map(([name, { level }]) => [name, level]))
}

const FINE = {
  broker: 'ok',
  'broker features': 'ok',
  subscription: 'ok',
  'broker window': 'ok',
  'queue limit': 'ok',
  'session expiry': 'ok',
  persistence: 'warn',
  'dropped messages': 'ok',
}

/** These need a broker with settings of their own. */
describe.skipIf(findMosquitto() === null)('doctor at a real Mosquitto', () => {
  test.each(['5', '3.1.1'])('with the profile of this project all is well, MQTT %s', async (protocol) => {
    const { url } = await startBroker({ settings: brokerProfile() })
    expect(levels(await examine(url, { MQTT_PROTOCOL: protocol }))).toEqual(FINE)
  })

  test('with its defaults it is found to drop what a session that is away cannot hold', async () => {
    const { url } = await startBroker({ settings: '' })
    const found = await examine(url)
    expect(levels(found)).toMatchObject({ 'queue limit': 'fail', 'session expiry': 'ok', subscription: 'ok' })
    expect(found['queue limit']?.found).toMatch(/^of 2,000 messages to a session that was away 1,000 were kept/)
  })

  test('with its defaults and MQTT 3.1.1 its window of 20 is found', async () => {
    const { url } = await startBroker({ settings: '' })
    const found = await examine(url, { MQTT_PROTOCOL: '3.1.1' })
    expect(found['broker window']).toMatchObject({
      level: 'fail',
      found: expect.stringMatching(/^only 20 messages of/),
    })
  })

  test('a message size below what the service reads, and no retained messages, are found', async () => {
    const small = await startBroker({ settings: `${brokerProfile()}\nmax_packet_size 1000` })
    expect(levels(await examine(small.url))['broker features']).toBe('warn')
    const forgetful = await startBroker({ settings: `${brokerProfile()}\nretain_available false` })
    expect(levels(await examine(forgetful.url))['broker features']).toBe('fail')
  })

  test('nothing is left behind but the mark: no session, no message, and the service is not thrown off', async () => {
    const { url } = await startBroker({ settings: `${brokerProfile()}\nsys_interval 1` })
    const service = await connectAsync(url, { protocolVersion: 5, clientId: 'ours', clean: false })
    const ended: unknown[] = []
    service.on('close', () => ended.push('close'))
    await service.subscribeAsync('unbroken/v1/+/readings/#', { qos: 1 })
    const heard: string[] = []
    service.on('message', (topic) => void heard.push(topic))
    await examine(url, { MQTT_CLIENT_ID: 'ours' })
    expect([ended, heard]).toEqual([[], []])
    const listener = await listenAt(url, '#')
    opened.push(listener.close)
    await until(() => listener.heard.length > 0, { what: 'the mark' })
    expect(listener.heard.map(({ topic }) => topic)).toEqual(['unbroken/v1/doctor/mark'])
    const sessions = await listenAt(url, '$SYS/broker/clients/total')
    opened.push(sessions.close)
    // the service and the two listeners
    await until(() => sessions.heard.at(-1)?.payload.toString() === '3', { what: 'three sessions and no more' })
    await service.endAsync()
  })

  test('of a shared subscription it takes no message of the service', async () => {
    const { url } = await startBroker({ settings: brokerProfile() })
    const service = await connectAsync(url, { protocolVersion: 5 })
    const heard = new Set<string>()
    service.on('message', (_topic, payload) => heard.add(payload.toString()))
    await service.subscribeAsync('$share/two/unbroken/v1/+/readings/#', { qos: 1 })
    const examining = examine(url, { MQTT_SHARE_GROUP: 'two' })
    let published = 0
    const ended = examining.then(() => true)
    while (!(await Promise.race([ended, false]))) {
      await service.publishAsync('unbroken/v1/7/readings', String(published++), { qos: 1 })
    }
    await until(() => heard.size === published, { what: 'every message of the service' })
    expect((await examining).subscription).toMatchObject({ level: 'ok', found: expect.stringContaining('$share/two/') })
    await service.endAsync()
  })

  test('a mark that is older than the broker proves its persistence', async () => {
    const port = await freePort()
    const first = await startBroker({ port, folder })
    const hourAgo = Date.now() - HOUR
    expect(levels(await examine(first.url)).persistence).toBe('warn')
    await retain(first.url, 'unbroken/v1/doctor/mark', JSON.stringify({ markedAt: new Date(hourAgo).toISOString() }))
    await first.stop()
    const second = await startBroker({ port, folder })
    const { persistence } = await examine(second.url)
    expect(persistence).toEqual({
      level: 'ok',
      found: expect.stringContaining(`retained at ${new Date(hourAgo).toISOString()} outlived`),
    })
  })
})

describe.skipIf(findMosquitto() === null)('doctor under the access list', () => {
  const acl = readFileSync(join(import.meta.dirname, '../../infra/mosquitto/acl'), 'utf8')

  async function startGuarded(list: string) {
    writeFileSync(join(folder, 'acl'), list)
    return startBroker({ settings: `acl_file ${join(folder, 'acl')}\n${brokerProfile()}` })
  }

  test('of this project measures everything', async () => {
    const { url } = await startGuarded(acl)
    expect(levels(await examine(url, { MQTT_USERNAME: 'unbroken' }))).toEqual(FINE)
  })

  test.each(['5', '3.1.1'])('without its own topics says that it cannot tell, MQTT %s', async (protocol) => {
    const { url } = await startGuarded(acl.replace(/^topic .*(doctor|SYS).*$/gm, ''))
    const found = await examine(url, { MQTT_USERNAME: 'unbroken', MQTT_PROTOCOL: protocol })
    const unseen = { 'broker window': 'warn', 'queue limit': 'warn', 'dropped messages': 'warn' }
    expect(levels(found)).toEqual({ ...FINE, ...unseen })
    expect(found['queue limit']?.found).toMatch(/^cannot tell/)
  })
})

test('a broker that is not there, and one whose service would store the probe, are told', async () => {
  expect(await examine(`mqtt://127.0.0.1:${await freePort()}`)).toEqual({
    broker: { level: 'fail', found: expect.stringMatching(/ECONNREFUSED/) },
  })
  const { url } = await startBroker()
  const env = { MQTT_LORAWAN_TOPICS: '#', MQTT_TOPIC_PREFIX: `test-${randomUUID()}/v1` }
  expect(levels(await examine(url, env))).toMatchObject({ 'broker window': 'warn', 'queue limit': 'warn' })
})

async function retain(url: string, topic: string, payload: string): Promise<void> {
  const client = await connectAsync(url, { protocolVersion: 5 })
  await client.publishAsync(topic, payload, { qos: 1, retain: true })
  await client.endAsync()
}
