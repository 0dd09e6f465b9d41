import { expect, test } from 'vitest'
import { DRY_SHIPPER, depletionMs, dryShipper, unitFactor } from '../../simulators/physics/dry-shipper.ts'
import { during, legs } from '../../simulators/physics/input.ts'
import { gaussian, type Random, seededRandom } from '../../simulators/random.ts'
import type { HoldTimeFacts, HoldTimeLeft } from '../../src/domain/hold-time.ts'
import { QUANTILES } from '../../src/domain/likely.ts'
import { DAY_MS, estimate, HOUR_MS, PLAIN_FACTS } from '../support/hold-time.ts'

const JOURNEYS = 400
const STATED = QUANTILES.high - QUANTILES.low

/** What is observed of a journey. */
type Observing = { charge: 'weighed' | 'not weighed'; scale: boolean; tilt: boolean; ambient: boolean }

test.each<[string, Observing]>([
  ['the charge is weighed, tilt and surroundings are watched', both('weighed', true)],
  ['the charge is weighed and nothing is watched', both('weighed', false)],
  ['nothing is known but when it was charged', both('not weighed', false)],
  ['a scale rides along, tilt and surroundings are watched', { ...both('weighed', true), scale: true }],
  ['a scale rides along and nothing else is watched', { ...both('weighed', false), scale: true }],
])(
  'in simulated journeys with tilt the true time left lies within the spread as often as stated: %s',
  (_what, seen) => {
    const outcomes = Array.from({ length: JOURNEYS }, (_, index) => travel(index + 1, seen))
    const share = (where: (one: Outcome) => boolean) => outcomes.filter(where).length / JOURNEYS
    expect(share(({ left, truthMs }) => truthMs >= left.low && truthMs <= left.high)).toBeGreaterThanOrEqual(STATED)
    // the dangerous side: it lasts less long than the low end said
    expect(share(({ left, truthMs }) => truthMs < left.low)).toBeLessThanOrEqual(QUANTILES.low)
    // and it says something: the spread is no wider than a third to twice the best guess
    const median = outcomes.map(({ left }) => (left.high - left.low) / left.best).sort((a, b) => a - b)[JOURNEYS / 2]
    expect(median).toBeLessThan(1.4)
  },
)

function both(charge: Observing['charge'], watched: boolean): Observing {
  return { charge, scale: false, tilt: watched, ambient: watched }
}

type Outcome = { left: HoldTimeLeft['leftMs']; truthMs: number }

/** One unit of the model, charged, loaded, laid down now and then, in weather; asked on some day of its journey. */
function travel(seed: number, seen: Observing): Outcome {
  const random = seededRandom(seed)
  const tiltDeg = during(0, laidDown(random))
  const ambientC = legs(Array.from({ length: 80 }, () => ({ forMs: 6 * HOUR_MS, value: 8 + 25 * random() })))
  const severity = Math.exp(gaussian(random, 0.35))
  const shipper = {
    ...DRY_SHIPPER,
    chargedL: DRY_SHIPPER.capacityL * (0.92 + 0.08 * random()),
    unitFactor: unitFactor(random),
    tiltFactors: { leaning: 1 + 0.5 * severity, side: 1 + 2 * severity, inverted: 1 + 5 * severity },
  }
  const course = dryShipper(shipper, { tiltDeg, ambientC })
  const now = (0.3 + 7 * random()) * DAY_MS
  const payloadG = 150 + 300 * random()
  const weigh = (ms: number, loadG: number) => Math.round(course.massKg(ms) * 1000 + loadG + gaussian(random, 30))
  const every = (stepMs: number) => Array.from({ length: Math.floor(now / stepMs) + 1 }, (_, index) => index * stepMs)
  const charged = seen.charge === 'weighed' ? [{ at: 0, massG: weigh(0, 0), loaded: false }] : []
  const facts: HoldTimeFacts = {
    ...PLAIN_FACTS,
    charge: { chargedAt: 0, loadedAt: HOUR_MS / 2, payloadG: null, weighings: charged },
    masses: seen.scale
      ? every(3 * HOUR_MS)
          .slice(1)
          .map((at) => ({ at, massG: weigh(at, payloadG) }))
      : [],
    tilt: seen.tilt ? every(20 * 60_000).map((at) => ({ at, milliDeg: tiltDeg.valueAt(at) * 1000 })) : [],
    ambient: seen.ambient ? every(HOUR_MS).map((at) => ({ at, milliC: ambientC.valueAt(at) * 1000 })) : [],
    now,
  }
  const emptyMs = depletionMs(course, 60 * DAY_MS) ?? 60 * DAY_MS
  return { left: estimate(facts).leftMs, truthMs: Math.max(0, emptyMs - now) }
}

/** Every one to three days for some hours leaning or on its side, or for half an hour upside down. */
function laidDown(random: Random) {
  const stretches: { fromMs: number; toMs: number; value: number }[] = []
  let fromMs = random() * DAY_MS
  while (fromMs < 30 * DAY_MS) {
    const value = [45, 90, 90, 180][Math.floor(random() * 4)] ?? 90
    const toMs = fromMs + (value === 180 ? 0.5 : 1 + 5 * random()) * HOUR_MS
    stretches.push({ fromMs, toMs, value })
    fromMs = toMs + (12 + 60 * random()) * HOUR_MS
  }
  return stretches
}
