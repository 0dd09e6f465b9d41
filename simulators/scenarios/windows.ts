import { at, PACKED_MS } from '../custody-script.ts'
import { during } from '../physics/input.ts'
import type { Scenario, Statement } from '../scenario.ts'
import { calmBox, EXACT, RIDES, SEALS, SOUND_CUSTODY, script, sensor, WELL } from './parts.ts'

const HOUR_MS = at(1)
const DAY_MS = at(24)

/** Exact values, one after the other: for stories about numbers. */
function exactly(baseC: number, stretches: readonly { fromMs: number; toMs: number; value: number }[]) {
  const input = during(baseC, stretches)
  return { curve: (sinceMs: number) => input.valueAt(sinceMs), inputs: [input], probe: EXACT }
}

/** Numbers that stand still are suspicious where a sensor shows noise: these stories have exact ones. */
const SUSPECT = ['SENSOR_SUSPECT'] as const

/** When windows open and close, and what time is. */
export const WINDOW_SCENARIOS: readonly Scenario[] = [
  {
    name: 'window-opens-without-a-new-reading',
    story: `The box was packed, stood in the sun, and its sensor fell silent at noon. Only in the evening does
      the packer enter that it was packed that morning. No reading comes any more that could wake a rule.

      State changes by a statement as well as by a packet. At the moment in which the window opens, backwards,
      the alarm of the morning is there, and the silence since noon is a gap.`,
    reports: ['ThingsBoard #16118'],
    script: () => {
      const packed = SOUND_CUSTODY.map((step) => (step.kind === 'packed' ? { ...step, toldMs: at(18, 10) } : step))
      const warm = exactly(5, [{ fromMs: at(5), toMs: at(6), value: 9 }])
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', warm.curve, { ...warm, untilMs: at(12) })],
        custody: packed,
        looks: [
          { atMs: at(18), status: 'indeterminate', complete: false },
          { atMs: at(18, 20), status: 'alarm', complete: false },
        ],
      })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      complete: false,
      gaps: ['12:00-27:00'],
      events: { H1: 1 },
      alarms: { H1: 'confirmed' },
    },
  },
  {
    name: 'across-midnight',
    story: `A warm spell from half past nine in the evening until a quarter to one, over midnight in UTC and
      over midnight at the place. A daily report elsewhere made two breaches of it, each too short to alarm.

      A day is for display. Time has no seam at midnight: one event of three hours and a quarter, and one
      alarm.`,
    reports: ['open-msupply #8360'],
    script: (startAt) => {
      const midnightMs = Math.ceil((startAt + at(4)) / DAY_MS) * DAY_MS - startAt
      const warm = during(0, [{ fromMs: midnightMs - at(2, 30), toMs: midnightMs + at(0, 45), value: 6 }])
      const box = calmBox()
      const curve = (sinceMs: number) => box(sinceMs) + warm.valueAt(sinceMs)
      return script({ limits: 'fridge', sensors: [sensor('fridge', curve, { inputs: [warm] })] })
    },
    expected: { ...WELL, status: 'alarm', severity: 'major', events: { H1: 1 }, alarms: { H1: 'confirmed' } },
  },
  {
    name: 'night-of-the-clock-change',
    story: `A journey over the night in which Europe's clocks were last changed, told afterwards from papers
      and from the logger's memory. The logger writes wall clock times with their offset, so that one hour has
      no name or two. With the offset each text is one instant. The warm spell around the change is one event
      of exactly two hours, no hour is missing and none is counted twice. Every statement is a late entry,
      which is a remark and breaks nothing.`,
    reports: [],
    script: (startAt) => {
      const { changeAt, beforeMs, afterMs } = lastClockChange(startAt)
      const warm = during(0, [{ fromMs: at(13), toMs: at(15), value: 6 }])
      const box = calmBox()
      const curve = (sinceMs: number) => box(sinceMs) + warm.valueAt(sinceMs)
      return script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', curve, {
            inputs: [warm],
            localOffsetMs: (instant) => (instant < changeAt ? beforeMs : afterMs),
          }),
        ],
        afterwards: { journeyAt: changeAt - at(14), toldMs: at(4) },
      })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      events: { H1: 1 },
      alarms: { H1: 'confirmed' },
      findings: SOUND_CUSTODY.map(() => 'LATE_ENTRY' as const),
    },
  },
  {
    name: 'one-nine-nine-nine',
    story: `Four readings: 1, 9, 9, 9. The first is below the range, the others above it. Elsewhere a breach
      had to begin and end on one side, and this one was none at all.

      Each level is judged by itself: a quarter of an hour below 2 C is an event, three quarters above 8 C are
      an event and an alarm.`,
    reports: ['msupply mobile #3757'],
    script: () => {
      const jump = exactly(5, [
        { fromMs: at(12), toMs: at(12, 15), value: 1 },
        { fromMs: at(12, 15), toMs: at(13), value: 9 },
      ])
      return script({ limits: 'fridge', sensors: [sensor('fridge', jump.curve, jump)] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      events: { H1: 1, L1: 1 },
      alarms: { H1: 'confirmed' },
      reasons: SUSPECT,
    },
  },
  {
    name: 'cumulative-beside-consecutive',
    story: `Reagents at 15 to 25 C. Six hours at 26 C in three pieces use up the four hours that may be spent
      above 25 C in all; in the last of them an hour and a half are above 30 C, of which one hour is allowed
      at a time.

      Elsewhere the cumulative breach, once there, hid the consecutive one. Here every level has its own
      result, and none is silent because another one speaks: two alarms, each at its own instant.`,
    reports: ['msupply mobile #4549'],
    script: () => {
      const warm = exactly(20, [
        { fromMs: at(6), toMs: at(8), value: 26 },
        { fromMs: at(10), toMs: at(12, 30), value: 26 },
        { fromMs: at(15), toMs: at(16, 30), value: 31 },
      ])
      return script({ limits: 'room', sensors: [sensor('room', warm.curve, warm)] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      events: { H1: 3, H2: 1 },
      alarms: { H1: 'confirmed', H2: 'confirmed' },
      reasons: SUSPECT,
    },
  },
  {
    name: 'exactly-the-allowance',
    story: `Exactly 8.0 C for hours, and then exactly thirty minutes at 8.1 C. The limit is 8 C and the
      allowance thirty minutes. Exactly at the limit is in range; a run that lasts exactly the allowance
      fires. Neither is rounded to the safe side: one event, one alarm, at the half hour.`,
    reports: [],
    script: () => {
      const edge = exactly(8, [{ fromMs: at(12), toMs: at(12, 30), value: 8.1 }])
      return script({ limits: 'fridge', sensors: [sensor('fridge', edge.curve, edge)] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      events: { H1: 1 },
      alarms: { H1: 'confirmed' },
      reasons: SUSPECT,
    },
  },
  {
    name: 'opened-by-mistake-voided',
    story: `The nurse presses "opened" for the wrong box, half an hour after it was
      received. The window ends
      there, and a warm hour behind it is not seen. She corrects it: that opening was none. The box is
      opened two hours later. A correction is a new record that points to the old one. The window runs on, the
      placement with it, and the warm spell of the last hour is judged.`,
    reports: [],
    script: () => {
      const warm = exactly(5, [{ fromMs: at(25, 45), toMs: at(26, 45), value: 9 }])
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', warm.curve, { ...warm, untilMs: at(29) })],
        custody: OPENED_TWICE,
        looks: [{ atMs: at(26, 50), status: 'in_range', complete: true }],
      })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      events: { H1: 1 },
      alarms: { H1: 'confirmed' },
      reasons: SUSPECT,
    },
  },
  {
    name: 'left-in-the-office',
    story: `The sensor was taken out of the box at the twentieth hour and lay in the office at 21 C, while the
      papers said that it still rode along: an alarm that was none of the product's. The courier corrects the
      placement: it ended at twenty hours.

      No reading is touched. What the sensor saw of the office is outside of its placement, and what nobody
      measured of the product until opening is a gap: from alarm to indeterminate, and not to in range.`,
    reports: [],
    script: () => {
      const office = during(0, [{ fromMs: at(20), toMs: at(40), value: 16 }])
      const box = calmBox()
      const correction = { toldMs: at(28), reason: 'it was taken out at the hub', change: { toMs: at(20) } }
      return script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', (ms) => box(ms) + office.valueAt(ms), {
            inputs: [office],
            placements: [{ ...RIDES, correction }],
          }),
        ],
        looks: [{ atMs: at(27, 30), status: 'alarm', complete: true }],
      })
    },
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['20:00-27:00'] },
  },
  {
    name: 'logger-started-late',
    story: `The box was packed at the third hour and the logger switched on at the fifth. The window begins
      with the first unit loaded, never with the monitoring.

      What nobody measured at the start is a gap like any other: indeterminate, two hours.`,
    reports: [],
    script: () =>
      script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), { fromMs: PACKED_MS + 2 * HOUR_MS })] }),
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['3:00-5:00'] },
  },
]

const BEFORE_OPENING: readonly Statement[] = SOUND_CUSTODY.filter(
  ({ kind }) => kind !== 'opened' && kind !== 'unpacked',
)

/** Received at 24:25 here, so that the wrong opening lies before the warm spell. */
const OPENED_TWICE: readonly Statement[] = [
  ...BEFORE_OPENING.map((step) => (step.atMs >= at(26) ? { ...step, atMs: step.atMs - at(2) } : step)),
  { atMs: at(25), by: 'centre', kind: 'opened', coiNamed: true, label: 'wrong opening' },
  {
    atMs: at(27, 20),
    by: 'centre',
    kind: 'correction',
    said: { reason: 'another box was opened' },
    corrects: { label: 'wrong opening', instead: null },
  },
  { atMs: at(27, 30), by: 'centre', kind: 'opened', coiNamed: true, said: { place: 'Example pharmacy' } },
  { atMs: at(27, 40), by: 'centre', kind: 'unpacked', unitsNamed: true },
  { atMs: at(27, 45), by: 'centre', kind: 'inspected', said: { seals: SEALS } },
]

/** In the European Union both changes are on a last Sunday at 01:00 UTC; here the last one well before an instant. */
function lastClockChange(beforeAt: number): { changeAt: number; beforeMs: number; afterMs: number } {
  const year = new Date(beforeAt).getUTCFullYear()
  const changes = [year - 1, year].flatMap((of) => [
    { changeAt: lastSundayAt(of, 2), beforeMs: HOUR_MS, afterMs: 2 * HOUR_MS },
    { changeAt: lastSundayAt(of, 9), beforeMs: 2 * HOUR_MS, afterMs: HOUR_MS },
  ])
  const last = changes.findLast(({ changeAt }) => changeAt < beforeAt - 7 * DAY_MS)
  if (last === undefined) throw new Error('no change of clocks within a year')
  return last
}

function lastSundayAt(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0))
  return Date.UTC(year, month, last.getUTCDate() - last.getUTCDay(), 1)
}
