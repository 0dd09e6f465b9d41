import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clockOutcome,
  correctedAt,
  coveragePercent,
  displayC,
  exactC,
  isoInstant,
  isUnitCode,
  parseInstant,
  toMilliC,
} from '../../src/domain/units.ts'

describe('temperatures at the door', () => {
  test.each([
    ['-0.0', 0, true],
    ['+5', 5000, true],
    ['.5', 500, true],
    ['5.', 5000, true],
    ['8.04', 8040, true],
    ['0.001', 1, true],
    ['0.0004', 0, false],
    ['0.0005', 1, false],
    ['-0.0005', -1, false],
    ['-0.0004', 0, false],
    ['8.0405', 8041, false],
    ['-8.0405', -8041, false],
    ['1e2', 100_000, true],
    ['1.5E-3', 2, false],
    ['1.000', 1000, true],
    ['1.00000000000000000000', 1000, true],
    ['0.00049999999999999999999999', 0, false],
    ['-273.15', -273_150, true],
    ['1000', 1_000_000, true],
  ])('%s degrees Celsius are %i milli-degrees, exact: %s', (text, milliC, exact) =>
    expect(toMilliC(text, 'CEL')).toStrictEqual({ milliC, exact }),
  )
  test.each([
    ['-238', 'FAH', -150_000, true],
    ['32', 'FAH', 0, true],
    ['46.4', 'FAH', 8000, true],
    ['46.5', 'FAH', 8056, false],
    ['31.9991', 'FAH', -1, false],
    ['31.9990', 'FAH', -1, false],
    ['273.15', 'KEL', 0, true],
    ['0', 'KEL', -273_150, true],
    ['273.1494', 'KEL', -1, false],
    ['273.1495', 'KEL', -1, false],
  ] as const)('%s %s are %i milli-degrees Celsius, exact: %s', (text, unit, milliC, exact) =>
    expect(toMilliC(text, unit)).toStrictEqual({ milliC, exact }),
  )
  test.each(['', ' ', '.', '-', '5,1', '5 ', '0x10', '1e', '1e100', 'NaN', 'Infinity', '--5', '1.2.3', '9'.repeat(41)])(
    '"%s" is no decimal number',
    (text) => expect(toMilliC(text, 'CEL')).toBeNull(),
  )
  test('a value below absolute zero or above a thousand degrees is not storable', () => {
    expect(toMilliC('-273.151', 'CEL')).toBeNull()
    expect(toMilliC('1000.001', 'CEL')).toBeNull()
    expect(toMilliC('-0.001', 'KEL')).toBeNull()
    expect(toMilliC('-459.68', 'FAH')).toBeNull()
  })
  test('every milli-degree survives its decimal text, long or short', () => {
    fc.assert(
      fc.property(fc.integer({ min: -273_150, max: 1_000_000 }), fc.nat({ max: 20 }), (milliC, zeros) => {
        const digits = String(Math.abs(milliC)).padStart(4, '0')
        const text = `${milliC < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}${'0'.repeat(zeros)}`
        expect(toMilliC(text, 'CEL')).toStrictEqual({ milliC, exact: true })
      }),
    )
  })
  test('unit codes are exactly the three of UN/ECE Recommendation 20', () => {
    expect(['CEL', 'FAH', 'KEL', 'cel', 'C', '', null, 5].map(isUnitCode)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('display', () => {
  const high = (milliC: number) => ({ milliC, side: 'high' }) as const
  const low = (milliC: number) => ({ milliC, side: 'low' }) as const
  test.each([
    [8001, high(8000), '8.001'],
    [8040, high(8000), '8.04'],
    [8049, high(8000), '8.05'],
    [8004, high(8000), '8.004'],
    [8050, high(8000), '8.1'],
    [8000, high(8000), '8.0'],
    [7999, high(8000), '8.0'],
    [1999, low(2000), '1.999'],
    [1960, low(2000), '1.96'],
    [1940, low(2000), '1.9'],
    [-150_001, low(-150_000), '-150.001'],
    [-149_999, high(-150_000), '-149.999'],
    [7950, high(7950), '7.95'],
    [7940, high(7950), '7.9'],
    [2050, low(2050), '2.1'],
    [2040, low(2040), '2.04'],
    [0, null, '0.0'],
    [-40, null, '0.0'],
    [-50, null, '-0.1'],
    [50, null, '0.1'],
    [-196_000, null, '-196.0'],
  ])('%i beside %o is shown as %s', (milliC, limit, shown) => expect(displayC(milliC, limit)).toBe(shown))
  test('what is shown lies on the side of the limit on which the value was judged', () => {
    const milliC = fc.integer({ min: -200_000, max: 200_000 })
    fc.assert(
      fc.property(milliC, fc.integer({ min: -120, max: 120 }), fc.boolean(), (limitMilliC, offset, isHigh) => {
        const value = limitMilliC + offset
        const side = isHigh ? 'high' : 'low'
        const shown = Math.round(Number(displayC(value, { milliC: limitMilliC, side })) * 1000)
        const isOut = (one: number) => (isHigh ? one > limitMilliC : one < limitMilliC)
        expect(isOut(shown)).toBe(isOut(value))
      }),
    )
  })
  test('machines read degrees exactly', () => expect([8040, -189_500, 0].map(exactC)).toEqual([8.04, -189.5, 0]))
})

describe('instants', () => {
  const at = Date.UTC(2026, 2, 2, 10)
  test.each([
    ['2026-03-02T10:00:00Z', at, true],
    ['2026-03-02T10:00Z', at, true],
    ['2026-03-02T11:30:00+01:30', at, true],
    ['2026-03-02T05:00:00-0500', at, true],
    ['2026-03-03T00:00:00+14:00', at, true],
    ['2026-03-02T10:00:00,5Z', at + 500, true],
    ['2026-03-02T10:00:00.1239Z', at + 123, false],
    ['2026-03-02T10:00:00.123000Z', at + 123, true],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29), true],
    ['1969-12-31T23:59:59.999Z', -1, true],
  ])('%s is an instant', (text, instant, exact) => expect(parseInstant(text)).toStrictEqual({ at: instant, exact }))
  test.each(['2026-03-02T10:00:00', '2026-03-02T10:00', '2026-03-02T10:00:00.5'])('%s has no offset', (text) =>
    expect(parseInstant(text)).toBe('NO_OFFSET'),
  )
  test.each([
    '',
    '2026-03-02',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T10:60:00Z',
    '2026-03-02T10:00:60Z',
    '2026-03-02T10:00:00+14:01',
    '2026-03-02T10:00:00+10:60',
    '0000-01-01T00:00:00Z',
    '0099-01-01T00:00:00Z',
    '2026-03-02 10:00:00Z',
    '2026-03-02T10:00:00z',
    ' 2026-03-02T10:00:00Z',
    '1772445600000',
    '2026-02-30T10:00:00',
  ])('"%s" is not a time', (text) => expect(parseInstant(text)).toBe('NOT_A_TIME'))
  test('printing and parsing are inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(9999, 11, 31) }), (instant) => {
        expect(parseInstant(isoInstant(instant))).toStrictEqual({ at: instant, exact: true })
      }),
    )
  })
})

describe('clocks', () => {
  const now = Date.UTC(2026, 2, 2, 10)
  test('300 s ahead of receipt is stored, a millisecond more is held; so is anything before 2001', () => {
    expect(clockOutcome(now + 300_000, now)).toBe('stored')
    expect(clockOutcome(now + 300_001, now)).toBe('held')
    expect(clockOutcome(Date.UTC(2001, 0, 1), now)).toBe('stored')
    expect(clockOutcome(Date.UTC(2001, 0, 1) - 1, now)).toBe('held')
  })
  test('device time is corrected by the offset at the start and by the drift up to read-out', () => {
    const start = { deviceAt: 1000, serverAt: 1100 }
    expect(correctedAt(1000, start, { deviceAt: 2000, serverAt: 2300 })).toBe(1100)
    expect(correctedAt(1500, start, { deviceAt: 2000, serverAt: 2300 })).toBe(1700)
    expect(correctedAt(2000, start, { deviceAt: 2000, serverAt: 2300 })).toBe(2300)
    expect(correctedAt(1500, start, start)).toBe(1600)
  })
  test('coverage is a percentage with three decimals, of no window there is none', () => {
    expect(coveragePercent(81_900, 86_400)).toBe(94.792)
    expect(coveragePercent(0, 5)).toBe(0)
    expect(coveragePercent(5, 5)).toBe(100)
    // a second missing in a month is not everything
    expect(coveragePercent(2_591_999_000, 2_592_000_000)).toBe(99.999)
    expect(coveragePercent(0, 0)).toBeNull()
    expect(coveragePercent(1, -1)).toBeNull()
  })
})
