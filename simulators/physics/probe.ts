import { gaussian, seededRandom } from '../random.ts'
import type { Curve } from './curve.ts'
import type { Input } from './input.ts'
import { lagged } from './lag.ts'

/** What lies between a temperature and the number a sensor sends. */
export type Probe = {
  lagTauMs: number
  noiseSdC: number
  /** The smallest difference it can tell: loggers send tenths of a degree. */
  quantumC: number
  /** Beyond its range it shows the end of the range. */
  lowestC: number
  highestC: number
}

const MINUTE_MS = 60_000

/** A Pt100 at bag level of a dewar: 0.3 K of noise, class B down to -196 C. */
export const PT100: Probe = { lagTauMs: 2 * MINUTE_MS, noiseSdC: 0.3, quantumC: 0.1, lowestC: -200, highestC: 100 }

/** The thermistor of a fridge logger: blind below -40 C. */
export const THERMISTOR: Probe = { lagTauMs: MINUTE_MS, noiseSdC: 0.15, quantumC: 0.1, lowestC: -40, highestC: 85 }

/**
 * What a sensor sends of a curve, in integer milli-degrees. Its noise belongs to the instant (and the seed), not to the
 * order of asking. `inputs` are those that make the curve jump or bend.
 */
export function measured(
  curve: Curve,
  probe: Probe,
  { seed, inputs }: { seed: number; inputs: readonly Input[] },
): Curve {
  const shown = lagged(curve, { tauMs: probe.lagTauMs, inputs })
  return (sinceMs) => toMilliC(shown(sinceMs) + noiseC(probe.noiseSdC, seed, sinceMs), probe)
}

function noiseC(sdC: number, seed: number, sinceMs: number): number {
  // both halves of the instant: within 50 days the upper one is 0
  const mixed = seed ^ Math.imul(sinceMs >>> 0, 0x9e3779b1) ^ Math.imul(Math.floor(sinceMs / 2 ** 32), 0x85ebca6b)
  return gaussian(seededRandom(mixed), sdC)
}

function toMilliC(celsius: number, { quantumC, lowestC, highestC }: Probe): number {
  const inRange = Math.min(highestC, Math.max(lowestC, celsius))
  // + 0: there is no negative zero in milli-degrees
  return Math.round(Math.round(inRange / quantumC) * quantumC * 1000) + 0
}
