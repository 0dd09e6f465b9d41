import fc from 'fast-check'
import type { JudgedSpan } from '../../src/domain/combine.ts'
import type { Row } from '../../src/domain/excursion.ts'
import { PLACEMENT_ROLES, type WholePlacement } from '../../src/domain/judge.ts'
import type { Level, Profile } from '../../src/domain/profile.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'

/** Everything of a random case lies on this grid, counted from `T0`. */
export const GRID_MS = MINUTE

export type RandomCase = { profile: Profile; span: JudgedSpan; placements: WholePlacement[] }

const tick = (min: number, max: number) => fc.integer({ min, max }).map((count) => T0 + count * GRID_MS)
const ticksLong = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * GRID_MS)

/** Few different temperatures, many of them at a limit or one milli-degree beside it, so that every rule is met. */
const LIMITS = [
  ['high', 8000],
  ['high', 15_000],
  ['low', 2000],
  ['low', 0],
] as const
const good = fc.constantFrom(5000, 4000, 8000, 2000)
const rough = fc.constantFrom(5000, 1999, 2000, 8000, 8001, 15_000, 15_001, 30_000, -1, null, -270_000, 150_000, 60_000)

const level = fc
  .record({
    limit: fc.constantFrom(...LIMITS),
    mode: fc.constantFrom('single', 'cumulative'),
    allowedMs: ticksLong(0, 9),
    severity: fc.constantFrom('warning', 'major', 'critical'),
  })
  .map(({ limit: [side, limitMilliC], ...rest }) => ({ side, limitMilliC, ...rest }))

const levels = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((list): Level[] => list.map((one, index) => ({ ...one, id: `L${index}` })))

/** One to four levels on either side, nested or not, single or cumulative; one or two sensors required. */
export const randomProfile: fc.Arbitrary<Profile> = fc
  .record({
    levels,
    nominalIntervalMs: ticksLong(1, 3),
    maxGapMs: ticksLong(1, 6),
    requiredSensors: fc.integer({ min: 1, max: 2 }),
    guardBand: fc.constantFrom('none', 'uncertainty'),
  })
  .map((some) => ({ ...FRIDGE, ...some }))

const WINDOW_TICKS = 30

/** A stretch of evenly spaced readings; a step of 0 repeats an instant, with equal and with different values. */
const stretch = (values: { arbitrary: fc.Arbitrary<number | null>; longest: number }) =>
  fc
    .record({
      start: fc.integer({ min: -4, max: WINDOW_TICKS + 4 }),
      step: fc.integer({ min: 0, max: 3 }),
      values: fc.array(values.arbitrary, { minLength: 1, maxLength: values.longest }),
    })
    .map(({ start, step, values: list }) =>
      list.map((milliC, index) => ({ at: T0 + (start + index * step) * GRID_MS, milliC })),
    )

/** A whole journey in range, every minute to every third one. */
const calm = fc
  .record({ step: fc.integer({ min: 1, max: 3 }), values: fc.array(good, { minLength: WINDOW_TICKS, size: '+1' }) })
  .map(({ step, values }) => values.map((milliC, index) => ({ at: T0 + index * step * GRID_MS, milliC })))

/** Rows in any order: calm or not, with spells out of range, faults, conflicts, duplicates and holes. */
export const randomRows: fc.Arbitrary<Row[]> = fc
  .record({
    base: fc.oneof({ arbitrary: calm, weight: 3 }, { arbitrary: fc.constant<Row[]>([]), weight: 1 }),
    hole: fc.record({ start: fc.integer({ min: 0, max: WINDOW_TICKS }), length: fc.integer({ min: 0, max: 9 }) }),
    stretches: fc.array(stretch({ arbitrary: fc.oneof(good, rough), longest: 6 }), { maxLength: 3 }),
  })
  .map(({ base, hole, stretches }): Row[] => {
    const [fromAt, toAt] = [T0 + hole.start * GRID_MS, T0 + (hole.start + hole.length) * GRID_MS]
    return [...base.filter(({ at }) => at < fromAt || at >= toAt), ...stretches.flat()]
  })

const sensor = fc
  .record({
    shift: fc.constantFrom(0, 0, 300, -1),
    range: fc.constantFrom(null, null, { low: -40_000, high: 60_000 }),
    guardBandMilliC: fc.constantFrom(0, 500),
  })
  .map(({ shift, ...rest }) => ({ ...rest, correct: (_at: number, raw: number) => raw + shift }))

const placement: fc.Arbitrary<WholePlacement> = fc.record({
  role: fc.oneof(
    { arbitrary: fc.constantFrom('product', 'product_backup'), weight: 9 },
    { arbitrary: fc.constantFrom(...PLACEMENT_ROLES), weight: 1 },
  ),
  fromAt: fc.oneof(fc.constant(T0), tick(-5, WINDOW_TICKS)),
  toAt: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), tick(0, WINDOW_TICKS + 6)),
  rows: randomRows,
  sensor,
})

const randomSpan: fc.Arbitrary<JudgedSpan> = fc.record({
  fromAt: tick(0, 3),
  toAt: tick(3, WINDOW_TICKS),
  closed: fc.boolean(),
})

/** A shipment: a profile, an open or closed window, and up to four placements that may overlap or leave holes. */
export const randomCase: fc.Arbitrary<RandomCase> = fc.record({
  profile: randomProfile,
  span: randomSpan,
  placements: fc.array(placement, { maxLength: 4 }),
})
