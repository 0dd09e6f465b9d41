import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pressureHpa } from '../../../simulators/physics/air-pressure.ts'
import { firstOrder } from '../../../simulators/physics/first-order.ts'
import {
  combined,
  constant,
  during,
  type Input,
  inTurn,
  legs,
  nextChange,
  repeating,
  steps,
} from '../../../simulators/physics/input.ts'
import { FRIDGE_BOX, pcmBox } from '../../../simulators/physics/pcm-box.ts'
import { TEMPERATE, weather } from '../../../simulators/physics/weather.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './stepping.ts'

const pair = steps([
  { fromMs: 10, value: 1 },
  { fromMs: 20, value: 2 },
])
const INPUTS: Record<string, { input: Input; values: Record<number, number> }> = {
  constant: { input: constant(7), values: { 0: 7, 100: 7 } },
  steps: { input: pair, values: { 0: 1, 10: 1, 19: 1, 20: 2, 99: 2 } },
  legs: {
    input: legs([
      { forMs: 5, value: 1 },
      { forMs: 7, value: 2 },
      { forMs: 1, value: 3 },
    ]),
    values: { 0: 1, 4: 1, 5: 2, 11: 2, 12: 3, 99: 3 },
  },
  during: {
    input: during(0, [
      { fromMs: 30, toMs: 40, value: 2 },
      { fromMs: 10, toMs: 20, value: 1 },
    ]),
    values: { 0: 0, 10: 1, 19: 1, 20: 0, 30: 2, 40: 0 },
  },
  repeating: {
    input: repeating({ firstMs: 5, everyMs: 10, forMs: 3 }),
    values: { 0: 0, 4: 0, 5: 1, 7: 1, 8: 0, 14: 0, 15: 1, 18: 0, 95: 1, 98: 0 },
  },
  'repeating from a later start': {
    input: repeating({ firstMs: 25, everyMs: 10, forMs: 3 }),
    values: { 0: 0, 5: 0, 15: 0, 24: 0, 25: 1, 28: 0, 35: 1 },
  },
  combined: {
    input: combined(pair, during(0, [{ fromMs: 5, toMs: 15, value: 100 }]), (a, b) => a + b),
    values: { 0: 1, 5: 101, 15: 1, 20: 2 },
  },
  inTurn: {
    input: inTurn([
      { fromMs: 0, input: pair },
      { fromMs: 15, input: repeating({ firstMs: 0, everyMs: 10, forMs: 5 }) },
    ]),
    values: { 0: 1, 14: 1, 15: 0, 19: 0, 20: 1, 25: 0 },
  },
  weather: { input: weather(TEMPERATE, 0, 10), values: {} },
}

describe.each(Object.entries(INPUTS))('%s', (_name, { input, values }) => {
  test('has the stated value at each instant', () => {
    const given = Object.keys(values).map((ms) => [ms, input.valueAt(Number(ms))])
    expect(Object.fromEntries(given)).toEqual(values)
  })

  test('holds its value up to the next change, which lies ahead', () => {
    fc.assert(
      fc.property(fc.nat({ max: 120 }), (ms) => {
        const changeMs = input.changeAfter(ms)
        expect(changeMs).toBeGreaterThan(ms)
        for (let then = ms; then < Math.min(changeMs, 120); then += 0.5) {
          expect(input.valueAt(then)).toBe(input.valueAt(ms))
        }
      }),
    )
  })
})

test('nothing given is no input', () => expect(() => steps([])).toThrow('at least one value'))

test('the next change is that of the first input to change', () => {
  expect(nextChange([pair, constant(1), during(0, [{ fromMs: 15, toMs: 16, value: 1 }])], 12)).toBe(15)
  expect(nextChange([constant(1)], 12)).toBe(Number.POSITIVE_INFINITY)
})

describe('the weather', () => {
  const atHour = (day: number, hour: number) => weather(TEMPERATE, day).valueAt(hour * HOUR_MS)
  const [january, july] = [Date.UTC(2026, 0, 17), Date.UTC(2026, 6, 19)]

  test('is warm in July and cold in January, warmest at three in the afternoon of the place', () => {
    expect(atHour(july, 14)).toBeCloseTo(25, 1)
    expect(atHour(july, 2)).toBeCloseTo(15, 1)
    expect(atHour(january, 14)).toBeCloseTo(5, 1)
    expect(atHour(january, 2)).toBeCloseTo(-5, 1)
  })

  test('in the south is the other way round', () => {
    const south = { ...TEMPERATE, warmestDayOfYear: 17 }
    expect(weather(south, january).valueAt(14 * HOUR_MS)).toBeGreaterThan(24)
    expect(weather(south, july).valueAt(14 * HOUR_MS)).toBeLessThan(6)
  })

  test('halving its step moves what follows it, box or bare probe, by less than the tolerance', () => {
    const desert = { ...TEMPERATE, daySwingC: 15, yearMeanC: 25 }
    const [whole, half] = [15, 7.5].map((step) => weather(desert, july, step * MINUTE_MS))
    if (whole === undefined || half === undefined) throw new Error('two steps')
    const small = { ...FRIDGE_BOX, pcmKg: 0.5 }
    const boxes = [whole, half].map((ambientC) => pcmBox(small, { ambientC }).productC)
    const bodies = [whole, half].map((input) => firstOrder(input, { startC: 20, tauMs: 2 * HOUR_MS }))
    for (const [a, b] of [boxes, bodies]) {
      for (let ms = 0; ms < 3 * DAY_MS; ms += 10 * MINUTE_MS) {
        expect(Math.abs((a?.(ms) ?? 0) - (b?.(ms) ?? 1))).toBeLessThan(0.05)
      }
    }
  })
})

test.each([
  [0, 1013.25],
  [2438, 752.6],
  [11_000, 226.3],
])('at %i m the air has %f hPa', (altitudeM, hpa) => expect(pressureHpa(altitudeM)).toBeCloseTo(hpa, 0))
