import type { Curve } from './curve.ts'

/** A stretch of a curve from 0 with at most one turn; `turnsMs` is NaN or outside where it has none. */
export type Arc = { turnsMs: number; untilMs: number }

/**
 * When an arc first reaches `high` while it rises or `low` while it falls, in ms; Infinity when it does not before its
 * end. An arc that starts on a level and leaves it inwards has not reached it.
 */
export function firstReach(curve: Curve, { low, high }: { low: number; high: number }, arc: Arc): number {
  const untilMs = Math.min(arc.untilMs, FOREVER_MS)
  const turn = arc.turnsMs > 0 && arc.turnsMs < untilMs ? [arc.turnsMs] : []
  let fromMs = 0
  for (const toMs of [...turn, untilMs]) {
    const rises = curve(toMs) > curve(fromMs)
    const isBeyond = (ms: number) => (rises ? curve(ms) > high : curve(ms) < low)
    const reachedMs = firstTrue(isBeyond, { fromMs, toMs })
    if (reachedMs !== null) return reachedMs
    fromMs = toMs
  }
  return Number.POSITIVE_INFINITY
}

/** 300 years: what happens later does not happen. */
const FOREVER_MS = 1e13
/** Enough halvings to find a microsecond in 300 years. */
const MAX_HALVINGS = 64
const MIN_SPAN_MS = 1e-3

/** The first instant of `[fromMs, toMs]` from which on a condition holds that never ceases; null when it does not. */
export function firstTrue(
  condition: (ms: number) => boolean,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): number | null {
  if (!condition(toMs)) return null
  if (condition(fromMs)) return fromMs
  let [not, yes] = [fromMs, toMs]
  for (let halving = 0; halving < MAX_HALVINGS && yes - not > MIN_SPAN_MS; halving += 1) {
    const middle = (not + yes) / 2
    if (condition(middle)) yes = middle
    else not = middle
  }
  return yes
}
