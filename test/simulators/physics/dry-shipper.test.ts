import { describe, expect, test } from 'vitest'
import { pressureHpa } from '../../../simulators/physics/air-pressure.ts'
import { DRY_SHIPPER, depletionMs, dryShipper, unitFactor } from '../../../simulators/physics/dry-shipper.ts'
import { constant, during, steps } from '../../../simulators/physics/input.ts'
import { seededRandom } from '../../../simulators/random.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, minutes, stepped, worst } from './stepping.ts'

const YEAR_MS = 365 * DAY_MS

describe('the loss of a dry vapour shipper', () => {
  test.each([
    [0, 1],
    [29, 1],
    [30, 1.5],
    [60, 1.5],
    [61, 3],
    [90, 3],
    [120, 3],
    [121, 6],
    [180, 6],
  ])('at %i degrees is %f times that upright', (angle, factor) => {
    expect(lostIn(DAY_MS, { tiltDeg: constant(angle) })).toBeCloseTo(0.25 * factor, 9)
  })

  test('grows by 1 % for each degree of warmer surroundings, and shrinks in the cold', () => {
    expect(lostIn(DAY_MS, { ambientC: constant(32) })).toBeCloseTo(0.275, 9)
    expect(lostIn(DAY_MS, { ambientC: constant(-8) })).toBeCloseTo(0.175, 9)
    expect(lostIn(DAY_MS, { ambientC: constant(-100) })).toBe(0)
  })

  test('is the unit its own', () => {
    expect(4.1 - dryShipper({ ...DRY_SHIPPER, unitFactor: 1.4 }).litres(DAY_MS)).toBeCloseTo(0.35, 9)
  })

  test('is 0.05 L more for each minute with the lid open', () => {
    const lidOpen = during(0, [{ fromMs: HOUR_MS, toMs: HOUR_MS + 10 * MINUTE_MS, value: 1 }])
    expect(lostIn(DAY_MS, { lidOpen }) - lostIn(DAY_MS, {})).toBeCloseTo(0.5, 9)
  })

  function lostIn(ms: number, happens: Parameters<typeof dryShipper>[1]): number {
    return DRY_SHIPPER.chargedL - dryShipper(DRY_SHIPPER, happens).litres(ms)
  }
})

test('units of one model spread log-normally: median 1, sd 0.15, one in six beyond 16 % more', () => {
  const random = seededRandom(7)
  const factors = Array.from({ length: 4000 }, () => Math.log(unitFactor(random)))
  const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length
  const variance = factors.reduce((sum, factor) => sum + (factor - mean) ** 2, 0) / factors.length
  expect(Math.abs(mean)).toBeLessThan(0.01)
  expect(Math.abs(Math.sqrt(variance) - 0.15)).toBeLessThan(0.01)
})

describe('the weight', () => {
  test('is the fuel gauge: 8.6 kg charged, 0.807 kg less for each litre, 5.3 kg from the last drop on', () => {
    const { massKg, litres } = dryShipper(DRY_SHIPPER)
    expect(massKg(0)).toBeCloseTo(8.609, 3)
    expect(massKg(0) - massKg(8 * DAY_MS)).toBeCloseTo((litres(0) - litres(8 * DAY_MS)) * 0.807, 9)
    expect(massKg(17 * DAY_MS)).toBe(5.3)
  })

  test('tells what the temperature does not: half the charge is gone before the probe rises by 3 C', () => {
    const { massKg, probeC } = dryShipper(DRY_SHIPPER)
    expect(probeC(8.2 * DAY_MS) - probeC(0)).toBeLessThan(3)
    expect(massKg(0) - massKg(8.2 * DAY_MS)).toBeGreaterThan(1.6)
  })
})

describe('the probe', () => {
  const onItsSide = during(0, [{ fromMs: 2 * DAY_MS, toMs: 3 * DAY_MS, value: 90 }])

  test('never cools by itself in a steady room, and ends at the room temperature', () => {
    const { probeC } = dryShipper(DRY_SHIPPER, { tiltDeg: onItsSide })
    const hourly = Array.from({ length: 120 * 24 }, (_, hour) => probeC(hour * HOUR_MS))
    expect(hourly).toEqual(hourly.toSorted((a, b) => a - b))
    expect(hourly[0]).toBeCloseTo(-191.8, 6)
    expect(hourly.at(-1)).toBeCloseTo(22, 1)
    expect(hourly.at(-1)).toBeLessThanOrEqual(22)
  })

  test('is 2 K colder at cabin altitude while liquid lasts', () => {
    const inFlight = { fromMs: HOUR_MS, toMs: 9 * HOUR_MS, value: pressureHpa(2438) }
    const flown = dryShipper(DRY_SHIPPER, { airHpa: during(1013.25, [inFlight]) }).probeC
    const stayed = dryShipper(DRY_SHIPPER).probeC
    expect(stayed(5 * HOUR_MS) - flown(5 * HOUR_MS)).toBeCloseTo(0.008 * (1013.25 - 752.6), 2)
    expect(flown(10 * HOUR_MS)).toBeCloseTo(stayed(10 * HOUR_MS), 9)
  })

  test('relaxes towards 20 C with 20 min below an open lid, and falls back as fast', () => {
    const lidOpen = during(0, [{ fromMs: HOUR_MS, toMs: HOUR_MS + 20 * MINUTE_MS, value: 1 }])
    const { probeC } = dryShipper(DRY_SHIPPER, { lidOpen })
    const share = (sinceMs: number) => (probeC(sinceMs) + 191.8) / (20 + 191.8)
    expect(share(HOUR_MS)).toBeCloseTo(0, 3)
    expect(share(HOUR_MS + 20 * MINUTE_MS)).toBeCloseTo(1 - Math.exp(-1), 2)
    expect(share(HOUR_MS + 40 * MINUTE_MS)).toBeCloseTo((1 - Math.exp(-1)) * Math.exp(-1), 2)
  })

  test('in a leakier unit warms faster once it is empty', () => {
    const empty = { ...DRY_SHIPPER, chargedL: 0 }
    const coreAt = (unit: number) => dryShipper({ ...empty, unitFactor: unit }).coreC(10 * HOUR_MS)
    expect(coreAt(1)).toBeCloseTo(22 - 217.8 * Math.exp(-10 / 182.093), 2)
    expect(coreAt(1.4)).toBeCloseTo(22 - 217.8 * Math.exp(-14 / 182.093), 2)
  })
})

test('nothing is depleted before the horizon, and the hour is exact after it', () => {
  expect(depletionMs(dryShipper(DRY_SHIPPER), 16 * DAY_MS)).toBeNull()
  expect(depletionMs(dryShipper(DRY_SHIPPER), YEAR_MS)).toBeCloseTo(16.4 * DAY_MS, 0)
})

test('stepping through a hard journey every 5 s finds the same within 0.05 C and 0.5 %', () => {
  const ambientC = steps(minutes([0, 22], [600, 35], [1500, -10], [2400, 22], [4000, 8]))
  const tiltDeg = steps(minutes([0, 0], [300, 180], [420, 0], [700, 45], [900, 0]))
  const lidOpen = steps(minutes([0, 0], [1000, 1], [1012, 0]))
  const airHpa = steps(minutes([0, 1013.25], [1200, 800], [1700, 1013.25]))
  const shipper = { ...DRY_SHIPPER, chargedL: 1.8, unitFactor: 1.1 }
  const course = dryShipper(shipper, { ambientC, tiltDeg, lidOpen, airHpa })
  const leakWPerK = (1.1 * 2.5 * 0.25 * 0.807 * 199_200) / 86_400 / (22 + 195.8)
  const factors = new Map([
    [0, 1],
    [45, 1.5],
    [180, 6],
  ])
  const samples = stepped(
    { litres: 1.8, coreC: -195.8 },
    ({ litres, coreC }, ms, s) => {
      const warmth = 1 + 0.01 * (ambientC.valueAt(ms) - 22)
      const perDay = 0.25 * 1.1 * warmth * (factors.get(tiltDeg.valueAt(ms)) ?? Number.NaN)
      if (litres > 0) {
        const lost = (perDay / 86_400) * s + lidOpen.valueAt(ms) * (0.05 / 60) * s
        return { litres: Math.max(0, litres - lost), coreC: -195.8 - 0.008 * (1013.25 - airHpa.valueAt(ms + s * 1000)) }
      }
      return { litres, coreC: coreC + ((leakWPerK * (ambientC.valueAt(ms) - coreC)) / 3500) * s }
    },
    { stepMs: 5000, sampleMs: 10 * MINUTE_MS, untilMs: 6 * DAY_MS },
  )
  expect(worst(course.coreC, samples, ({ coreC }) => coreC)).toBeLessThan(0.05)
  expect(worst(course.litres, samples, ({ litres }) => litres)).toBeLessThan(0.005 * 1.8)
  expect(samples.at(-1)?.state.coreC).toBeGreaterThan(-150)
})
