import { expect, test } from 'vitest'
import { refuseEvent } from '../../src/domain/custody-admissible.ts'
import { CUSTODY_KINDS, type CustodyEvent, eventRecord } from '../../src/domain/custody-event.ts'
import { clock, eventsOf } from './custody-table.ts'

const LEDGER = '08:00 maker packed\n 08:30 maker opened\n 09:00 maker correction corrects=2 void'

/** The last line against the ledger before it, at 10:00; the code and the sentence, or null when it is recorded. */
function refused(line: string): string | null {
  const events = eventsOf(`${LEDGER}\n ${line}`)
  const [event] = events.slice(-1)
  if (event === undefined) throw new Error('no event')
  const refusal = refuseEvent(event, { now: clock('10:00'), recorded: events.slice(0, -1) })
  return refusal && `${refusal.refused}: ${refusal.detail}`
}

test.each([
  ['a wrong holder', '10:00 thief handover_release id=H1 to=fence'],
  ['an acceptance that nobody released', '10:00 thief handover_accept id=H9'],
  ['no seal found', '10:00 maker seal_check seals='],
  ['an opening without authority', '10:00 courier opened'],
  ['a second packing', '10:00 maker packed'],
  ['an event older than all others', '00:00 maker departed'],
  ['an acknowledgement that is no good', '10:00 courier handover_accept id=H1 ack=Berg'],
  ['a clock up to 2 minutes ahead', '10:02 maker departed'],
  ['a correction of a correction', '10:00 maker correction corrects=3 reason=typo void'],
  [
    'a correction replaced by one of an earlier event',
    '10:00 m correction corrects=3 reason=x := 09:00 m correction corrects=1 reason=y void',
  ],
  ['a replacement', '10:00 maker correction corrects=2 reason=typo := 08:30 maker inspected'],
])('records and finds, never refuses: %s', (_what, line) => expect(refused(line)).toBeNull())

test.each([
  ['10:02:00.001 maker departed', 'in_the_future: '],
  ['10:00 maker handover_release', 'invalid: A handover_release event needs handoverId, toOrg.'],
  ['10:00 maker handover_release id=H1', 'invalid: A handover_release event needs toOrg.'],
  ['10:00 maker handover_accept id=', 'invalid: A handover_accept event needs handoverId.'],
  ['10:00 maker sealed seals=', 'invalid: A sealed event needs seals.'],
  ['10:00 maker resealed', 'invalid: A resealed event needs seals.'],
  ['10:00 maker lost', 'invalid: A lost event needs reason.'],
  ['10:00 maker correction', 'invalid: A correction event needs corrects, reason.'],
  ['10:00 maker correction corrects=1 reason=typo', 'invalid: State what holds instead'],
  ['10:00 maker correction corrects=9 reason=typo void', 'invalid: There is no earlier event 9'],
  ['10:00 maker correction corrects=4 reason=typo void', 'invalid: There is no earlier event 4'],
  ['10:00 maker correction corrects=2 reason=typo := 10:03 maker opened', 'in_the_future: '],
  ['10:00 maker correction corrects=2 reason=typo := 09:00 maker lost', 'invalid: A lost event needs reason.'],
  [
    '10:00 m correction corrects=2 reason=x := 09:00 m correction corrects=1 reason=y void',
    'invalid: Only a correction',
  ],
  [
    '10:00 m correction corrects=3 reason=x := 09:00 m correction corrects=3 reason=y void',
    'invalid: There is no earlier',
  ],
  ['10:00 maker handover_accept id=H1 ack=/Nordfracht/481516', 'invalid: An acknowledgement needs the name'],
  ['10:00 maker departed units=A,A', 'invalid: A list holds'],
])('refuses what is no statement about the world: %s', (line, sentence) => {
  expect(refused(line)?.slice(0, sentence.length)).toBe(sentence)
})

test('every kind has a form in which it is recorded', () => {
  const data = 'id=H1 to=courier seals=S1 reason=typo corrects=1 void'
  const refusals = CUSTODY_KINDS.map((kind) => refused(`10:00 maker ${kind} ${data}`))
  expect(refusals.filter((refusal) => refusal !== null)).toEqual([])
})

test('the hashed record has times as text, leaves out what was not stated, and keeps a null and an empty list', () => {
  const event: CustodyEvent = {
    seq: 7,
    kind: 'correction',
    at: clock('10:00'),
    recordedAt: clock('10:01'),
    byOrg: 'maker',
    units: [],
    coi: null,
    reason: undefined,
    acknowledgement: { name: 'Berg', company: undefined },
    details: { weightG: 12_500 },
    corrects: 2,
    replacement: { kind: 'opened', at: clock('09:00'), byOrg: 'maker', units: ['A'], seals: [] },
  }
  expect(eventRecord(event)).toStrictEqual({
    kind: 'correction',
    at: '2026-03-02T10:00:00.000Z',
    recordedAt: '2026-03-02T10:01:00.000Z',
    byOrg: 'maker',
    units: [],
    coi: null,
    acknowledgement: { name: 'Berg' },
    details: { weightG: 12_500 },
    corrects: 2,
    replacement: { kind: 'opened', at: '2026-03-02T09:00:00.000Z', byOrg: 'maker', units: ['A'], seals: [] },
  })
})
