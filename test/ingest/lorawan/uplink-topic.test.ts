import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUplinkTopic, readUplinkTopic } from '../../../src/ingest/lorawan/uplink-topic.ts'

const tts = (event: 'up' | 'other') => ({ network: 'the_things_stack', event })
const chirpstack = (event: 'up' | 'other') => ({ network: 'chirpstack', event })

test.each([
  ['v3/app1@tenant1/devices/dev1/up', tts('up')],
  ['v3/app1/devices/dev1/up', tts('up')],
  ['bridged/ttn/v3/app1@ttn/devices/eui-70b3d57ed0054e50/up', tts('up')],
  ['v3/app1@tenant1/devices/dev1/join', tts('other')],
  ['v3/app1@tenant1/devices/dev1/down/queued', tts('other')],
  ['v3/app1@tenant1/devices/dev1/down/failed', tts('other')],
  ['v3/app1@tenant1/devices/dev1/service/data', tts('other')],
  ['v3/app1@tenant1/devices/dev1/location/solved', tts('other')],
  ['v3/app1@tenant1/devices/dev1/up/normalized', tts('other')],
  ['application/17c8/device/0101010101010101/event/up', chirpstack('up')],
  ['site/7/application/17c8/device/0101010101010101/event/up', chirpstack('up')],
  ['application/17c8/device/0101010101010101/event/join', chirpstack('other')],
  ['application/17c8/device/0101010101010101/event/log', chirpstack('other')],
  ['application/17c8/device/0101010101010101/event/integration', chirpstack('other')],
  ['application/17c8/device/0101010101010101/command/down', chirpstack('other')],
  ['eu868/gateway/0016c001f153a14c/event/up', null],
  ['v3/app1/gateways/gtw1/up', null],
  ['v3/app1/devices/up', null],
  ['xv3/app1/devices/dev1/up', null],
  ['v3/app1/devices/dev1/up/a/b', null],
  ['', null],
])('%s carries %o', (topic, expected) => {
  expect(readUplinkTopic(topic)).toEqual(expected)
})

test.each([
  ['v3/+/devices/+/up', 'v3/app1/devices/dev1/up', true],
  ['v3/+/devices/+/up', 'v3/app1/devices/dev1/join', false],
  ['v3/+/devices/+/up', 'v3/app1/devices/dev1/up/x', false],
  ['v3/+/devices/+/up', 'v3/app1/devices/dev1', false],
  ['v3/#', 'v3/app1/devices/dev1/up', true],
  ['v3/#', 'v3', true],
  ['v3/#', 'v4/x', false],
  ['#', 'anything/at/all', true],
  ['+/+', '/x', true],
  ['+', 'a/b', false],
  ['a/b', 'a/b', true],
])('the filter %s takes %s: %s', (filter, topic, taken) => {
  expect(isUplinkTopic(topic, ['never/this', filter])).toBe(taken)
  expect(isUplinkTopic(topic, [])).toBe(false)
})

test('topics of any shape, and of the length MQTT allows, neither throw nor stall', () => {
  const level = fc.constantFrom('v3', 'devices', 'application', 'device', 'event', 'up', 'x', '')
  fc.assert(
    fc.property(fc.array(level, { maxLength: 40 }), (levels) => {
      expect(() => readUplinkTopic(levels.join('/'))).not.toThrow()
    }),
  )
  for (const part of ['v3/', 'v3/a/devices/', 'application/a/device/', '/']) {
    expect(readUplinkTopic(part.repeat(65_535 / part.length))).toBeNull()
  }
})
