import { describe, expect, test } from 'vitest'
import { type Exposure, expose } from '../../src/domain/exposure.ts'
import { PLAIN_SENSOR, type WholePlacement } from '../../src/domain/judge.ts'
import { placedRows } from '../../src/domain/placed-rows.ts'
import type { BudgetBand, Profile } from '../../src/domain/profile.ts'
import { FRIDGE, MINUTE, T0 } from '../support/limits.ts'

const HOUR = 60 * MINUTE
const BANDS: BudgetBand[] = [
  { id: 'FREEZE', aboveMilliC: null, uptoMilliC: 0, allowedMs: 0 },
  { id: 'COLD', aboveMilliC: 0, uptoMilliC: 2000, allowedMs: 12 * HOUR },
  { id: 'COOL', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: 72 * HOUR },
  { id: 'RT', aboveMilliC: 15_000, uptoMilliC: 25_000, allowedMs: 24 * HOUR },
]
const PROFILE: Profile = { ...FRIDGE, budgetBands: BANDS }

/** Minutes after `T0`; `0=5 15=9` are degrees by minute. A placement is the whole window or as said. */
type Sensor = { from?: number; to?: number; readings: string }

function exposed(
  sensors: readonly Sensor[],
  minutes: number,
  view: { within?: [number, number]; open?: boolean } = {},
) {
  const span = { fromAt: T0, toAt: T0 + minutes * MINUTE, closed: view.open !== true }
  const placements = sensors.map(
    ({ from = 0, to, readings }): WholePlacement => ({
      role: 'product',
      fromAt: T0 + from * MINUTE,
      toAt: to === undefined ? Number.POSITIVE_INFINITY : T0 + to * MINUTE,
      rows: rowsOf(readings),
      sensor: PLAIN_SENSOR,
    }),
  )
  const [from, to] = view.within ?? [0, minutes]
  const within = { fromAt: T0 + from * MINUTE, toAt: T0 + to * MINUTE }
  return expose(PROFILE, placedRows(PROFILE, span, placements), { span, within })
}

function rowsOf(readings: string) {
  return readings.split(' ').map((reading) => {
    const [minute, degrees] = reading.split('=').map(Number)
    return { at: T0 + (minute ?? 0) * MINUTE, milliC: Math.round((degrees ?? 0) * 1000) }
  })
}

/** `COOL 30+15`: minutes consumed and presumed of each band that was used. */
function used({ usage }: Pick<Exposure, 'usage'>): string {
  return usage
    .filter(({ consumedMs, presumedMs }) => consumedMs + presumedMs > 0)
    .map(({ band, consumedMs, presumedMs }) => `${band} ${consumedMs / MINUTE}+${presumedMs / MINUTE}`)
    .join(', ')
}

describe('one sensor', () => {
  test.each<[string, string, string]>([
    [
      'every value goes to the one band it lies in',
      '0=5 15=9 30=20 45=1 60=-1 75=5',
      'FREEZE 15+0, COLD 15+0, COOL 15+0, RT 15+0',
    ],
    ['label limits are free', '0=8 15=2 30=5 45=5 60=5 75=5', ''],
    [
      'an edge belongs to the band nearer the label',
      '0=15 15=0 30=15.001 45=-0.001 60=5 75=5',
      'FREEZE 15+0, COLD 15+0, COOL 15+0, RT 15+0',
    ],
    ['beyond every band is forbidden time of its own', '0=25.001 15=5 30=5 45=5 60=5 75=5', 'NO_BAND 15+0'],
    ['a gap goes to the neighbour farther out', '0=9 60=20 75=5', 'COOL 15+0, RT 15+45'],
    ['a gap before a value out is presumed', '0=5 60=9 75=5', 'COOL 15+45'],
    ['a gap between good values is free', '0=5 60=5 75=5', ''],
    ['a late start is a gap', '45=9 60=5 75=5', 'COOL 15+45'],
    ['a start within the longest gap is neither', '30=9 45=5 60=5 75=5', 'COOL 15+0'],
    ['an early end is a gap', '0=5 15=9', 'COOL 15+60'],
  ])('%s', (_what, readings, expected) => expect(used(exposed([{ readings }], 90))).toBe(expected))

  test('a conflict is charged where it lies farther out', () =>
    expect(
      used(
        exposed(
          [
            {
              readings: '0=9 0=20 15=5',
            },
          ],
          30,
        ),
      ),
    ).toBe('RT 15+0'))
  test('equally far on both sides is charged where less is allowed', () =>
    expect(
      used(
        exposed(
          [
            {
              readings: '0=1 0=9 15=5',
            },
          ],
          30,
        ),
      ),
    ).toBe('COLD 15+0'))
})

describe('several sensors', () => {
  const calm = '0=5 15=5 30=5 45=5 60=5'
  test('each instant is charged once, where the value lies farthest outside', () => {
    const warm: Sensor = {
      readings: '0=9 30=5 45=5 60=5',
    }
    const warmer: Sensor = {
      readings: '0=5 15=20 45=5 60=5',
    }
    expect(used(exposed([warm, warmer], 75))).toBe('COOL 15+0, RT 30+0')
    expect(used(exposed([warm, warm], 75))).toBe('COOL 30+0')
    expect(used(exposed([{ readings: calm }, warm], 75))).toBe('COOL 30+0')
  })
  test('a silent sensor takes nothing from what is certain, nor the other way round', () => {
    const cool: Sensor = { readings: calm.replaceAll('=5', '=9') }
    const silent: Sensor = {
      readings: '0=20 60=5',
    }
    expect(used(exposed([silent], 75))).toBe('RT 15+45')
    expect(used(exposed([cool, silent], 75))).toBe('COOL 60+0, RT 15+45')
    expect(
      used(
        exposed(
          [
            {
              readings: '0=9 60=5',
            },
            cool,
          ],
          75,
        ),
      ),
    ).toBe('COOL 75+0')
  })
  test('time without placement beside a value out is presumed, and nobody saw it', () => {
    const first: Sensor = {
      to: 30,
      readings: '0=5 15=9',
    }
    const next: Sensor = {
      from: 60,
      readings: '60=5 75=5',
    }
    const { unobserved, ...rest } = exposed([first, next], 90)
    expect(used(rest)).toBe('COOL 15+30')
    expect(unobserved).toEqual([
      {
        fromAt: T0 + 30 * MINUTE,
        toAt: T0 + 60 * MINUTE,
        before: { min: 9000, max: 9000 },
        after: { min: 5000, max: 5000 },
        presumed: [{ band: 'COOL', consumedMs: 0, presumedMs: 30 * MINUTE }],
      },
    ])
  })
  test('without any placement nothing is known and nothing is charged', () => {
    const nothing = exposed([], 90)
    expect(used(nothing)).toBe('')
    expect(nothing.unobserved).toMatchObject([{ fromAt: T0, toAt: T0 + 90 * MINUTE, before: null, after: null }])
    expect(nothing.current).toBeNull()
  })
})

describe('what is known at the end', () => {
  test.each<[string, Sensor[], Exposure['current']]>([
    ['inside the label', [{ readings: '0=5' }], { band: null }],
    ['outside', [{ readings: '0=9' }], { band: 'COOL' }],
    ['beyond every band', [{ readings: '0=30' }], { band: 'NO_BAND' }],
    ['the farther of two sensors', [{ readings: '0=9' }, { readings: '0=20' }], { band: 'RT' }],
    [
      'a value of this very instant',
      [
        {
          readings: '0=5 15=9',
        },
      ],
      { band: 'COOL' },
    ],
    ['silence', [{ readings: '-15=9' }], null],
  ])('%s', (_what, sensors, current) => {
    const placed = sensors.map((sensor) => ({ from: -15, ...sensor }))
    expect(exposed(placed, 15, { open: true }).current).toEqual(current)
  })
})
