import fc from 'fast-check'
import { expect, test } from 'vitest'
import { twoNodes } from '../../../simulators/physics/two-nodes.ts'

const celsius = fc.integer({ min: -40, max: 40 })
const setting = fc.record({
  outerJPerK: fc.constantFrom(5000, 100_000, 250_000),
  innerJPerK: fc.constantFrom(8000, 1_500_000),
  leakWPerK: fc.constantFrom(0.2, 5, 60),
  contactWPerK: fc.constantFrom(0.5, 10, 120),
  ambientC: celsius,
  heatW: fc.constantFrom(-2000, -5, 0, 5, 900),
})
const STEP_MS = 100

test('both bodies start where they are and obey their two equations at any time', () => {
  fc.assert(
    fc.property(celsius, celsius, setting, (outer, inner, given) => {
      const { outerC, innerC } = twoNodes({ outerC: outer, innerC: inner }, given)
      expect(outerC(0)).toBeCloseTo(outer, 6)
      expect(innerC(0)).toBeCloseTo(inner, 6)
      for (const ms of [2e3, 1e5, 1e6, 1e7]) {
        const rate = (curve: (ms: number) => number) =>
          (curve(ms + STEP_MS) - curve(ms - STEP_MS)) / ((2 * STEP_MS) / 1000)
        const intoInnerW = given.contactWPerK * (outerC(ms) - innerC(ms))
        const intoOuterW = given.leakWPerK * (given.ambientC - outerC(ms)) + given.heatW - intoInnerW
        expect(Math.abs(rate(innerC) - intoInnerW / given.innerJPerK)).toBeLessThan(1e-5)
        expect(Math.abs(rate(outerC) - intoOuterW / given.outerJPerK)).toBeLessThan(1e-5)
      }
    }),
  )
})

test('the outer body turns at the stated time and at no other', () => {
  fc.assert(
    fc.property(celsius, celsius, setting, (outer, inner, given) => {
      const { outerC, outerTurnsMs } = twoNodes({ outerC: outer, innerC: inner }, given)
      const turns = outerTurnsMs > 0 ? [outerTurnsMs] : []
      const edges = [0, ...turns, 1e9]
      for (const [index, fromMs] of edges.slice(0, -1).entries()) {
        const toMs = edges[index + 1] ?? 0
        const inside = [0, 1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9, 1].map((share) => outerC(fromMs + share * (toMs - fromMs)))
        const rises = (inside.at(-1) ?? 0) > (inside[0] ?? 0)
        const sorted = inside.toSorted((a, b) => (rises ? a - b : b - a))
        for (const [place, value] of inside.entries()) expect(value).toBeCloseTo(sorted[place] ?? Number.NaN, 9)
      }
    }),
    { numRuns: 300 },
  )
})
