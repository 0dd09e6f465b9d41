import { FLEET_KINDS, type ShipmentCourse } from './fleet-kinds.ts'
import type { PlannedShipment } from './fleet-plan.ts'
import type { FleetFault } from './fleet-scenario.ts'
import type { Curve } from './physics/curve.ts'
import { measured } from './physics/probe.ts'
import { seededRandom, seedOf } from './random.ts'

/**
 * One sensor of a fleet: a few numbers and a curve. It keeps nothing of what it measured: sample `k` is computed
 * whenever it is asked for, when it is sent as well as for the truth at the end. Times are ms since the start.
 */
export type FleetSensor = {
  index: number
  role: FleetRole
  shipment: PlannedShipment
  phaseMs: number
  intervalMs: number
  /** Between measuring and sending: not all sensors send on the full minute. */
  sendDelayMs: number
  /** What its certificate adds to every value. */
  correctionMilliC: number
  /** The value it sends of an instant, in milli-degrees. */
  toldMilliC: Curve
  noiseSeed: number
}

export type FleetRole = 'product' | 'product_backup' | 'ambient'

/** The roles of a shipment's sensors in their order; all that follow are of the last kind. */
const ROLES: readonly FleetRole[] = ['product', 'product_backup', 'ambient', 'product']

/** The sensors of one shipment, each with a bias, a phase and noise of its own. */
export function sensorsOf(shipment: PlannedShipment, course: ShipmentCourse, seed: number): FleetSensor[] {
  const { limits, probe } = FLEET_KINDS[shipment.profile]
  return Array.from({ length: shipment.sensors }, (_, nth): FleetSensor => {
    const index = shipment.firstSensor + nth
    const noiseSeed = seedOf(seed, `sensor ${index}`)
    const random = seededRandom(noiseSeed)
    const role = ROLES[nth] ?? 'product'
    const intervalMs = limits.nominalIntervalMs
    const biasC = (random() - 0.5) * BIAS_C
    const trueC = role === 'ambient' ? course.ambientC : course.productC
    const shown = measured((sinceMs) => trueC(sinceMs) + biasC, probe, { seed: noiseSeed, inputs: [] })
    const phaseMs = Math.floor((random() * intervalMs) / MINUTE_MS) * MINUTE_MS
    return {
      ...{ index, role, shipment, intervalMs, noiseSeed, phaseMs },
      sendDelayMs: Math.floor(random() * MINUTE_MS),
      correctionMilliC: Math.round((random() - 0.5) * CORRECTION_MILLI_C),
      toldMilliC: standingStill(shown, { shipment, nth, phaseMs, intervalMs }),
    }
  })
}

const MINUTE_MS = 60_000
/** Probes hang at different places of one box. */
const BIAS_C = 0.6
const CORRECTION_MILLI_C = 600

type Seat = { shipment: PlannedShipment; nth: number; phaseMs: number; intervalMs: number }

/** A stuck sensor shows its first value of the spell for as long as that lasts. */
function standingStill(shown: Curve, { shipment, nth, phaseMs, intervalMs }: Seat): Curve {
  const { disturbance } = shipment
  if (disturbance?.kind !== 'stuck' || nth > 0) return shown
  const firstMs = sampleAfter({ phaseMs, intervalMs }, disturbance.fromMs)
  return (sinceMs) => shown(sinceMs >= firstMs && sinceMs < disturbance.toMs ? firstMs : sinceMs)
}

/** When sample `k` is measured. */
export function sampleMs({ phaseMs, intervalMs }: Timing, k: number): number {
  return phaseMs + k * intervalMs
}

type Timing = Pick<FleetSensor, 'phaseMs' | 'intervalMs'>

/** The first sample measured at or after an instant. */
function sampleAfter(timing: Timing, sinceMs: number): number {
  return sampleMs(timing, Math.max(0, Math.ceil((sinceMs - timing.phaseMs) / timing.intervalMs)))
}

/** What becomes of sample `k`: sent at once, kept while the radio is off and uploaded later, or lost for good. */
export function fateOf(sensor: FleetSensor, k: number): 'sent' | 'kept' | 'lost' {
  const { disturbance, firstSensor } = sensor.shipment
  if (disturbance === null || (disturbance.kind !== 'flight' && disturbance.kind !== 'lost_data')) return 'sent'
  if (disturbance.concerns === 'first sensor' && sensor.index !== firstSensor) return 'sent'
  const ms = sampleMs(sensor, k)
  if (ms < disturbance.fromMs || ms >= disturbance.toMs) return 'sent'
  return disturbance.kind === 'flight' ? 'kept' : 'lost'
}

/** The kept samples that sample `k`, the first after a silence, brings along. */
export function uploadedWith(sensor: FleetSensor, k: number): number[] {
  const kept: number[] = []
  if (fateOf(sensor, k) !== 'sent') return kept
  for (let earlier = k - 1; earlier >= 0 && fateOf(sensor, earlier) === 'kept'; earlier -= 1) kept.unshift(earlier)
  return kept
}

/** The instants whose readings were sent by `stoppedMs`, oldest first: what the service can know. */
export function* sentBy(sensor: FleetSensor, stoppedMs: number): Generator<{ sinceMs: number; milliC: number }> {
  const { intervalMs, phaseMs, sendDelayMs } = sensor
  const last = Math.floor((stoppedMs - sendDelayMs - phaseMs) / intervalMs)
  const uploadedUntil = lastSent(sensor, last)
  for (let k = 0; k <= last; k += 1) {
    const fate = fateOf(sensor, k)
    if (fate === 'lost' || (fate === 'kept' && k > uploadedUntil)) continue
    const sinceMs = sampleMs(sensor, k)
    yield { sinceMs, milliC: sensor.toldMilliC(sinceMs) }
  }
}

function lastSent(sensor: FleetSensor, last: number): number {
  let k = last
  while (k >= 0 && fateOf(sensor, k) !== 'sent') k -= 1
  return k
}

/** How often a message is hit by a fault of its delivery. */
const HIT_SHARE = 0.05

/** Whether a fault hits the message that begins with sample `k`; by the seed, whatever else happens. */
export function isHit(sensor: FleetSensor, k: number, fault: FleetFault): boolean {
  return seededRandom(seedOf(sensor.noiseSeed ^ Math.imul(k, 0x9e3779b1), fault))() < HIT_SHARE
}
