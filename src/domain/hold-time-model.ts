import { COOLANTS, type CooledContainer } from './coolant.ts'
import type { Handling, Posture } from './handling.ts'
import { certain, gather, gathering, type Likely, mapped, normal, type Spread, spreadOf } from './likely.ts'

/**
 * The model behind `holdTimeLeft`: every way the trip may have gone and this unit may be, each with its weight, played
 * through to the end. Weights are engineering values [P], not vendor data.
 */
export function outcomes(trip: Trip): { leftMs: Spread; coolantG: Spread } {
  const left = gathering(LEFT_STEP_MS)
  const coolant = gathering(1)
  const ahead = aheadOf(trip)
  for (const [one, weight] of cases(trip)) {
    const usedG = lostG(trip, trip.since, one)
    const believed = weight * likelihood(trip, one)
    for (const amount of trip.amountG) {
      const nowG = Math.max(0, amount.value - usedG)
      gather(coolant, nowG, believed * amount.weight)
      for (const handling of ahead) {
        const leftMs = (nowG / rateAhead(trip, one, handling.value)) * DAY_MS
        gather(left, leftMs, believed * amount.weight * handling.weight)
      }
    }
  }
  return { leftMs: spreadOf(left), coolantG: spreadOf(coolant) }
}

/** As fine as an estimate in hours is printed. */
const LEFT_STEP_MS = 360_000

/** What the model is given. */
export type Trip = {
  lossGPerDay: number
  container: CooledContainer
  /** Grams of coolant where `since` begins. */
  amountG: Likely
  since: Leg
  /** Null where nothing was weighed twice. */
  lesson: Lesson | null
  to: Future
}

/** A stretch of the trip: how it was handled, and how warm it was around, where enough of it is known. */
export type Leg = { handling: Handling; ambientC: number | null }

/** What two weighings taught about this unit: grams lost on a leg. */
export type Lesson = { leg: Leg; lostG: number }

/** What is known of the hours to come: how warm it has been of late, how it stands now. */
export type Future = { ambientC: number | null; posture: Posture | null }

const DAY_MS = 86_400_000

/** Of scales under a dewar on a dock [P]. */
export const WEIGHING_SD_G = 50
/** Same-model units differ by up to 40 %: log-normal. */
const UNIT: Likely = mapped(normal(0, 0.15), Math.exp)
/** A posture costs its usual factor, or half or twice the surplus (on its side 3, from 2 to 5). */
const SEVERITY: Likely = [
  { value: 0.5, weight: 1 },
  { value: 1, weight: 4 },
  { value: 2, weight: 1 },
]
const SURPLUS: Record<Posture, number> = { upright: 0, leaning: 0.5, side: 2, inverted: 5 }
/** The mean factor of handling nobody watched: mostly upright; in transport half the static hold time is usual [P]. */
const UNWATCHED: Likely = [
  { value: 1, weight: 0.5 },
  { value: 1.15, weight: 0.2 },
  { value: 1.4, weight: 0.15 },
  { value: 2, weight: 0.1 },
  { value: 3, weight: 0.05 },
]
/** Kelvins off what is assumed of the surroundings, once where they are unknown, less where they were watched [P]. */
const CLIMATE: Likely = [
  { value: -8, weight: 1 },
  { value: 0, weight: 4 },
  { value: 8, weight: 1 },
]
const RATED_C = 22
const WATCHED_CLIMATE_SHARE = 0.6

/** One way the trip may have gone and this unit may be. */
type Case = { unit: number; severity: number; climateK: number; unwatched: number }

function* cases({ container, since, lesson }: Trip): Generator<[Case, number]> {
  const { poursOut } = COOLANTS[container.coolant]
  const watched = since.handling.unknown === 0 && (lesson?.leg.handling.unknown ?? 0) === 0
  const unwatched = poursOut && !watched ? UNWATCHED : certain(1)
  for (const unit of UNIT) {
    for (const severity of poursOut ? SEVERITY : certain(0)) {
      for (const climate of CLIMATE) {
        for (const factor of unwatched) {
          const one = { unit: unit.value, severity: severity.value, climateK: climate.value, unwatched: factor.value }
          yield [one, unit.weight * severity.weight * climate.weight * factor.weight]
        }
      }
    }
  }
}

function lostG({ lossGPerDay, container }: Trip, { handling, ambientC }: Leg, one: Case): number {
  const { upright, leaning, side, inverted, unknown } = handling
  const surplus = leaning * SURPLUS.leaning + side * SURPLUS.side + inverted * SURPLUS.inverted
  const uprightMs = upright + leaning + side + inverted + one.severity * surplus + one.unwatched * unknown
  const warmth = warmthFactor(container, ambientC ?? RATED_C + one.climateK)
  return (lossGPerDay * one.unit * warmth * uprightMs) / DAY_MS
}

function warmthFactor({ coolant }: CooledContainer, ambientC: number): number {
  return Math.max(COLD_FACTOR, 1 + COOLANTS[coolant].sharePerK * (ambientC - RATED_C))
}

/** Nothing stands in surroundings so cold that it loses nothing. */
const COLD_FACTOR = 0.2

/** How well a case explains what two weighings say was lost. */
function likelihood(trip: Trip, one: Case): number {
  if (trip.lesson === null) return 1
  const expectedG = lostG(trip, trip.lesson.leg, one)
  const sd = Math.hypot(Math.SQRT2 * WEIGHING_SD_G, MODEL_SHARE * expectedG)
  // a floor, so that weighings which no case explains widen the answer instead of leaving none
  return Math.max(Math.exp(-(((trip.lesson.lostG - expectedG) / sd) ** 2) / 2), 1e-9)
}

/** How far the model itself may be off. */
const MODEL_SHARE = 0.03

/** The handling to come: that of any transport; where it lies tilted now, even odds that it stays so. */
function aheadOf({ container, to }: Trip): Likely {
  if (!COOLANTS[container.coolant].poursOut) return certain(1)
  if (to.posture === null || to.posture === 'upright') return UNWATCHED
  return [...UNWATCHED, { value: 1 + SURPLUS[to.posture], weight: 1 }]
}

function rateAhead({ lossGPerDay, container, to }: Trip, one: Case, handling: number): number {
  const ambientC = to.ambientC === null ? RATED_C + one.climateK : to.ambientC + WATCHED_CLIMATE_SHARE * one.climateK
  return lossGPerDay * one.unit * handling * warmthFactor(container, ambientC)
}
