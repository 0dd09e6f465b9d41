import type { PlannedShipment } from './fleet-plan.ts'
import type { FleetProfile } from './fleet-scenario.ts'
import { EXAMPLE_LIMITS, type Limits } from './limits.ts'
import type { Curve } from './physics/curve.ts'
import { DRY_ICE_BOX, dryIceBox } from './physics/dry-ice.ts'
import { DRY_SHIPPER, dryShipper, unitFactor } from './physics/dry-shipper.ts'
import { constant, during, type Input } from './physics/input.ts'
import { withLid } from './physics/lid.ts'
import { FRIDGE_BOX, pcmBox } from './physics/pcm-box.ts'
import { type Probe, PT100, THERMISTOR } from './physics/probe.ts'
import { type Random, seededRandom, seedOf } from './random.ts'

/** What is the same for all shipments of one profile. */
export type FleetKind = {
  limits: Limits
  /** Without lag: at one sample in five minutes and more it shows in no verdict, and costs most of the computing. */
  probe: Probe
  sensor: { model: string; rangeLowC: number; rangeHighC: number }
  certificate: { uncertaintyC: number; atC: readonly number[] }
}

/** The temperature around the product of one shipment, and around its box. */
export type ShipmentCourse = { productC: Curve; ambientC: Curve }

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const DRY_ICE_LIMITS: Limits = {
  name: 'EXAMPLE dry ice, label <= -60 C',
  labelLowMilliC: null,
  labelHighMilliC: -60_000,
  nominalIntervalMs: 10 * MINUTE_MS,
  maxGapMs: 30 * MINUTE_MS,
  levels: [
    { id: 'H1', side: 'high', limitMilliC: -65_000, mode: 'single', allowedMs: 30 * MINUTE_MS, severity: 'major' },
    { id: 'H2', side: 'high', limitMilliC: -60_000, mode: 'single', allowedMs: 0, severity: 'critical' },
  ],
}

/** The kinds of shipment a fleet consists of; limits are examples of domain page 2.2. */
export const FLEET_KINDS: Record<FleetProfile, FleetKind> = {
  cryo: {
    limits: EXAMPLE_LIMITS.cryo,
    probe: { ...PT100, lagTauMs: 0 },
    sensor: { model: 'Example cryo logger', rangeLowC: -210, rangeHighC: 110 },
    certificate: { uncertaintyC: 1, atC: [-196, -150, -100] },
  },
  fridge: {
    limits: EXAMPLE_LIMITS.fridge,
    probe: { ...THERMISTOR, lagTauMs: 0 },
    sensor: { model: 'Example fridge logger', rangeLowC: -45, rangeHighC: 90 },
    certificate: { uncertaintyC: 0.3, atC: [-10, 5, 30] },
  },
  dryice: {
    limits: DRY_ICE_LIMITS,
    probe: { ...PT100, lagTauMs: 0 },
    sensor: { model: 'Example dry ice logger', rangeLowC: -210, rangeHighC: 110 },
    certificate: { uncertaintyC: 0.5, atC: [-90, -60, 25] },
  },
}

/** What one shipment lives through: the physics of its box, varied by the seed, with its disturbance in it. */
export function courseOf(shipment: PlannedShipment, seed: number): ShipmentCourse {
  const random = seededRandom(seedOf(seed, `box of shipment ${shipment.index}`))
  const ambientC = constant(between(random, COOLEST_C, WARMEST_C))
  return { productC: PRODUCT[shipment.profile](shipment, ambientC, random), ambientC: ambientC.valueAt }
}

const COOLEST_C = 15
const WARMEST_C = 28
/** Boxes are opened indoors; a box lets the warmth in faster than a dewar's neck. */
const ROOM_C = 22
const BOX_TAU_MS = 15 * MINUTE_MS

const PRODUCT: Record<FleetProfile, (shipment: PlannedShipment, ambientC: Input, random: Random) => Curve> = {
  cryo: (shipment, ambientC, random) => {
    const unit = { ...DRY_SHIPPER, unitFactor: unitFactor(random) }
    const lidOpen = opened(shipment)
    const emptyMs = depletedMs(shipment)
    if (emptyMs === null) return dryShipper(unit, { ambientC, lidOpen }).probeC
    // an old unit with little in it, so that the warm-up after the last nitrogen shows within a day
    const chargedL = (unit.lossLPerDay * unit.unitFactor * emptyMs) / DAY_MS
    const worn = { ...unit, chargedL, warmLeakFactor: 4, heatCapacityJPerK: 2000 }
    return dryShipper(worn, { ambientC }).probeC
  },
  fridge: (shipment, ambientC, random) => {
    const box = { ...FRIDGE_BOX, meltedShare: between(random, 0.05, 0.2) }
    const emptyMs = depletedMs(shipment)
    const leakW = box.leakWPerK * (ambientC.valueAt(0) - box.meltsAtC)
    const leftJ = emptyMs === null ? null : (leakW * emptyMs) / 1000
    const meltedShare = leftJ === null ? box.meltedShare : Math.max(0, 1 - leftJ / (box.pcmKg * box.meltingJPerKg))
    return underLid(pcmBox({ ...box, meltedShare }, { ambientC }).productC, shipment)
  },
  dryice: (shipment, ambientC, random) => {
    const box = { ...DRY_ICE_BOX, leakWPerK: between(random, 0.15, 0.22) }
    const emptyMs = depletedMs(shipment)
    const leakW = box.leakWPerK * (ambientC.valueAt(0) - box.sublimesC)
    const iceKg = emptyMs === null ? box.iceKg : (leakW * emptyMs) / 1000 / box.sublimationJPerKg
    return underLid(dryIceBox({ ...box, iceKg }, { ambientC }).productC, shipment)
  },
}

function underLid(payload: Curve, shipment: PlannedShipment): Curve {
  if (shipment.disturbance?.kind !== 'warm_spell') return payload
  return withLid(payload, { open: opened(shipment), roomC: ROOM_C, tauMs: BOX_TAU_MS })
}

function opened({ disturbance }: PlannedShipment): Input {
  if (disturbance?.kind !== 'warm_spell') return constant(0)
  return during(0, [{ fromMs: disturbance.fromMs, toMs: disturbance.toMs, value: 1 }])
}

/** When the coolant of the shipment is used up; null where it lasts. */
function depletedMs({ disturbance }: PlannedShipment): number | null {
  return disturbance?.kind === 'depletion' ? Math.max(disturbance.fromMs, MINUTE_MS) : null
}

function between(random: Random, min: number, max: number): number {
  return min + random() * (max - min)
}
