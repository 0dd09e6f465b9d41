import { describe, expect, test } from 'vitest'
import { approvalProblems, isOut, type Level, type Profile } from '../../src/domain/profile.ts'
import { FRIDGE, MINUTE } from '../support/limits.ts'

const HIGH: Level = {
  id: 'H1',
  side: 'high',
  limitMilliC: 8000,
  mode: 'cumulative',
  allowedMs: 30 * MINUTE,
  severity: 'major',
}
const LOW: Level = { ...HIGH, id: 'L1', side: 'low', limitMilliC: 2000 }
/** May be approved as it is; every test below takes one thing away. */
const GOOD: Profile = {
  ...FRIDGE,
  levels: [HIGH, LOW],
  source: 'stability report SR-12',
  example: false,
}

/** The first words of each problem, and the level it names. */
function problems(change: Partial<Profile>): string[] {
  return approvalProblems({ ...GOOD, ...change }).map((sentence) => sentence.split(/[:,]/)[0] ?? '')
}

test('a profile that keeps every rule may be approved', () => expect(approvalProblems(GOOD)).toEqual([]))

test('every problem says what to change', () => {
  const bad = { ...GOOD, example: true, levels: [], nominalIntervalMs: MINUTE, maxGapMs: 4 * MINUTE }
  const sentences = approvalProblems(bad)
  expect(sentences).toHaveLength(5)
  for (const sentence of sentences) expect(sentence).toMatch(/^.+: (make|add|name|measure|shorten|order) .+/)
})

test('an example profile is not for use', () => {
  expect(problems({ example: true })).toEqual(['it is marked as example'])
})

test('a profile without label limits or without levels is none', () => {
  expect(problems({ labelLowMilliC: null, labelHighMilliC: null })).toEqual(['it states no label limit'])
  const bare = { labelLowMilliC: null, labelHighMilliC: null, levels: [] }
  expect(problems(bare)).toEqual(['it states no label limit', 'it has no level'])
})

describe('label limits', () => {
  test('each needs a level at or inside it', () => {
    expect(problems({ levels: [HIGH] })).toEqual(['no level at or inside the low label limit'])
    expect(problems({ levels: [LOW] })).toEqual(['no level at or inside the high label limit'])
    expect(problems({ levels: [{ ...HIGH, limitMilliC: 8001 }, LOW] })).toEqual([
      'no level at or inside the high label limit',
    ])
    expect(problems({ levels: [HIGH, { ...LOW, limitMilliC: 1999 }] })).toEqual([
      'no level at or inside the low label limit',
    ])
    expect(
      problems({
        levels: [
          { ...HIGH, limitMilliC: 7000 },
          { ...LOW, limitMilliC: 3000 },
        ],
      }),
    ).toEqual([])
  })
  test('a side without a label limit needs none', () => {
    expect(problems({ labelLowMilliC: null, levels: [HIGH] })).toEqual([])
    expect(problems({ labelHighMilliC: null, levels: [LOW] })).toEqual([])
  })
  test('short spells must add up somewhere: a cumulative level, a band beyond it, or no allowance at all', () => {
    const single = { ...HIGH, mode: 'single' } as const
    const unseen = 'short spells beyond the high label limit add up unseen'
    const band = { id: 'B', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: MINUTE }
    expect(problems({ levels: [single, LOW] })).toEqual([unseen])
    expect(problems({ levels: [single, LOW], budgetBands: [{ ...band, aboveMilliC: 9000 }] })).toEqual([unseen])
    expect(problems({ levels: [single, LOW], budgetBands: [band] })).toEqual([])
    expect(problems({ levels: [{ ...single, allowedMs: 0 }, LOW] })).toEqual([])
    expect(problems({ levels: [single, { ...HIGH, id: 'H0', limitMilliC: 7000 }, LOW] })).toEqual([])
    expect(problems({ levels: [single, { ...HIGH, id: 'H2', limitMilliC: 9000 }, LOW] })).toEqual([unseen])
  })
  test('on the low side a band ends at the label limit', () => {
    const single = { ...LOW, mode: 'single' } as const
    const band = { id: 'B', aboveMilliC: 0, uptoMilliC: 2000, allowedMs: MINUTE }
    expect(problems({ levels: [HIGH, single] })).toEqual(['short spells beyond the low label limit add up unseen'])
    expect(problems({ levels: [HIGH, single], budgetBands: [band] })).toEqual([])
    expect(problems({ levels: [HIGH, single], budgetBands: [{ ...band, aboveMilliC: 2000, uptoMilliC: 0 }] })).toEqual([
      'short spells beyond the low label limit add up unseen',
    ])
  })
  test('a level that stands there is no mere warning, unless a band covers what lies beyond', () => {
    const warning = { ...HIGH, severity: 'warning' } as const
    const band = { id: 'B', aboveMilliC: 8000, uptoMilliC: null, allowedMs: MINUTE }
    expect(problems({ levels: [warning, LOW] })).toEqual(['level H1 stands at the label limit as a warning'])
    expect(problems({ levels: [warning, LOW], budgetBands: [band] })).toEqual([])
    expect(problems({ levels: [{ ...warning, limitMilliC: 7999 }, LOW] })).toEqual([])
  })
  test('time allowed beyond it needs the stability document', () => {
    expect(problems({ source: null, levels: [HIGH, { ...LOW, limitMilliC: 2001 }] })).toEqual([
      'level H1 allows time beyond the label limit',
    ])
    expect(
      problems({
        source: null,
        levels: [
          { ...HIGH, allowedMs: 0 },
          { ...LOW, allowedMs: 0 },
        ],
      }),
    ).toEqual([])
  })
})

test('budget bands that overlap, or reach into the label range, cannot be charged one at a time', () => {
  const band = { id: 'A', aboveMilliC: 8000, uptoMilliC: 15_000, allowedMs: MINUTE }
  expect(problems({ budgetBands: [band, { ...band, id: 'B', aboveMilliC: 14_000 }] })).toEqual([
    'budget bands A and B overlap',
  ])
  expect(problems({ budgetBands: [{ ...band, aboveMilliC: 7000 }] })).toEqual([
    'budget band A lies not wholly outside the label range',
  ])
  expect(problems({ budgetBands: [band, { ...band, id: 'B', aboveMilliC: 15_000, uptoMilliC: null }] })).toEqual([])
})

describe('intervals', () => {
  test('half the shortest allowance is often enough, a millisecond more is not', () => {
    const levels = [HIGH, { ...LOW, allowedMs: 60 * MINUTE }]
    expect(problems({ levels, nominalIntervalMs: 15 * MINUTE })).toEqual([])
    expect(problems({ levels, nominalIntervalMs: 15 * MINUTE + 1 })).toEqual([
      'nominalIntervalS is longer than half the shortest allowedS',
    ])
  })
  test('levels without allowance set no interval', () => {
    const levels = [
      { ...HIGH, allowedMs: 0 },
      { ...LOW, allowedMs: 0 },
    ]
    expect(problems({ levels, nominalIntervalMs: 900 * MINUTE })).toEqual([])
  })
  test('maxGap is three intervals at most', () => {
    expect(problems({ maxGapMs: 45 * MINUTE })).toEqual([])
    expect(problems({ maxGapMs: 45 * MINUTE + 1 })).toEqual(['maxGapS is longer than three intervals'])
  })
})

describe('order', () => {
  const out = (id: string, limitMilliC: number, severity: Level['severity']) => ({ ...HIGH, id, limitMilliC, severity })
  const low = (id: string, limitMilliC: number, severity: Level['severity']) => ({ ...LOW, id, limitMilliC, severity })
  test('outward the severity only grows, in whatever order the levels are written', () => {
    expect(problems({ levels: [LOW, out('H3', 25_000, 'critical'), HIGH, out('H2', 15_000, 'major')] })).toEqual([])
    expect(problems({ levels: [LOW, out('H2', 15_000, 'warning'), HIGH] })).toEqual([
      'level H2 lies further out than H1 and is milder',
    ])
    expect(problems({ levels: [HIGH, LOW, low('L2', 0, 'warning')] })).toEqual([
      'level L2 lies further out than L1 and is milder',
    ])
    expect(problems({ levels: [HIGH, LOW, low('L2', 0, 'critical')] })).toEqual([])
  })
  test('levels at one limit stand beside each other and may differ', () => {
    const two = [HIGH, out('H1b', 8000, 'critical')]
    expect(problems({ levels: [LOW, ...two] })).toEqual([])
    expect(problems({ levels: [LOW, ...two.toReversed()] })).toEqual([])
  })
  test('no level id names two levels', () => {
    expect(problems({ levels: [HIGH, { ...LOW, id: 'H1' }] })).toEqual(['two levels have the same id'])
  })
})

test('out is strictly beyond the limit', () => {
  expect([7999, 8000, 8001].map((milliC) => isOut('high', 8000, milliC))).toEqual([false, false, true])
  expect([2001, 2000, 1999].map((milliC) => isOut('low', 2000, milliC))).toEqual([false, false, true])
})
