import { describe, expect, test } from 'vitest'
import { type DepartureFacts, departureFindings, refuseSealingOver } from '../../src/domain/departure.ts'
import { MINUTE, T0 } from '../support/limits.ts'

const HOUR = 60 * MINUTE
/** 40 h on the way, so everything must last for 60. */
const NEEDED = T0 + 60 * HOUR
const READY: DepartureFacts = {
  sealedAt: T0,
  etaAt: T0 + 40 * HOUR,
  calibrationValidUntilAt: NEEDED,
  containerQualifiedUntilAt: NEEDED,
  hold: { chargedAt: T0 - 10 * HOUR, qualifiedMs: 70 * HOUR },
  lastReading: { at: T0 - 15 * MINUTE, intervalMs: 5 * MINUTE, isOut: false },
  nominalIntervalMs: 5 * MINUTE,
  maxGapMs: 15 * MINUTE,
  temperature: { status: 'in_range', severity: null, presumed: false, gaps: false, belowAlarm: false },
  order: 'match',
  expiry: { earliestAt: T0 + 40 * HOUR, latestAt: T0 + 40 * HOUR },
  lotStatus: 'ok',
  batchStatus: 'released',
  budget: 'within',
  sensorSuspect: false,
  clockUntrusted: false,
}

test('nothing is found where everything just lasts', () => expect(departureFindings(READY)).toEqual([]))

describe('what is known at sealing is found then, in the codes of the receipt', () => {
  test.each<[string, Partial<DepartureFacts>, string[]]>([
    ['a calibration that ends before', { calibrationValidUntilAt: NEEDED - 1 }, ['CALIBRATION_INVALID']],
    ['no calibration', { calibrationValidUntilAt: null }, ['CALIBRATION_INVALID']],
    ['a qualification that ends before', { containerQualifiedUntilAt: NEEDED - 1 }, ['CONTAINER_UNQUALIFIED']],
    [
      'a hold time that ends before',
      { hold: { chargedAt: T0 - 10 * HOUR, qualifiedMs: 70 * HOUR - 1 } },
      ['HOLD_TIME_EXCEEDED'],
    ],
    [
      'a charge too long ago',
      { hold: { chargedAt: T0 - 10 * HOUR - 1, qualifiedMs: 70 * HOUR } },
      ['HOLD_TIME_EXCEEDED'],
    ],
    ['no charge recorded', { hold: { chargedAt: null, qualifiedMs: 70 * HOUR } }, ['CONTAINER_UNQUALIFIED']],
    ['an active container', { hold: 'unlimited' }, []],
    ['a logger that never spoke', { lastReading: null }, ['DATA_GAP']],
    [
      'a logger that fell silent',
      { lastReading: { at: T0 - 15 * MINUTE - 1, intervalMs: null, isOut: false } },
      ['DATA_GAP'],
    ],
    [
      'a logger that measures too seldom',
      { lastReading: { at: T0, intervalMs: 5 * MINUTE + 1, isOut: false } },
      ['DATA_GAP'],
    ],
    [
      'a last reading beyond the limits',
      { lastReading: { at: T0, intervalMs: null, isOut: true } },
      ['EXCURSION_BELOW_ALARM'],
    ],
    [
      'an alarm before departure',
      {
        temperature: {
          ...READY.temperature,
          status: 'alarm',
          severity: 'critical',
          presumed: false,
          gaps: false,
          belowAlarm: false,
        },
      },
      ['CRITICAL_ALARM'],
    ],
    ['nothing judged yet', { temperature: null }, []],
    ['another order', { order: 'mismatch' }, ['ID_MISMATCH']],
    ['no order', { order: 'unverified' }, ['ID_UNVERIFIED']],
    ['an expiry before arrival', { expiry: { earliestAt: T0, latestAt: READY.etaAt - 1 } }, ['EXPIRED']],
    ['an expiry that may be before arrival', { expiry: { earliestAt: T0, latestAt: READY.etaAt } }, ['EXPIRY_UNCLEAR']],
    [
      'a recalled lot of a batch not certified',
      { lotStatus: 'recalled', batchStatus: 'pending' },
      ['RECALLED', 'RELEASE_PENDING'],
    ],
    ['a lot on hold', { lotStatus: 'on_hold' }, ['LOT_ON_HOLD']],
    ['a budget that is used up', { budget: 'exceeded' }, ['BUDGET_EXCEEDED']],
    ['a budget that may be used up', { budget: 'presumed_exceeded' }, ['BUDGET_PRESUMED']],
    [
      'a sensor that stands still, with a wrong clock',
      { sensorSuspect: true, clockUntrusted: true },
      ['CLOCK_UNTRUSTED', 'SENSOR_SUSPECT'],
    ],
    ['a planned arrival that is past', { etaAt: T0 - HOUR, calibrationValidUntilAt: T0 - HOUR }, []],
  ])('%s', (_what, change, expected) => expect(departureFindings({ ...READY, ...change })).toEqual(expected))
})

test('sealing over a finding needs a reason', () => {
  expect(refuseSealingOver([], undefined)).toBeNull()
  expect(refuseSealingOver(['RELEASE_PENDING'], 'shipped in quarantine')).toBeNull()
  for (const reason of [undefined, '', ' \t']) {
    expect(refuseSealingOver(['RELEASE_PENDING'], reason)).toMatchObject({ refused: 'reason_required' })
  }
})
