import { randomUUID } from 'node:crypto'
import { connectAsync } from 'mqtt'
import { afterEach, describe, expect, test } from 'vitest'
import type { ReceivedMessage } from '../../../src/domain/message.ts'
import { createBatcher } from '../../../src/ingest/batcher.ts'
import { BATCHER_LIMITS } from '../../../src/ingest/batcher-limits.ts'
import { type BrokerOptions, openSession } from '../../../src/ingest/session.ts'
import { createMetrics } from '../../../src/metrics.ts'
import { capturedLog } from '../../support/captured-log.ts'
import { startMosquitto } from '../../support/mosquitto.ts'
import { nativeBody, RECEIVED_AT } from '../../support/received.ts'
import { until } from '../../support/until.ts'
import { chirpstackBody, DEV_EUI, hex, theThingsStackBody } from '../../support/uplink.ts'

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

async function openDoor(url: string, broker: Partial<BrokerOptions>) {
  const { log, said } = capturedLog()
  const metrics = createMetrics()
  const stored: ReceivedMessage[] = []
  const batcher = createBatcher({
    record: async (batch) => void stored.push(...batch),
    setAside: async () => undefined,
    isTransient: () => false,
    isDataError: () => false,
    log,
    metrics,
    limits: BATCHER_LIMITS,
  })
  const named = { clientId: `ingest-${randomUUID()}`, group: '', prefix: 'unbroken/v1', receiveMaximum: 65_535 }
  const options = { batcher, log, metrics, now: () => RECEIVED_AT, drainMs: 5000 }
  const session = openSession({ ...options, broker: { url, protocolVersion: 5, ...named, ...broker } })
  opened.push(session.close)
  await until(session.connected, { what: 'the session to subscribe' })
  return { stored, said }
}

const BODY = { at: '2026-03-02T09:55:00Z', bytes: hex('0367 0110'), fCnt: 3 }

describe.each([
  { protocolVersion: 5, group: '' },
  { protocolVersion: 4, group: '' },
  { protocolVersion: 5, group: 'two' },
] as const)('with protocol version $protocolVersion and the group "$group"', (broker) => {
  test('uplinks arrive beside readings on the topics that are configured, and on no others', async () => {
    const mosquitto = await startMosquitto()
    opened.push(mosquitto.remove)
    const site = `site-${randomUUID()}`
    const lorawanTopics = [`${site}/v3/+/devices/+/up`, `${site}/application/+/device/+/event/+`]
    const { stored, said } = await openDoor(mosquitto.url, { ...broker, lorawanTopics })
    const client = await connectAsync(mosquitto.url)
    opened.push(() => client.endAsync(true))
    const publish = (topic: string, body: string) => client.publishAsync(topic, body, { qos: 1 })
    await publish(`${site}/v3/app1@ttn/devices/dev1/join`, '{}')
    await publish('v3/app1@ttn/devices/dev1/up', theThingsStackBody(BODY))
    await publish(`${site}/v3/app1@ttn/devices/dev1/up`, theThingsStackBody(BODY))
    await publish(`${site}/application/1/device/${DEV_EUI}/event/join`, '{}')
    await publish(`${site}/application/1/device/${DEV_EUI}/event/up`, chirpstackBody({ ...BODY, fCnt: 4 }))
    await publish('unbroken/v1/42/readings', nativeBody(5))
    await until(() => stored.length >= 4, { what: 'the messages' })
    const seen = stored.map(({ parsed }) => [parsed.uplink?.devEui ?? null, parsed.seq, parsed.problem])
    expect(seen).toHaveLength(4)
    expect(seen).toEqual(
      expect.arrayContaining([
        [DEV_EUI, 3, null],
        [null, null, null],
        [DEV_EUI, 4, null],
        [null, 5, null],
      ]),
    )
    expect(said.filter((line) => line.includes('Subscribed to'))).toHaveLength(3)
    expect(said.filter((line) => line.startsWith('error'))).toEqual([])
  })
})
