import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { describe, expect, test } from 'vitest'
import { decide, NO_FAULTS } from '../../simulators/network/faults.ts'
import { createFramer } from '../../simulators/network/frames.ts'
import { seededRandom } from '../../simulators/random.ts'

describe('packets on the wire', () => {
  const packets: Packet[] = [
    { cmd: 'connect', clientId: 'c', protocolVersion: 5 },
    { cmd: 'publish', topic: 'a/b', payload: Buffer.alloc(300, 7), qos: 1, messageId: 258, dup: false, retain: false },
    { cmd: 'publish', topic: '', payload: '', qos: 1, messageId: 65_535, dup: true, retain: true },
    { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, dup: false, retain: false },
    { cmd: 'publish', topic: 'a', payload: 'x', qos: 2, messageId: 5, dup: false, retain: false },
    { cmd: 'puback', messageId: 772, reasonCode: 16 },
    { cmd: 'pingreq' },
    { cmd: 'publish', topic: 't', payload: Buffer.alloc(20_000), qos: 1, messageId: 9, dup: false, retain: false },
  ]
  const all = packets.map((packet) => generate(packet, { protocolVersion: 5 }))
  const stream = Buffer.concat(all)

  test('are the same in whatever pieces they come, and are told apart', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length }), { maxLength: 40 }), (cuts) => {
        const framed = createFramer()
        const edges = [...new Set([0, ...cuts, stream.length])].sort((a, b) => a - b)
        const frames = edges.flatMap((from, index) => framed(stream.subarray(from, edges[index + 1] ?? from)))
        expect(frames.map(({ bytes }) => bytes)).toEqual(all)
        expect(frames.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
          ...['connect 0', 'publish 258', 'publish 65535', 'other 0', 'other 0'],
          ...['puback 772', 'other 0', 'publish 9'],
        ])
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['a length without end', 'ffffffffffff'],
    ['a length beyond every message', '30ffffff7f'],
  ])('%s is no packet', (_name, hex) => {
    expect(() => createFramer()(Buffer.from(hex, 'hex'))).toThrow('no MQTT')
  })
})

describe('the decisions of a network', () => {
  const kinds = Array.from({ length: 2000 }, (_, index) =>
    index % 3 === 0 ? ('puback' as const) : ('publish' as const),
  )
  const fates = (seed: number, faults: Partial<typeof NO_FAULTS>) => {
    const random = seededRandom(seed)
    return kinds.map((kind) => decide(kind, { ...NO_FAULTS, ...faults }, random))
  }
  const stormy = { losePublish: 0.1, losePuback: 0.2, duplicate: 0.1, reorder: 0.1, delayMs: { min: 5, max: 50 } }

  test('follow from the seed and the order of packets alone', () => {
    expect(fates(7, stormy)).toEqual(fates(7, stormy))
    expect(fates(7, stormy)).not.toEqual(fates(8, stormy))
  })

  test('are none on a good network', () => {
    expect(new Set(fates(7, {}).map((fate) => JSON.stringify(fate))).size).toBe(1)
    expect(fates(7, {})[0]).toEqual({ lost: false, copies: 1, overtaken: false, delayMs: 0 })
  })

  test('happen as often as their shares say, and acknowledgements are neither copied nor overtaken', () => {
    const share = (kind: string, is: (fate: ReturnType<typeof decide>) => boolean) => {
      const chosen = fates(7, stormy).filter((_, index) => kinds[index] === kind)
      return chosen.filter(is).length / chosen.length
    }
    expect(share('publish', ({ lost }) => lost)).toBeCloseTo(0.1, 1)
    expect(share('puback', ({ lost }) => lost)).toBeCloseTo(0.2, 1)
    expect(share('publish', ({ copies }) => copies === 2)).toBeCloseTo(0.1, 1)
    expect(share('publish', ({ overtaken }) => overtaken)).toBeCloseTo(0.1, 1)
    expect(share('puback', ({ copies, overtaken }) => copies === 2 || overtaken)).toBe(0)
    expect(fates(7, stormy).every(({ delayMs }) => delayMs >= 5 && delayMs < 50)).toBe(true)
  })

  test('of one kind change nothing about the others', () => {
    const without = fates(7, stormy).map(({ lost, delayMs }) => [lost, delayMs])
    expect(fates(7, { ...stormy, duplicate: 0.9, reorder: 0 }).map(({ lost, delayMs }) => [lost, delayMs])).toEqual(
      without,
    )
  })
})
