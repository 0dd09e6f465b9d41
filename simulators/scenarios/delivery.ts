import { at, handover, SEALED_OVER } from '../custody-script.ts'
import { DRY_SHIPPER, dryShipper } from '../physics/dry-shipper.ts'
import { during } from '../physics/input.ts'
import type { Scenario } from '../scenario.ts'
import { calmBox, RIDES, SEALS, script, sensor, WELL } from './parts.ts'

/** A box that stands open in the sun for a while: 11 C at the product, and back at once. */
function warmSpell(fromMs: number, toMs: number) {
  const warm = during(0, [{ fromMs, toMs, value: 6 }])
  const box = calmBox()
  return { curve: (sinceMs: number) => box(sinceMs) + warm.valueAt(sinceMs), inputs: [warm] }
}

const ONE_ALARM = {
  ...WELL,
  status: 'alarm',
  severity: 'major',
  events: { H1: 1 },
  alarms: { H1: 'confirmed' },
} as const

/** What happens to readings between sensor and service. */
export const DELIVERY_SCENARIOS: readonly Scenario[] = [
  {
    name: 'milliseconds-apart',
    story: `A gateway measures twice: each value is followed by another one forty milliseconds later, in a
      message of its own. During the short trip the box stands in the sun, and both messages of each pair are
      beyond the limit.

      Elsewhere every such pair raised the alarm twice. Here an alarm is a fact about time: one event, one
      alarm at the thirtieth minute, however many messages tell of it.`,
    reports: ['ThingsBoard #5652', 'ThingsBoard #15583'],
    script: () => {
      const { curve, inputs } = warmSpell(at(3, 40), at(4, 40))
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', curve, { inputs, echoMs: 40, untilMs: at(5, 30) })],
        custody: [
          { atMs: at(3), by: 'distributor', kind: 'packed', unitsNamed: true, coiNamed: true },
          { atMs: at(3, 5), by: 'distributor', kind: 'sealed', said: { seals: SEALS, reason: SEALED_OVER } },
          ...handover({ from: 'distributor', to: 'carrier', atMs: at(3, 10), seals: SEALS }),
          ...handover({ from: 'carrier', to: 'centre', atMs: at(4, 40), seals: SEALS }),
          { atMs: at(4, 55), by: 'centre', kind: 'received', said: { seals: SEALS } },
          { atMs: at(5), by: 'centre', kind: 'opened', coiNamed: true },
        ],
        gridMs: 40,
      })
    },
    expected: ONE_ALARM,
  },
  {
    name: 'gap-beside-a-warm-reading',
    story: `One reading is above 8 C, and then the sensor is silent for three hours; when it speaks again all
      is well. Other systems let a clock tick on after the last value, and the tick made an alarm out of
      silence.

      The clock adds nothing. What was measured is one interval out; the gap beside it is presumed out, and a
      presumed alarm is not a confirmed one: indeterminate, with the reason, and never called an alarm.`,
    reports: ['ThingsBoard #14210'],
    script: () => {
      const { curve, inputs } = warmSpell(at(11, 50), at(14))
      const silences = [{ fromMs: at(12, 10), toMs: at(15), memory: 'lost' as const }]
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', curve, { inputs, device: { silences } })],
        looks: [{ atMs: at(14), status: 'indeterminate', complete: false }],
      })
    },
    expected: {
      ...WELL,
      status: 'indeterminate',
      complete: false,
      gaps: ['12:15-15:00'],
      events: { H1: 1 },
      alarms: { H1: 'presumed' },
      reasons: ['PRESUMED_ALARM'],
    },
  },
  {
    name: 'buffered-upload-out-of-order',
    story: `In a tunnel of two hours the box was warm. Behind it the logger sends its memory in messages of
      two readings, and they overtake each other: the end of the warm spell arrives before its beginning.

      Elsewhere each message told its own alarm, in the order of arrival. Here arrival chooses only where
      judging starts again: one event, one alarm, at the instant in the tunnel when it was due.`,
    reports: ['ThingsBoard #8681', 'OpenRemote #2676'],
    script: () => {
      const { curve, inputs } = warmSpell(at(12, 20), at(13, 40))
      const silences = [{ fromMs: at(12), toMs: at(14), memory: { uploadAtMs: at(14) } }]
      const device = { silences, readingsPerUpload: 2, overtaken: { every: 2, by: 2 } }
      return script({ limits: 'fridge', sensors: [sensor('fridge', curve, { inputs, device, readOutMs: at(28) })] })
    },
    expected: ONE_ALARM,
  },
  {
    name: 'late-values-count',
    story: `The logger's radio fails at noon and nobody notices. The shipment is opened, and indeterminate.
      Two hours later somebody connects the logger, and its memory shows an hour above 8 C on the way.

      Late values were dropped elsewhere because something newer was known. Here they are judged as if they
      had been on time: the gap closes, and the alarm stands, after delivery.`,
    reports: ['OpenRemote #1642'],
    script: () => {
      const { curve, inputs } = warmSpell(at(15), at(16))
      const silences = [{ fromMs: at(12), toMs: at(30), memory: { uploadAtMs: at(30) } }]
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', curve, { inputs, device: { silences }, readOutMs: at(29) })],
        looks: [{ atMs: at(28), status: 'indeterminate', complete: false }],
      })
    },
    expected: ONE_ALARM,
  },
  {
    name: 'overtaken-messages',
    story: `Somewhere between sensor and broker every third message is overtaken by the two behind it, all the
      way, and every fifth arrives twice. A warm spell lies in the middle.

      Order of measurement rules, order of arrival does not; a repeated reading is the same reading. One
      event, one alarm, and no conflict.`,
    reports: ['OpenRemote #2676'],
    script: () => {
      const { curve, inputs } = warmSpell(at(15), at(16))
      const device = { overtaken: { every: 3, by: 2 }, duplicateEvery: 5 }
      return script({ limits: 'fridge', sensors: [sensor('fridge', curve, { inputs, device, readOutMs: at(28) })] })
    },
    expected: ONE_ALARM,
  },
  {
    name: 'logger-downloaded-three-times',
    story: `The logger is read out at the hub, at the dock and once more in the pharmacy, and each time it
      sends everything it ever measured. The warm spell of the first night is in each of them.

      Elsewhere each download created its breaches again. A reading is known by sensor, channel and instant:
      the second and third copy change nothing. One event, one alarm.`,
    reports: ['msupply mobile #3569'],
    script: () => {
      const { curve, inputs } = warmSpell(at(9), at(10))
      const downloadsMs = [at(18, 20), at(26, 20), at(28, 30)]
      return script({ limits: 'fridge', sensors: [sensor('fridge', curve, { inputs, downloadsMs })] })
    },
    expected: ONE_ALARM,
  },
  {
    name: 'dropped-in-silence',
    story: `A broker's queue overflows while its consumer is away, and it drops three hours of messages that
      it had already acknowledged, without a word. The sensor believes that they arrived and keeps nothing.

      Nothing can bring them back, so it must be seen: sequence numbers are missing, and the time is a gap.
      Whoever asks is told indeterminate and from when to when, not in range.`,
    reports: ['Mosquitto #2349'],
    script: () => {
      const silences = [{ fromMs: at(12), toMs: at(15), memory: 'lost' as const }]
      return script({
        limits: 'cryo',
        sensors: [sensor('cryo', dryShipper(DRY_SHIPPER).probeC, { device: { silences } })],
      })
    },
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['12:00-15:00'] },
  },
  {
    name: 'service-killed',
    story: `The service is killed without warning while readings come, and starts again. What waits in an
      offline member's session is parked, not delivered; what was sent and not acknowledged is sent again.

      Nothing is acknowledged before it is stored, so whatever the service did not live to store still belongs
      to somebody else. The warm spell lies across the death of the process: one event, complete, nothing
      lost.`,
    reports: ['Mosquitto #1747', 'Mosquitto #2662'],
    script: () => {
      const { curve, inputs } = warmSpell(at(20), at(22))
      return script({ limits: 'fridge', sensors: [sensor('fridge', curve, { inputs })], kills: [at(21)] })
    },
    expected: ONE_ALARM,
  },
  {
    name: 'sensor-lost-while-warm',
    story: `The logger falls out of the box on the apron while the product is above 8 C, and is never found.
      Elsewhere such a breach went on for ever, since nothing came that could end it.

      What was measured is confirmed, what follows is presumed, and both end where the window ends: at
      opening.

      The time measured sufficed for the alarm; the gap behind it is on record too.`,
    reports: ['open-msupply #3207'],
    script: () => {
      const { curve, inputs } = warmSpell(at(18), at(30))
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', curve, { inputs, device: { batteryDiesMs: at(19) } })],
      })
    },
    expected: { ...ONE_ALARM, complete: false, gaps: ['19:00-27:00'] },
  },
  {
    name: 'placed-after-arrival',
    story: `Nobody said which sensor rides with the shipment until it was at the hub. Its readings, the warm
      hour among them, had arrived long before, for no shipment at all.

      Readings of a sensor that is not placed are kept, and a placement is an interval of time, not a switch:
      the same answer as if it had been known all along, and indeterminate until then.`,
    reports: ['open-msupply #2597'],
    script: () => {
      const { curve, inputs } = warmSpell(at(9), at(10))
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', curve, { inputs, placements: [{ ...RIDES, toldMs: at(20) }] })],
        looks: [{ atMs: at(18), status: 'indeterminate', complete: false }],
      })
    },
    expected: ONE_ALARM,
  },
]
