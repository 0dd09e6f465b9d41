import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { Gateway } from '../../simulators/gateway.ts'
import type { NetworkFaults } from '../../simulators/network/faults.ts'
import { startNetwork } from '../../simulators/network.ts'
import { listenAt } from '../support/listen.ts'
import { startMosquitto } from '../support/mosquitto.ts'
import { idsOf, openTap } from '../support/tap.ts'
import { until } from '../support/until.ts'

const SETTLED_MS = 15_000
const COUNT = 200

/** Closed after each test in reverse order of opening. */
const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

describe('a network between a sender and its broker', () => {
  test('without faults passes everything on, once and in order', async () => {
    const { send, heard, stats } = await openWay({})
    await send(COUNT)
    expect(heard()).toEqual(numbers(COUNT))
    expect(stats()).toMatchObject({ connections: 1, cuts: 0, lost: 0, duplicated: 0, reordered: 0, swallowedAcks: 0 })
  })

  test('loses messages, and the sender sends them again', async () => {
    const { send, heard, stats } = await openWay({ losePublish: 0.02, cutAfterLossMs: 50 })
    await send(COUNT)
    expect(new Set(heard())).toEqual(new Set(numbers(COUNT)))
    expect(stats().lost).toBeGreaterThan(0)
    expect(stats().cuts).toBeGreaterThan(0)
  })

  test('loses acknowledgements, so that the broker gets messages twice', async () => {
    const { send, heard, stats } = await openWay({ losePuback: 0.02, cutAfterLossMs: 50 })
    await send(COUNT)
    expect(new Set(heard())).toEqual(new Set(numbers(COUNT)))
    expect(heard().length).toBeGreaterThan(COUNT)
    expect(stats().lost).toBeGreaterThan(0)
  })

  test('duplicates messages, and the sender hears of one', async () => {
    const { send, heard, stats, tap } = await openWay({ duplicate: 0.3 })
    await send(COUNT)
    const { duplicated } = stats()
    expect(duplicated).toBeGreaterThan(COUNT / 10)
    await until(() => heard().length === COUNT + duplicated, { what: 'every copy' })
    await until(() => stats().swallowedAcks === duplicated, { what: 'the acknowledgements of the copies' })
    expect(idsOf(tap.connections[0]?.fromBroker ?? [], 'puback')).toHaveLength(COUNT)
  })

  test('lets messages overtake each other, the last one included', async () => {
    const { send, heard, stats } = await openWay({ reorder: 0.3 })
    await send(COUNT)
    expect(heard().toSorted((a, b) => a - b)).toEqual(numbers(COUNT))
    expect(heard()).not.toEqual(numbers(COUNT))
    expect(stats()).toMatchObject({ cuts: 0, lost: 0 })
    expect(stats().reordered).toBeGreaterThan(COUNT / 10)
  })

  test('with everything held back still passes all', async () => {
    const { send, heard } = await openWay({ reorder: 1 })
    await send(5)
    expect(heard().toSorted((a, b) => a - b)).toEqual(numbers(5))
  })

  test('delays in both directions and keeps the order', async () => {
    const { send, heard } = await openWay({ delayMs: { min: 60, max: 90 } })
    const startedAt = performance.now()
    await send(COUNT)
    expect(performance.now() - startedAt).toBeGreaterThan(120)
    expect(heard()).toEqual(numbers(COUNT))
  })

  test('is as narrow as it is told', async () => {
    const { send, heard } = await openWay({ bytesPerS: 50_000 })
    const startedAt = performance.now()
    // 20 messages of over 1,000 bytes
    await send(20, 'x'.repeat(1000))
    expect(performance.now() - startedAt).toBeGreaterThan(380)
    expect(heard()).toEqual(numbers(20))
  })

  test('partitioned passes nothing, then breaks, and afterwards everything arrives', async () => {
    const { send, heard, network, gateway, stats } = await openWay({})
    await send(1)
    const healed = network.partition(60_000)
    const sent = send(COUNT - 1)
    // its packets have left the sender and are nowhere
    await until(() => gateway.inFlight() === COUNT - 1, { what: 'messages on the wire' })
    expect(heard()).toEqual([1])
    network.heal()
    await Promise.all([healed, sent])
    expect(new Set(heard())).toEqual(new Set(numbers(COUNT)))
    expect(stats()).toMatchObject({ partitions: 1, cuts: 1, connections: 2 })
  })

  test('heals by itself when a partition is over, and what connected meanwhile connects again', async () => {
    const { send, heard, network, tap } = await openWay({})
    await send(1)
    const healed = network.partition(300)
    tap.cut()
    await send(COUNT - 1)
    await healed
    expect(new Set(heard())).toEqual(new Set(numbers(COUNT)))
  })

  test('decides the same when the same packets come again', async () => {
    const fates = async () => {
      const { send, heard, stats } = await openWay({ duplicate: 0.2, reorder: 0.2 })
      await send(COUNT)
      await until(() => heard().length === COUNT + stats().duplicated, { what: 'every copy' })
      return [heard(), stats()]
    }
    expect(await fates()).toEqual(await fates())
  })
})

/** A gateway, a tap, the network, the broker, and somebody who hears what arrives there. */
async function openWay(faults: Partial<NetworkFaults>) {
  const { url, remove } = await startMosquitto()
  opened.push(remove)
  const topicPrefix = `test-${randomUUID()}/v1`
  const listener = await listenAt(url, `${topicPrefix}/#`)
  opened.push(listener.close)
  const network = await startNetwork({ target: url, seed: 7, faults })
  opened.push(network.close)
  const tap = await openTap(network.url, 4)
  opened.push(tap.close)
  const gateway = new Gateway({ mqttUrl: tap.url, username: 'g', secret: 's', topicPrefix, reconnectMs: 20 })
  opened.push(() => gateway.close())
  await gateway.connected(SETTLED_MS)
  let next = 1
  const heard = () => listener.heard.map(({ payload }) => Number.parseInt(String(payload), 10))
  return {
    ...{ network, tap, gateway, heard, stats: network.stats },
    /** Sends the next numbers and waits until all have arrived. */
    send: async (count: number, padding = '') => {
      const numbered = Array.from({ length: count }, () => next++)
      await Promise.all(numbered.map((number) => gateway.publish(42, `${number} ${padding}`)))
      await until(() => new Set(heard()).size === next - 1, { what: 'all messages at the listener' })
    },
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}
