import { at } from '../custody-script.ts'
import { DRY_SHIPPER, dryShipper } from '../physics/dry-shipper.ts'
import { during } from '../physics/input.ts'
import type { Scenario } from '../scenario.ts'
import { backup, CERTIFIED, calmBox, QUIET, RIDES, script, sensor, WELL } from './parts.ts'

/** Sensors as they are. */
export const DEVICE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'fahrenheit-honestly-said',
    story: `The logger was bought overseas and speaks degrees Fahrenheit, and says so: 41.0 FAH. Its backup
      speaks SenML in CBOR and kelvin. Both are the same 5 C.

      The unit travels with the value and is converted exactly at the door; nobody has to know which logger it
      was. In range, and the two agree to the milli-degree.`,
    reports: [],
    script: () =>
      script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', calmBox(), { device: { tells: 'fahrenheit' } }),
          backup('fridge', calmBox(), { device: { dialect: 'senml-cbor', tells: 'kelvin' } }),
        ],
      }),
    expected: WELL,
  },
  {
    name: 'fahrenheit-said-as-celsius',
    story: `The same logger with its menu set wrongly: it sends 41.0 and calls it Celsius. The service
      believes what it is told, and 41 C is a critical alarm from the first reading on. It has to be: the next
      one may be true.

      A person finds the mistake at the hub, withdraws the placement with the reason, and the honest backup
      that rode along all the time carries the shipment. The readings stay where they are; the evaluation that
      was wrong stays in the history; the answer is in range.`,
    reports: [],
    script: () => {
      const withdrawn = { toldMs: at(20), reason: 'set to Fahrenheit by mistake', change: 'withdrawn' as const }
      return script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', calmBox(), {
            device: { tells: 'fahrenheit_as_celsius' },
            placements: [{ ...RIDES, correction: withdrawn }],
          }),
          backup('fridge', calmBox(), { device: { dialect: 'senml-json' } }),
        ],
        looks: [{ atMs: at(12), status: 'alarm', complete: true }],
      })
    },
    expected: WELL,
  },
  {
    name: 'stuck-value',
    story: `A converter hangs and the logger repeats 5.0 for eleven hours. Everything looks perfect, too
      perfect: this model shows noise, and its noise has vanished.

      A value that stands still says nothing about the product. It is no excursion, so the status is not
      worsened by a guess, but the suspicion stands beside it for whoever decides.`,
    reports: [],
    script: () => {
      const stuck = [{ fromMs: at(9), toMs: at(20) }]
      return script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), { device: { stuck } })] })
    },
    expected: { ...WELL, reasons: ['SENSOR_SUSPECT'] },
  },
  {
    name: 'drifting-sensor',
    story: `The product sensor ages within a day: it reads four kelvins more every twelve hours and passes 8 C
      in the evening. The backup an inch away reads 5 C all the time.

      Worst case, never the mean, and never the better of two: which sensor lies is for a person to say, with
      reason and signature. Until then it is an alarm, major.`,
    reports: [],
    script: () =>
      script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', calmBox(), { probe: QUIET, device: { drift: { fromMs: at(10), milliCPerDay: 8000 } } }),
          backup('fridge', calmBox()),
        ],
      }),
    expected: { ...WELL, status: 'alarm', severity: 'major', events: { H1: 1 }, alarms: { H1: 'confirmed' } },
  },
  {
    name: 'saturated-in-the-dewar',
    story: `Somebody put a fridge logger into a dewar. Its thermistor is blind in that cold and shows the end
      of its range, -40.0, for the whole way: above every limit of the product, if one believed it, and no
      measurement at all. A value at the end of the registered range is a fault. Faults are counted and leave
      a hole, not a value: no readings, indeterminate, and neither a false alarm nor a false all-clear.`,
    reports: [],
    script: () =>
      script({
        limits: 'cryo',
        sensors: [
          sensor('cryo', dryShipper(DRY_SHIPPER).probeC, {
            device: { range: { minMilliC: -40_000, maxMilliC: 85_000 } },
            rangeC: { lowC: -40, highC: 85 },
          }),
        ],
      }),
    expected: {
      ...WELL,
      status: 'indeterminate',
      complete: false,
      gaps: ['3:00-27:00'],
      reasons: ['NO_READINGS'],
    },
  },
  {
    name: 'battery-dies-backup-carries',
    story: `The product sensor's battery dies in the middle of the night. Nobody was told to worry: that is
      what the backup is for.

      An instant is known where any product sensor has a value. The dead one leaves no gap; complete and in
      range.`,
    reports: [],
    script: () =>
      script({
        limits: 'fridge',
        sensors: [sensor('fridge', calmBox(), { device: { batteryDiesMs: at(15) } }), backup('fridge', calmBox())],
      }),
    expected: WELL,
  },
  {
    name: 'battery-dies-alone',
    story: `The same death, without a backup. The last reading, in range, holds for one interval; then nobody
      knows. No data is not good data. Twelve hours of gap until the opening: indeterminate, incomplete,
      although every reading that exists is perfect.`,
    reports: [],
    script: () =>
      script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), { device: { batteryDiesMs: at(15) } })] }),
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['15:00-27:00'] },
  },
  {
    name: 'reset-loses-the-memory',
    story: `In a dead spot of the radio the logger resets. It kept what it had measured there in RAM only:
      five hours are gone, and its sequence numbers begin again at 1.

      Numbers that come back are not duplicates: a reading is known by its sensor, channel and instant. What
      was lost is a gap, and what came after it counts.`,
    reports: [],
    script: () => {
      const silences = [{ fromMs: at(10), toMs: at(16), memory: { uploadAtMs: at(16) } }]
      const resets = [{ atMs: at(15), memory: 'ram' as const }]
      return script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), { device: { silences, resets } })] })
    },
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['10:00-15:00'] },
  },
  {
    name: 'clock-in-local-time',
    story: `After a change of batteries the courier sets the logger's clock by his watch: two hours ahead. For
      four hours its messages come from the future and are held; then the clock is set right, and a person
      releases them.

      A time is never silently rewritten, so released readings stand where the logger said: two hours are
      empty, two hours have two values for one instant. Both are kept, the worse one counts, and the conflicts
      are on the list.`,
    reports: ['OpenRemote #1674'],
    script: () => {
      const clock = [
        { fromMs: at(10), offsetMs: at(2), driftPpm: 0 },
        { fromMs: at(14), offsetMs: 0, driftPpm: 0 },
      ]
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', calmBox(), { device: { clock }, releasedMs: at(20) })],
      })
    },
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['10:00-12:00'] },
  },
  {
    name: 'clock-a-week-ahead',
    story: `The date is wrong by a week, three hours long, until the logger hears the time again. Twelve
      messages speak of next week.

      They are held for a person, with their bytes, and nobody releases them: they would not fill the hole
      anyway. They are not clamped to now, which would invent measurements, and not dropped, which would hide
      that the clock was wrong. A gap of three hours, twelve messages held.`,
    reports: ['OpenRemote #1674'],
    script: () => {
      const clock = [
        { fromMs: at(12), offsetMs: 7 * at(24), driftPpm: 0 },
        { fromMs: at(15), offsetMs: 0, driftPpm: 0 },
      ]
      return script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), { device: { clock } })] })
    },
    expected: { ...WELL, status: 'indeterminate', complete: false, gaps: ['12:00-15:00'], held: 12 },
  },
  {
    name: 'swapped-on-the-way',
    story: `At the hub the sensor is exchanged because its display is broken: the old one is taken out at the
      fifteenth hour, the new one rides from that instant on.

      Two placements, each judged within its own time, and together they leave nothing open. In range,
      complete.`,
    reports: [],
    script: () =>
      script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', calmBox(), { untilMs: at(16), placements: [{ ...RIDES, toMs: at(15) }] }),
          sensor('fridge', calmBox(), {
            key: 'successor',
            fromMs: at(14),
            placements: [{ ...RIDES, fromMs: at(15), toldMs: at(15) }],
          }),
        ],
      }),
    expected: WELL,
  },
  {
    name: 'swapped-with-a-hole',
    story: `The same exchange, but the new sensor lay in the office for ninety minutes before anybody put it
      into the box, and the papers say so. The product was warm at the time the old one was taken out.

      Time without a product sensor is a gap, and next to a reading that is out it is presumed out: neither
      the readings nor the hole can be called good.`,
    reports: [],
    script: () => {
      const warm = during(0, [{ fromMs: at(14, 25), toMs: at(16), value: 5 }])
      const box = calmBox()
      const curve = (sinceMs: number) => box(sinceMs) + warm.valueAt(sinceMs)
      return script({
        limits: 'fridge',
        sensors: [
          sensor('fridge', curve, { inputs: [warm], untilMs: at(15), placements: [{ ...RIDES, toMs: at(14, 45) }] }),
          sensor('fridge', curve, {
            key: 'successor',
            inputs: [warm],
            fromMs: at(16),
            placements: [{ ...RIDES, fromMs: at(16, 15), toldMs: at(16, 30) }],
          }),
        ],
      })
    },
    expected: {
      ...WELL,
      status: 'indeterminate',
      complete: false,
      gaps: ['14:45-16:15'],
      events: { H1: 1 },
      alarms: { H1: 'presumed' },
      reasons: ['PRESUMED_ALARM'],
    },
  },
  {
    name: 'calibration-added-late',
    story: `The sensor travels without a certificate on file: its readings are good, and worth nothing without
      it. At the hub the laboratory sends the certificate, dated before the journey: the sensor shows 0.4 K
      too little.

      First the best answer is indeterminate. Then every reading is corrected, and some hours of 7.8 C are 8.2
      C: what looked in range is an alarm. The readings themselves are not touched.`,
    reports: [],
    script: () => {
      const warm = during(0, [{ fromMs: at(9), toMs: at(13), value: 2.8 }])
      const curve = (sinceMs: number) => 5 + warm.valueAt(sinceMs)
      const certificate = { ...CERTIFIED, correctionMilliC: 400, addedMs: at(19) }
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', curve, { inputs: [warm], probe: QUIET, certificates: [certificate] })],
        looks: [{ atMs: at(17), status: 'indeterminate', complete: true }],
      })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'major',
      events: { H1: 1 },
      alarms: { H1: 'confirmed' },
    },
  },
  {
    name: 'certificate-expires-on-the-way',
    story: `The certificate runs out at the sixteenth hour of a journey of a day. Nobody checked at departure
      that it covers the way.

      Valid only if the certificate covers the whole window. Every reading is in range, and the answer is
      indeterminate at best.`,
    reports: [],
    script: () => {
      const certificates = [{ ...CERTIFIED, dueMs: at(16) }]
      return script({ limits: 'fridge', sensors: [sensor('fridge', calmBox(), { certificates })] })
    },
    expected: { ...WELL, status: 'indeterminate', reasons: ['CALIBRATION_INVALID'] },
  },
]
