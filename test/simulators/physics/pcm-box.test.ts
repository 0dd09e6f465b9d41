import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { constant, type Input, legs, steps } from '../../../simulators/physics/input.ts'
import {
  FREEZER_BOX,
  FRIDGE_BOX,
  FROZEN_PACKS,
  type PcmBox,
  pcmBox,
  ROOM_BOX,
} from '../../../simulators/physics/pcm-box.ts'
import { HOUR_MS, MINUTE_MS, minutes, stepped, worst } from './stepping.ts'

const hourly = (hours: number) => Array.from({ length: hours * 4 }, (_, quarter) => (quarter * HOUR_MS) / 4)

describe('a box for 2 to 8 C', () => {
  test('well conditioned in a warm room stays at 5 C until the packs are melted, then warms', () => {
    const { productC, meltedShare } = pcmBox(FRIDGE_BOX, { ambientC: constant(22) })
    const plateauH = (0.9 * 5 * 200_000) / (0.45 * 17) / 3600
    expect(productC((plateauH - 0.1) * HOUR_MS)).toBe(5)
    expect(meltedShare(0)).toBeCloseTo(0.1, 9)
    expect(meltedShare((plateauH / 2) * HOUR_MS)).toBeCloseTo(0.55, 6)
    expect(productC((plateauH + 12) * HOUR_MS)).toBeGreaterThan(8)
  })

  test('with vacuum panels lasts three times as long', () => {
    const meltedAfter = (leakWPerK: number) => {
      const { meltedShare } = pcmBox({ ...FRIDGE_BOX, leakWPerK }, { ambientC: constant(30) })
      return hourly(200).findIndex((ms) => meltedShare(ms) === 1)
    }
    expect(meltedAfter(0.15) / meltedAfter(0.45)).toBeCloseTo(3, 1)
  })

  test('with frozen packs against the product dips below 2 C within the hour, and comes back by itself', () => {
    const { productC } = pcmBox({ ...FRIDGE_BOX, ...FROZEN_PACKS }, { ambientC: constant(22) })
    expect(productC(0)).toBe(5)
    expect(productC(HOUR_MS)).toBeLessThan(2)
    expect(Math.min(...hourly(24).map(productC))).toBeLessThan(0)
    expect(productC(12 * HOUR_MS)).toBeGreaterThan(4.5)
  })

  test('in winter freezes its packs first, and only then falls below 2 C', () => {
    const { productC, meltedShare } = pcmBox({ ...FRIDGE_BOX, meltedShare: 1 }, { ambientC: constant(-15) })
    const frozenMs = ((5 * 200_000) / (0.45 * 20)) * 1000
    expect(productC(frozenMs - MINUTE_MS)).toBe(5)
    expect(meltedShare(frozenMs + MINUTE_MS)).toBe(0)
    expect(productC(frozenMs + 12 * HOUR_MS)).toBeLessThan(2)
  })

  test('of which the lid stands open melts as much faster', () => {
    const shut = pcmBox(FRIDGE_BOX, { ambientC: constant(22) }).heatJ
    const open = pcmBox(FRIDGE_BOX, { ambientC: constant(22), leakFactor: constant(4) }).heatJ
    expect((open(HOUR_MS) - open(0)) / (shut(HOUR_MS) - shut(0))).toBeCloseTo(4, 6)
  })
})

test('a box for -20 C warms to its melting point and stands there for days', () => {
  const { productC } = pcmBox(FREEZER_BOX, { ambientC: constant(22) })
  expect(productC(0)).toBe(-25)
  expect(productC(24 * HOUR_MS)).toBeCloseTo(-21, 1)
  expect(productC(48 * HOUR_MS)).toBeCloseTo(-21, 2)
  expect(productC(96 * HOUR_MS)).toBeGreaterThan(-15)
})

test('a box for room temperature holds 22 C against summer and winter alike', () => {
  const ambientC = legs([
    { forMs: 12 * HOUR_MS, value: 38 },
    { forMs: 12 * HOUR_MS, value: 0 },
    { forMs: 12 * HOUR_MS, value: 38 },
  ])
  const { productC } = pcmBox(ROOM_BOX, { ambientC })
  expect(hourly(36).map(productC)).toEqual(hourly(36).map(() => 22))
})

const celsius = fc.integer({ min: -30, max: 45 })

describe('any box in any weather', () => {
  const box = fc.record({
    leakWPerK: fc.constantFrom(0.15, 0.45, 0.6),
    pcmKg: fc.constantFrom(0.05, 0.5, 3),
    meltsAtC: fc.constantFrom(-21, 5, 22),
    packsStartC: fc.constantFrom(-25, -21, 5, 5.5, 22, 30),
    productStartC: fc.constantFrom(-25, 4, 5, 22, 40),
    meltedShare: fc.constantFrom(0, 0.5, 1),
    contactWPerK: fc.constantFrom(0.5, 3, 10),
  })
  const weather = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), celsius), { minLength: 1, maxLength: 5 })

  test('agrees with stepping every 2 s within 0.05 C', () => {
    fc.assert(
      fc.property(box, weather, (changes, places) => {
        const given = { ...FRIDGE_BOX, ...changes }
        const ambientC = legs(places.map(([hours, value]) => ({ forMs: hours * HOUR_MS, value })))
        const samples = enthalpySteps(given, ambientC)
        const { productC, packsC } = pcmBox(given, { ambientC })
        expect(worst(productC, samples, (state) => state.productC)).toBeLessThan(0.05)
        expect(worst(packsC, samples, (state) => temperatureOf(given, state.heatJ))).toBeLessThan(0.05)
      }),
      { numRuns: 60 },
    )
  })

  test('cut into pieces of a minute is the same box', () => {
    const cut = steps(
      minutes(...Array.from({ length: 1800 }, (_, minute) => [minute, minute < 900 ? 30 : -10] as const)),
    )
    const whole = steps(minutes([0, 30], [900, -10]))
    const [a, b] = [pcmBox(FRIDGE_BOX, { ambientC: cut }), pcmBox(FRIDGE_BOX, { ambientC: whole })]
    for (const ms of hourly(40)) expect(a.productC(ms)).toBeCloseTo(b.productC(ms), 8)
  })

  test('without any flow stands still', () => {
    const { heatJ } = pcmBox({ ...FRIDGE_BOX, meltedShare: 0 }, { ambientC: constant(5) })
    expect(heatJ(100 * HOUR_MS)).toBe(0)
  })

  test('whose product just balances the leak at the edge of melting goes where the leak drives it', () => {
    // 0.5 W/K x (3 - 5) and 1 W/K x (6 - 5)
    const box = { ...FRIDGE_BOX, leakWPerK: 0.5, contactWPerK: 1, productStartC: 6, meltedShare: 0 }
    const { packsC } = pcmBox(box, { ambientC: constant(3) })
    expect(packsC(10 * HOUR_MS)).toBeLessThan(5)
  })
})

function enthalpySteps(box: PcmBox, ambientC: Input) {
  const start = box.packsStartC - box.meltsAtC
  const melt = box.pcmKg * box.meltingJPerKg
  const heatJ = start === 0 ? box.meltedShare * melt : start * box.packsJPerK + (start > 0 ? melt : 0)
  return stepped(
    { heatJ, productC: box.productStartC },
    (state, ms, s) => {
      const packs = temperatureOf(box, state.heatJ)
      const fromProductW = box.contactWPerK * (state.productC - packs)
      return {
        heatJ: state.heatJ + (box.leakWPerK * (ambientC.valueAt(ms) - packs) + fromProductW) * s,
        productC: state.productC - (fromProductW / box.productJPerK) * s,
      }
    },
    { stepMs: 2000, sampleMs: 10 * MINUTE_MS, untilMs: 48 * HOUR_MS },
  )
}

function temperatureOf(box: PcmBox, heatJ: number): number {
  const melt = box.pcmKg * box.meltingJPerKg
  if (heatJ < 0) return box.meltsAtC + heatJ / box.packsJPerK
  return heatJ > melt ? box.meltsAtC + (heatJ - melt) / box.packsJPerK : box.meltsAtC
}
