import { describe, expect, test } from 'vitest'
import type { ParsedMessage } from '../../src/domain/message.ts'
import { parseMessage } from '../../src/ingest/message.ts'

const RECEIVED_AT = Date.UTC(2026, 2, 2, 10)
const AT = Date.UTC(2026, 2, 2, 9, 55)
const ISO = '2026-03-02T09:55:00Z'
const ENVELOPE = { prefix: 'unbroken/v1', receivedAt: RECEIVED_AT, contentType: null, retained: false }

function native(...readings: object[]): ParsedMessage {
  const body = JSON.stringify({ readings: readings.map((reading) => ({ at: ISO, ...reading })) })
  return parseMessage('unbroken/v1/42/readings', Buffer.from(body), ENVELOPE)
}

function senml(...records: object[]): ParsedMessage {
  const body = JSON.stringify(records.map((record) => ({ t: AT / 1000, ...record })))
  return parseMessage('unbroken/v1/42/readings/senml', Buffer.from(body), ENVELOPE)
}

/** One observation as a line: quantity, channel, value, and the raw text where it is kept. */
function lines({ observations }: ParsedMessage): string[] {
  return observations.map(({ quantity, channel, value, raw }) => `${quantity} ${channel} ${value} ${raw ?? '='}`)
}

describe('native JSON says by unit and channel what was measured', () => {
  test.each([
    [{ channel: 'humidity', value: 50.5, unit: 'P1' }, 'humidity humidity 50500 ='],
    [{ channel: 'battery', value: 87, unit: 'P1' }, 'battery battery 87000 ='],
    [{ value: 3062, unit: '2Z' }, 'battery_voltage battery_voltage 3062 ='],
    [{ channel: 'tilt', value: '91.5', unit: 'DD' }, 'tilt tilt 91500 ='],
    [{ channel: 'neck', value: 1.6, unit: 'C81' }, `tilt neck 91673 1.6 C81 ${ISO}`],
    [{ value: 2.5, unit: 'K40' }, 'shock shock 2500 ='],
    [{ value: 320, unit: 'LUX' }, 'light light 320000 ='],
    [{ value: 1013.25, unit: 'A97' }, 'pressure pressure 1013250 ='],
    [{ value: 8.6, unit: 'KGM' }, 'mass mass 8600 ='],
    [{ channel: 'latitude', value: 52.3740364, unit: 'DD' }, 'latitude latitude 523740364 ='],
    [{ value: null, unit: 'KGM' }, 'mass mass null ='],
    [{ value: 1e9, unit: 'KGM' }, `mass mass null 1000000000 KGM ${ISO}`],
    [{ value: 5, unit: 'KGM', at: '2026-03-02T09:55:00.0001Z' }, 'mass mass 5000 5 KGM 2026-03-02T09:55:00.0001Z'],
  ])('%o', (reading, line) => {
    const parsed = native(reading)
    expect(parsed.problem).toBeNull()
    expect(lines(parsed)).toEqual([line])
    expect(parsed.observations[0]?.at).toBe(AT)
    expect(parsed.readings).toEqual([])
  })

  test.each([
    [{ channel: 'probe', value: 50, unit: 'P1' }, 'QUANTITY_UNCLEAR', 'name the channel "humidity" or "battery"'],
    [{ value: 50, unit: 'P1' }, 'QUANTITY_UNCLEAR', 'readings[1].unit "P1" measures several things'],
    [{ channel: 'angle', value: 5, unit: 'DD' }, 'QUANTITY_UNCLEAR', '"tilt" or "latitude" or "longitude"'],
    [{ value: 5, unit: 'STN' }, 'UNIT_UNKNOWN', 'send "CEL", "FAH" or "KEL" for a temperature, else one of P1, DD'],
    [{ channel: 'Mass', value: 5, unit: 'KGM' }, 'CHANNEL_SHAPE', 'readings[1].channel'],
    [{ value: 'heavy', unit: 'KGM' }, 'VALUE_SHAPE', 'readings[1].value is "heavy"'],
    [{ unit: 'KGM' }, 'VALUE_MISSING', 'readings[1].value'],
    [{ value: 5, unit: 'KGM', at: '2026-03-02T09:55:00' }, 'NO_OFFSET', 'readings[1].at'],
    [{ value: 5, unit: 'KGM', at: 5 }, 'NOT_A_TIME', 'readings[1].at'],
  ])('%o is named, and the others count', (reading, reason, detail) => {
    const parsed = native({ value: 5, unit: 'CEL' }, reading, { value: 8.6, unit: 'KGM' })
    expect(parsed.problem?.reason).toBe(reason)
    expect(parsed.problem?.detail).toContain(detail)
    expect([parsed.readings.length, lines(parsed)]).toEqual([1, ['mass mass 8600 =']])
  })

  test('an implausible time is held, what was measured with it', () => {
    const parsed = native({ value: 8.6, unit: 'KGM', at: '2026-03-02T11:00:00Z' }, { value: 5, unit: 'CEL' })
    expect(parsed.observations).toEqual([])
    const at = Date.UTC(2026, 2, 2, 11)
    expect(parsed.held).toEqual([{ index: 0, at, channel: 'mass', quantity: 'mass', value: 8600, raw: null }])
    expect(parsed.readings).toHaveLength(1)
  })
})

describe('SenML says it by unit', () => {
  test.each([
    [{ n: 'humidity', u: '%RH', v: 50.5 }, 'humidity humidity 50500 ='],
    [{ n: 'urn:dev:ow:10e2073a01080063', u: '%RH', v: 20 }, 'humidity humidity 20000 ='],
    [{ n: 'lid', u: '%RH', v: 20 }, 'humidity lid 20000 ='],
    [{ u: '%EL', v: 87 }, 'battery battery 87000 ='],
    [{ u: 'V', v: 3.062 }, 'battery_voltage battery_voltage 3062 ='],
    [{ u: 'mV', v: 3062 }, 'battery_voltage battery_voltage 3062 ='],
    [{ u: 'lx', v: 320 }, 'light light 320000 ='],
    [{ u: 'Pa', v: 101_325 }, 'pressure pressure 1013250 ='],
    [{ u: 'hPa', v: 1013.25 }, 'pressure pressure 1013250 ='],
    [{ u: 'kg', v: 8.6 }, 'mass mass 8600 ='],
    [{ u: 'g', v: 8600 }, 'mass mass 8600 ='],
    [{ u: 'm/s2', v: 9.80665 }, 'shock shock 1000 ='],
    [{ u: 'rad', v: 1.6 }, `tilt tilt 91673 1.6 rad ${AT / 1000}`],
    [{ u: 'deg', v: 91.5 }, 'tilt tilt 91500 ='],
    [{ u: 'lat', v: 52.3740364 }, 'latitude latitude 523740364 ='],
    [{ u: 'lon', v: -4.5 }, 'longitude longitude -45000000 ='],
    [{ u: 'kg', v: 1e9 }, `mass mass null 1000000000 kg ${AT / 1000}`],
  ])('%o', (record, line) => {
    const parsed = senml(record)
    expect(parsed.problem).toBeNull()
    expect(lines(parsed)).toEqual([line])
  })

  test('one pack tells many things, base fields and all', () => {
    const parsed = senml(
      { bn: 'urn:dev:ow:10e2073a01080063:', n: 'probe', u: 'Cel', v: 5 },
      { n: 'scale', u: 'kg', v: 8 },
    )
    expect(parsed.readings).toMatchObject([{ channel: 'probe', milliC: 5000 }])
    expect(lines(parsed)).toEqual(['mass scale 8000 ='])
  })
})
