import { type Curve, trajectory } from './curve.ts'
import type { Input } from './input.ts'

/**
 * A body that follows its surroundings first order: `dT/dt = (surroundings - T) / tau` (domain page 3.5, vectors TH1
 * and TH5). `tauMs` is heat capacity over heat leak, in ms.
 */
export function firstOrder(surroundings: Input, body: { startC: number; tauMs: number }): Curve {
  return trajectory(body.startC, (fromC, sinceMs) => ({
    untilMs: surroundings.changeAfter(sinceMs),
    at: (ms) => towards(fromC, surroundings.valueAt(sinceMs), ms / body.tauMs),
  }))
}

/** From one temperature towards another, `elapsed` in time constants. */
export function towards(fromC: number, toC: number, elapsed: number): number {
  return toC + (fromC - toC) * Math.exp(-elapsed)
}
