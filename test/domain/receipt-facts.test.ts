import { describe, expect, test } from 'vitest'
import type { EvaluationContent, LevelContent } from '../../src/domain/evaluation-content.ts'
import {
  clockTrust,
  custodyFacts,
  DATA_DUE_MS,
  type DataFacts,
  dataState,
  displayDisagrees,
  heldMs,
  temperatureFacts,
} from '../../src/domain/receipt-facts.ts'
import { MINUTE, T0 } from '../support/limits.ts'

const CALM: EvaluationContent = {
  status: 'in_range',
  severity: null,
  complete: true,
  presumed: false,
  reasons: [],
  window: { fromAt: T0, toAt: T0 + 1 },
  levels: [],
  gaps: [],
}
const event = { startAt: T0, firstOutAt: T0, open: true }
const level = (state: 'none' | 'presumed' | 'confirmed', events: LevelContent['events'] = [event]): LevelContent => ({
  id: state,
  alarm: state === 'none' ? { state } : { state, at: T0 },
  events,
})

describe('of an evaluation', () => {
  test.each<[string, Partial<EvaluationContent>, object]>([
    ['nothing', {}, { presumed: false, gaps: false, belowAlarm: false }],
    ['an event without alarm', { levels: [level('none')] }, { presumed: false, belowAlarm: true }],
    [
      'presumed time without a presumed alarm',
      { presumed: true, levels: [level('none')] },
      { presumed: false, belowAlarm: true },
    ],
    ['a presumed alarm', { levels: [level('presumed')] }, { presumed: true, belowAlarm: true }],
    ['a confirmed alarm alone', { levels: [level('confirmed')] }, { presumed: false, belowAlarm: false }],
    [
      'a confirmed alarm beside others',
      { levels: [level('confirmed'), level('presumed')] },
      { presumed: true, belowAlarm: true },
    ],
    ['a gap', { gaps: [{ fromAt: T0, toAt: null }] }, { gaps: true }],
    [
      'a shipment that was never packed',
      { status: 'indeterminate', window: null },
      { status: 'indeterminate', gaps: true },
    ],
  ])('%s', (_what, change, expected) => expect(temperatureFacts({ ...CALM, ...change })).toMatchObject(expected))
})

test('a chain that does not verify is broken and says so apart', () => {
  const failed = { code: 'INTEGRITY_FAILED', seq: 3 } as const
  expect(custodyFacts({ chainStatus: 'broken', findings: [failed] })).toEqual({
    custody: 'broken',
    integrity: 'failed',
  })
  expect(custodyFacts({ chainStatus: 'incomplete', findings: [] })).toEqual({ custody: 'incomplete', integrity: 'ok' })
})

describe('missing data', () => {
  const facts: DataFacts = {
    gaps: true,
    windowToAt: T0,
    readOutUntilAt: null,
    declaredAbsent: null,
    receivedAt: T0,
    owner: 'ward 3',
  }
  const late = T0 + DATA_DUE_MS
  const declared = { by: 'ward 3', at: T0 + 5 }
  test.each<[string, Partial<DataFacts>, number, object]>([
    ['no gap', { gaps: false }, late + 1, { state: 'complete' }],
    ['memory read out to the end of the window', { readOutUntilAt: T0 }, late + 1, { state: 'complete' }],
    ['memory read out, but not to the end', { readOutUntilAt: T0 - 1 }, T0, { state: 'pending' }],
    ['memory read out while the window is open', { readOutUntilAt: T0, windowToAt: null }, T0, { state: 'pending' }],
    ['still awaited', {}, late, { state: 'pending', owner: 'ward 3', dueAt: late }],
    ['overdue', {}, late + 1, { state: 'absent', because: 'overdue', sinceAt: late }],
    [
      'given up by a person',
      { declaredAbsent: declared },
      T0,
      { state: 'absent', because: 'declared', sinceAt: T0 + 5 },
    ],
    ['given up, and read out after all', { declaredAbsent: declared, readOutUntilAt: T0 }, late, { state: 'complete' }],
  ])('%s', (_what, change, now, expected) => expect(dataState({ ...facts, ...change }, now)).toMatchObject(expected))
})

test.each([
  [5000, { lowestMilliC: 6000, highestMilliC: 6000 }, 'controlled_cold', false],
  [5000, { lowestMilliC: 6001, highestMilliC: 6001 }, 'controlled_cold', true],
  [5000, { lowestMilliC: 4000, highestMilliC: 4000 }, 'controlled_cold', false],
  [5000, { lowestMilliC: 3999, highestMilliC: 3999 }, 'frozen', true],
  [5000, { lowestMilliC: 3000, highestMilliC: 9000 }, 'controlled_room', false],
  [-187_000, { lowestMilliC: -190_000, highestMilliC: -190_000 }, 'cryogenic', false],
  [-186_999, { lowestMilliC: -190_000, highestMilliC: -190_000 }, 'cryogenic', true],
] as const)('a display of %s beside %j, %s, disagrees: %s', (display, last, storageClass, disagrees) =>
  expect(displayDisagrees(display, last, storageClass)).toBe(disagrees),
)

test.each([
  [0, 'trusted'],
  [60_000, 'trusted'],
  [-60_001, 'offset'],
  [300_000, 'offset'],
  [300_001, 'untrusted'],
  [-300_001, 'untrusted'],
])('a clock off by %s ms is %s', (offset, trust) => expect(clockTrust(offset)).toBe(trust))

test('a container holds from its last charge or top-up before the unit came out', () => {
  expect(heldMs([T0, T0 + 60 * MINUTE, T0 + 180 * MINUTE], T0 + 90 * MINUTE)).toBe(30 * MINUTE)
  expect(heldMs([T0 + 1], T0)).toBeNull()
  expect(heldMs([], T0)).toBeNull()
})
