import type { FleetVerdict } from './fleet-judge.ts'

/** What a running fleet shows of itself. */
export type FleetSight = {
  /** Simulated ms since the start, and how many there will be. */
  sinceMs: number
  lengthMs: number
  /** Per second, over the last while. */
  publishedPerS: number
  ackedPerS: number
  inFlight: number
  lagMs: number
  /** Shipments whose disturbance has begun. */
  disturbed: number
  /** Shipments asked about so far, and how many of these were last served as anything but in range. */
  asked: number
  notInRange: number
}

/** One line: `[###...] 12:30 of 24:00  2000 published/s  1998 acked/s  lag 0.1 s  212 in flight  …`. */
export function sightLine(sight: FleetSight): string {
  const { sinceMs, lengthMs, publishedPerS, ackedPerS, lagMs, inFlight, disturbed, asked, notInRange } = sight
  const filled = Math.round(Math.min(1, Math.max(0, sinceMs / lengthMs)) * BAR_WIDTH)
  return [
    `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${clockText(sinceMs)} of ${clockText(lengthMs)}`,
    `${Math.round(publishedPerS)} published/s`,
    `${Math.round(ackedPerS)} acked/s`,
    `lag ${(lagMs / 1000).toFixed(1)} s`,
    `${inFlight} in flight`,
    `injected ${disturbed} disturbed`,
    `served ${notInRange} of ${asked} not in range`,
  ].join('  ')
}

const BAR_WIDTH = 20
const MINUTE_MS = 60_000

function clockText(ms: number): string {
  const minutes = Math.floor(Math.max(0, ms) / MINUTE_MS)
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`
}

/** How often each status was injected, how often the served one was right in everything. */
export class FleetTally {
  readonly #counts = new Map<string, { injected: number; right: number }>()
  #wrong = 0
  #shipments = 0

  add({ injected, differences }: FleetVerdict): void {
    const count = this.#counts.get(injected) ?? { injected: 0, right: 0 }
    this.#counts.set(injected, count)
    this.#shipments += 1
    count.injected += 1
    if (differences.length === 0) count.right += 1
    else this.#wrong += 1
  }

  wrong(): number {
    return this.#wrong
  }

  /** `in_range 1530 injected, 1530 served right` per status, and the sum. */
  text(): string {
    const lines = [...this.#counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(
        ([status, { injected, right }]) =>
          `  ${status.padEnd(STATUS_WIDTH)} ${injected} injected, ${right} served right`,
      )
    const sum = `${this.#shipments} shipments, ${this.#wrong} served otherwise than injected`
    return [...lines, sum].join('\n')
  }
}

const STATUS_WIDTH = 22

/** The lines of one shipment whose answer is wrong. */
export function verdictText({ shipment, shipmentId, injected, served, differences }: FleetVerdict): string {
  const what = shipment.disturbance === null ? 'undisturbed' : shipment.disturbance.kind
  const head = `DIFFERENT shipment ${shipmentId} (${shipment.profile}, ${what}): served ${served}, injected ${injected}`
  return [head, ...differences.map((difference) => `    ${difference}`)].join('\n')
}
