import { PACKED_MS } from './custody-script.ts'
import { type Journey, knownSamples, type Staging } from './journey.ts'
import { EXAMPLE_LIMITS } from './limits.ts'
import { type Truth, truthOf } from './truth.ts'

/** Every instant of the scripts lies on a full minute. */
const GRID_MS = 60_000

/** What the service must answer for a journey at `asOf`, computed from the injected samples by the oracle. */
export function expectedTruth(journey: Journey, staging: Staging, asOf: number): Truth {
  const { startAt } = staging
  const opened = journey.custody.find((step) => step.by === 'centre' && step.kind === 'opened')
  const openedAt = opened === undefined ? Number.POSITIVE_INFINITY : startAt + opened.atMs
  const window = {
    fromAt: startAt + PACKED_MS,
    toAt: Math.min(asOf, openedAt),
    closed: openedAt <= asOf,
    gridMs: GRID_MS,
  }
  const samples = knownSamples(journey, staging, asOf).map(({ at, milliC }) => ({
    at,
    milliC: milliC + journey.sensor.correctionMilliC,
  }))
  return truthOf(EXAMPLE_LIMITS[journey.limits], window, samples)
}
