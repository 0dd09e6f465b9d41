import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CustodyEvent } from '../../src/domain/custody-event.ts'
import type { Row } from '../../src/domain/excursion.ts'
import { legsOf, type MeasureRules, measureOf, measureRow, startMeasure } from '../../src/domain/leg.ts'
import { timeline } from '../../src/domain/timeline.ts'
import { MINUTE, T0 } from '../support/limits.ts'

const RULES: MeasureRules = {
  fromAt: T0,
  toAt: T0 + 60 * MINUTE,
  nominalMs: 5 * MINUTE,
  maxGapMs: 15 * MINUTE,
  correct: (_at, raw) => raw + 100,
  range: { low: -40_000, high: 60_000 },
}

function measure(rows: readonly Row[]) {
  const state = startMeasure(RULES)
  for (const one of rows) measureRow(state, one)
  return measureOf(state)
}

const row = (minutes: number, milliC: number | null): Row => ({ at: T0 + minutes * MINUTE, milliC })

describe('what a sensor showed in a leg', () => {
  test('is its lowest, highest and mean corrected value, the mean weighted by how long values held', () => {
    // 5.0 holds 10 minutes, 8.0 holds 5 and then nobody knows, 2.0 holds to the end
    const rows = [row(0, 4900), row(10, 7900), row(50, 1900)]
    expect(measure(rows)).toEqual({
      lowestMilliC: 2000,
      highestMilliC: 8000,
      meanMilliC: Math.round((5000 * 10 + 8000 * 5 + 2000 * 10) / 25),
      values: 3,
      faults: 0,
      firstFaultAt: null,
    })
  })

  test('leaves out faults and counts them, and what lies outside', () => {
    const rows = [row(-1, 50_000), row(5, null), row(10, 60_000), row(15, 4900), row(20, -270_000), row(60, 50_000)]
    expect(measure(rows)).toMatchObject({
      lowestMilliC: 5000,
      highestMilliC: 5000,
      faults: 3,
      firstFaultAt: T0 + 5 * MINUTE,
    })
  })

  test('is nothing where nothing valid was measured', () => {
    expect(measure([row(5, null)])).toMatchObject({ lowestMilliC: null, highestMilliC: null, meanMilliC: null })
    expect(measure([])).toMatchObject({ meanMilliC: null, values: 0, faults: 0 })
  })

  test('agrees with the time line of the other rules, for any rows', () => {
    const rows = fc
      .array(
        fc.record({
          at: fc.integer({ min: 0, max: 59 }),
          milliC: fc.option(fc.integer({ min: -45_000, max: 65_000 })),
        }),
      )
      .map((list) => list.map(({ at, milliC }) => row(at, milliC)).sort((a, b) => a.at - b.at))
    fc.assert(
      fc.property(rows, (given) => {
        const held = [...timeline(RULES, given, RULES.toAt)].flatMap((one) => (one.kind === 'value' ? [one] : []))
        const ms = held.reduce((sum, one) => sum + one.toAt - one.fromAt, 0)
        const weighted = held.reduce((sum, one) => sum + ((one.min + one.max) / 2) * (one.toAt - one.fromAt), 0)
        const found = measure(given)
        expect(found.values).toBe(held.length)
        expect(found.lowestMilliC).toBe(held.length === 0 ? null : Math.min(...held.map(({ min }) => min)))
        expect(found.highestMilliC).toBe(held.length === 0 ? null : Math.max(...held.map(({ max }) => max)))
        expect(found.meanMilliC).toBe(held.length === 0 ? null : Math.round(weighted / ms))
      }),
    )
  })
})

describe('legs', () => {
  const window = { fromAt: T0, toAt: T0 + 100 * MINUTE }
  const event = (kind: CustodyEvent['kind'], byOrg: string, minutes: number): CustodyEvent => {
    const at = T0 + minutes * MINUTE
    return { kind, byOrg, at, recordedAt: at, units: [], seq: minutes + 1 }
  }
  const printed = (events: CustodyEvent[]) =>
    legsOf(events, window).map(
      ({ fromAt, toAt, holder }) => `${holder} ${(fromAt - T0) / MINUTE}-${(toAt - T0) / MINUTE}`,
    )

  test('are the window, cut where somebody took over', () => {
    const events = [
      event('packed', 'maker', 0),
      event('handover_accept', 'carrier', 30),
      event('departed', 'carrier', 40),
    ]
    expect(printed([...events, event('handover_accept', 'centre', 90)])).toEqual([
      'maker 0-30',
      'carrier 30-90',
      'centre 90-100',
    ])
  })

  test('never lie outside the window, whatever was handed over before and after', () => {
    const early = event('handover_accept', 'depot', -10)
    const events = [event('collection', 'clinic', -50), early, event('handover_accept', 'centre', 100)]
    expect(printed(events)).toEqual(['depot 0-100'])
    expect(printed([event('packed', 'maker', 0), event('handover_accept', 'carrier', 0)])).toEqual(['carrier 0-100'])
    expect(printed([])).toEqual(['null 0-100'])
  })
})
