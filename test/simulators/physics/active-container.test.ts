import { describe, expect, test } from 'vitest'
import {
  type ActiveContainer,
  activeContainer,
  CARGO_CONTAINER,
  DEFROST_CLOCK,
  VAN,
} from '../../../simulators/physics/active-container.ts'
import type { Curve } from '../../../simulators/physics/curve.ts'
import { constant, during, type Input, steps } from '../../../simulators/physics/input.ts'
import { HOUR_MS, MINUTE_MS, minutes, stepped, worst } from './stepping.ts'

describe('the thermostat', () => {
  test.each([
    ['a van in summer', VAN, 30],
    ['a van in winter', VAN, -20],
    ['a cargo container on the apron', CARGO_CONTAINER, 40],
    ['a cargo container in the snow', CARGO_CONTAINER, -25],
  ])('keeps the air of %s within its band, and uses it', (_name, container, ambient) => {
    const { airC } = activeContainer(container, { ambientC: constant(ambient) })
    const { lowest, highest } = range(airC, { fromMs: 2 * HOUR_MS, toMs: 12 * HOUR_MS })
    const [low, high] = ambient > 5 ? [4, 6] : [3, 4]
    expect(lowest).toBeGreaterThan(low - 1e-6)
    expect(lowest).toBeLessThan(low + 0.1)
    expect(highest).toBeLessThan(high + 1e-6)
    expect(highest).toBeGreaterThan(high - 0.1)
  })

  test('of a unit without a heater cannot hold out in winter', () => {
    const { airC } = activeContainer({ ...VAN, heatingW: 0 }, { ambientC: constant(-20) })
    expect(airC(6 * HOUR_MS)).toBeLessThan(0)
  })

  test('set to -20 by mistake freezes the product within hours', () => {
    const setPointC = steps(minutes([0, 2], [120, -20]))
    const { airC, productC } = activeContainer({ ...VAN, startC: 2, coolingW: 6000 }, { setPointC })
    expect(range(productC, { fromMs: 0, toMs: 2 * HOUR_MS }).lowest).toBeGreaterThan(1)
    expect(productC(8 * HOUR_MS)).toBeLessThan(-10)
    expect(range(airC, { fromMs: 10 * HOUR_MS, toMs: 12 * HOUR_MS })).toMatchObject({
      lowest: expect.closeTo(-21, 1),
      highest: expect.closeTo(-19, 1),
    })
  })
})

describe('failures', () => {
  const broken = during(1, [{ fromMs: 2 * HOUR_MS, toMs: 10 * HOUR_MS, value: 0 }])

  test.each([
    ['the compressor is off', { compressor: broken }],
    ['the power is lost at a hub', { power: broken }],
  ])('when %s the air leads and the product follows, until it is repaired', (_name, failure) => {
    const { airC, productC } = activeContainer(VAN, { ambientC: constant(30), ...failure })
    expect(productC(2 * HOUR_MS)).toBeLessThan(5.5)
    expect(airC(3 * HOUR_MS)).toBeGreaterThan(8)
    expect(productC(3 * HOUR_MS)).toBeLessThan(7)
    expect(productC(10 * HOUR_MS)).toBeGreaterThan(8)
    expect(airC(11 * HOUR_MS)).toBeLessThan(8)
    expect(productC(18 * HOUR_MS)).toBeLessThan(6.5)
  })

  test('without power nothing heats; without the compressor the heater still does', () => {
    const inWinter = (failure: Record<string, Input>) =>
      activeContainer(VAN, { ambientC: constant(-20), ...failure }).airC(8 * HOUR_MS)
    expect(inWinter({ power: constant(0) })).toBeLessThan(0)
    expect(inWinter({ compressor: constant(0) })).toBeGreaterThan(2.9)
  })
})

describe('doors and defrost', () => {
  test('an open door takes the air to that outside within minutes, and the product hardly notices', () => {
    const doorOpen = during(0, [{ fromMs: HOUR_MS, toMs: HOUR_MS + 10 * MINUTE_MS, value: 1 }])
    const power = during(1, [{ fromMs: HOUR_MS, toMs: HOUR_MS + 10 * MINUTE_MS, value: 0 }])
    const { airC, productC } = activeContainer(VAN, { ambientC: constant(30), doorOpen, power })
    const from = airC(HOUR_MS)
    const share = (airC(HOUR_MS + 3 * MINUTE_MS) - from) / (30 - from)
    // 3 min is its time constant, the product holds it back a little
    expect(share).toBeGreaterThan(0.55)
    expect(share).toBeLessThan(0.68)
    expect(airC(HOUR_MS + 10 * MINUTE_MS)).toBeGreaterThan(24)
    expect(productC(HOUR_MS + 10 * MINUTE_MS) - productC(HOUR_MS)).toBeLessThan(1)
    expect(airC(2 * HOUR_MS)).toBeLessThan(8)
  })

  test('defrosting warms the air by 3 to 6 K for its time, and the product by less than half a degree', () => {
    const { airC, productC } = activeContainer(VAN, { defrost: DEFROST_CLOCK })
    const defrosting = { fromMs: 3 * HOUR_MS, toMs: 3.25 * HOUR_MS }
    const rise = airC(defrosting.toMs) - airC(defrosting.fromMs)
    expect(rise).toBeGreaterThan(3)
    expect(rise).toBeLessThan(6)
    expect(productC(defrosting.toMs) - productC(defrosting.fromMs)).toBeLessThan(0.5)
    expect(airC(3.5 * HOUR_MS)).toBeLessThan(6.1)
    expect(airC(8.25 * HOUR_MS)).toBeGreaterThan(8)
  })

  test('without power there is no defrosting either', () => {
    const dark = { power: constant(0), ambientC: constant(5) }
    expect(activeContainer(VAN, { ...dark, defrost: constant(1) }).airC(HOUR_MS)).toBe(5)
  })
})

test('the product has its own time constant of 4 h', () => {
  // so strong that the air is at the set point at once, and stays there
  const { airC, productC } = activeContainer({ ...VAN, deadBandK: 0.05, coolingW: 50_000 }, { setPointC: constant(-5) })
  expect(airC(10 * MINUTE_MS)).toBeCloseTo(-5, 1)
  const tauH = VAN.productJPerK / VAN.contactWPerK / 3600
  expect(tauH).toBeCloseTo(4.05, 2)
  expect((productC((1 + tauH) * HOUR_MS) + 5) / (productC(HOUR_MS) + 5)).toBeCloseTo(Math.exp(-1), 2)
})

test('stepping through doors and failures every 0.1 s finds the same air and product within 0.05 C', () => {
  const ambientC = steps(minutes([0, 25], [150, -5]))
  const doorOpen = steps(minutes([0, 0], [40, 1], [44, 0]))
  const compressor = steps(minutes([0, 1], [70, 0], [100, 1]))
  const defrost = steps(minutes([0, 0], [120, 1], [130, 0]))
  const course = activeContainer(VAN, { ambientC, doorOpen, compressor, defrost })
  const samples = stepped(
    { airC: 5, productC: 5, demand: 0 },
    (state, ms, s) => {
      const demand = switched(state)
      const isCooling = demand < 0 && compressor.valueAt(ms) === 1
      const heatW = defrost.valueAt(ms) === 1 ? 800 : demand > 0 ? 1500 : isCooling ? -3000 : 0
      return afterStep(
        VAN,
        { ...state, demand },
        { ambientC: ambientC.valueAt(ms), heatW, s, door: doorOpen.valueAt(ms) },
      )
    },
    { stepMs: 100, sampleMs: MINUTE_MS, untilMs: 5 * HOUR_MS },
  )
  expect(worst(course.productC, samples, ({ productC }) => productC)).toBeLessThan(0.05)
  expect(worst(course.airC, samples, ({ airC }) => airC)).toBeLessThan(0.05)
})

/** -1 cools, 1 heats: on beyond 6 and 3 C, off at 4. */
function switched({ airC, demand }: { airC: number; demand: number }): number {
  if (demand < 0 && airC > 4) return -1
  if (demand > 0 && airC < 4) return 1
  if (airC >= 6) return -1
  return airC <= 3 ? 1 : 0
}

function afterStep(
  van: ActiveContainer,
  state: { airC: number; productC: number; demand: number },
  now: { ambientC: number; heatW: number; s: number; door: number },
) {
  const { airC, productC, demand } = state
  const leakWPerK = van.leakWPerK + (now.door * van.airJPerK) / 180
  const intoProductW = van.contactWPerK * (airC - productC)
  const intoAirW = leakWPerK * (now.ambientC - airC) - intoProductW + now.heatW
  return {
    airC: airC + (intoAirW / van.airJPerK) * now.s,
    productC: productC + (intoProductW / van.productJPerK) * now.s,
    demand,
  }
}

/** Extremes of a curve over a time, looked at every 5 s. */
function range(curve: Curve, { fromMs, toMs }: { fromMs: number; toMs: number }) {
  const values = Array.from({ length: (toMs - fromMs) / 5000 + 1 }, (_, index) => curve(fromMs + index * 5000))
  return { lowest: Math.min(...values), highest: Math.max(...values) }
}
