import {
  type DisturbanceKind,
  type DisturbanceRule,
  FLEET_PROFILES,
  type FleetProfile,
  type FleetScenario,
} from './fleet-scenario.ts'
import { type Random, seededRandom, seedOf } from './random.ts'

/** One shipment of a fleet as it will travel: which sensors ride along, and what befalls it. */
export type PlannedShipment = {
  index: number
  profile: FleetProfile
  /** Its sensors are `firstSensor` and those that follow. */
  firstSensor: number
  sensors: number
  disturbance: Disturbance | null
}

/** Ms since the journeys' start, on full minutes, `[fromMs, toMs)`. */
export type Disturbance = {
  kind: DisturbanceKind
  fromMs: number
  toMs: number
  /** Whether the radio or probe of the first sensor alone is concerned, or of all. */
  concerns: 'first sensor' | 'all sensors'
}

/**
 * The shipments of a scenario. The seed decides which of them suffer what and when; how many suffer each kind is
 * exactly its share, rounded.
 */
export function planFleet(scenario: FleetScenario): PlannedShipment[] {
  const { seed, shipments, sensors } = scenario
  const profiles = spread(FLEET_PROFILES.map((profile) => ({ value: profile, share: scenario.profiles[profile] })))
  const order = shuffled(shipments, seededRandom(seedOf(seed, 'disturbed shipments')))
  const suffered = spread(scenario.disturbances.map((rule) => ({ value: rule, share: rule.share })))
  const ruleOf = new Map(order.map((index, rank) => [index, suffered((rank + 0.5) / shipments)]))
  return Array.from({ length: shipments }, (_, index): PlannedShipment => {
    const firstSensor = Math.floor((index * sensors) / shipments)
    const rule = ruleOf.get(index) ?? null
    return {
      index,
      profile: profiles((index + 0.5) / shipments) ?? 'cryo',
      firstSensor,
      sensors: Math.floor(((index + 1) * sensors) / shipments) - firstSensor,
      disturbance: rule && happening(rule, scenario, index),
    }
  })
}

/** Which value a place in [0, 1) falls to, where each has its share of the line; null beyond all shares. */
function spread<T>(shares: readonly { value: T; share: number }[]): (place: number) => T | null {
  return (place) => {
    let end = 0
    for (const { value, share } of shares) {
      end += share
      if (place < end) return value
    }
    return null
  }
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const [a = 0, b = 0] = [order[last], order[other]]
    order[last] = b
    order[other] = a
  }
  return order
}

const MINUTE_MS = 60_000

/** How long each kind lasts where the scenario does not say, in minutes: below and above what limits allow. */
const USUAL_MINUTES: Record<DisturbanceKind, { min: number; max: number }> = {
  warm_spell: { min: 5, max: 60 },
  depletion: { min: 1, max: 1 },
  lost_data: { min: 20, max: 240 },
  // a value that stands still for more than six hours is suspect
  stuck: { min: 240, max: 600 },
  flight: { min: 60, max: 480 },
}

function happening(rule: DisturbanceRule, { seed, durationMs }: FleetScenario, index: number): Disturbance {
  const random = seededRandom(seedOf(seed, `disturbance of shipment ${index}`))
  const [when, length, scope] = [random(), random(), random()]
  const { min, max } = USUAL_MINUTES[rule.kind]
  const forMs = rule.forMs ?? Math.round(min + length * (max - min)) * MINUTE_MS
  const latestMs = Math.max(0, durationMs * LATEST - forMs)
  const drawnMs = (durationMs * EARLIEST + when * Math.max(0, latestMs - durationMs * EARLIEST)) / MINUTE_MS
  const fromMs = rule.fromMs ?? Math.round(drawnMs) * MINUTE_MS
  const isOfOne = rule.kind === 'stuck' || (rule.kind === 'lost_data' && scope < 0.5)
  return { kind: rule.kind, fromMs, toMs: fromMs + forMs, concerns: isOfOne ? 'first sensor' : 'all sensors' }
}

/** Shares of the journey before and after which nothing begins or ends, where there is room. */
const EARLIEST = 0.1
const LATEST = 0.95
