import { expect, test } from 'vitest'
import { pressureHpa } from '../../../simulators/physics/air-pressure.ts'
import { DRY_ICE_BOX, dryIceBox, iceLifeMs } from '../../../simulators/physics/dry-ice.ts'
import { constant, during, steps } from '../../../simulators/physics/input.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, minutes, stepped, worst } from './stepping.ts'

test('the weight is the gauge: 3 kg a day at 22 C, and the box alone in the end', () => {
  const { massKg, iceKg } = dryIceBox(DRY_ICE_BOX)
  expect(massKg(0)).toBe(20)
  expect(massKg(0) - massKg(DAY_MS)).toBeCloseTo(3.0414, 3)
  expect(iceKg(4 * DAY_MS)).toBe(0)
  expect(massKg(4 * DAY_MS)).toBe(8)
})

test('the product stands still until the ice is gone, then warms fast, with the leak and its own heat', () => {
  const course = dryIceBox(DRY_ICE_BOX)
  const goneMs = iceLifeMs(course, 10 * DAY_MS) ?? Number.NaN
  expect(course.productC(goneMs - MINUTE_MS)).toBeCloseTo(-78.5, 6)
  const tauH = 8000 / 0.2 / 3600
  expect(course.productC(goneMs + 5 * HOUR_MS)).toBeCloseTo(22 - 100.5 * Math.exp(-5 / tauH), 2)
  expect(iceLifeMs(course, 3 * DAY_MS)).toBeNull()
})

test('at cabin altitude it is 3 to 4 K colder, and back to where it was after landing', () => {
  const airHpa = during(1013.25, [{ fromMs: 4 * HOUR_MS, toMs: 12 * HOUR_MS, value: pressureHpa(2438) }])
  const { productC } = dryIceBox(DRY_ICE_BOX, { airHpa })
  expect(productC(11 * HOUR_MS)).toBeGreaterThan(-82.5)
  expect(productC(11 * HOUR_MS)).toBeLessThan(-81.5)
  expect(productC(20 * HOUR_MS)).toBeCloseTo(-78.5, 3)
})

test('on its side it cools below -90, leaning it does not', () => {
  const lies = (angle: number) => dryIceBox(DRY_ICE_BOX, { tiltDeg: constant(angle) }).productC(6 * HOUR_MS)
  expect(lies(90)).toBeLessThan(-90)
  expect(lies(61)).toBeLessThan(-90)
  expect(lies(60)).toBeCloseTo(-78.5, 6)
})

test('in a colder freezer ice does not grow', () => {
  expect(dryIceBox(DRY_ICE_BOX, { ambientC: constant(-86) }).iceKg(DAY_MS)).toBe(12)
})

test('stepping through heat, flight and a crack every 5 s finds the same within 0.05 C and 0.5 %', () => {
  const ambientC = steps(minutes([0, 22], [500, 38], [2600, 5]))
  const leakFactor = steps(minutes([0, 1], [900, 2], [1000, 1]))
  const airHpa = steps(minutes([0, 1013.25], [200, 800], [600, 1013.25]))
  const box = { ...DRY_ICE_BOX, iceKg: 5, productStartC: -60 }
  const course = dryIceBox(box, { ambientC, leakFactor, airHpa })
  const samples = stepped(
    { iceKg: 5, productC: -60 },
    ({ iceKg, productC }, ms, s) => {
      const leak = 0.2 * leakFactor.valueAt(ms)
      if (iceKg <= 0) return { iceKg, productC: productC + ((leak * (ambientC.valueAt(ms) - productC)) / 8000) * s }
      // the slope of the vapour pressure curve: 25.13 kJ/mol
      const iceK = 1 / (1 / 194.65 - (Math.log(airHpa.valueAt(ms) / 1013.25) * 8.314) / (571_000 * 0.04401))
      const iceC = iceK - 273.15
      const lost = ((leak * (ambientC.valueAt(ms) - iceC)) / 571_000) * s
      return { iceKg: Math.max(0, iceKg - lost), productC: productC + ((iceC - productC) / 2400) * s }
    },
    { stepMs: 5000, sampleMs: 10 * MINUTE_MS, untilMs: 3 * DAY_MS },
  )
  expect(worst(course.productC, samples, ({ productC }) => productC)).toBeLessThan(0.05)
  expect(worst(course.iceKg, samples, ({ iceKg }) => iceKg)).toBeLessThan(0.005 * 5)
  expect(samples.at(-1)?.state.productC).toBeLessThan(15)
})
