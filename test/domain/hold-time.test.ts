import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type HoldTimeFacts, type HoldTimeReason, holdTimeLeft } from '../../src/domain/hold-time.ts'
import { DAY_MS, estimate, FULL, HOUR_MS, PLAIN_FACTS, watched } from '../support/hold-time.ts'

const vectors = z
  .object({ cases: z.array(z.object({ id: z.string(), expected: z.record(z.string(), z.unknown()) })) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../vectors/thermal.json'), 'utf8')))

function vector(id: string, name: string): number {
  return z.number().parse(vectors.cases.find((one) => one.id === id)?.expected[name])
}

describe('vector TH4: a day on its side is watched, and at day 3', () => {
  const left = estimate(watched({ sideDays: [3] }))

  test('the litres left are those of the vector within 3 %, and inside the spread', () => {
    const grams = vector('TH4', 'litresAtDay3') * 807
    expect(Math.abs(left.coolantG.best - grams) / grams).toBeLessThan(0.03)
    expect(left.coolantG.low).toBeLessThan(grams)
    expect(left.coolantG.high).toBeGreaterThan(grams)
  })

  test('the hours left include those of the vector, upright from then on', () => {
    const truthMs = vector('TH4', 'depletion_s') * 1000 - 3 * DAY_MS
    expect(left.leftMs.low).toBeLessThan(truthMs)
    expect(left.leftMs.high).toBeGreaterThan(truthMs)
    // handling to come is not all upright, so the best guess lies below
    expect(left.leftMs.best / truthMs).toBeGreaterThan(0.8)
    expect(left.leftMs.best / truthMs).toBeLessThan(1)
  })

  test('the same days upright leave more, and unwatched ones a wider spread', () => {
    const upright = estimate(watched())
    const unwatched = estimate({ ...watched(), tilt: [] })
    expect(upright.coolantG.best).toBeGreaterThan(left.coolantG.best + 350)
    const width = ({ coolantG }: typeof left) => coolantG.high - coolantG.low
    expect(width(unwatched)).toBeGreaterThan(1.5 * width(upright))
    expect(unwatched.coolantG.low).toBeLessThan(upright.coolantG.low)
  })
})

test('vector TH3: dry ice goes by its mass alone, however the box lies', () => {
  const box: HoldTimeFacts = {
    ...watched({ now: DAY_MS, sideDays: [1] }),
    container: {
      ...{ coolant: 'dry_ice', capacityMilli: 12_000, lossMilliPerDay: 3041, emptyG: 8000 },
      ...{ staticHoldMs: null, dynamicHoldMs: null },
    },
    charge: { chargedAt: 0, loadedAt: 0, payloadG: 0, weighings: [{ at: 0, massG: 20_000, loaded: true }] },
  }
  const truthMs = vector('TH3', 'life_h') * HOUR_MS - DAY_MS
  const { leftMs, coolantG, reasons } = estimate(box)
  expect(leftMs.best / truthMs).toBeGreaterThan(0.97)
  expect(leftMs.best / truthMs).toBeLessThan(1.03)
  expect(coolantG.best).toBeGreaterThan(8800)
  expect(reasons).toEqual([])
})

describe('a weight', () => {
  test('begins anew: how it was handled before does not matter any more', () => {
    const now = 5 * DAY_MS
    const masses = [{ at: 5 * DAY_MS - HOUR_MS, massG: 7500 }]
    const well = estimate(watched({ now, masses }))
    expect(well.basis).toBe('weighed')
    expect(well.sinceAt).toBe(5 * DAY_MS - HOUR_MS)
    expect(Math.abs(well.coolantG.best - 2190)).toBeLessThan(15)
  })

  test('teaches how much this unit loses', () => {
    const now = 4 * DAY_MS
    const usual = 4 * 0.25 * 807
    const after = (lostG: number) => {
      const weighings = [{ at: now, massG: FULL.massG - Math.round(lostG), loaded: false }]
      return estimate(watched({ now, charge: { ...PLAIN_FACTS.charge, loadedAt: null, weighings } })).leftMs
    }
    // per gram left: a unit that lost a quarter more will go on to
    const pace = (lostG: number) => after(lostG).best / (FULL.massG - lostG - 5300)
    expect(pace(usual * 1.25) / pace(usual)).toBeGreaterThan(0.76)
    expect(pace(usual * 1.25) / pace(usual)).toBeLessThan(0.88)
  })

  test('that rose means that somebody topped it up; a scale that trembles does not', () => {
    const charge = { ...PLAIN_FACTS.charge, payloadG: 0 }
    const rising = [7900, 7700, 7500, 8500, 8400].map((massG, day) => ({ at: day * DAY_MS, massG }))
    const trembling = [7900, 7760, 7500, 7580, 7300].map((massG, day) => ({ at: day * DAY_MS, massG }))
    const now = 4 * DAY_MS
    expect(estimate({ ...PLAIN_FACTS, now, charge, masses: rising }).reasons).toContain('MASS_ROSE')
    expect(estimate({ ...PLAIN_FACTS, now, charge, masses: trembling }).reasons).not.toContain('MASS_ROSE')
  })

  test('with a payload nobody weighed may be of nitrogen or of the payload: less is assumed, and less exactly', () => {
    const masses = [{ at: 3 * DAY_MS, massG: 8000 }]
    const known = estimate({ ...PLAIN_FACTS, masses })
    const unknown = estimate({ ...PLAIN_FACTS, masses, charge: { ...PLAIN_FACTS.charge, payloadG: null } })
    expect(unknown.coolantG.best).toBeLessThan(known.coolantG.best - 200)
    expect(unknown.coolantG.high - unknown.coolantG.low).toBeGreaterThan(known.coolantG.high - known.coolantG.low)
  })
})

test('tilted now, it may stay so: the low end drops at once', () => {
  const upright = estimate(watched())
  const facts = watched()
  const tipped = estimate({ ...facts, tilt: [...facts.tilt, { at: facts.now, milliDeg: 180_000 }] })
  expect(tipped.leftMs.low).toBeLessThan(upright.leftMs.low * 0.6)
  expect(tipped.reasons).toContain('TILTED_NOW')
})

describe('what it rests on is said', () => {
  test.each<[string, HoldTimeFacts, HoldTimeReason[]]>([
    ['all known', watched(), []],
    ['nobody watched or weighed', PLAIN_FACTS, ['NOT_WEIGHED', 'TILT_UNKNOWN', 'AMBIENT_UNKNOWN']],
    [
      'weighed, and nobody knows what it weighs empty',
      watched({ container: { ...PLAIN_FACTS.container, emptyG: null } }),
      ['EMPTY_MASS_UNKNOWN'],
    ],
    [
      'the loss is that of the hold time',
      watched({ container: { ...PLAIN_FACTS.container, lossMilliPerDay: null } }),
      ['LOSS_FROM_HOLD_TIME'],
    ],
    ['beyond the qualified hold time', watched({ now: 9 * DAY_MS }), ['HOLD_TIME_EXCEEDED']],
    ['empty by all odds', watched({ now: 30 * DAY_MS }), ['HOLD_TIME_EXCEEDED', 'DEPLETED_LIKELY']],
  ])('%s', (_what, facts, reasons) => {
    expect(estimate(facts).reasons).toEqual(reasons)
  })

  test.each<[string, Partial<HoldTimeFacts['container']>, number | null, string]>([
    ['no loss, and no hold time to derive it from', { lossMilliPerDay: null, staticHoldMs: null }, 0, 'LOSS_UNKNOWN'],
    ['no loss, and no capacity', { lossMilliPerDay: null, capacityMilli: null }, 0, 'LOSS_UNKNOWN'],
    ['never charged', {}, null, 'NOT_CHARGED'],
    ['charged with nobody knows how much', { capacityMilli: null }, 0, 'AMOUNT_UNKNOWN'],
  ])('%s: no number at all', (_what, container, chargedAt, unknown) => {
    const charge = { ...PLAIN_FACTS.charge, chargedAt }
    const facts = { ...PLAIN_FACTS, charge, container: { ...PLAIN_FACTS.container, ...container } }
    expect(holdTimeLeft(facts)).toEqual({ unknown })
  })
})

test('the qualified hold time runs from the last charge; exactly at its end it is not exceeded', () => {
  const at = (now: number) => estimate(watched({ now })).qualified
  expect(at(8 * DAY_MS)).toEqual({ staticUntilAt: 16 * DAY_MS, dynamicUntilAt: 8 * DAY_MS, exceeded: false })
  expect(at(8 * DAY_MS + 1).exceeded).toBe(true)
  const container = { ...PLAIN_FACTS.container, dynamicHoldMs: null }
  expect(estimate(watched({ now: 9 * DAY_MS, container })).qualified.exceeded).toBe(false)
})

test('whatever is known: three whole numbers in order, never more than it can hold, never more as time goes by', () => {
  const facts = fc.record({
    day: fc.integer({ min: 0, max: 40 }),
    loss: fc.integer({ min: 50, max: 1000 }),
    kg: fc.option(fc.integer({ min: 4000, max: 9500 })),
    empty: fc.option(fc.integer({ min: 4000, max: 6000 })),
    payload: fc.option(fc.integer({ min: 0, max: 800 })),
    tilts: fc.array(fc.integer({ min: -360_000, max: 360_000 }), { maxLength: 20 }),
    ambient: fc.option(fc.integer({ min: -30_000, max: 45_000 })),
  })
  fc.assert(
    fc.property(facts, ({ day, loss, kg, empty, payload, tilts, ambient }) => {
      const given: HoldTimeFacts = {
        ...PLAIN_FACTS,
        container: { ...PLAIN_FACTS.container, lossMilliPerDay: loss, emptyG: empty },
        charge: { ...PLAIN_FACTS.charge, payloadG: payload },
        masses: kg === null ? [] : [{ at: 0, massG: kg }],
        tilt: tilts.map((milliDeg, index) => ({ at: index * HOUR_MS, milliDeg })),
        ambient: ambient === null ? [] : [{ at: 0, milliC: ambient }],
        now: day * DAY_MS,
      }
      const { leftMs, coolantG } = estimate(given)
      for (const { low, best, high } of [leftMs, coolantG]) {
        expect([low, best, high].every((n) => Number.isSafeInteger(n) && n >= 0)).toBe(true)
        expect(low <= best && best <= high).toBe(true)
      }
      expect(coolantG.high).toBeLessThanOrEqual(Math.ceil(4.1 * 807))
      const later = estimate({ ...given, now: given.now + 5 * DAY_MS }).coolantG
      expect(later.low <= coolantG.low && later.best <= coolantG.best && later.high <= coolantG.high).toBe(true)
    }),
    { numRuns: 60 },
  )
})
