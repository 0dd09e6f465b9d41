import { at } from '../custody-script.ts'
import { activeContainer, DEFROST_CLOCK, VAN } from '../physics/active-container.ts'
import { DRY_ICE_BOX, dryIceBox } from '../physics/dry-ice.ts'
import { DRY_SHIPPER, dryShipper } from '../physics/dry-shipper.ts'
import { combined, constant, during, inTurn, legs } from '../physics/input.ts'
import { FRIDGE_BOX, FROZEN_PACKS, pcmBox, ROOM_BOX } from '../physics/pcm-box.ts'
import { TEMPERATE, weather } from '../physics/weather.ts'
import type { Scenario } from '../scenario.ts'
import { calmBox, QUIET, RIDES, SOUND_CUSTODY, script, sensor, WELL } from './parts.ts'

const JANUARY_AT = Date.UTC(2026, 0, 18)
const JULY_AT = Date.UTC(2026, 6, 18)

/** What can go wrong with the cold itself. */
export const COLD_SCENARIOS: readonly Scenario[] = [
  {
    name: 'ln2-depleted-on-its-side',
    story: `The dewar left with the little nitrogen that an earlier trip had left in it. From the fourth hour
      on it lies on its side in the van, which triples the loss, and before the plane lands the absorber is
      dry. Nobody sees it: the probe stands still as long as a drop is left, and then rises by some degrees an
      hour.

      Temperature is a late indicator. The warning level is crossed hours after the last nitrogen is gone and
      stays crossed until opening; the major level is not reached. Alarm, warning, one event that ends with
      the window.`,
    reports: [],
    script: () => {
      const tiltDeg = during(0, [{ fromMs: at(4), toMs: at(30), value: 90 }])
      const poor = { ...DRY_SHIPPER, chargedL: 0.1, heatCapacityJPerK: 3000 }
      return script({
        limits: 'cryo',
        sensors: [sensor('cryo', dryShipper(poor, { tiltDeg }).probeC, { probe: QUIET })],
      })
    },
    expected: { ...WELL, status: 'alarm', severity: 'warning', events: { W: 1 }, alarms: { W: 'confirmed' } },
  },
  {
    name: 'lid-open-too-long',
    story: `At the hub somebody opens the dewar to look for the papers, is called away, and closes it after
      twenty-five minutes. The vapour column is gone within minutes; a bag near the neck warms by tens of
      kelvins a minute.

      Above -120 C no time is allowed at all. The first reading beyond it is a critical alarm, at its own
      instant, and no good reading afterwards takes it back.`,
    reports: [],
    script: () => {
      const open = during(0, [{ fromMs: at(18, 31), toMs: at(18, 56), value: 1 }])
      const curve = dryShipper(DRY_SHIPPER, { lidOpen: open }).probeC
      return script({ limits: 'cryo', sensors: [sensor('cryo', curve, { inputs: [open] })] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'critical',
      events: { W: 1, M: 1, C: 1 },
      alarms: { W: 'confirmed', M: 'confirmed', C: 'confirmed' },
    },
  },
  {
    name: 'lid-open-for-a-moment',
    story: `Customs officers lift the lid for six minutes and put it back. The probe climbs above -150 C and
      falls again within a quarter of an hour: less than the thirty minutes that the warning level allows.

      Every excursion is recorded, also one shorter than the alarm delay: a delay decides about alarms, not
      about truth. One event, no alarm, excursion below alarm.`,
    reports: [],
    script: () => {
      const open = during(0, [{ fromMs: at(18, 33), toMs: at(18, 39), value: 1 }])
      const curve = dryShipper(DRY_SHIPPER, { lidOpen: open }).probeC
      return script({ limits: 'cryo', sensors: [sensor('cryo', curve, { inputs: [open] })] })
    },
    expected: { ...WELL, status: 'excursion_below_alarm', events: { W: 1 } },
  },
  {
    name: 'dry-ice-gone',
    story: `The depot filled the box with what was left of the pellets, a kilogram and a half. On the
      apron the last of it sublimes, and without ice there is nothing that holds: the product warms by degrees
      a minute.

      The limits at -65 and -60 C are crossed one soon after the other. The inner level allows half an hour,
      the outer none: two alarms, the critical one first in weight and both in the list.`,
    reports: [],
    script: () => {
      const curve = dryIceBox({ ...DRY_ICE_BOX, iceKg: 1.6 }).productC
      return script({ limits: 'dryice', sensors: [sensor('dryice', curve)] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'critical',
      events: { H1: 1, H2: 1 },
      alarms: { H1: 'confirmed', H2: 'confirmed' },
    },
  },
  {
    name: 'dry-ice-on-its-side',
    story: `The box falls over in the lorry and lies on its side for eight hours. The cold gas flows out of it
      and draws air over the ice, which gets colder than its sublimation point: the sensor shows less than -90
      C.

      Dry ice products have no low limit for that reason. Colder than usual is not an excursion: in range.`,
    reports: [],
    script: () => {
      const tiltDeg = during(0, [{ fromMs: at(9), toMs: at(17), value: 90 }])
      return script({ limits: 'dryice', sensors: [sensor('dryice', dryIceBox(DRY_ICE_BOX, { tiltDeg }).productC)] })
    },
    expected: WELL,
  },
  {
    name: 'wrong-conditioning',
    story: `The packer takes the packs straight from the freezer at -18 C and puts them against the product,
      instead of waiting until they sweat. The product falls below 2 C within the hour and below 0 C after it,
      where cells die, and then the box is perfect for the rest of the way.

      Below zero no time is allowed: critical. The milder cumulative level below 2 C fires as well and is not
      hidden.`,
    reports: [],
    script: () => {
      const ambientC = legs([
        { forMs: at(4), value: 5 },
        { forMs: at(26), value: 20 },
      ])
      const box = pcmBox({ ...FRIDGE_BOX, ...FROZEN_PACKS }, { ambientC })
      // the logger lies in the packed box from the third hour on; on the bench it was with the product
      const curve = (sinceMs: number) => box.productC(sinceMs - at(3))
      return script({ limits: 'fridge', sensors: [sensor('fridge', curve)] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'critical',
      events: { L1: 1, L2: 1 },
      alarms: { L1: 'confirmed', L2: 'confirmed' },
    },
  },
  {
    name: 'winter-on-the-apron',
    story: `A night in January at -14 C and a pallet forgotten beside the plane. The packs are there against
      warmth: they freeze through, and then the product follows the night below 2 C and below zero until the
      morning van.

      The low side is as much a limit as the high side, and what froze stays spoilt when it has thawed:
      critical, beside the minutes below 2 C that the milder level adds up.`,
    reports: [],
    script: () => {
      const cold = { ...TEMPERATE, yearMeanC: -2, daySwingC: 4 }
      const ambientC = inTurn([
        { fromMs: 0, input: constant(5) },
        { fromMs: at(5), input: combined(weather(cold, JANUARY_AT), constant(-2), (a, b) => a + b) },
        { fromMs: at(20), input: constant(5) },
      ])
      const box = pcmBox({ ...FRIDGE_BOX, pcmKg: 1.5 }, { ambientC })
      return script({ limits: 'fridge', sensors: [sensor('fridge', box.productC, { probe: QUIET })] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'critical',
      events: { L1: 1, L2: 1 },
      alarms: { L1: 'confirmed', L2: 'confirmed' },
    },
  },
  {
    name: 'summer-customs-hold',
    story: `July, 30 C in the shade, and customs keep the box for six hours because a paper is missing. It was
      packed for summer, with all five kilograms of its material, and the material melts at 5 C for as long as
      it lasts.

      A hold is an event in the chain of custody, not a fault of it, and a box that does its work has nothing
      to confess: in range, intact.`,
    reports: [],
    script: () => {
      const hot = weather({ ...TEMPERATE, yearMeanC: 18 }, JULY_AT)
      const ambientC = inTurn([
        { fromMs: 0, input: constant(5) },
        { fromMs: at(8), input: hot },
      ])
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', pcmBox(FRIDGE_BOX, { ambientC }).productC)],
        custody: [
          ...SOUND_CUSTODY,
          { atMs: at(18, 30), by: 'carrier', kind: 'customs_hold', said: { place: 'Example hub', reason: 'papers' } },
          { atMs: at(24, 30), by: 'carrier', kind: 'customs_released', said: { place: 'Example hub' } },
        ],
      })
    },
    expected: WELL,
  },
  {
    name: 'compressor-fails',
    story: `The van's compressor stops at the tenth hour, in the sun, and is repaired at the twentieth. The
      air warms at once, half a ton of product slowly and long: it leaves the range hours after the fault and
      comes back hours after the repair.

      What is judged is the product, not the air. One event of many hours, alarm, major.`,
    reports: [],
    script: () => {
      const compressor = during(1, [{ fromMs: at(10), toMs: at(20), value: 0 }])
      const van = activeContainer(VAN, { ambientC: constant(24), compressor })
      return script({ limits: 'fridge', sensors: [sensor('fridge', van.productC, { probe: QUIET })] })
    },
    expected: { ...WELL, status: 'alarm', severity: 'major', events: { H1: 1 }, alarms: { H1: 'confirmed' } },
  },
  {
    name: 'doors-and-defrost',
    story: `A delivery round: the van's door stands open for some minutes at every stop, and the evaporator
      defrosts every five hours. The sensor in the van's air sees 10 C and more; the one at the product sees
      nothing of it.

      The sensor in the air is placed as ambient: it is stored and shown, and never judged. In range.`,
    reports: [],
    script: () => {
      const stops = [5, 7, 9, 11, 13, 15].map((hour) => ({ fromMs: at(hour), toMs: at(hour, 12), value: 1 }))
      const van = activeContainer(VAN, { doorOpen: during(0, stops), defrost: DEFROST_CLOCK })
      const air = { key: 'air', placements: [{ ...RIDES, role: 'ambient' as const }] }
      return script({
        limits: 'fridge',
        sensors: [sensor('fridge', van.productC), sensor('fridge', van.airC, air)],
      })
    },
    expected: WELL,
  },
  {
    name: 'flight-with-radio-silence',
    story: `Nine hours of flight mode, as the rules of the air demand, and the memory is read out after
      landing. In the air the pressure falls and the nitrogen boils a little colder, which nobody on the
      ground can see.

      A silent leg is normal and is filled later. While it lasts the answer is indeterminate, not in range and
      not an alarm; when the memory has come it is complete, as if there had been no silence.`,
    reports: ['ThingsBoard #14210'],
    script: () => {
      const airHpa = during(1013.25, [{ fromMs: at(9), toMs: at(18), value: 780 }])
      const silences = [{ fromMs: at(9), toMs: at(18), memory: { uploadAtMs: at(19) } }]
      return script({
        limits: 'cryo',
        sensors: [sensor('cryo', dryShipper(DRY_SHIPPER, { airHpa }).probeC, { device: { silences } })],
        looks: [{ atMs: at(15), status: 'indeterminate', complete: false }],
      })
    },
    expected: WELL,
  },
  {
    name: 'set-point-wrong',
    story: `The driver sets the van for the next load, frozen goods at -20 C, while this one still stands in
      it. Eight hours later the depot calls, and he sets it right.

      The product freezes slowly and thaws slowly; nothing at the end of the way shows it. Both low levels
      fire; the critical one rules.`,
    reports: [],
    script: () => {
      const setPointC = during(5, [{ fromMs: at(9), toMs: at(17), value: -20 }])
      const van = activeContainer(VAN, { setPointC })
      return script({ limits: 'fridge', sensors: [sensor('fridge', van.productC, { probe: QUIET })] })
    },
    expected: {
      ...WELL,
      status: 'alarm',
      severity: 'critical',
      events: { L1: 1, L2: 1 },
      alarms: { L1: 'confirmed', L2: 'confirmed' },
    },
  },
  {
    name: 'nothing-happens',
    story: `A box as it should be, on a mild day, by the right parties, opened by the consignee with its seals
      unbroken. Most shipments are like this one. A system that cries here will not be heard when it matters:
      in range, complete, intact, and no finding at all.`,
    reports: [],
    script: () => script({ limits: 'fridge', sensors: [sensor('fridge', calmBox())] }),
    expected: { ...WELL, findings: [] },
  },
  {
    name: 'room-temperature-companion',
    story: `Not everything is cold: reagents travel at 15 to 25 C, in packs that melt at 22 C and work both
      ways. A cold night and a warm day pass over the box.

      The same rules under other limits. In range, complete.`,
    reports: [],
    script: () => {
      const box = pcmBox(ROOM_BOX, { ambientC: during(28, [{ fromMs: at(10), toMs: at(18), value: 8 }]) })
      return script({ limits: 'room', sensors: [sensor('room', box.productC)] })
    },
    expected: WELL,
  },
]
