import type { Curve } from '../../../simulators/physics/curve.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** The other method: small steps of equal length, each rate taken at the step's begin; samples of every `sampleMs`. */
export function stepped<State>(
  start: State,
  step: (state: State, sinceMs: number, seconds: number) => State,
  { stepMs, sampleMs, untilMs }: { stepMs: number; sampleMs: number; untilMs: number },
): { sinceMs: number; state: State }[] {
  const samples: { sinceMs: number; state: State }[] = []
  let state = start
  for (let sinceMs = 0; sinceMs <= untilMs; sinceMs += stepMs) {
    if (sinceMs % sampleMs === 0) samples.push({ sinceMs, state })
    state = step(state, sinceMs, stepMs / 1000)
  }
  return samples
}

/** Largest distance of a curve from samples of the other method. */
export function worst<State>(
  curve: Curve,
  samples: readonly { sinceMs: number; state: State }[],
  valueIn: (state: State) => number,
): number {
  return Math.max(...samples.map(({ sinceMs, state }) => Math.abs(curve(sinceMs) - valueIn(state))))
}

/** An input from pairs of minutes and values, in order. */
export function minutes(...pairs: readonly (readonly [number, number])[]): { fromMs: number; value: number }[] {
  return pairs.map(([minute, value]) => ({ fromMs: minute * MINUTE_MS, value }))
}
