import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DecoderName } from '../../../src/domain/uplink.ts'
import { decodeUplink } from '../../../src/ingest/lorawan/decode-uplink.ts'
import { uplinkOf } from '../../support/uplink.ts'

/** What a device means to say, in the units it counts in. */
type Said = {
  tenths: number
  hundredths: number
  half: number
  percent: number
  milliV: number
  unixS: number
  lux: number
}

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const said: fc.Arbitrary<Said> = fc.record({
  // -0.1 and -0.3 degrees are how a PT100 says that it failed
  tenths: fc.integer({ min: -2000, max: 8500 }).filter((tenths) => tenths !== -1 && tenths !== -3),
  hundredths: fc.integer({ min: -20_000, max: 32_766 }),
  half: fc.integer({ min: 0, max: 200 }),
  percent: fc.integer({ min: 0, max: 100 }),
  milliV: fc.integer({ min: 0, max: 0x3fff }),
  unixS: fc.integer({ min: Date.UTC(2001, 0, 2) / 1000, max: RECEIVED_AT / 1000 }),
  lux: fc.nat(0xffff),
})

const be16 = (value: number) => [(value >> 8) & 0xff, value & 0xff]
const le16 = (value: number) => be16(value).reverse()
const be32 = (value: number) => [...be16(Math.floor(value / 0x1_0000)), ...be16(value % 0x1_0000)]
const le32 = (value: number) => be32(value).reverse()

/** An encoder of the test's own, and what must come out: readings in milli-degrees, observations in their scale. */
type Device = { encode: (said: Said) => number[]; fPort: number; expected: (said: Said) => Expected }
type Expected = { readings: [string, number][]; observations: [string, number][]; stamped: boolean }

const DEVICES: [DecoderName, Device][] = [
  [
    'cayenne_lpp',
    {
      fPort: 1,
      encode: (s) => [3, 103, ...be16(s.tenths), 4, 104, s.half, 5, 101, ...be16(s.lux)],
      expected: (s) => ({
        readings: [['temperature_3', s.tenths * 100]],
        observations: [
          ['humidity_4', s.half * 500],
          ['light_5', s.lux * 1000],
        ],
        stamped: false,
      }),
    },
  ],
  [
    'dragino_lht65n',
    {
      fPort: 2,
      encode: (s) => [
        ...be16(0xc000 + s.milliV),
        ...be16(s.hundredths),
        ...be16(s.percent * 10),
        1,
        ...be16(-s.hundredths),
        0x7f,
        0xff,
      ],
      expected: (s) => ({
        readings: [
          ['internal', s.hundredths * 10],
          ['probe', -s.hundredths * 10 + 0],
        ],
        observations: [
          ['battery_voltage', s.milliV],
          ['humidity', s.percent * 1000],
        ],
        stamped: false,
      }),
    },
  ],
  [
    'dragino_lht52',
    {
      fPort: 2,
      encode: (s) => [...be16(s.hundredths), ...be16(s.percent * 10), ...be16(-s.hundredths), 1, ...be32(s.unixS)],
      expected: (s) => ({
        readings: [
          ['internal', s.hundredths * 10],
          ['probe', -s.hundredths * 10 + 0],
        ],
        observations: [['humidity', s.percent * 1000]],
        stamped: true,
      }),
    },
  ],
  [
    'milesight_em300_th',
    {
      fPort: 85,
      encode: (s) => [0x20, 0xce, ...le32(s.unixS), ...le16(s.tenths), s.half, 0],
      expected: (s) => ({
        readings: [['probe', s.tenths * 100]],
        observations: [['humidity', s.half * 500]],
        stamped: true,
      }),
    },
  ],
  [
    'milesight_em500_pt100',
    {
      fPort: 85,
      encode: (s) => [0x01, 0x75, s.percent, 0x03, 0x67, ...le16(s.tenths)],
      expected: (s) => ({
        readings: [['probe', s.tenths * 100]],
        observations: [['battery', s.percent * 1000]],
        stamped: false,
      }),
    },
  ],
  [
    'elsys',
    {
      fPort: 5,
      encode: (s) => [0x01, ...be16(s.tenths), 0x02, s.percent, 0x07, ...be16(s.milliV), 0x0c, ...be16(-s.tenths)],
      expected: (s) => ({
        readings: [
          ['internal', s.tenths * 100],
          ['probe', -s.tenths * 100 + 0],
        ],
        observations: [
          ['humidity', s.percent * 1000],
          ['battery_voltage', s.milliV],
        ],
        stamped: false,
      }),
    },
  ],
]

/** The sign of a temperature may be turned around by an encoder; what no sensor can have then is a fault. */
const possible = (milliC: number) => (milliC < -273_150 ? null : milliC)

test.each(DEVICES)('%s: what a device says is what comes out, to the last digit and at its time', (decoder, device) => {
  fc.assert(
    fc.property(said, (one) => {
      const uplink = uplinkOf(Uint8Array.from(device.encode(one)), { fPort: device.fPort })
      const found = decodeUplink(uplink, { decoder, fields: [] }, RECEIVED_AT)
      if ('wrong' in found) throw new Error(found.wrong)
      const { readings, observations, stamped } = device.expected(one)
      expect(found.readings.map(({ channel, milliC }) => [channel, milliC])).toEqual(
        readings.map(([channel, milliC]) => [channel, possible(milliC)]),
      )
      expect(found.observations.map(({ channel, value }) => [channel, value])).toEqual(observations)
      const at = stamped ? one.unixS * 1000 : uplink.at
      expect([...found.readings, ...found.observations].every((measured) => measured.at === at)).toBe(true)
    }),
  )
})
