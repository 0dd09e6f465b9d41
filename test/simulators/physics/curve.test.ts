import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { activeContainer, VAN } from '../../../simulators/physics/active-container.ts'
import { type Curve, trajectory } from '../../../simulators/physics/curve.ts'
import { DRY_ICE_BOX, dryIceBox } from '../../../simulators/physics/dry-ice.ts'
import { DRY_SHIPPER, dryShipper } from '../../../simulators/physics/dry-shipper.ts'
import { during, type Input, repeating } from '../../../simulators/physics/input.ts'
import { FRIDGE_BOX, FROZEN_PACKS, pcmBox } from '../../../simulators/physics/pcm-box.ts'
import { measured, PT100, THERMISTOR } from '../../../simulators/physics/probe.ts'
import { TEMPERATE, weather } from '../../../simulators/physics/weather.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './stepping.ts'

const ambientC = weather(TEMPERATE, Date.UTC(2026, 0, 12))
const lies: Input = during(0, [{ fromMs: 5 * HOUR_MS, toMs: 29 * HOUR_MS, value: 90 }])
const open: Input = during(0, [{ fromMs: 30 * HOUR_MS, toMs: 31 * HOUR_MS, value: 1 }])
const defrost = repeating({ firstMs: 3 * HOUR_MS, everyMs: 5 * HOUR_MS, forMs: 15 * MINUTE_MS })

/** Made anew for each run: a curve remembers where it has been asked. */
const MODELS: Record<string, () => Curve> = {
  'the probe of a dry shipper': () => {
    const { probeC } = dryShipper({ ...DRY_SHIPPER, chargedL: 1 }, { ambientC, tiltDeg: lies, lidOpen: open })
    return measured(probeC, PT100, { seed: 7, inputs: [open] })
  },
  'the litres of a dry shipper': () => dryShipper(DRY_SHIPPER, { ambientC, tiltDeg: lies, lidOpen: open }).litres,
  'the product of a PCM box': () => pcmBox({ ...FRIDGE_BOX, ...FROZEN_PACKS }, { ambientC }).productC,
  'the logger of a dry ice box': () => {
    const { productC } = dryIceBox({ ...DRY_ICE_BOX, iceKg: 5 }, { ambientC, tiltDeg: lies })
    return measured(productC, THERMISTOR, { seed: 8, inputs: [] })
  },
  'the air of a van': () => activeContainer(VAN, { ambientC, doorOpen: open, defrost }).airC,
  'the product of a van': () => activeContainer(VAN, { ambientC, doorOpen: open, defrost }).productC,
}

describe('asking more often, in another order or again changes no bit:', () => {
  const instants = fc.array(fc.integer({ min: -HOUR_MS, max: 4 * DAY_MS }), { minLength: 1, maxLength: 40 })

  test.each(Object.entries(MODELS))('%s', (_name, make) => {
    fc.assert(
      fc.property(instants, (asked) => {
        const often = make()
        const answers = asked.map((sinceMs) => often(sinceMs))
        const once = asked.map((sinceMs) => make()(sinceMs))
        expect(answers).toEqual(once)
      }),
      { numRuns: 15 },
    )
  })

  test.each(Object.entries(MODELS))('%s, every minute forwards against every hour backwards', (_name, make) => {
    const [forwards, backwards] = [make(), make()]
    const minutely = Array.from({ length: 48 * 60 + 1 }, (_, minute) => forwards(minute * MINUTE_MS))
    const hourly = Array.from({ length: 49 }, (_, hour) => backwards((48 - hour) * HOUR_MS)).toReversed()
    expect(minutely.filter((_, minute) => minute % 60 === 0)).toEqual(hourly)
  })
})

describe('a trajectory', () => {
  test('passes through events at one instant, and takes the exact end of a piece where it has one', () => {
    const course = trajectory({ value: 0 }, ({ value }, sinceMs) => {
      if (value === 0) return { untilMs: 10, at: (ms) => ({ value: ms / 1000 }), end: { value: 1 } }
      if (value === 1) return { untilMs: sinceMs, at: () => ({ value }), end: { value: 2 } }
      return { untilMs: Number.POSITIVE_INFINITY, at: (ms) => ({ value: 2 + ms }) }
    })
    expect([5, 10, 15].map((ms) => course(ms).value)).toEqual([0.005, 2, 7])
  })

  test.each([
    ['events at one instant without end', (sinceMs: number) => sinceMs],
    ['events a microsecond apart without end', (sinceMs: number) => sinceMs + 1e-3],
    ['a time that runs back', (sinceMs: number) => sinceMs - 1],
    ['a time that is no number', () => Number.NaN],
  ])('is a fault with %s', (_name, untilMs) => {
    const make = () => trajectory(0, (state, sinceMs) => ({ untilMs: untilMs(sinceMs), at: () => state }))(1)
    expect(make).toThrow(/stands still at 0\S* ms/)
  })

  test('before its start is what it starts from', () => {
    expect(trajectory(5, (state) => ({ untilMs: 10, at: (ms) => state + ms }))(-3)).toBe(5)
  })

  test('of a thermostat without a dead band is a fault, not an endless search', () => {
    expect(() => activeContainer({ ...VAN, deadBandK: 0 }).airC(DAY_MS)).toThrow('stands still')
  })

  test('asked backwards lays only a few pieces again', () => {
    let laid = 0
    const course = trajectory(0, (state, sinceMs) => {
      laid += 1
      return { untilMs: sinceMs + 1, at: (ms) => state + ms }
    })
    expect(course(1000)).toBe(1000)
    laid = 0
    expect(course(500)).toBe(500)
    expect(laid).toBeLessThanOrEqual(16)
  })
})
