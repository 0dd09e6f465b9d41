import { setTimeout as pause } from 'node:timers/promises'
import { exactC, isoInstant } from '../src/domain/units.ts'
import { type ShipmentStatus, shipmentStatus } from './answers.ts'
import type { ApiClient } from './client.ts'
import { FLEET_KINDS } from './fleet-kinds.ts'
import type { PlannedShipment } from './fleet-plan.ts'
import { type FleetSensor, sentBy } from './fleet-sensor.ts'
import { combinedTruthOf, type Truth } from './truth.ts'

/** What was injected into one shipment and what is served of it. */
export type FleetVerdict = {
  shipment: PlannedShipment
  shipmentId: number
  injected: Truth['status']
  served: Truth['status']
  /** One line for each difference; empty when the answer is right. */
  differences: string[]
}

/** One shipment at the end of a play: its sensors sent what was due by `stoppedMs`. */
export type FleetCase = {
  shipment: PlannedShipment
  shipmentId: number
  sensors: readonly FleetSensor[]
  startAt: number
  stoppedMs: number
}

/**
 * Asks the service for one shipment and compares with the truth of that very instant. A broker acknowledges before the
 * service stores, so where readings are still missing it is asked again, as long as `patience` lasts.
 */
export async function judgeShipment(api: ApiClient, one: FleetCase, patience: Patience): Promise<FleetVerdict> {
  for (let seen = -1; ; ) {
    const status = await api.get(`/shipments/${one.shipmentId}/status`, shipmentStatus)
    const truth = fleetTruth(one, status.asOf)
    const served = status.temperature.counts.valid
    if (served > seen) patience.renew()
    seen = served
    if (served < truth.instants && !patience.isOver()) {
      await pause(ASK_AGAIN_MS)
      continue
    }
    const { shipment, shipmentId } = one
    const differences = differencesOf(status, truth)
    return { shipment, shipmentId, injected: truth.status, served: status.temperature.status, differences }
  }
}

const ASK_AGAIN_MS = 250

/** Shared by all questions of one play: over when nothing more was stored for that long. */
export type Patience = { renew: () => void; isOver: () => boolean }

/** Lasts for `forMs` of real time after each renewal. */
export function patienceOf(forMs: number): Patience {
  let untilMs = performance.now() + forMs
  let isOver = false
  return {
    // once given up, the rest of the fleet is asked without waiting
    renew: () => {
      untilMs = performance.now() + forMs
    },
    isOver: () => {
      isOver ||= performance.now() > untilMs
      return isOver
    },
  }
}

/** What the service must answer at `asOf`: the oracle's word, and whether a value stood still for suspiciously long. */
export function fleetTruth(one: FleetCase, asOf: number): Truth & { suspect: boolean } {
  const { limits } = FLEET_KINDS[one.shipment.profile]
  const placements = one.sensors
    .filter(({ role }) => role !== 'ambient')
    .map((sensor) => ({
      fromAt: one.startAt,
      toAt: Number.POSITIVE_INFINITY,
      samples: Array.from(sentBy(sensor, one.stoppedMs), ({ sinceMs, milliC }) => ({
        at: one.startAt + sinceMs,
        milliC: milliC + sensor.correctionMilliC,
      })),
    }))
  const window = { fromAt: one.startAt, toAt: asOf, closed: false, gridMs: GRID_MS }
  const suspect = placements.some(({ samples }) => longestStandstillMs(samples) > SUSPECT_AFTER_MS)
  return { ...combinedTruthOf(limits, window, placements), suspect }
}

/** Every sample lies on a full minute. */
const GRID_MS = 60_000
/** Domain page 2.3 item 2. */
const SUSPECT_AFTER_MS = 6 * 3_600_000

function longestStandstillMs(samples: readonly { at: number; milliC: number }[]): number {
  let [longestMs, sinceAt] = [0, samples[0]?.at ?? 0]
  for (const [index, { at, milliC }] of samples.entries()) {
    if (milliC !== samples[index - 1]?.milliC) sinceAt = at
    longestMs = Math.max(longestMs, at - sinceAt)
  }
  return longestMs
}

/** Where the served answer is not the injected one. */
export function differencesOf({ temperature }: ShipmentStatus, truth: Truth & { suspect: boolean }): string[] {
  const { counts, worst, gaps, levels, reasons } = temperature
  const served: Facts = {
    ...factsOf(temperature),
    readings: counts.valid,
    lowest: worst.lowestC,
    highest: worst.highestC,
    gaps: gaps.map(({ from, to }) => stretch(from, to)).join(', '),
    suspect: reasons.includes('SENSOR_SUSPECT'),
    ...levelFacts(
      levels.map(({ id, alarm, totalConfirmedS: confirmedMs, events }) => {
        return { id, alarm, confirmedMs, events: events.map(({ start, end }) => stretch(start, end)) }
      }),
    ),
  }
  const injected: Facts = {
    ...factsOf(truth),
    readings: truth.instants,
    lowest: truth.lowestMilliC === null ? null : exactC(truth.lowestMilliC),
    highest: truth.highestMilliC === null ? null : exactC(truth.highestMilliC),
    gaps: truth.gaps.map(({ fromAt, toAt }) => stretch(fromAt, toAt)).join(', '),
    suspect: truth.suspect,
    ...levelFacts(
      truth.levels.map(({ id, alarm, confirmedMs, events }) => {
        return { id, alarm, confirmedMs, events: events.map(({ startAt, endAt }) => stretch(startAt, endAt)) }
      }),
    ),
  }
  return [...new Set([...Object.keys(served), ...Object.keys(injected)])]
    .filter((name) => served[name] !== injected[name])
    .map((name) => `${name}: served ${served[name] ?? 'nothing'}, injected ${injected[name] ?? 'nothing'}`)
}

type Facts = Record<string, string | number | boolean | null>
type LevelFacts = { id: string; alarm: { state: string; at: number | null }; confirmedMs: number; events: string[] }

function factsOf({ status, severity, complete }: Pick<Truth, 'status' | 'severity' | 'complete'>): Facts {
  return { status, severity, complete }
}

function levelFacts(levels: readonly LevelFacts[]): Facts {
  return Object.fromEntries(
    levels.flatMap(({ id, alarm, confirmedMs, events }) => [
      [`${id} alarm`, alarm.at === null ? alarm.state : `${alarm.state} at ${isoInstant(alarm.at)}`],
      [`${id} confirmed`, confirmedMs],
      [`${id} events`, events.join(', ')],
    ]),
  )
}

function stretch(fromAt: number, toAt: number): string {
  return `${isoInstant(fromAt)} to ${isoInstant(toAt)}`
}
