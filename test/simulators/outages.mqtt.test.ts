import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterEach, expect, test } from 'vitest'
import { Gateway } from '../../simulators/gateway.ts'
import { startNetwork } from '../../simulators/network.ts'
import { scheduleOutages } from '../../simulators/outages.ts'
import { freePort, startMosquitto } from '../support/mosquitto.ts'
import { until } from '../support/until.ts'

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

test('through a bad network and over restarts of the broker all is acknowledged and nothing lost', async () => {
  const where = { port: await freePort(), folder: mkdtempSync(join(tmpdir(), 'unbroken-outages-')) }
  let broker = await startMosquitto(where)
  opened.push(() => broker.remove())
  const heard = await listenOverRestarts(broker.url)
  const faults = { losePublish: 0.01, losePuback: 0.01, duplicate: 0.05, reorder: 0.05, cutAfterLossMs: 30 }
  const network = await startNetwork({ target: broker.url, seed: 7, faults })
  opened.push(network.close)
  const gateway = new Gateway({ mqttUrl: network.url, username: 'g', secret: 's', maxUnacked: 50, reconnectMs: 20 })
  opened.push(() => gateway.close())
  const process = {
    name: 'broker',
    // a SIGKILL would lose what this broker has acknowledged
    kill: () => broker.stop('SIGTERM'),
    start: async () => {
      broker = await startMosquitto(where)
    },
  }
  const spans = { upMs: { min: 100, max: 400 }, downMs: { min: 50, max: 200 } }
  const outages = scheduleOutages([process], { seed: 7, durationMs: 1500, ...spans })
  opened.push(() => outages.stop())
  const outcomes: Promise<unknown>[] = []
  while (outages.happened() < outages.plan.length) {
    while (!gateway.hasRoom()) await gateway.room()
    outcomes.push(gateway.publish(1, String(outcomes.length)))
    // lets the sockets have their turn
    await new Promise(setImmediate)
  }
  await outages.done
  expect(outages.plan.length).toBeGreaterThan(2)
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['acked']))
  expect(network.stats().connections).toBeGreaterThan(outages.plan.length)
  await until(() => heard.size === outcomes.length, { what: `all ${outcomes.length} messages, of which some came` })
})

/** Everything the broker has for one who keeps a session with it, over all of its restarts. */
async function listenOverRestarts(url: string): Promise<Set<string>> {
  const heard = new Set<string>()
  const client = await connectAsync(url, { clientId: 'listener', clean: false, reconnectPeriod: 20 })
  opened.push(() => client.endAsync(true))
  client.on('error', () => undefined)
  client.on('message', (_topic, payload) => heard.add(String(payload)))
  await client.subscribeAsync('unbroken/v1/#', { qos: 1 })
  return heard
}
