import { describe, expect, test } from 'vitest'
import { activeContainer, VAN } from '../../../simulators/physics/active-container.ts'
import type { Curve } from '../../../simulators/physics/curve.ts'
import { firstOrder } from '../../../simulators/physics/first-order.ts'
import { constant, during, repeating, steps } from '../../../simulators/physics/input.ts'
import { lagged } from '../../../simulators/physics/lag.ts'
import { withLid } from '../../../simulators/physics/lid.ts'
import { measured, type Probe, PT100, THERMISTOR } from '../../../simulators/physics/probe.ts'
import { HOUR_MS, MINUTE_MS, minutes } from './stepping.ts'

describe('the lag of a probe', () => {
  const tauMs = 2 * MINUTE_MS
  const door = steps(minutes([0, 5], [60.13, 20], [64.07, 5], [65.2, -10], [90.1, 5]))

  test('over jumps is the exact first-order answer', () => {
    const exact = firstOrder(door, { startC: 5, tauMs })
    const probe = lagged(door.valueAt, { tauMs, inputs: [door] })
    for (let ms = 0; ms < 2 * HOUR_MS; ms += 7000) expect(Math.abs(probe(ms) - exact(ms))).toBeLessThan(0.001)
  })

  test('behind a steady rise is its time constant times the slope', () => {
    const probe = lagged((ms) => ms / MINUTE_MS, { tauMs, inputs: [] })
    expect(probe(HOUR_MS)).toBeCloseTo(60 - 2, 4)
  })

  test('halving its inner step changes less than a tenth of the tolerance, over doors and switching too', () => {
    const doorOpen = repeating({ firstMs: HOUR_MS, everyMs: HOUR_MS, forMs: 5 * MINUTE_MS })
    const { airC } = activeContainer(VAN, { doorOpen })
    const whole = lagged(airC, { tauMs, inputs: [doorOpen] })
    const half = lagged(airC, { tauMs, inputs: [doorOpen], stepMs: tauMs / 16 })
    for (let ms = 0; ms < 6 * HOUR_MS; ms += 11_000) expect(Math.abs(whole(ms) - half(ms))).toBeLessThan(0.005)
  })

  test('of nothing is the curve itself', () => {
    expect(lagged((ms) => ms, { tauMs: 0, inputs: [] })(123)).toBe(123)
  })
})

test('below a lid that opens twice the room comes and goes with one time constant', () => {
  const open = during(0, [
    { fromMs: 0, toMs: 10 * MINUTE_MS, value: 1 },
    { fromMs: 20 * MINUTE_MS, toMs: 30 * MINUTE_MS, value: 1 },
  ])
  const probe = withLid(() => 5, { open, roomC: 25, tauMs: 10 * MINUTE_MS })
  const e = Math.exp(-1)
  const shares = [0, 1 - e, (1 - e) * e, 1 - (1 - (1 - e) * e) * e]
  for (const [index, share] of shares.entries()) expect(probe(index * 10 * MINUTE_MS)).toBeCloseTo(5 + 20 * share, 9)
})

describe('a measured value', () => {
  const EXACT: Probe = { lagTauMs: 0, noiseSdC: 0, quantumC: 0.1, lowestC: -200, highestC: 100 }

  test.each([
    [5.04, 5000],
    [5.06, 5100],
    [-0.04, 0],
    [-189.46, -189_500],
    [-200.4, -200_000],
    [130, 100_000],
  ])('of %f C is %i milli-degrees: tenths, and the end of the range beyond it', (celsius, milliC) => {
    expect(of(() => celsius, EXACT)(0)).toBe(milliC)
  })

  test('comes in the steps the sensor can tell', () => {
    expect(of(() => 5.3, { ...EXACT, quantumC: 0.5 })(0)).toBe(5500)
    expect(of(() => 5.334, { ...EXACT, quantumC: 0.01 })(0)).toBe(5330)
  })

  test('below -40 C a thermistor is blind', () => {
    expect(of(() => -190, THERMISTOR)(0)).toBe(-40_000)
  })

  test('lags behind a door', () => {
    const door = during(5, [{ fromMs: 0, toMs: 240_000, value: 20 }])
    const probe = { ...EXACT, lagTauMs: 120_000, quantumC: 0.001 }
    expect(measured(door.valueAt, probe, { seed: 1, inputs: [door] })(240_000)).toBe(17_970)
  })

  test('has the noise of its instant and seed: the same whenever asked, another for another seed', () => {
    const [a, b] = [7, 8].map((seed) => readings(seed))
    expect(readings(7)).toEqual(a)
    expect(readings(7).toReversed()).toEqual(a?.toReversed())
    expect(a).not.toEqual(b)
  })

  test.each([1, 7, 999])('has noise of mean 0 and the stated size, and no memory (seed %i)', (seed) => {
    const noise = readings(seed).map((milliC) => milliC + 190_000)
    const mean = average(noise)
    const sd = Math.sqrt(average(noise.map((value) => (value - mean) ** 2)))
    const covariance = average(noise.slice(1).map((value, index) => (value - mean) * ((noise[index] ?? 0) - mean)))
    expect(Math.abs(mean)).toBeLessThan(20)
    expect(Math.abs(sd - 300)).toBeLessThan(20)
    expect(Math.abs(covariance / sd ** 2)).toBeLessThan(0.06)
  })

  test('differs from one instant to the same half of another, fifty days later', () => {
    const probe = of(() => -190, PT100)
    const pairs = Array.from({ length: 20 }, (_, minute) => minute * MINUTE_MS)
    expect(pairs.map(probe)).not.toEqual(pairs.map((ms) => probe(ms + 2 ** 32)))
  })

  /** One a minute for two days. */
  function readings(seed: number): number[] {
    const probe = measured(constant(-190).valueAt, PT100, { seed, inputs: [] })
    return Array.from({ length: 2880 }, (_, minute) => probe(minute * MINUTE_MS))
  }

  function of(curve: Curve, probe: Probe): Curve {
    return measured(curve, probe, { seed: 7, inputs: [] })
  }
})

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
