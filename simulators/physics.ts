import { gaussian, type Random } from './random.ts'

/**
 * Temperatures inside containers as pure functions of the time since a start, in degrees Celsius (domain page section
 * 3: engineering values, not vendor data). Between two changes of the surroundings the equations are solved exactly,
 * so a value does not depend on how often it is asked for. /
 */
export type Curve = (sinceMs: number) => number

/** How a liquid nitrogen dry vapour shipper is built and charged; tilted on its side during the given times. */
export type DryShipper = {
  chargedL: number
  capacityL: number
  lossLPerDay: number
  ambientC: number
  /** Loss is multiplied while the shipper lies: 3 on its side, 6 upside down. */
  tilts: readonly { fromMs: number; toMs: number; factor: number }[]
  /** The heat leak grows when no cold vapour leaves any more. */
  warmLeakFactor: number
  heatCapacityJPerK: number
}

/** A common 4.1 L shipper, fully charged, upright, at 22 C. */
export const DRY_SHIPPER: DryShipper = {
  chargedL: 4.1,
  capacityL: 4.1,
  lossLPerDay: 0.25,
  ambientC: 22,
  tilts: [],
  warmLeakFactor: 2.5,
  heatCapacityJPerK: 3500,
}

const NITROGEN_BOILS_C = -195.8
const NITROGEN_KG_PER_L = 0.807
const NITROGEN_J_PER_KG = 199_200
const DAY_MS = 86_400_000
/** The probe hangs at bag level: a little above the absorber when charged, 26 K above it when empty. */
const PROBE_ABOVE_CORE_C = 4
const PROBE_STRATIFICATION_C = 22

/** The probe of a dry vapour shipper: a slow creep while liquid lasts, then a warm-up (checked by vector TH4). */
export function dryShipperProbe(shipper: DryShipper): Curve {
  const emptyAfterMs = depletionMs(shipper)
  return (sinceMs) => {
    const fill = litresLeft(shipper, sinceMs) / shipper.capacityL
    return coreC(shipper, sinceMs - emptyAfterMs) + PROBE_ABOVE_CORE_C + PROBE_STRATIFICATION_C * (1 - fill) ** 3
  }
}

/** Liquid left after a time: the fuel gauge that the temperature is not. */
export function litresLeft(shipper: DryShipper, sinceMs: number): number {
  return Math.max(0, shipper.chargedL - (lossLPerDay(shipper) * weightedMs(shipper, sinceMs)) / DAY_MS)
}

/** When the last liquid is gone, in ms since the charge. */
export function depletionMs(shipper: DryShipper): number {
  const needed = (shipper.chargedL / lossLPerDay(shipper)) * DAY_MS
  const edges = shipper.tilts.flatMap((tilt) => [tilt.fromMs, tilt.toMs]).sort((a, b) => a - b)
  let after = 0
  for (const edge of [...edges, Number.POSITIVE_INFINITY]) {
    const factor = tiltFactor(shipper, after)
    const missing = needed - weightedMs(shipper, after)
    if (after + missing / factor <= edge) return after + missing / factor
    after = edge
  }
  return after
}

function lossLPerDay(shipper: DryShipper): number {
  return shipper.lossLPerDay * (1 + 0.01 * (shipper.ambientC - 22))
}

/** Time since the charge, the tilted part of it counted as often as it loses. */
function weightedMs(shipper: DryShipper, sinceMs: number): number {
  const extra = shipper.tilts.map(({ fromMs, toMs, factor }) => {
    return Math.max(0, Math.min(sinceMs, toMs) - fromMs) * (factor - 1)
  })
  return extra.reduce((sum, ms) => sum + ms, Math.max(0, sinceMs))
}

function tiltFactor(shipper: DryShipper, atMs: number): number {
  return shipper.tilts.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)?.factor ?? 1
}

function coreC(shipper: DryShipper, sinceEmptyMs: number): number {
  if (sinceEmptyMs <= 0) return NITROGEN_BOILS_C
  const lossW = (shipper.lossLPerDay * NITROGEN_KG_PER_L * NITROGEN_J_PER_KG) / (DAY_MS / 1000)
  const leakWPerK = (shipper.warmLeakFactor * lossW) / (shipper.ambientC - NITROGEN_BOILS_C)
  return towards(NITROGEN_BOILS_C, shipper.ambientC, (sinceEmptyMs / 1000) * (leakWPerK / shipper.heatCapacityJPerK))
}

/** A box with phase change material around the payload; both have one temperature. */
export type PcmBox = {
  leakWPerK: number
  pcmKg: number
  meltingJPerKg: number
  meltsAtC: number
  /** Sensible heat of payload and material together. */
  heatCapacityJPerK: number
  startC: number
  /** Share of the material that is liquid at the start; matters only when the box starts at the melting point. */
  meltedShare: number
}

/** An EPS box of 30 L: 5 kg of material that melts at 5 C, 3 kg payload. */
export const PCM_BOX: PcmBox = {
  leakWPerK: 0.45,
  pcmKg: 5,
  meltingJPerKg: 200_000,
  meltsAtC: 5,
  heatCapacityJPerK: 25_000,
  startC: 5,
  meltedShare: 0.1,
}

/** Where the box stands for how long; an open lid or a draught multiplies its leak. */
export type Surroundings = readonly { forMs: number; ambientC: number; leakFactor?: number }[]

/**
 * The payload of a box with phase change material (enthalpy method, vector TH2); the last surroundings last for ever.
 */
export function pcmBoxPayload(box: PcmBox, surroundings: Surroundings): Curve {
  const starts: { atMs: number; heatJ: number }[] = []
  let [atMs, heatJ] = [0, startHeat(box)]
  for (const place of surroundings) {
    starts.push({ atMs, heatJ })
    heatJ = heatAfter(box, heatJ, place)
    atMs += place.forMs
  }
  return (sinceMs) => {
    const index = Math.max(
      0,
      starts.findLastIndex((start) => start.atMs <= sinceMs),
    )
    const [start, place] = [starts[index], surroundings[index]]
    if (start === undefined || place === undefined) return box.startC
    return temperatureOf(box, heatAfter(box, start.heatJ, { ...place, forMs: Math.max(0, sinceMs - start.atMs) }))
  }
}

/**
 * Heat content against the solid at the melting point: below 0 solid, up to the melting heat a mixture, above it
 * liquid.
 */
function startHeat(box: PcmBox): number {
  const sensible = (box.startC - box.meltsAtC) * box.heatCapacityJPerK
  if (sensible === 0) return box.meltedShare * meltingHeat(box)
  return sensible < 0 ? sensible : meltingHeat(box) + sensible
}

function meltingHeat(box: PcmBox): number {
  return box.pcmKg * box.meltingJPerKg
}

function temperatureOf(box: PcmBox, heatJ: number): number {
  const sensible = heatJ < 0 ? heatJ : Math.max(0, heatJ - meltingHeat(box))
  return box.meltsAtC + sensible / box.heatCapacityJPerK
}

/** At most three pieces: warm-up of the solid, melting, warm-up of the liquid (or the other way). */
const MAX_PHASES = 3

function heatAfter(box: PcmBox, heatJ: number, place: Surroundings[number]): number {
  let [heat, leftS] = [heatJ, place.forMs / 1000]
  for (let phase = 0; phase < MAX_PHASES && leftS > 0; phase += 1) {
    const step = isMelting(box, heat, place.ambientC) ? meltFor(box, heat, place) : warmFor(box, heat, place)
    if (step.untilS >= leftS) return step.heatAt(leftS)
    heat = step.heatAt(step.untilS)
    leftS -= step.untilS
  }
  return heat
}

function isMelting(box: PcmBox, heat: number, ambientC: number): boolean {
  const warming = ambientC > box.meltsAtC
  return warming ? heat >= 0 && heat < meltingHeat(box) : heat > 0 && heat <= meltingHeat(box)
}

/** A stretch without change of phase: the heat after so many seconds, and when the phase changes. */
type Phase = { heatAt: (seconds: number) => number; untilS: number }

function meltFor(box: PcmBox, heat: number, place: Surroundings[number]): Phase {
  const watt = leak(box, place) * (place.ambientC - box.meltsAtC)
  const target = watt > 0 ? meltingHeat(box) : 0
  const untilS = watt === 0 ? Number.POSITIVE_INFINITY : (target - heat) / watt
  return { heatAt: (seconds) => (seconds >= untilS ? target : heat + watt * seconds), untilS }
}

function warmFor(box: PcmBox, heat: number, place: Surroundings[number]): Phase {
  const edge = heat <= 0 ? 0 : meltingHeat(box)
  const perS = leak(box, place) / box.heatCapacityJPerK
  const fromC = box.meltsAtC + (heat - edge) / box.heatCapacityJPerK
  const reaches =
    (fromC < box.meltsAtC && place.ambientC > box.meltsAtC) || (fromC > box.meltsAtC && place.ambientC < box.meltsAtC)
  const untilS = reaches
    ? Math.log((fromC - place.ambientC) / (box.meltsAtC - place.ambientC)) / perS
    : Number.POSITIVE_INFINITY
  const at = (seconds: number) =>
    edge + (towards(fromC, place.ambientC, seconds * perS) - box.meltsAtC) * box.heatCapacityJPerK
  return { heatAt: (seconds) => (seconds >= untilS ? edge : at(seconds)), untilS }
}

function leak(box: PcmBox, place: Surroundings[number]): number {
  return box.leakWPerK * (place.leakFactor ?? 1)
}

/**
 * What a probe near the lid sees while the lid is open: it relaxes towards the room, and afterwards back to the
 * payload. `tauMs` is 20 minutes for a dewar's neck, less for a box (5 to 60, domain page 3.1). /
 */
export function withLidOpen(
  payload: Curve,
  lid: { fromMs: number; toMs: number; roomC: number; tauMs: number },
): Curve {
  const peakC = towards(payload(lid.fromMs), lid.roomC, (lid.toMs - lid.fromMs) / lid.tauMs)
  return (sinceMs) => {
    if (sinceMs < lid.fromMs) return payload(sinceMs)
    if (sinceMs < lid.toMs) return towards(payload(lid.fromMs), lid.roomC, (sinceMs - lid.fromMs) / lid.tauMs)
    return towards(peakC, payload(sinceMs), (sinceMs - lid.toMs) / lid.tauMs)
  }
}

/** First order (vector TH1): from one temperature towards another, `elapsed` in time constants. */
function towards(fromC: number, toC: number, elapsed: number): number {
  return toC + (fromC - toC) * Math.exp(-elapsed)
}

/** What the probe adds to the truth: noise, and a display of one decimal. */
export type Probe = { noiseSdC: number; random: Random }

/** A measured value in integer milli-degrees, quantised to 0.1 C as loggers send it. */
export function measure(trueC: number, probe: Probe): number {
  return Math.round((trueC + gaussian(probe.random, probe.noiseSdC)) * 10) * 100 + 0
}
