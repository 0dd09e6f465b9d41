import { gaussian, type Random } from '../random.ts'
import { SEA_LEVEL_HPA } from './air-pressure.ts'
import { firstTrue } from './crossing.ts'
import { type Curve, type Piece, trajectory } from './curve.ts'
import { towards } from './first-order.ts'
import { constant, type Input, nextChange } from './input.ts'
import { withLid } from './lid.ts'

/** How a liquid nitrogen dry vapour shipper is built and charged (domain page 3.1: engineering values, no vendor's). */
export type DryShipper = {
  chargedL: number
  capacityL: number
  emptyKg: number
  /** Loss when upright at `ratedAmbientC`. */
  lossLPerDay: number
  ratedAmbientC: number
  /** This unit against its model: same-model shippers differ by up to 40 %. */
  unitFactor: number
  tiltFactors: { leaning: number; side: number; inverted: number }
  /** The heat leak grows when no cold vapour leaves any more. */
  warmLeakFactor: number
  heatCapacityJPerK: number
  openLossLPerMin: number
  neckTauMs: number
  nitrogen: { boilsC: number; kgPerL: number; jPerKg: number }
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** A common 4.1 L shipper, fully charged: 5.3 kg empty, 8.6 kg charged. */
export const DRY_SHIPPER: DryShipper = {
  chargedL: 4.1,
  capacityL: 4.1,
  emptyKg: 5.3,
  lossLPerDay: 0.25,
  ratedAmbientC: 22,
  unitFactor: 1,
  tiltFactors: { leaning: 1.5, side: 3, inverted: 6 },
  warmLeakFactor: 2.5,
  heatCapacityJPerK: 3500,
  openLossLPerMin: 0.05,
  neckTauMs: 20 * MINUTE_MS,
  nitrogen: { boilsC: -195.8, kgPerL: 0.807, jPerKg: 199_200 },
}

/** What happens to a shipper: `tiltDeg` from upright (90 on its side, 180 upside down), `lidOpen` 0 or 1. */
export type ShipperInputs = { ambientC: Input; tiltDeg: Input; airHpa: Input; lidOpen: Input }

/** Upright and closed in a room at 22 C, at sea level. */
const AT_REST: ShipperInputs = {
  ambientC: constant(22),
  tiltDeg: constant(0),
  airHpa: constant(SEA_LEVEL_HPA),
  lidOpen: constant(0),
}

/** What can be known of a shipper: the probe's temperature is a late indicator, its weight the fuel gauge. */
export type ShipperCourse = { probeC: Curve; coreC: Curve; litres: Curve; massKg: Curve }

/**
 * The course of a dry vapour shipper from its charge: a steady loss while liquid lasts, a slow creep of the probe, and
 * a warm-up after the last of it (vector TH4).
 */
export function dryShipper(shipper: DryShipper, happens: Partial<ShipperInputs> = {}): ShipperCourse {
  const inputs = { ...AT_REST, ...happens }
  const course = trajectory<Cold>(
    { litres: shipper.chargedL, coreC: boilingC(shipper, inputs.airHpa.valueAt(0)) },
    (cold, sinceMs) =>
      cold.litres > 0 ? losing(shipper, inputs, { cold, sinceMs }) : warming(shipper, inputs, { cold, sinceMs }),
  )
  const litres = (sinceMs: number) => course(sinceMs).litres
  const atBagLevel = (sinceMs: number) => bagLevelC(shipper, course(sinceMs))
  return {
    probeC: withLid(atBagLevel, { open: inputs.lidOpen, roomC: ROOM_C, tauMs: shipper.neckTauMs }),
    coreC: (sinceMs) => course(sinceMs).coreC,
    litres,
    massKg: (sinceMs) => shipper.emptyKg + litres(sinceMs) * shipper.nitrogen.kgPerL,
  }
}

/** When the last liquid is gone, in ms since the charge; null when some is left at the horizon. */
export function depletionMs({ litres }: Pick<ShipperCourse, 'litres'>, horizonMs: number): number | null {
  return firstTrue((sinceMs) => litres(sinceMs) <= 0, { fromMs: 0, toMs: horizonMs })
}

/** How much more (or less) than its model one shipper loses: log-normal around 1, which gives the spread of 40 %. */
export function unitFactor(random: Random): number {
  return Math.exp(gaussian(random, UNIT_SPREAD))
}

const UNIT_SPREAD = 0.15
/** Lids are opened indoors. */
const ROOM_C = 20
/** Less air pressure lowers the boiling point: 0.8 K per 100 hPa. */
const BOILING_K_PER_HPA = 0.008
/** Warmer surroundings drive the loss: 1 % per K from where it was rated. */
const LOSS_SHARE_PER_K = 0.01

type Cold = { litres: number; coreC: number }
type Moment = { cold: Cold; sinceMs: number }

function losing(shipper: DryShipper, inputs: ShipperInputs, { cold, sinceMs }: Moment): Piece<Cold> {
  const lossPerMs = lossLPerMs(shipper, inputs, sinceMs)
  const coreC = boilingC(shipper, inputs.airHpa.valueAt(sinceMs))
  const changeMs = nextChange(Object.values(inputs), sinceMs)
  const emptyMs = lossPerMs > 0 ? sinceMs + cold.litres / lossPerMs : Number.POSITIVE_INFINITY
  const at = (ms: number) => ({ litres: Math.max(0, cold.litres - lossPerMs * ms), coreC })
  return emptyMs <= changeMs ? { untilMs: emptyMs, at, end: { litres: 0, coreC } } : { untilMs: changeMs, at }
}

function warming(shipper: DryShipper, inputs: ShipperInputs, { cold, sinceMs }: Moment): Piece<Cold> {
  const { nitrogen, lossLPerDay, ratedAmbientC } = shipper
  const lossW = (lossLPerDay * shipper.unitFactor * nitrogen.kgPerL * nitrogen.jPerKg) / (DAY_MS / 1000)
  const leakWPerK = (shipper.warmLeakFactor * lossW) / (ratedAmbientC - nitrogen.boilsC)
  const tauMs = (shipper.heatCapacityJPerK / leakWPerK) * 1000
  const ambientC = inputs.ambientC.valueAt(sinceMs)
  return {
    untilMs: inputs.ambientC.changeAfter(sinceMs),
    at: (ms) => ({ litres: 0, coreC: towards(cold.coreC, ambientC, ms / tauMs) }),
  }
}

function lossLPerMs(shipper: DryShipper, inputs: ShipperInputs, sinceMs: number): number {
  const warmth = 1 + LOSS_SHARE_PER_K * (inputs.ambientC.valueAt(sinceMs) - shipper.ratedAmbientC)
  const tilt = tiltFactor(shipper, inputs.tiltDeg.valueAt(sinceMs))
  const closed = (shipper.lossLPerDay * shipper.unitFactor * tilt * Math.max(0, warmth)) / DAY_MS
  return closed + (inputs.lidOpen.valueAt(sinceMs) * shipper.openLossLPerMin) / MINUTE_MS
}

function tiltFactor({ tiltFactors }: DryShipper, angleDeg: number): number {
  if (angleDeg < 30) return 1
  if (angleDeg <= 60) return tiltFactors.leaning
  return angleDeg <= 120 ? tiltFactors.side : tiltFactors.inverted
}

function boilingC({ nitrogen }: DryShipper, airHpa: number): number {
  return nitrogen.boilsC - BOILING_K_PER_HPA * (SEA_LEVEL_HPA - airHpa)
}

/** The probe hangs at bag level: a little above the absorber when charged, 26 K above it when empty. */
const ABOVE_CORE_K = 4
const STRATIFICATION_K = 22
/** Near the room's temperature nothing is stratified; far above -120 C, so no limit feels where this begins. */
const UNSTRATIFIED_WITHIN_K = 52

function bagLevelC(shipper: DryShipper, { litres, coreC }: Cold): number {
  const layers = ABOVE_CORE_K + STRATIFICATION_K * (1 - litres / shipper.capacityL) ** 3
  const belowRoomK = shipper.ratedAmbientC - coreC
  return coreC + layers * Math.min(1, Math.max(0, belowRoomK / UNSTRATIFIED_WITHIN_K))
}
