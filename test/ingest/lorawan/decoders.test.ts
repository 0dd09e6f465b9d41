import { describe, expect, test } from 'vitest'
import type { DecodedField, DecoderName } from '../../../src/domain/uplink.ts'
import { decodeUplink } from '../../../src/ingest/lorawan/decode-uplink.ts'
import { uplinkOf } from '../../support/uplink.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const UPLINK_AT = uplinkOf('').at

/** What an uplink measured as lines: channel, value in its scale, and its time where that is not the uplink's. */
function lines(decoder: DecoderName, bytes: string, fPort = 2): string[] {
  const decoded = decodeUplink(uplinkOf(bytes, { fPort }), { decoder, fields: [] }, RECEIVED_AT)
  if ('wrong' in decoded) return [decoded.wrong]
  const { readings, observations, held } = decoded
  const time = (at: number) => (at === UPLINK_AT ? '' : ` ${new Date(at).toISOString().slice(0, 19)}`)
  return [
    ...readings.map(({ at, channel, milliC }) => `${channel} ${milliC}${time(at)}`),
    ...observations.map(({ at, channel, quantity, value }) => `${channel} ${quantity} ${value}${time(at)}`),
    ...held.map(({ at, channel }) => `held ${channel}${time(at)}`),
  ]
}

describe('Cayenne LPP, by the examples of its documentation', () => {
  test.each<[string, string, string[]]>([
    ['two temperatures', '03 67 01 10 05 67 00 FF', ['temperature_3 27200', 'temperature_5 25500']],
    ['a temperature and an accelerometer', '01 67 FF D7 06 71 04 D2 FB 2E 00 00', ['temperature_1 -4100']],
    [
      'a position',
      '01 88 06 76 5F F2 96 0A 00 03 E8',
      ['latitude_1 latitude 423519000', 'longitude_1 longitude -879094000'],
    ],
    [
      'humidity, light, pressure',
      '02 68 A0 03 65 FF FF 04 73 27 94',
      ['humidity_2 humidity 80000', 'light_3 light 65535000', 'pressure_4 pressure 1013200'],
    ],
    [
      'voltage, and switches that measure nothing',
      '05 74 01 4A 06 00 01 07 8E 01',
      ['battery_voltage_5 battery_voltage 3300'],
    ],
    ['nothing', '', []],
  ])('%s', (_what, bytes, expected) => expect(lines('cayenne_lpp', bytes)).toEqual(expected))

  test('an unknown type, or a value cut off, leaves nothing: a person looks', () => {
    expect(lines('cayenne_lpp', '03 67 01 10 05 FE 00')).toEqual(['byte 4 begins no known field of 0367011005fe00'])
    expect(lines('cayenne_lpp', '03 67 01')).toEqual(['the field before byte 2 is cut off in 036701'])
    expect(lines('cayenne_lpp', '03')).toEqual(['byte 0 begins no known field of 03'])
  })
})

describe('Dragino LHT65N', () => {
  test.each<[string, string, number, string[]]>([
    [
      'with DS18B20 (TheThingsNetwork/lorawan-devices, lht65n-codec.yaml)',
      'CB F6 0B 0D 03 76 01 0A DD 7F FF',
      2,
      ['internal 28290', 'probe 27810', 'battery_voltage battery_voltage 3062', 'humidity humidity 88600'],
    ],
    [
      'with nothing connected: a fault, no value',
      'CC 35 09 1D 02 6E 01 7F FF 7F FF',
      2,
      ['internal 23330', 'probe null', 'battery_voltage battery_voltage 3125', 'humidity humidity 62200'],
    ],
    [
      'below zero',
      'CB F6 FF 9C 03 76 01 F6 3C 7F FF',
      2,
      ['internal -1000', 'probe -25000', 'battery_voltage battery_voltage 3062', 'humidity humidity 88600'],
    ],
    [
      'without external sensor',
      'CB F6 0B 0D 03 76 00 7F FF 7F FF',
      2,
      ['internal 28290', 'battery_voltage battery_voltage 3062', 'humidity humidity 88600'],
    ],
    [
      'with a light sensor',
      'CB F6 0B 0D 03 76 05 01 40 7F FF',
      2,
      ['internal 28290', 'battery_voltage battery_voltage 3062', 'humidity humidity 88600', 'light light 320000'],
    ],
    [
      'with SHT31',
      'CB F6 0B 0D 02 25 0B 09 C4 02 95',
      2,
      [
        'internal 28290',
        'probe 25000',
        'battery_voltage battery_voltage 3062',
        'humidity humidity 54900',
        'humidity_probe humidity 66100',
      ],
    ],
    [
      'with its own time stamp',
      '09 C4 08 98 C1 46 09 60 06 5F 97',
      2,
      [
        'probe 25000 2021-01-19T04:27:03',
        'internal 22000 2021-01-19T04:27:03',
        'humidity humidity 32600 2021-01-19T04:27:03',
      ],
    ],
    // the user manual's example of a data log, section 2.6.5
    [
      'its data log, asked for',
      '7FFF089801464160065F97 7FFF088E014B4160066009 0000000000000000000000',
      3,
      [
        'probe null 2021-01-19T04:27:03',
        'internal 22000 2021-01-19T04:27:03',
        'probe null 2021-01-19T04:28:57',
        'internal 21900 2021-01-19T04:28:57',
        'humidity humidity 32600 2021-01-19T04:27:03',
        'humidity humidity 33100 2021-01-19T04:28:57',
      ],
    ],
    [
      'what it sends again because nobody confirmed it',
      '09C4 0898 0146 81 60065F97',
      2,
      [
        'probe 25000 2021-01-19T04:27:03',
        'internal 22000 2021-01-19T04:27:03',
        'humidity humidity 32600 2021-01-19T04:27:03',
      ],
    ],
    [
      'a data log without any entry',
      '0000000000004100000000',
      2,
      ['held probe 1970-01-01T00:00:00', 'held internal 1970-01-01T00:00:00', 'held humidity 1970-01-01T00:00:00'],
    ],
    ['the id of its probe', 'CB F6 28 5E 3B C1 0F 0D 00 00 BA', 2, ['battery_voltage battery_voltage 3062']],
    ['its status', '0B 01 56 01 FF 0B F6', 5, ['battery_voltage battery_voltage 3062']],
    [
      'many temperatures without a time',
      'CB F6 01 0A DD 0A DE 0A DF 0A E0',
      3,
      ['no frame of an LHT65N: cbf6010add0ade0adf0ae0'],
    ],
    ['a frame cut off', 'CB F6 0B 0D', 2, ['no frame of an LHT65N: cbf60b0d']],
    ['a port nobody knows', 'CB F6 0B 0D 03 76 01 0A DD 7F FF', 42, ['no frame of an LHT65N: cbf60b0d0376010add7fff']],
  ])('%s', (_what, bytes, fPort, expected) => expect(lines('dragino_lht65n', bytes, fPort)).toEqual(expected))
})

describe('Dragino LHT52, by the values of its user manual, section 2.4', () => {
  test.each<[string, string, number, string[]]>([
    [
      'with nothing connected',
      '08 CD 02 20 7F FF 01 61 CD 4E DD',
      2,
      [
        'internal 22530 2021-12-30T06:17:01',
        'probe null 2021-12-30T06:17:01',
        'humidity humidity 54400 2021-12-30T06:17:01',
      ],
    ],
    [
      'with a probe below zero',
      '08 CD 02 20 F5 C6 01 61 CD 4E DD',
      2,
      [
        'internal 22530 2021-12-30T06:17:01',
        'probe -26180 2021-12-30T06:17:01',
        'humidity humidity 54400 2021-12-30T06:17:01',
      ],
    ],
    [
      'whose clock was never set',
      '08 CD 02 20 7F FF 00 00 00 00 2A',
      2,
      ['held internal 1970-01-01T00:00:42', 'held humidity 1970-01-01T00:00:42'],
    ],
    ['its status', '09 01 00 01 00 0B 3A', 5, ['battery_voltage battery_voltage 2874']],
    ['the id of its probe', '28 5E 3B C1 0F 0D 00 00', 4, []],
    ['its data log', '08 CD 02 20 7F FF 01 61 CD 4E DD', 3, ['no frame of an LHT52: 08cd02207fff0161cd4edd']],
  ])('%s', (_what, bytes, fPort, expected) => expect(lines('dragino_lht52', bytes, fPort)).toEqual(expected))
})

describe('Milesight EM300-TH, by the examples of its README', () => {
  test.each<[string, string, string[]]>([
    ['live', '01755C 03673401 046865', ['probe 30800', 'battery battery 92000', 'humidity humidity 50500']],
    ['below zero', '0367F6FF', ['probe -1000']],
    [
      'out of its memory',
      '20CE9E74466310015D00',
      ['probe 27200 2022-10-12T08:02:38', 'humidity humidity 46500 2022-10-12T08:02:38'],
    ],
    ['what it says when it joins', 'FF0BFF FF0101 FF166329C42503920003 FF090100 FF0A0101 FF0F00', []],
    ['an answer to a command', 'FE0258 02 0367 3401', ['probe 30800']],
    ['a humidity that is none', '0468FF', ['humidity humidity null']],
    ['a model it is not', '0494FFFFFFFF', ['byte 0 begins no known field of 0494ffffffff']],
  ])('%s', (_what, bytes, expected) => expect(lines('milesight_em300_th', bytes, 85)).toEqual(expected))
})

describe('Milesight EM500-PT100', () => {
  test.each<[string, string, string[]]>([
    ['live, by the example of its README', '017564 03671901', ['probe 28100', 'battery battery 100000']],
    ['at the temperature of liquid nitrogen', '03675AF8', ['probe -195800']],
    ['measuring failed: a fault', '0367FFFF', ['probe null']],
    ['beyond its range: a fault', '0367FDFF', ['probe null']],
    ['but -0.2 degrees is one', '0367FEFF', ['probe -200']],
    ['an alarm', '83D7 1901 0A00 01', ['probe 28100']],
    [
      'out of its memory',
      '20CE9E7446631901 20CE9E744663FFFF',
      ['probe 28100 2022-10-12T08:02:38', 'probe null 2022-10-12T08:02:38'],
    ],
  ])('%s', (_what, bytes, expected) => expect(lines('milesight_em500_pt100', bytes, 85)).toEqual(expected))
})

describe('ELSYS', () => {
  test.each<[string, string, string[]]>([
    [
      'ERS (TheThingsNetwork/lorawan-devices, ers-codec.yaml)',
      '01 00 E2 02 29 04 00 27 05 06',
      ['internal 22600', 'humidity humidity 41000', 'light light 39000'],
    ],
    ['with its battery', '01 00 E2 07 0E 36', ['internal 22600', 'battery_voltage battery_voltage 3638']],
    ['with probes', '0C F8 5A 19 00 E2 19 FF FF', ['probe -195800', 'probe_2 22600', 'probe_3 -100']],
    ['a probe that is missing: a fault', '0C 80 00', ['probe null']],
    ['air pressure', '14 00 0F 76 02', ['pressure pressure 1013250']],
    ['a grid of temperatures is skipped', `13 ${'00'.repeat(65)} 02 29`, ['humidity humidity 41000']],
    ['settings', '3E 31 00', ['byte 0 begins no known field of 3e3100']],
  ])('%s', (_what, bytes, expected) => expect(lines('elsys', bytes, 5)).toEqual(expected))
})

describe('the decoded payload of the network server', () => {
  const FIELDS: DecodedField[] = [
    { pointer: '/TempC_DS', channel: 'probe', unit: 'CEL', faults: ['327.67'] },
    { pointer: '/nested/0/a~1b', channel: 'humidity', unit: 'P1', faults: [] },
  ]
  const read = (decoded: unknown) =>
    decodeUplink(uplinkOf('', { decoded }), { decoder: 'decoded', fields: FIELDS }, RECEIVED_AT)

  test.each<[string, unknown, (number | null)[], (number | null)[]]>([
    ['numbers', { TempC_DS: -18.25, nested: [{ 'a/b': 50 }] }, [-18_250], [50_000]],
    ['numbers as text', { TempC_DS: '-18.250', nested: [{ 'a/b': '50.5' }] }, [-18_250], [50_500]],
    ['one of them', { TempC_DS: 5 }, [5000], []],
    ['a value named as a fault', { TempC_DS: 327.67 }, [null], []],
    ['the same as text', { TempC_DS: '327.670' }, [null], []],
    ['null is a fault', { TempC_DS: null }, [null], []],
    ['a word in place of a number is one', { TempC_DS: 'NC' }, [null], []],
    ['a value nothing can have', { TempC_DS: 1e9 }, [null], []],
  ])('%s', (_what, decoded, temperatures, humidities) => {
    const found = read(decoded)
    if ('wrong' in found) throw new Error(found.wrong)
    expect(found.readings.map(({ milliC }) => milliC)).toEqual(temperatures)
    expect(found.observations.map(({ value }) => value)).toEqual(humidities)
  })

  test.each<[string, unknown, RegExp]>([
    ['there is none', null, /no decoded payload/],
    ['it has none of the fields', { temperature: 5 }, /none of "\/TempC_DS", "\/nested\/0\/a~1b"/],
    ['a field is a list', { TempC_DS: [5] }, /"\/TempC_DS" of the decoded payload is no number/],
    ['a field is a long text', { TempC_DS: 'x'.repeat(41) }, /is no number/],
    ['a field has a NUL', { TempC_DS: 'a\0' }, /is no number/],
  ])('%s', (_what, decoded, wrong) => {
    expect(read(decoded)).toEqual({ wrong: expect.stringMatching(wrong) })
  })

  test('names of the language itself are no fields', () => {
    const fields: DecodedField[] = [{ pointer: '/constructor/name', channel: 'probe', unit: 'CEL', faults: [] }]
    const found = decodeUplink(uplinkOf('', { decoded: {} }), { decoder: 'decoded', fields }, RECEIVED_AT)
    expect(found).toHaveProperty('wrong')
  })
})
