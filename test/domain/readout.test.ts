import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/domain/excursion.ts'
import { foldRules, PLAIN_SENSOR } from '../../src/domain/judge.ts'
import { isBeyond, judgedPart, judgedRows, type Readout, reachOf, type SourcedRow } from '../../src/domain/readout.ts'
import { FRIDGE } from '../support/limits.ts'

const MINUTE = 60_000
const ALL = { fromAt: Number.NEGATIVE_INFINITY, toAt: Number.POSITIVE_INFINITY }

/** `0 5.0, 10 5.1, 20 -`: minutes and degrees, a dash for a fault. */
function rows(text: string): Row[] {
  if (text === '') return []
  return text.split(', ').map((one) => {
    const [minute, c] = one.split(' ')
    return { at: Number(minute) * MINUTE, milliC: c === '-' ? null : Math.round(Number(c) * 1000) }
  })
}

function printed(list: readonly Row[]): string {
  return list.map(({ at, milliC }) => `${at / MINUTE} ${milliC === null ? '-' : (milliC / 1000).toFixed(1)}`).join(', ')
}

/** Minutes `from-to`, every 10 minutes, to the tenth of a degree. */
function readout(stretch: string): Readout {
  const [from, to] = stretch.split('-').map(Number)
  const step = { intervalMs: 10 * MINUTE, resolutionMilliC: 100 }
  return { fromAt: (from ?? 0) * MINUTE, toAt: (to ?? 0) * MINUTE, ...step }
}

/** Limits 2 to 8. */
const isOut = isBeyond(foldRules(FRIDGE, PLAIN_SENSOR, ALL))

type Case = {
  name: string
  live: string
  memory: string
  readouts?: string[]
  scope?: [number, number]
  judged: string
  differing?: string
}

const CASES: Case[] = [
  {
    name: 'without a read-out every live reading is judged, and nothing of the memory',
    live: '0 5.0, 10 9.0, 20 -',
    memory: '0 5.0, 5 9.9',
    readouts: [],
    judged: '0 5.0, 10 9.0, 20 -',
  },
  {
    name: 'where the memory was read out it alone is judged',
    live: '0 5.0, 1 5.0, 10 5.1, 20 7.9',
    memory: '0 5.0, 10 5.1, 20 5.2',
    judged: '0 5.0, 10 5.1, 20 5.2',
  },
  {
    name: 'the memory fills what the live stream lost, and says faults itself',
    live: '0 5.0, 30 5.0, 12 -',
    memory: '0 5.0, 10 9.0, 20 -, 30 5.0',
    readouts: ['0-30'],
    judged: '0 5.0, 10 9.0, 20 -, 30 5.0',
  },
  {
    name: 'what the live stream saw out of limits and the memory lacks is judged beside it, and is a difference',
    live: '0 5.0, 7 9.0, 8 1.9, 9 7.9, 10 5.0',
    memory: '0 5.0, 10 5.0, 20 5.0',
    judged: '0 5.0, 7 9.0, 8 1.9, 10 5.0, 20 5.0',
    differing: '7 9.0, 8 1.9',
  },
  {
    name: 'a copy stands within half an interval and one step of the printed values, both included',
    live: '5 9.1, 15.1 9.1, 20 9.2',
    memory: '0 9.0, 10 5.0, 20 9.0',
    judged: '0 9.0, 10 5.0, 20 9.0, 20 9.2',
    differing: '20 9.2',
  },
  {
    name: 'a live reading exactly at the limit is in range, and no difference',
    live: '5 8.0, 6 2.0',
    memory: '0 5.0, 10 5.0, 20 5.0',
    judged: '0 5.0, 10 5.0, 20 5.0',
  },
  {
    name: 'beside the read-out live readings are judged, but for copies of its first and last row',
    live: '-20 5.0, -4 5.1, 24 5.1, 25 5.4, 26 5.0',
    memory: '0 5.0, 20 5.0',
    judged: '-20 5.0, 0 5.0, 20 5.0, 25 5.4, 26 5.0',
  },
  {
    name: 'memory outside of every read-out is of a record that is not whole, and is not judged',
    live: '30 5.0',
    memory: '0 5.0, 20 5.0, 30 9.0',
    judged: '0 5.0, 20 5.0, 30 5.0',
  },
  {
    name: 'read-outs that overlap speak together, and where they contradict each other both values are judged',
    live: '5 9.0',
    memory: '0 5.0, 10 5.0, 10 9.0, 20 5.0, 30 5.0',
    readouts: ['0-20', '10-30'],
    judged: '0 5.0, 10 5.0, 10 9.0, 20 5.0, 30 5.0',
  },
  {
    name: 'between two read-outs live readings are judged',
    live: '0 5.0, 15 9.0, 30 5.0',
    memory: '0 5.0, 10 5.0, 20 5.0, 30 5.0',
    readouts: ['0-10', '20-30'],
    judged: '0 5.0, 10 5.0, 15 9.0, 20 5.0, 30 5.0',
  },
  {
    name: 'a copy of a row beyond the scope is all that the scope has: judged where it is out, and no difference',
    live: '2 9.0, 3 5.0',
    memory: '0 9.0, 1 5.0, 10 5.0, 20 5.0',
    scope: [2, 20],
    judged: '2 9.0, 10 5.0',
  },
]

test.each(CASES)('$name', ({ live, memory, readouts = ['0-20'], scope, judged, differing = '' }) => {
  const [fromAt, toAt] = scope?.map((minute) => minute * MINUTE) ?? []
  const found = judgedRows({
    live: rows(live),
    memory: rows(memory),
    readouts: readouts.map(readout),
    scope: fromAt === undefined || toAt === undefined ? ALL : { fromAt, toAt },
    isOut,
  })
  expect(printed(found.rows)).toBe(judged)
  expect(printed(found.differing)).toBe(differing)
})

const row = fc.record({
  at: fc.integer({ min: 0, max: 60 }).map((minute) => minute * MINUTE),
  milliC: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(5000, 5100, 7900, 8000, 8100, 9000, 1900, 1500) },
    { weight: 1, arbitrary: fc.constantFrom(null, 150_000) },
  ),
})

const given = fc.record({
  live: fc.array(row, { maxLength: 40 }),
  memory: fc.array(row, { maxLength: 30 }),
  readouts: fc.array(
    fc
      .record({
        fromAt: fc.integer({ min: 0, max: 60 }),
        minutes: fc.integer({ min: 0, max: 40 }),
        interval: fc.integer({ min: 1, max: 12 }),
        resolutionMilliC: fc.constantFrom(1, 100, 500),
      })
      .map(
        ({ fromAt, minutes, interval, resolutionMilliC }): Readout => ({
          fromAt: fromAt * MINUTE,
          toAt: (fromAt + minutes) * MINUTE,
          intervalMs: interval * MINUTE,
          resolutionMilliC,
        }),
      ),
    { maxLength: 4 },
  ),
  scope: fc
    .tuple(fc.integer({ min: -5, max: 40 }), fc.integer({ min: 1, max: 60 }))
    .map(([from, minutes]) => ({ fromAt: from * MINUTE, toAt: (from + minutes) * MINUTE })),
})

type Given = { live: Row[]; memory: Row[]; readouts: Readout[]; scope: { fromAt: number; toAt: number } }

const holds = ({ fromAt, toAt }: Readout, at: number) => fromAt <= at && at <= toAt
const isCopy = (a: Row, b: Row, { intervalMs, resolutionMilliC }: Readout) =>
  a.milliC !== null &&
  b.milliC !== null &&
  Math.abs(a.at - b.at) <= intervalMs / 2 &&
  Math.abs(a.milliC - b.milliC) <= resolutionMilliC

describe('whatever is given', () => {
  const law = (holdsOf: (all: Given) => void) => fc.assert(fc.property(given, holdsOf), { numRuns: 500 })

  test('its order changes nothing', () => {
    const shuffled = given.chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all.live, { minLength: all.live.length }),
        fc.shuffledSubarray(all.memory, { minLength: all.memory.length }),
        fc.shuffledSubarray(all.readouts, { minLength: all.readouts.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([all, live, memory, readouts]) => {
        expect(judgedRows({ ...all, live, memory, readouts, isOut })).toEqual(judgedRows({ ...all, isOut }))
      }),
      { numRuns: 500 },
    )
  })

  test('nothing out of limits is hidden: it is judged itself, or the memory row it is a copy of is', () =>
    law((all) => {
      const judged = new Set(judgedRows({ ...all, isOut }).rows)
      const inScope = ({ at }: Row) => at >= all.scope.fromAt && at < all.scope.toAt
      for (const live of all.live.filter((one) => inScope(one) && isOut(one))) {
        const originals = all.readouts.flatMap((one) =>
          all.memory.filter((memory) => holds(one, memory.at) && isCopy(live, memory, one)),
        )
        expect(judged.has(live) || originals.some((original) => judged.has(original))).toBe(true)
      }
      for (const memory of all.memory.filter(inScope)) {
        expect(judged.has(memory)).toBe(all.readouts.some((one) => holds(one, memory.at)))
      }
    }))

  test('the rest is judged as section 2.8 of the domain page says, row by row', () =>
    law((all) => {
      const { rows: judged, differing } = judgedRows({ ...all, isOut })
      const isJudged = new Set(judged)
      for (const live of all.live.filter(({ at }) => at >= all.scope.fromAt && at < all.scope.toAt)) {
        const inside = all.readouts.some((one) => holds(one, live.at))
        const originals = all.readouts.flatMap((one) =>
          all.memory.filter((memory) => holds(one, memory.at) && isCopy(live, memory, one)),
        )
        const within = originals.some(({ at }) => at >= all.scope.fromAt && at < all.scope.toAt)
        expect(isJudged.has(live)).toBe(!within && (!inside || isOut(live)))
        expect(differing.includes(live)).toBe(inside && isOut(live) && originals.length === 0)
      }
      expect(judged.every(({ at }) => at >= all.scope.fromAt && at < all.scope.toAt)).toBe(true)
      expect(judged.map(({ at }) => at)).toEqual(judged.map(({ at }) => at).sort((a, b) => a - b))
    }))

  test('without a read-out all live rows are judged, the very ones that were given', () =>
    law(({ live, memory }) => {
      const { rows: judged, differing } = judgedRows({ live, memory, readouts: [], scope: ALL, isOut })
      expect(new Set(judged)).toEqual(new Set(live))
      expect([judged.length, differing]).toEqual([live.length, []])
    }))

  test('read in parts of any size, the rows are the same', () =>
    fc.assert(
      fc.property(given, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (all, steps) => {
        expect(inParts(all, steps)).toEqual(judgedRows({ ...all, isOut }))
      }),
      { numRuns: 500 },
    ))
})

/** As the database is read: each part goes on after the last judged row, with what lies within reach before it. */
function inParts({ live, memory, readouts, scope }: Given, steps: readonly number[]) {
  const sourced: SourcedRow[] = [
    ...live.map((one) => ({ ...one, isMemory: false })),
    ...memory.map((one) => ({ ...one, isMemory: true })),
  ].sort((a, b) => a.at - b.at)
  const reach = reachOf(readouts)
  const found: { rows: Row[]; differing: Row[] } = { rows: [], differing: [] }
  let afterAt = Number.NEGATIVE_INFINITY
  for (let part = 0; ; part++) {
    const completeToAt = part < 30 ? (part + 1) * (steps[part % steps.length] ?? 1) * MINUTE : ALL.toAt
    const rowsOfPart = sourced.filter(({ at }) => at > afterAt - reach && at <= completeToAt)
    const judged = judgedPart(rowsOfPart, { readouts, scope, isOut }, { afterAt, completeToAt })
    found.rows.push(...judged.rows.map(plain))
    found.differing.push(...judged.differing.map(plain))
    afterAt = judged.rows.at(-1)?.at ?? afterAt
    if (completeToAt === ALL.toAt) return found
  }
}

function plain({ at, milliC }: Row): Row {
  return { at, milliC }
}
