import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  codeOf,
  inUnit,
  isObservationUnit,
  type ObservationUnit,
  QUANTITIES,
  type Quantity,
  quantityByCode,
  quantityOf,
  toScaled,
  unitOf,
} from '../../src/domain/quantity.ts'

const exact = true
const rounded = false

test.each<[string, ObservationUnit, Quantity, number, boolean]>([
  ['50.5', 'P1', 'humidity', 50_500, exact],
  ['100', 'P1', 'battery', 100_000, exact],
  ['8.0005', 'P1', 'humidity', 8001, rounded],
  ['90', 'DD', 'tilt', 90_000, exact],
  ['-0.0005', 'DD', 'tilt', -1, rounded],
  ['0', 'C81', 'tilt', 0, exact],
  // half a turn of a double's digits, and a twelfth of one
  ['3.141592653589793', 'C81', 'tilt', 180_000, rounded],
  ['-0.5235987755982988', 'C81', 'tilt', -30_000, rounded],
  ['1', 'C81', 'tilt', 57_296, rounded],
  ['2.5', 'K40', 'shock', 2500, exact],
  ['9.80665', 'MSK', 'shock', 1000, exact],
  ['1', 'MSK', 'shock', 102, rounded],
  ['65535', 'LUX', 'light', 65_535_000, exact],
  ['1013.25', 'A97', 'pressure', 1_013_250, exact],
  ['101325', 'PAL', 'pressure', 1_013_250, exact],
  ['101.325', 'KPA', 'pressure', 1_013_250, exact],
  ['1013.25', 'MBR', 'pressure', 1_013_250, exact],
  ['101325.04', 'PAL', 'pressure', 1_013_250, rounded],
  ['3.062', 'VLT', 'battery_voltage', 3062, exact],
  ['3062', '2Z', 'battery_voltage', 3062, exact],
  ['8.6', 'KGM', 'mass', 8600, exact],
  ['8600', 'GRM', 'mass', 8600, exact],
  ['0.5', 'GRM', 'mass', 1, rounded],
  ['19', 'LBR', 'mass', 8618, rounded],
  ['100000000e-6', 'LBR', 'mass', 45_359, rounded],
  ['52.3740364', 'DD', 'latitude', 523_740_364, exact],
  ['-179.99999995', 'DD', 'longitude', -1_800_000_000, rounded],
  ['1e2', 'P1', 'humidity', 100_000, exact],
  ['412.5', '59', 'carbon_dioxide', 412_500, exact],
])('%s %s as %s is %d (exact: %s)', (text, unit, quantity, value, isExact) => {
  expect(toScaled(text, unit, quantity)).toEqual({ value, exact: isExact })
})

test.each<[string, ObservationUnit, Quantity]>([
  ['120.0006', 'P1', 'humidity'],
  ['-0.001', 'P1', 'humidity'],
  ['100.001', 'P1', 'battery'],
  ['360.001', 'DD', 'tilt'],
  ['90.0000001', 'DD', 'latitude'],
  ['-180.0000001', 'DD', 'longitude'],
  ['1e99', 'KGM', 'mass'],
  ['NaN', 'KGM', 'mass'],
  ['Infinity', 'LUX', 'light'],
  ['', 'LUX', 'light'],
  ['5,0', 'KGM', 'mass'],
  [`1.${'0'.repeat(40)}`, 'KGM', 'mass'],
])('%s %s as %s cannot have been measured', (text, unit, quantity) => {
  expect(toScaled(text, unit, quantity)).toBeNull()
})

test.each<[ObservationUnit, string | null, Quantity | null]>([
  ['P1', 'humidity', 'humidity'],
  ['P1', 'humidity_lid', 'humidity'],
  ['P1', 'battery', 'battery'],
  ['P1', 'battery_2', 'battery'],
  ['P1', 'humidity2', null],
  ['P1', 'probe', null],
  ['P1', null, null],
  ['DD', 'tilt', 'tilt'],
  ['DD', 'tilt_x', 'tilt'],
  ['DD', 'latitude', 'latitude'],
  ['DD', 'longitude_gateway', 'longitude'],
  ['DD', 'angle', null],
  ['C81', null, 'tilt'],
  ['KGM', null, 'mass'],
  // the unit alone says it: a channel may have any name
  ['KGM', 'humidity', 'mass'],
  ['2Z', 'battery', 'battery_voltage'],
])('%s on channel %s measures %s', (unit, channel, quantity) => {
  expect(quantityOf(unit, channel)).toBe(quantity)
})

test('a unit of temperature, and what is no unit, measures no quantity', () => {
  for (const text of ['CEL', 'FAH', 'KEL', 'p1', '', 'toString', '__proto__', 5, null, undefined]) {
    expect(isObservationUnit(text), String(text)).toBe(false)
  }
})

test('codes in the database are one per quantity, and are never given to another', () => {
  expect(QUANTITIES.map((quantity) => [codeOf(quantity), quantity])).toEqual([
    [1, 'humidity'],
    [2, 'tilt'],
    [3, 'shock'],
    [4, 'light'],
    [5, 'pressure'],
    [6, 'battery'],
    [7, 'battery_voltage'],
    [8, 'mass'],
    [9, 'latitude'],
    [10, 'longitude'],
    [11, 'carbon_dioxide'],
  ])
  for (const quantity of QUANTITIES) expect(quantityByCode(codeOf(quantity))).toBe(quantity)
  expect(() => quantityByCode(12)).toThrow('12 is no quantity')
})

test('what is answered is read back as the same, in the unit it is answered in', () => {
  const quantity = fc.constantFrom(...QUANTITIES)
  fc.assert(
    fc.property(quantity, fc.integer({ min: 0, max: 90_000 }), (measured, value) => {
      const printed = String(inUnit(measured, value))
      expect(toScaled(printed, unitOf(measured), measured)).toEqual({ value, exact: true })
    }),
  )
})

test('rounding is half away from zero, the same on both sides, and never turns two values around', () => {
  const tenThousandths = fc.integer({ min: -3_600_000, max: 3_600_000 })
  const text = (n: number) => `${n < 0 ? '-' : ''}${Math.floor(Math.abs(n) / 10_000)}.${decimals(n)}`
  const decimals = (n: number) => String(Math.abs(n) % 10_000).padStart(4, '0')
  fc.assert(
    fc.property(tenThousandths, tenThousandths, (a, b) => {
      const value = (n: number) => toScaled(text(n), 'DD', 'tilt')?.value ?? Number.NaN
      expect(value(a)).toBe(Math.sign(a) * Math.floor((Math.abs(a) + 5) / 10) + 0)
      expect(value(-a)).toBe(-value(a) + 0)
      if (a <= b) expect(value(a)).toBeLessThanOrEqual(value(b))
    }),
  )
})
