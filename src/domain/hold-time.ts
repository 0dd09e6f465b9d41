import type { Charge, Weighing } from './charge.ts'
import { COOLANTS, type CooledContainer } from './coolant.ts'
import { type Handling, handlingOf, postureAt, type TiltSample } from './handling.ts'
import { type Future, type Leg, type Lesson, outcomes, type Trip, WEIGHING_SD_G } from './hold-time-model.ts'
import { type Likely, mapped, normal, type Spread } from './likely.ts'

/**
 * How long a container stays cold (domain page 3.1, for dry ice 3.3): coolant at the last weighing or charge, less loss
 * rate x time x handling x surroundings, divided by the loss to come. All of it is uncertain, so the answer is a
 * spread: a unit loses more or less than its model, scales and payload are not exact, what nobody watched was not
 * upright, and nobody knows what comes. Estimates are real numbers inside and whole milliseconds and grams outside.
 */
export function holdTimeLeft(facts: HoldTimeFacts): HoldTimeLeft | UnknownHoldTime {
  const { container, charge, now } = facts
  const lossGPerDay = lossOf(container)
  if (lossGPerDay === null) return { unknown: 'LOSS_UNKNOWN' }
  const weighed = sinceLastRise(weighingsOf(facts))
  const anchor = anchorOf(facts, weighed.weighings)
  if (anchor === null) return { unknown: charge.chargedAt === null ? 'NOT_CHARGED' : 'AMOUNT_UNKNOWN' }
  const trip: Trip = {
    lossGPerDay,
    container,
    amountG: anchor.amountG,
    since: legOf(facts, anchor.at, now),
    lesson: lessonOf(facts, weighed.weighings),
    to: futureOf(facts),
  }
  const { leftMs, coolantG } = outcomes(trip)
  return {
    leftMs,
    coolantG,
    basis: anchor.basis,
    sinceAt: anchor.at,
    chargedAt: charge.chargedAt,
    handling: trip.since.handling,
    qualified: qualifiedOf(facts),
    reasons: reasonsOf(facts, { anchor, trip, rose: weighed.rose, weighed: weighed.weighings.length > 0, leftMs }),
  }
}

/** All that is known; lists ascend by time. `ambient` are means of the hour that begins at `at`. */
export type HoldTimeFacts = {
  container: CooledContainer
  charge: Charge
  masses: readonly { at: number; massG: number }[]
  tilt: readonly TiltSample[]
  ambient: readonly { at: number; milliC: number }[]
  now: number
}

export type HoldTimeLeft = {
  leftMs: Spread
  coolantG: Spread
  /** What the amount rests on: a weighing, or a container taken for charged. */
  basis: 'weighed' | 'charged'
  sinceAt: number
  chargedAt: number | null
  /** How it was handled since then. */
  handling: Handling
  qualified: QualifiedHold
  reasons: HoldTimeReason[]
}

/** Until when its qualification holds from the last charge, upright and in transport; exceeded is strict. */
export type QualifiedHold = { staticUntilAt: number | null; dynamicUntilAt: number | null; exceeded: boolean | null }

/** Why nothing can be said. */
export type UnknownHoldTime = { unknown: 'LOSS_UNKNOWN' | 'NOT_CHARGED' | 'AMOUNT_UNKNOWN' }

/** What widens the spread, or should worry; stable, public. */
export type HoldTimeReason =
  | 'NOT_WEIGHED'
  | 'EMPTY_MASS_UNKNOWN'
  | 'PAYLOAD_UNKNOWN'
  | 'MASS_ROSE'
  | 'LOSS_FROM_HOLD_TIME'
  | 'TILT_UNKNOWN'
  | 'TILTED_NOW'
  | 'AMBIENT_UNKNOWN'
  | 'HOLD_TIME_EXCEEDED'
  | 'DEPLETED_LIKELY'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

function lossOf({ coolant, capacityMilli, lossMilliPerDay, staticHoldMs }: CooledContainer): number | null {
  const { unitG } = COOLANTS[coolant]
  if (lossMilliPerDay !== null) return (lossMilliPerDay * unitG) / 1000
  if (capacityMilli === null || staticHoldMs === null) return null
  return (capacityMilli * unitG) / 1000 / (staticHoldMs / DAY_MS)
}

function weighingsOf({ charge, masses, now }: HoldTimeFacts): Weighing[] {
  const { chargedAt, loadedAt } = charge
  const observed = masses.map(({ at, massG }) => ({ at, massG, loaded: loadedAt !== null && at >= loadedAt }))
  return [...charge.weighings, ...observed]
    .filter(({ at }) => at <= now && (chargedAt === null || at >= chargedAt))
    .sort((a, b) => a.at - b.at)
}

/** More than scales and vibration explain: somebody topped it up and did not say so [P]. */
const RISE_G = 300

function sinceLastRise(weighings: readonly Weighing[]): { weighings: Weighing[]; rose: boolean } {
  let first = 0
  for (const [index, { massG, loaded }] of weighings.entries()) {
    const before = weighings.slice(first, index).filter((other) => other.loaded === loaded)
    if (before.some((other) => massG > other.massG + RISE_G)) first = index
  }
  return { weighings: weighings.slice(first), rose: first > 0 }
}

type Anchor = { at: number; amountG: Likely; basis: HoldTimeLeft['basis']; payloadUnknown: boolean }

/** Of a payload nobody weighed: bags, cassettes, a rack [P]. */
const UNKNOWN_PAYLOAD_G = { mean: 250, sd: 145 }
/** A container taken for charged holds a little less than it could [P]. */
const CHARGED_SHARE = { mean: 0.95, sd: 0.03 }

function anchorOf({ container, charge }: HoldTimeFacts, weighings: readonly Weighing[]): Anchor | null {
  const { emptyG, capacityMilli, coolant } = container
  const capacityG = capacityMilli === null ? null : (capacityMilli * COOLANTS[coolant].unitG) / 1000
  const possible = (amountG: number) => Math.min(Math.max(0, amountG), capacityG ?? Number.POSITIVE_INFINITY)
  const last = weighings.at(-1)
  if (last !== undefined && emptyG !== null) {
    const payloadUnknown = last.loaded && charge.payloadG === null
    const payloadG = last.loaded ? (charge.payloadG ?? UNKNOWN_PAYLOAD_G.mean) : 0
    const sd = Math.hypot(WEIGHING_SD_G, payloadUnknown ? UNKNOWN_PAYLOAD_G.sd : 0)
    const amountG = mapped(normal(last.massG - emptyG - payloadG, sd), possible)
    return { at: last.at, amountG, basis: 'weighed', payloadUnknown }
  }
  if (charge.chargedAt === null || capacityG === null) return null
  const amountG = mapped(normal(CHARGED_SHARE.mean, CHARGED_SHARE.sd), (share) => possible(share * capacityG))
  return { at: charge.chargedAt, amountG, basis: 'charged', payloadUnknown: false }
}

function legOf({ tilt, ambient }: HoldTimeFacts, fromAt: number, toAt: number): Leg {
  const inside = ambient.filter(({ at }) => at > fromAt - HOUR_MS && at < toAt)
  const known = inside.length * HOUR_MS >= (toAt - fromAt) / 2
  const meanMilliC = inside.reduce((sum, { milliC }) => sum + milliC, 0) / inside.length
  return { handling: handlingOf(tilt, fromAt, toAt), ambientC: known && inside.length > 0 ? meanMilliC / 1000 : null }
}

function lessonOf(facts: HoldTimeFacts, weighings: readonly Weighing[]): Lesson | null {
  const last = weighings.at(-1)
  const first = weighings.find(({ loaded }) => loaded === last?.loaded)
  if (last === undefined || first === undefined || first.at >= last.at) return null
  return { leg: legOf(facts, first.at, last.at), lostG: first.massG - last.massG }
}

function futureOf(facts: HoldTimeFacts): Future {
  const { ambientC } = legOf(facts, facts.now - DAY_MS, facts.now)
  return { ambientC, posture: postureAt(facts.tilt, facts.now) }
}

function qualifiedOf({ container, charge, now }: HoldTimeFacts): QualifiedHold {
  const until = (holdMs: number | null) =>
    holdMs === null || charge.chargedAt === null ? null : charge.chargedAt + holdMs
  const [staticUntilAt, dynamicUntilAt] = [until(container.staticHoldMs), until(container.dynamicHoldMs)]
  const ruling = dynamicUntilAt ?? staticUntilAt
  return { staticUntilAt, dynamicUntilAt, exceeded: ruling === null ? null : now > ruling }
}

type Found = { anchor: Anchor; trip: Trip; rose: boolean; weighed: boolean; leftMs: Spread }

function reasonsOf(facts: HoldTimeFacts, { anchor, trip, rose, weighed, leftMs }: Found): HoldTimeReason[] {
  const { lossMilliPerDay, coolant } = facts.container
  const { since, to } = trip
  const notMeasured = weighed ? 'EMPTY_MASS_UNKNOWN' : 'NOT_WEIGHED'
  const reasons: [HoldTimeReason, boolean][] = [
    [notMeasured, anchor.basis === 'charged'],
    ['PAYLOAD_UNKNOWN', anchor.payloadUnknown],
    ['MASS_ROSE', rose],
    ['LOSS_FROM_HOLD_TIME', lossMilliPerDay === null],
    ['TILT_UNKNOWN', COOLANTS[coolant].poursOut && since.handling.unknown > 0],
    ['TILTED_NOW', to.posture !== null && to.posture !== 'upright'],
    ['AMBIENT_UNKNOWN', since.ambientC === null || to.ambientC === null],
    ['HOLD_TIME_EXCEEDED', qualifiedOf(facts).exceeded === true],
    ['DEPLETED_LIKELY', leftMs.best === 0],
  ]
  return reasons.flatMap(([reason, holds]) => (holds ? [reason] : []))
}
