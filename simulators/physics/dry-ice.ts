import { SEA_LEVEL_HPA } from './air-pressure.ts'
import { firstTrue } from './crossing.ts'
import { type Curve, type Piece, trajectory } from './curve.ts'
import { towards } from './first-order.ts'
import { constant, type Input, nextChange } from './input.ts'

/** A box with dry ice around the product (domain page 3.3: engineering values, not vendor data). */
export type DryIceBox = {
  iceKg: number
  /** Box and product without ice. */
  emptyKg: number
  leakWPerK: number
  /** Sublimation point at sea level, and the heat it takes. */
  sublimesC: number
  sublimationJPerKg: number
  productJPerK: number
  /** How fast the product follows the ice around it. */
  productTauMs: number
  productStartC: number
  /** How much colder the ice gets in a draught or in a box on its side. */
  draughtK: number
}

const MINUTE_MS = 60_000

/** 12 kg of ice in an EPS box at 22 C last four days. */
export const DRY_ICE_BOX: DryIceBox = {
  iceKg: 12,
  emptyKg: 8,
  leakWPerK: 0.2,
  sublimesC: -78.5,
  sublimationJPerKg: 571_000,
  productJPerK: 8000,
  productTauMs: 40 * MINUTE_MS,
  productStartC: -78.5,
  draughtK: 14,
}

/** What happens to the box: `tiltDeg` from upright, `leakFactor` for an open lid or a crack. */
export type DryIceInputs = { ambientC: Input; tiltDeg: Input; airHpa: Input; leakFactor: Input }

const AT_REST: DryIceInputs = {
  ambientC: constant(22),
  tiltDeg: constant(0),
  airHpa: constant(SEA_LEVEL_HPA),
  leakFactor: constant(1),
}

/** What can be known of the box; the weight is the fuel gauge. */
export type DryIceCourse = { productC: Curve; iceKg: Curve; massKg: Curve }

/** The course of a dry ice box: steady while ice lasts (vector TH3), colder in the air, then a fast warm-up. */
export function dryIceBox(box: DryIceBox, happens: Partial<DryIceInputs> = {}): DryIceCourse {
  const inputs = { ...AT_REST, ...happens }
  const course = trajectory<Cooled>({ iceKg: box.iceKg, productC: box.productStartC }, (cooled, sinceMs) =>
    cooled.iceKg > 0 ? subliming(box, inputs, { cooled, sinceMs }) : warming(box, inputs, { cooled, sinceMs }),
  )
  const iceKg = (sinceMs: number) => course(sinceMs).iceKg
  return {
    productC: (sinceMs) => course(sinceMs).productC,
    iceKg,
    massKg: (sinceMs) => box.emptyKg + iceKg(sinceMs),
  }
}

/** When the last ice is gone, in ms since the start; null when some is left at the horizon. */
export function iceLifeMs({ iceKg }: Pick<DryIceCourse, 'iceKg'>, horizonMs: number): number | null {
  return firstTrue((sinceMs) => iceKg(sinceMs) <= 0, { fromMs: 0, toMs: horizonMs })
}

type Cooled = { iceKg: number; productC: number }
type Moment = { cooled: Cooled; sinceMs: number }

function subliming(box: DryIceBox, inputs: DryIceInputs, { cooled, sinceMs }: Moment): Piece<Cooled> {
  const pointC = sublimationC(box, inputs.airHpa.valueAt(sinceMs))
  const iceC = inputs.tiltDeg.valueAt(sinceMs) > LIES_BEYOND_DEG ? pointC - box.draughtK : pointC
  const leakW = leakWPerK(box, inputs, sinceMs) * (inputs.ambientC.valueAt(sinceMs) - iceC)
  const kgPerMs = Math.max(0, leakW) / box.sublimationJPerKg / 1000
  const changeMs = nextChange(Object.values(inputs), sinceMs)
  const goneMs = kgPerMs > 0 ? sinceMs + cooled.iceKg / kgPerMs : Number.POSITIVE_INFINITY
  const at = (ms: number) => ({
    iceKg: Math.max(0, cooled.iceKg - kgPerMs * ms),
    productC: towards(cooled.productC, iceC, ms / box.productTauMs),
  })
  if (goneMs > changeMs) return { untilMs: changeMs, at }
  return { untilMs: goneMs, at, end: { ...at(goneMs - sinceMs), iceKg: 0 } }
}

function warming(box: DryIceBox, inputs: DryIceInputs, { cooled, sinceMs }: Moment): Piece<Cooled> {
  const tauMs = (box.productJPerK / leakWPerK(box, inputs, sinceMs)) * 1000
  const ambientC = inputs.ambientC.valueAt(sinceMs)
  return {
    untilMs: nextChange([inputs.ambientC, inputs.leakFactor], sinceMs),
    at: (ms) => ({ iceKg: 0, productC: towards(cooled.productC, ambientC, ms / tauMs) }),
  }
}

function leakWPerK(box: DryIceBox, inputs: DryIceInputs, sinceMs: number): number {
  return box.leakWPerK * inputs.leakFactor.valueAt(sinceMs)
}

/** A box tilted further than this lies on its side: the cold gas flows out of it. */
const LIES_BEYOND_DEG = 60
const ZERO_C_IN_K = 273.15
/** Of carbon dioxide: 44.01 g/mol against the gas constant. */
const KG_PER_MOL = 0.04401
const GAS_CONSTANT_J_PER_MOL_K = 8.314

/** Clausius and Clapeyron: 3 to 4 K lower at the cabin altitude of 8000 ft. */
function sublimationC(box: DryIceBox, airHpa: number): number {
  const perK = (box.sublimationJPerKg * KG_PER_MOL) / GAS_CONSTANT_J_PER_MOL_K
  const inverseK = 1 / (box.sublimesC + ZERO_C_IN_K) - Math.log(airHpa / SEA_LEVEL_HPA) / perK
  return 1 / inverseK - ZERO_C_IN_K
}
