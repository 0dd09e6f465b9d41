import { firstReach } from './crossing.ts'
import { type Curve, type Piece, trajectory } from './curve.ts'
import { towards } from './first-order.ts'
import { constant, type Input, nextChange } from './input.ts'
import { type NodeCourse, twoNodes } from './two-nodes.ts'

/**
 * A box with packs of phase change material around the product: heat leaks into the packs, and the product touches
 * only them (domain page 3.2: engineering values, not vendor data).
 */
export type PcmBox = {
  leakWPerK: number
  pcmKg: number
  meltingJPerKg: number
  meltsAtC: number
  /** Sensible heat of the packs, frozen or melted, and of the product. */
  packsJPerK: number
  productJPerK: number
  contactWPerK: number
  packsStartC: number
  /** Share of the packs that is liquid at the start; matters only when they start at the melting point. */
  meltedShare: number
  productStartC: number
}

/** An EPS box of 30 L for 2 to 8 C: 5 kg of packs that melt at 5 C, 3 kg of product, conditioned as it should be. */
export const FRIDGE_BOX: PcmBox = {
  leakWPerK: 0.45,
  pcmKg: 5,
  meltingJPerKg: 200_000,
  meltsAtC: 5,
  packsJPerK: 10_000,
  productJPerK: 10_500,
  contactWPerK: 3,
  packsStartC: 5,
  meltedShare: 0.1,
  productStartC: 5,
}

/** The same box packed wrongly: packs straight from the freezer, against the product. Dips below 2 C early. */
export const FROZEN_PACKS: Pick<PcmBox, 'packsStartC' | 'meltedShare'> = { packsStartC: -18, meltedShare: 0 }

/** Vacuum panels for -20 C: a salt solution that melts at -21 C, started from a colder freezer. */
export const FREEZER_BOX: PcmBox = {
  ...FRIDGE_BOX,
  leakWPerK: 0.15,
  pcmKg: 6,
  meltingJPerKg: 230_000,
  meltsAtC: -21,
  packsJPerK: 15_000,
  packsStartC: -25,
  meltedShare: 0,
  productStartC: -25,
}

/** Controlled room temperature, 15 to 25 C: packs that melt at 22 C, half melted, so they work both ways. */
export const ROOM_BOX: PcmBox = {
  ...FRIDGE_BOX,
  meltsAtC: 22,
  packsStartC: 22,
  meltedShare: 0.5,
  productStartC: 22,
}

/** Where the box stands; an open lid, a draught or a broken panel multiplies its leak. */
export type BoxInputs = { ambientC: Input; leakFactor?: Input }

/** `heatJ` is that of the packs against their solid at the melting point: `dH/dt` is what flows into them. */
export type BoxCourse = { productC: Curve; packsC: Curve; meltedShare: Curve; heatJ: Curve }

/**
 * The course of a box with phase change material by its heat content (enthalpy method): the packs stand at the melting
 * point while they melt or freeze (vector TH2), and the product follows them.
 */
export function pcmBox(box: PcmBox, { ambientC, leakFactor = constant(1) }: BoxInputs): BoxCourse {
  const inputs = [ambientC, leakFactor]
  const start = { heatJ: startHeat(box), productC: box.productStartC }
  const course = trajectory<Held>(start, (held, sinceMs) => {
    const leakWPerK = box.leakWPerK * leakFactor.valueAt(sinceMs)
    const stand = { ambientC: ambientC.valueAt(sinceMs), leakWPerK, sinceMs, untilMs: nextChange(inputs, sinceMs) }
    return isMelting(box, held, stand) ? melting(box, held, stand) : sensible(box, held, stand)
  })
  return {
    productC: (sinceMs) => course(sinceMs).productC,
    packsC: (sinceMs) => packsC(box, course(sinceMs).heatJ),
    meltedShare: (sinceMs) => Math.min(1, Math.max(0, course(sinceMs).heatJ / meltingHeat(box))),
    heatJ: (sinceMs) => course(sinceMs).heatJ,
  }
}

/** Heat of the packs: below 0 they are solid, up to the melting heat a mixture, above it liquid. */
type Held = { heatJ: number; productC: number }
type Stand = { ambientC: number; leakWPerK: number; sinceMs: number; untilMs: number }

function startHeat(box: PcmBox): number {
  const heatJ = (box.packsStartC - box.meltsAtC) * box.packsJPerK
  if (heatJ === 0) return box.meltedShare * meltingHeat(box)
  return heatJ < 0 ? heatJ : meltingHeat(box) + heatJ
}

function meltingHeat(box: PcmBox): number {
  return box.pcmKg * box.meltingJPerKg
}

function packsC(box: PcmBox, heatJ: number): number {
  const sensibleJ = heatJ < 0 ? heatJ : Math.max(0, heatJ - meltingHeat(box))
  return box.meltsAtC + sensibleJ / box.packsJPerK
}

/** At the two ends of melting, what flows in decides to which side it goes. */
function isMelting(box: PcmBox, { heatJ, productC }: Held, { ambientC, leakWPerK }: Stand): boolean {
  const flowW = leakWPerK * (ambientC - box.meltsAtC) + box.contactWPerK * (productC - box.meltsAtC)
  if (heatJ === 0) return flowW >= 0
  if (heatJ === meltingHeat(box)) return flowW <= 0
  return heatJ > 0 && heatJ < meltingHeat(box)
}

function melting(box: PcmBox, { heatJ, productC }: Held, stand: Stand): Piece<Held> {
  const { meltsAtC, contactWPerK, productJPerK } = box
  const leakW = stand.leakWPerK * (stand.ambientC - meltsAtC)
  const tauMs = (productJPerK / contactWPerK) * 1000
  const productAt = (ms: number) => towards(productC, meltsAtC, ms / tauMs)
  const heatAt = (ms: number) => heatJ + (leakW * ms) / 1000 + productJPerK * (productC - productAt(ms))
  const high = meltingHeat(box)
  const turnsMs = tauMs * Math.log((-contactWPerK * (productC - meltsAtC)) / leakW)
  const reachedMs = firstReach(heatAt, { low: 0, high }, { turnsMs, untilMs: stand.untilMs - stand.sinceMs })
  const at = (ms: number) => ({ heatJ: Math.min(high, Math.max(0, heatAt(ms))), productC: productAt(ms) })
  if (reachedMs === Number.POSITIVE_INFINITY) return { untilMs: stand.untilMs, at }
  const endJ = heatAt(reachedMs) > high / 2 ? high : 0
  return { untilMs: stand.sinceMs + reachedMs, at, end: { heatJ: endJ, productC: productAt(reachedMs) } }
}

function sensible(box: PcmBox, { heatJ, productC }: Held, stand: Stand): Piece<Held> {
  const isSolid = heatJ <= 0
  const edgeJ = isSolid ? 0 : meltingHeat(box)
  const nodes = packsAndProduct(box, { heatJ, productC }, stand)
  const band = isSolid
    ? { low: Number.NEGATIVE_INFINITY, high: box.meltsAtC }
    : { low: box.meltsAtC, high: Number.POSITIVE_INFINITY }
  const arc = { turnsMs: nodes.outerTurnsMs, untilMs: stand.untilMs - stand.sinceMs }
  const reachedMs = firstReach(nodes.outerC, band, arc)
  const beyondJ = (ms: number) => (nodes.outerC(ms) - box.meltsAtC) * box.packsJPerK
  const at = (ms: number) => ({
    heatJ: edgeJ + (isSolid ? Math.min(0, beyondJ(ms)) : Math.max(0, beyondJ(ms))),
    productC: nodes.innerC(ms),
  })
  if (reachedMs === Number.POSITIVE_INFINITY) return { untilMs: stand.untilMs, at }
  return { untilMs: stand.sinceMs + reachedMs, at, end: { heatJ: edgeJ, productC: nodes.innerC(reachedMs) } }
}

function packsAndProduct(box: PcmBox, { heatJ, productC }: Held, { leakWPerK, ambientC }: Stand): NodeCourse {
  const { packsJPerK, productJPerK, contactWPerK } = box
  return twoNodes(
    { outerC: packsC(box, heatJ), innerC: productC },
    { outerJPerK: packsJPerK, innerJPerK: productJPerK, leakWPerK, contactWPerK, ambientC, heatW: 0 },
  )
}
