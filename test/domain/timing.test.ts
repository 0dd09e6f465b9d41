import { describe, expect, test } from 'vitest'
import { alertEpisodes, timings } from '../../src/domain/timing.ts'

const HIGH = { side: 'high', milliC: 8000 } as const
const LOW = { side: 'low', milliC: 2000 } as const

/** Readings ten milliseconds apart. */
function series(...values: number[]) {
  return values.map((milliC, index) => ({ at: index * 10, milliC }))
}

describe('three timings of one excursion', () => {
  test('hold, interpolated crossings and the outer bound', () => {
    expect(timings(series(6000, 10_000, 9000, 7000), HIGH)).toEqual({
      holdMs: 20,
      linearMs: 20,
      linearCrossings: [5, 25],
      outerBoundMs: 30,
    })
  })
  test('on the low side', () => {
    expect(timings(series(4000, 1000, 5000), LOW)).toEqual({
      holdMs: 10,
      linearMs: 10 - (10 * 2) / 3 + (10 * 1) / 4,
      linearCrossings: [(10 * 2) / 3, 12.5],
      outerBoundMs: 20,
    })
  })
  test('a reading at the limit is in range, and the crossing is there', () => {
    expect(timings(series(8000, 9000, 8000), HIGH)).toEqual({
      holdMs: 10,
      linearMs: 20,
      linearCrossings: [0, 20],
      outerBoundMs: 20,
    })
    expect(timings(series(8000, 8000), HIGH).outerBoundMs).toBe(0)
  })
  test('spells are added, and the time between two readings counts once', () => {
    expect(timings(series(9000, 7000, 9000, 7000), HIGH)).toMatchObject({ holdMs: 20, outerBoundMs: 30 })
  })
  test('nothing is measured by fewer than two readings', () => {
    const nothing = { holdMs: 0, linearMs: 0, linearCrossings: [], outerBoundMs: 0 }
    expect(timings([], HIGH)).toEqual(nothing)
    expect(timings(series(9000), HIGH)).toEqual(nothing)
  })
})

describe('alert episodes', () => {
  test('an episode ends only when a reading is back inside by the hysteresis, exactly that is enough', () => {
    const readings = series(7000, 8001, 8000, 7501, 8500, 7500, 7999, 8001)
    expect(alertEpisodes(readings, HIGH, 500)).toEqual([
      { fromAt: 10, toAt: 50 },
      { fromAt: 70, toAt: null },
    ])
  })
  test('without hysteresis every return ends one', () => {
    expect(alertEpisodes(series(8001, 8000, 8001, 7000), HIGH, 0)).toEqual([
      { fromAt: 0, toAt: 10 },
      { fromAt: 20, toAt: 30 },
    ])
  })
  test('on the low side the way back is up', () => {
    expect(alertEpisodes(series(1999, 2000, 2499, 2500), LOW, 500)).toEqual([{ fromAt: 0, toAt: 30 }])
  })
  test('the limit itself raises nothing', () => expect(alertEpisodes(series(8000, 2000), HIGH, 500)).toEqual([]))
})
