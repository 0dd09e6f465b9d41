import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOX_ITEMS } from '../../src/domain/checklist.ts'
import { VERDICTS } from '../../src/domain/finding.ts'
import { judgeReceipt } from '../../src/domain/receipt.ts'
import { T0 } from '../support/limits.ts'
import { boxWith, type Change, GOOD_BOX, HOUR, judged, NO, NOT_DONE, unitWith } from './receipt-case.ts'

/** `VERDICT: FINDING, FINDING` of a unit that is good but for the change. */
function said(change: Change): string {
  const { verdict, findings } = judged(change)
  return `${verdict}: ${findings.join(', ')}`
}

const temperature = (change: Partial<typeof GOOD_BOX.temperature>) => ({
  temperature: { ...GOOD_BOX.temperature, ...change },
})

describe('edges', () => {
  test.each<[string, Change, string]>([
    ['everything at its limit', {}, 'ACCEPT: '],
    [
      'a millisecond over the hold time',
      { box: { holdTime: { qualifiedMs: HOUR, elapsedMs: HOUR + 1 } } },
      'QUARANTINE: HOLD_TIME_EXCEEDED',
    ],
    ['an active container', { box: { holdTime: 'unlimited' } }, 'ACCEPT: '],
    [
      'no hold time on file',
      { box: { holdTime: { qualifiedMs: null, elapsedMs: 0 } } },
      'QUARANTINE: CONTAINER_UNQUALIFIED',
    ],
    [
      'no charge recorded',
      { box: { holdTime: { qualifiedMs: HOUR, elapsedMs: null } } },
      'QUARANTINE: CONTAINER_UNQUALIFIED',
    ],
    [
      'a qualification that ended a millisecond ago',
      { box: { containerQualifiedUntilAt: T0 - 1 } },
      'QUARANTINE: CONTAINER_UNQUALIFIED',
    ],
    [
      'a millisecond too long in the air',
      { unit: { transfer: { tookMs: 1001, maxMs: 1000 } } },
      'QUARANTINE: TRANSFER_TOO_LONG',
    ],
    ['a transfer nobody timed', { unit: { transfer: { tookMs: null, maxMs: 1000 } } }, 'INDETERMINATE: CHECK_NOT_DONE'],
    ['a unit that stays in its container', { unit: { transfer: 'stays_in_container' } }, 'ACCEPT: '],
    [
      'past both readings of the expiry',
      { unit: { expiry: { earliestAt: T0 - 2, latestAt: T0 - 1 } } },
      'REJECT_RECOMMENDED: EXPIRED',
    ],
    [
      'past the earlier one',
      { unit: { expiry: { earliestAt: T0 - 1, latestAt: T0 } } },
      'INDETERMINATE: EXPIRY_UNCLEAR',
    ],
    ['an expiry nobody knows', { unit: { expiry: null } }, 'INDETERMINATE: EXPIRY_UNCLEAR'],
  ])('%s', (_what, change, expected) => expect(said(change)).toBe(expected))
})

describe('seals', () => {
  test.each<[string, readonly string[] | null, readonly string[] | null, string]>([
    ['the same in another order', ['A', 'B'], ['B', 'A'], 'ACCEPT: '],
    ['one read twice', ['A', 'B'], ['B', 'A', 'A'], 'ACCEPT: '],
    ['one missing', ['A', 'B'], ['A'], 'QUARANTINE: SEAL_MISMATCH'],
    ['one too many', ['A'], ['A', 'B'], 'QUARANTINE: SEAL_MISMATCH'],
    ['none found', ['A'], [], 'QUARANTINE: SEAL_MISMATCH'],
    ['none found where none was recorded', null, [], 'QUARANTINE: SEAL_MISMATCH'],
    ['sealing never recorded: custody speaks of it', null, ['A'], 'ACCEPT: '],
    ['nobody looked', ['A'], null, 'INDETERMINATE: CHECK_NOT_DONE'],
  ])('%s', (_what, expected, found, verdict) => expect(said({ box: { seals: { expected, found } } })).toBe(verdict))
})

describe('what the service knows is not overruled by an answer', () => {
  test.each<[string, Change, string]>([
    ['another receiver than the consignee', { box: { isConsignee: false } }, 'QUARANTINE: WRONG_CONSIGNEE'],
    ['another container scanned', { box: { isContainer: false } }, 'QUARANTINE: CONTAINER_MISMATCH'],
    ['another logger scanned', { box: { isLogger: false } }, 'QUARANTINE: LOGGER_MISMATCH'],
    ['neither scanned, answered with yes', { box: { isContainer: null, isLogger: null } }, 'ACCEPT: '],
    ['a display typed that disagrees', { box: { displayDisagrees: true } }, 'INDETERMINATE: DISPLAY_DISAGREES'],
    ['no display typed', { box: { displayDisagrees: null } }, 'ACCEPT: '],
    ['labels that differ', { unit: { identity: 'mismatch' } }, 'REJECT_RECOMMENDED: ID_MISMATCH'],
  ])('%s', (_what, change, expected) => expect(said(change)).toBe(expected))
})

describe('what the service knows better', () => {
  test.each<[string, Change, string]>([
    ['an alarm mark where we have none', { boxSaid: { no_alarm_mark: NO } }, 'INDETERMINATE: DEVICE_ALARM'],
    [
      'an alarm mark where we have one',
      { boxSaid: { no_alarm_mark: NO }, box: temperature({ status: 'alarm', severity: 'warning' }) },
      'ACCEPT: WARNING_ALARM',
    ],
    ['not read out, but nothing is missing', { boxSaid: { logger_read_out: NO } }, 'ACCEPT: '],
    [
      'not read out, and still expected',
      { boxSaid: { logger_read_out: NO }, box: { data: 'pending', ...temperature({ gaps: true }) } },
      'INDETERMINATE: DATA_PENDING',
    ],
    [
      'not read out, and nothing will come',
      { boxSaid: { logger_read_out: NO }, box: { data: 'absent', ...temperature({ gaps: true }) } },
      'QUARANTINE: DATA_ABSENT',
    ],
    [
      'whether it was read out was not looked at',
      { boxSaid: { logger_read_out: NOT_DONE } },
      'INDETERMINATE: CHECK_NOT_DONE',
    ],
  ])('%s', (_what, change, expected) => expect(said(change)).toBe(expected))
})

describe('units', () => {
  const units = [
    { code: 'BAG-1', received: unitWith({}) },
    { code: 'BAG-2', received: unitWith({ unitSaid: { bag_intact: NO } }) },
    { code: 'BAG-3', received: null },
  ]
  const verdicts = (change: Change) => {
    const { units: each, shipment } = judgeReceipt({ box: boxWith(change), units })
    return [...each.map(({ code, verdict, findings }) => `${code} ${verdict} ${findings.join(' ')}`), shipment.verdict]
  }
  test('each has its own verdict; the shipment shows the worst', () =>
    expect(verdicts({})).toEqual([
      'BAG-1 ACCEPT ',
      'BAG-2 REJECT_RECOMMENDED UNIT_DAMAGED',
      'BAG-3 ACCEPT ',
      'REJECT_RECOMMENDED',
    ]))
  test('what is found about the box applies to all of them', () =>
    expect(verdicts({ boxSaid: { box_intact: NO }, box: { unitsMissing: ['BAG-3'] } })).toEqual([
      'BAG-1 QUARANTINE PACKAGE_DAMAGED UNIT_MISSING',
      'BAG-2 REJECT_RECOMMENDED PACKAGE_DAMAGED UNIT_DAMAGED UNIT_MISSING',
      'BAG-3 QUARANTINE PACKAGE_DAMAGED UNIT_MISSING',
      'REJECT_RECOMMENDED',
    ]))
  test('the budget is that of the unit, the excursion that of the box', () => {
    const box = boxWith({ box: temperature({ status: 'excursion_below_alarm', belowAlarm: true }) })
    const bags = (['within', 'none', 'presumed_exceeded', 'exceeded'] as const).map((budget) => ({
      code: budget,
      received: unitWith({ unit: { budget } }),
    }))
    expect(judgeReceipt({ box, units: bags }).units.map(({ verdict, findings }) => [verdict, ...findings])).toEqual([
      ['ACCEPT', 'EXCURSION_BELOW_ALARM'],
      ['QUARANTINE', 'EXCURSION_BELOW_ALARM', 'EXCURSION_UNASSESSED'],
      ['INDETERMINATE', 'BUDGET_PRESUMED', 'EXCURSION_BELOW_ALARM'],
      ['REJECT_RECOMMENDED', 'BUDGET_EXCEEDED', 'EXCURSION_BELOW_ALARM'],
    ])
  })
})

describe('laws', () => {
  const boxChange = fc.record(
    {
      isConsignee: fc.constant(false),
      custody: fc.constantFrom('incomplete', 'broken'),
      integrity: fc.constant('failed'),
      readoutDiffers: fc.constant(true),
      calibrationInvalid: fc.constant(true),
      windowChanged: fc.constant(true),
      temperature: fc.record({
        status: fc.constantFrom('in_range', 'excursion_below_alarm', 'indeterminate', 'alarm'),
        severity: fc.constantFrom('warning', 'major', 'critical'),
        presumed: fc.boolean(),
        gaps: fc.boolean(),
        belowAlarm: fc.boolean(),
      }),
      data: fc.constantFrom('pending', 'absent'),
    },
    { requiredKeys: [] },
  )
  const unitChange = fc.record(
    {
      identity: fc.constantFrom('mismatch', 'unverified'),
      lotStatus: fc.constantFrom('on_hold', 'recalled'),
      batchStatus: fc.constantFrom('pending', 'unknown'),
      budget: fc.constantFrom('none', 'exceeded', 'presumed_exceeded'),
    },
    { requiredKeys: [] },
  )
  const change = fc.record({ box: boxChange, unit: unitChange })

  test('a no more, or a check less, never improves a verdict; nor is anything hidden by it', () =>
    fc.assert(
      fc.property(change, fc.constantFrom(...BOX_ITEMS), fc.constantFrom(NO, NOT_DONE), (given, item, answer) => {
        const [before, after] = [judged(given), judged({ ...given, boxSaid: { [item]: answer } })]
        expect(VERDICTS.indexOf(after.verdict)).toBeGreaterThanOrEqual(VERDICTS.indexOf(before.verdict))
        expect(after.findings).toEqual(expect.arrayContaining([...before.findings]))
      }),
    ))
  test('a confirmed alarm hides nothing else', () =>
    fc.assert(
      fc.property(change, fc.constantFrom('warning', 'major', 'critical'), (given, severity) => {
        const calm = {
          ...GOOD_BOX.temperature,
          ...given.box.temperature,
          status: 'indeterminate',
          severity: null,
        } as const
        const quiet = judged({ ...given, box: { ...given.box, temperature: calm } })
        const alarmed = judged({ ...given, box: { ...given.box, temperature: { ...calm, status: 'alarm', severity } } })
        expect(alarmed.findings).toEqual(expect.arrayContaining([...quiet.findings]))
      }),
    ))
})
