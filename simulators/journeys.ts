import { arrival, at, departure, PACKED_MS, released } from './custody-script.ts'
import type { Journey, SensorScript } from './journey.ts'
import { EXAMPLE_LIMITS } from './limits.ts'
import type { Curve } from './physics/curve.ts'
import { DRY_SHIPPER, dryShipper, type ShipperCourse } from './physics/dry-shipper.ts'
import { constant, during, type Input, legs, steps } from './physics/input.ts'
import { withLid } from './physics/lid.ts'
import { FRIDGE_BOX, pcmBox } from './physics/pcm-box.ts'
import { PT100, THERMISTOR } from './physics/probe.ts'

/** How far back a play begins, so that it ends at the real now: every script is over by then. */
export const JOURNEY_MS = at(30)

/** The sensor of a delivered shipment is stopped an hour after opening: what it measures then is outside the window. */
const STOPPED_MS = at(28)

/** The journeys of the demo, in the order of its table. */
export function demoJourneys(): Journey[] {
  return [intact(), warmSpell(), lostReadings(), silentInFlight(), placedLate(), neverAccepted()]
}

function intact(): Journey {
  const tiltDeg = during(0, [{ fromMs: at(10), toMs: at(11), value: 90 }])
  return {
    key: 'A-INTACT',
    title: 'intact',
    story:
      'A charged dry shipper, two handovers with two words each, opened by the consignee. The courier lays it ' +
      'on its side for an hour, which costs nitrogen but no temperature. Some messages arrive twice.',
    limits: 'cryo',
    sensor: {
      ...cryoSensor(dryShipper(DRY_SHIPPER, { tiltDeg }), tiltDeg),
      duplicateEvery: 20,
    },
    placement: { madeAtMs: at(2, 45), fromMs: PACKED_MS },
    custody: [...departure(['A-1', 'A-2']), ...arrival(['A-1', 'A-2'])],
    expected: { status: 'in_range', severity: null, complete: true, chainStatus: 'intact', holder: 'centre' },
  }
}

function warmSpell(): Journey {
  const box = { ...FRIDGE_BOX, pcmKg: 3, meltedShare: 0.2 }
  const ambientC = legs([
    { forMs: at(4), value: 5 },
    { forMs: at(5), value: 22 },
    { forMs: at(9), value: 18 },
    { forMs: at(6), value: 36 },
    { forMs: at(2), value: 3 },
    { forMs: at(10), value: 6 },
  ])
  // the box stands open in the cold room
  const leakFactor = during(1, [{ fromMs: at(24), toMs: at(26), value: 6 }])
  return {
    key: 'B-WARM',
    title: 'excursion with alarm',
    story:
      'Too little cooling material for six hours of customs hold on a hot apron: it is used up, and the payload ' +
      'warms above 8 C for more than half an hour before the courier gets it into a cold room.',
    limits: 'fridge',
    sensor: fridgeSensor(pcmBox(box, { ambientC, leakFactor }).productC),
    placement: { madeAtMs: at(2, 45), fromMs: PACKED_MS },
    custody: [
      ...departure(['B-1', 'B-2']),
      { atMs: at(18, 30), by: 'carrier', kind: 'customs_hold', said: { place: 'Example hub', reason: 'papers' } },
      { atMs: at(23, 50), by: 'carrier', kind: 'customs_released', said: { place: 'Example hub' } },
      ...arrival(['B-1', 'B-2']),
    ],
    expected: { status: 'alarm', severity: 'major', complete: true, chainStatus: 'intact', holder: 'centre' },
  }
}

function lostReadings(): Journey {
  return {
    key: 'C-LOST',
    title: 'lost data',
    story:
      'The memory of three hours is lost for good. Everything else is in range, and nobody can say what ' +
      'happened then.',
    limits: 'fridge',
    sensor: {
      ...fridgeSensor(wellPackedBox()),
      silences: [{ fromMs: at(12), toMs: at(15), memory: 'lost' }],
    },
    placement: { madeAtMs: at(2, 45), fromMs: PACKED_MS },
    custody: [...departure(['C-1', 'C-2']), ...arrival(['C-1', 'C-2'])],
    expected: { status: 'indeterminate', severity: null, complete: false, chainStatus: 'intact', holder: 'centre' },
  }
}

function silentInFlight(): Journey {
  const open = during(0, [{ fromMs: at(10, 11), toMs: at(10, 16), value: 1 }])
  return {
    key: 'D-FLIGHT',
    title: 'silent in flight',
    story:
      'Flight mode for nine hours. After landing the sensor sends what it measures, its memory only after the ' +
      'centre received the box: the gap closes, and shows that somebody held the lid open for five minutes. ' +
      'Who relied on it is listed, and a person has to look again.',
    limits: 'fridge',
    sensor: {
      ...fridgeSensor(withLid(wellPackedBox(), { open, roomC: 26, tauMs: at(0, 8) })),
      inputs: [open],
      silences: [{ fromMs: at(9), toMs: at(18), memory: { uploadAtMs: at(27, 30) } }],
    },
    placement: { madeAtMs: at(2, 45), fromMs: PACKED_MS },
    custody: [...departure(['D-1', 'D-2']), ...arrival(['D-1', 'D-2'])],
    expected: {
      status: 'excursion_below_alarm',
      severity: null,
      complete: true,
      chainStatus: 'intact',
      holder: 'centre',
      review: 're_review',
      before: { status: 'indeterminate', complete: false, seen: 'before the upload' },
    },
  }
}

function placedLate(): Journey {
  const box = wellPackedBox()
  // the probe lies among the packs for a while before the box is closed, so that it has forgotten the bench
  const isInBox = steps([
    { fromMs: 0, value: 0 },
    { fromMs: PACKED_MS - at(0, 10), value: 1 },
  ])
  return {
    key: 'E-PLACED',
    title: 'placed afterwards',
    story:
      'The packer forgot to say which sensor rides along. Its readings wait, those from the bench before ' +
      'packing too, until the courier places it back-dated; then the window is judged as if it had been known ' +
      'all the time.',
    limits: 'fridge',
    sensor: {
      ...fridgeSensor((sinceMs) => (isInBox.valueAt(sinceMs) === 1 ? box(sinceMs) : 21)),
      inputs: [isInBox],
    },
    placement: { madeAtMs: at(22), fromMs: PACKED_MS },
    custody: [...departure(['E-1', 'E-2']), ...arrival(['E-1', 'E-2'])],
    expected: {
      status: 'in_range',
      severity: null,
      complete: true,
      chainStatus: 'intact',
      holder: 'centre',
      before: { status: 'indeterminate', complete: false, seen: 'before the placement' },
    },
  }
}

function neverAccepted(): Journey {
  const seals = ['F-1', 'F-2']
  return {
    key: 'F-HANDOVER',
    title: 'never accepted',
    story:
      'Cold all the way, and released to the treatment centre, but nobody there ever said that they took it. ' +
      'The courier still holds it, the chain is incomplete, and the sensor goes on.',
    limits: 'cryo',
    sensor: { ...cryoSensor(dryShipper(DRY_SHIPPER), constant(0)), untilMs: null },
    placement: { madeAtMs: at(2, 45), fromMs: PACKED_MS },
    custody: [
      ...departure(seals),
      { atMs: at(26), by: 'carrier', kind: 'delivered', said: { place: 'Example hospital' } },
      released({ from: 'carrier', to: 'centre', atMs: at(26, 5), seals }),
    ],
    expected: { status: 'in_range', severity: null, complete: true, chainStatus: 'incomplete', holder: 'carrier' },
  }
}

function wellPackedBox(): Curve {
  const ambientC = legs([
    { forMs: at(4), value: 5 },
    { forMs: at(5), value: 20 },
    { forMs: at(9), value: 16 },
    { forMs: at(12), value: 18 },
  ])
  return pcmBox(FRIDGE_BOX, { ambientC }).productC
}

/** It weighs its shipper and feels how it lies. */
function cryoSensor({ probeC, massKg }: ShipperCourse, tiltDeg: Input): SensorScript {
  const { nominalIntervalMs } = EXAMPLE_LIMITS.cryo
  const gauges = { tiltDeg, massKg }
  return { ...sensor(probeC), gauges, intervalMs: nominalIntervalMs, probe: PT100, correctionMilliC: 600 }
}

function fridgeSensor(curve: Curve): SensorScript {
  const { nominalIntervalMs } = EXAMPLE_LIMITS.fridge
  return { ...sensor(curve), intervalMs: nominalIntervalMs, probe: THERMISTOR, correctionMilliC: -100 }
}

function sensor(curve: Curve): Omit<SensorScript, 'intervalMs' | 'probe' | 'correctionMilliC'> {
  return { fromMs: at(2), untilMs: STOPPED_MS, curve, inputs: [], gauges: null, silences: [], duplicateEvery: null }
}
