import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quietOf } from '../../src/actions/judge-remembered.ts'
import { type Assessment, assess, type Folded } from '../../src/domain/assess.ts'
import type { Certificate } from '../../src/domain/calibration.ts'
import { type Calm, calmOf, goOnFrom, noteCalmly, notesOf, rest } from '../../src/domain/calm.ts'
import { contentOf } from '../../src/domain/evaluation-record.ts'
import { emptyState, type Row, snapshot } from '../../src/domain/excursion.ts'
import { JUDGES } from '../../src/domain/judge-versions.ts'
import { judgedPlacement, type ShipmentFacts } from '../../src/domain/judging-facts.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'

const STEP = 15 * MINUTE
/** The journey before: quiet from its second reading on. */
const BEFORE = [5000, 5100, 5200]
const NEXT_AT = T0 + BEFORE.length * STEP

type Given = {
  placements?: number
  corrections?: readonly [number, number]
  uncertaintyMilliC?: number
  dueAfter?: number
  range?: { low: number; high: number } | null
  endsAfter?: number | null
  noisy?: boolean
  lastBegins?: number
}

function factsOf(given: Given): ShipmentFacts {
  const { corrections = [0, 0], uncertaintyMilliC = 0, dueAfter = 1000, endsAfter = null } = given
  const certificate: Certificate & { asFound: null } = {
    ...{ id: 7, certificate: 'C7', calibratedAt: T0 - MINUTE, dueAt: T0 + dueAfter * STEP, uncertaintyMilliC },
    points: [
      { atMilliC: -50_000, correctionMilliC: corrections[0] },
      { atMilliC: 50_000, correctionMilliC: corrections[1] },
    ],
    asFound: null,
  }
  const window = { fromAt: T0, toAt: Number.POSITIVE_INFINITY }
  const shipment = { judge: JUDGES.current, profileId: 1, profile: { ...FRIDGE, guardBand: 'uncertainty' as const } }
  const around = { ...shipment, window, certificates: [certificate], doubtsIn: () => [], readouts: [] }
  const placements = Array.from({ length: given.placements ?? 1 }, (_, index) =>
    judgedPlacement(
      {
        ...{ id: 100 + index, sensorId: 10 + index, channel: 'probe', role: 'product', calibrationId: null },
        fromAt: index > 0 && index + 1 === given.placements ? T0 + (given.lastBegins ?? 0) * STEP : T0,
        toAt: endsAfter === null ? Number.POSITIVE_INFINITY : T0 + endsAfter * STEP,
        ...{ noisy: given.noisy ?? false, range: given.range ?? null },
      },
      around,
    ),
  )
  return { ...shipment, shipmentId: 1, window, judgeFromAt: null, placements, archives: [] }
}

function take(fold: Folded, rows: readonly Row[]): void {
  const { state, placement, intervals } = fold
  for (const row of rows) placement.judge.take(state, placement.rules, row)
  intervals.push(...state.closed.splice(0))
}

/** A shipment after its journey, and what is calm of it. */
function travelled(given: Given) {
  const facts = factsOf(given)
  const folds = facts.placements.map(
    (placement): Folded => ({ placement, state: emptyState(FRIDGE.levels.length), intervals: [] }),
  )
  for (const fold of folds) {
    const { fromAt } = fold.placement
    take(
      fold,
      rowsOf(BEFORE, T0).filter((row) => row.at >= fromAt),
    )
  }
  const calm = calmOf(facts.placements)
  if (calm === null) throw new Error('too many placements')
  goOnFrom(calm, folds, quietOf(assess(facts, folds, 'stored')))
  return { facts, folds, calm }
}

function rowsOf(values: readonly (number | null)[], fromAt: number): Row[] {
  return values.map((milliC, index) => ({ at: fromAt + index * STEP, milliC }))
}

function said(facts: ShipmentFacts, folds: readonly Folded[]): ReturnType<typeof contentOf> {
  const assessment: Assessment = assess(facts, folds, 'stored')
  return contentOf(assessment)
}

function note(calm: Calm, row: Row, placementId = 100): boolean {
  return noteCalmly(calm, new Map([[placementId, [row]]]))
}

describe('a reading of a quiet shipment', () => {
  const next = { at: NEXT_AT, milliC: 5000 }
  test.each<[string, Given, Partial<Row>, boolean]>([
    ['in range, in time', {}, {}, true],
    ['at a limit, less what rounding may move', {}, { milliC: 7999 }, true],
    ['nearer to it', {}, { milliC: 8000 }, false],
    ['near a limit for its certificate', { corrections: [300, -100] }, { milliC: 7700 }, false],
    ['near the lower one', { corrections: [-300, 100] }, { milliC: 2300 }, false],
    ['in the guard band', { uncertaintyMilliC: 500 }, { milliC: 7500 }, false],
    ['at an end of the range of its sensor', { range: { low: -40_000, high: 6000 } }, { milliC: 6000 }, false],
    ['a fault', {}, { milliC: null }, false],
    ['at the end of the longest allowed gap', {}, { at: NEXT_AT + STEP }, true],
    ['after it', {}, { at: NEXT_AT + STEP + 1 }, false],
    ['of the newest instant', {}, { at: NEXT_AT - STEP }, false],
    ['late', {}, { at: NEXT_AT - STEP - 1 }, false],
    ['at the end of its certificate', { dueAfter: 3 }, {}, true],
    ['after that', { dueAfter: 3 }, { at: NEXT_AT + 1 }, false],
    ['at the end of its placement', { endsAfter: 3 }, {}, false],
    ['as another placement begins', { placements: 2, lastBegins: 3 }, {}, false],
    ['before another placement begins', { placements: 2, lastBegins: 4 }, {}, true],
    ['of a sensor that must not stand still', { noisy: true }, {}, false],
  ])('%s: noted %#', (_, given, row, expected) => {
    expect(note(travelled(given).calm, { ...next, ...row })).toBe(expected)
  })

  test('is not noted where it is one of several, of a sensor that is not known, or while the bounds rest', () => {
    const { calm } = travelled({})
    expect(noteCalmly(calm, new Map([[100, rowsOf([5000, 5001], NEXT_AT)]]))).toBe(false)
    expect(note(calm, next, 101)).toBe(false)
    expect(note(calm, next)).toBe(true)
    rest(calm)
    expect(note(calm, { ...next, at: NEXT_AT + STEP })).toBe(false)
    expect(notesOf(calm)).toEqual([[]])
  })

  test('is handed to the folds once', () => {
    const { calm, facts, folds } = travelled({})
    expect(note(calm, next)).toBe(true)
    const [notes = []] = notesOf(calm)
    expect(notes).toEqual([next])
    for (const fold of folds) take(fold, notes)
    goOnFrom(calm, folds, quietOf(assess(facts, folds, 'stored')))
    expect(notesOf(calm)).toEqual([[]])
    expect(note(calm, { ...next, at: NEXT_AT + STEP })).toBe(true)
  })

  test('is not noted before packing, nor when something is open', () => {
    const { calm, folds } = travelled({})
    for (const quiet of ['not_packed', null] as const) {
      goOnFrom(calm, folds, quiet)
      expect(note(calm, next)).toBe(false)
    }
  })
})

const someGiven = fc.record({
  placements: fc.integer({ min: 1, max: 3 }),
  corrections: fc.tuple(fc.integer({ min: -400, max: 400 }), fc.integer({ min: -400, max: 400 })),
  uncertaintyMilliC: fc.constantFrom(0, 250),
  dueAfter: fc.integer({ min: 3, max: 12 }),
  range: fc.constantFrom(null, { low: -40_000, high: 7600 }),
  endsAfter: fc.constantFrom(null, 8),
})
const someReadings = fc.array(
  fc.record({
    placement: fc.integer({ min: 0, max: 2 }),
    milliC: fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 2900, max: 7100 }) },
      { weight: 1, arbitrary: fc.constantFrom(null, 1500, 2000, 2400, 7600, 7700, 8000, 8300, 9000) },
    ),
    slots: fc.constantFrom(1, 1, 1, 1, 1, 2, 3),
  }),
  { minLength: 1, maxLength: 30 },
)

test('what is noted changes nothing that the evaluation says, and the folds are as after each in its turn', () => {
  let noted = 0
  fc.assert(
    fc.property(someGiven, someReadings, (given, readings) => {
      const { facts, folds, calm } = travelled(given)
      const inTurn = folds.map((fold) => ({ ...fold, state: snapshot(fold.state), intervals: [...fold.intervals] }))
      const before = said(facts, folds)
      const at = folds.map(() => NEXT_AT - STEP)
      for (const { placement, milliC, slots } of readings) {
        const [fold, last] = [inTurn[placement], at[placement]]
        if (fold === undefined || last === undefined) continue
        const row = { at: last + slots * STEP, milliC }
        if (!note(calm, row, 100 + placement)) break
        noted++
        at[placement] = row.at
        take(fold, [row])
        expect(said(facts, inTurn)).toEqual(before)
      }
      const notes = notesOf(calm)
      for (const [index, fold] of folds.entries()) take(fold, notes[index] ?? [])
      expect(folds).toEqual(inTurn)
    }),
    { numRuns: 1000 },
  )
  expect(noted).toBeGreaterThan(1000)
})
