import type { Curve } from './curve.ts'
import { type Input, nextChange } from './input.ts'

/** A probe's time constant (60 to 180 s in a dewar), and the inputs that make the curve jump or bend. */
export type Lag = { tauMs: number; inputs: readonly Input[]; stepMs?: number }

/**
 * What a probe with a first-order lag shows of a curve: `dTs/dt = (T - Ts) / tau` (domain page 3.5). The past of twelve
 * time constants is followed over a grid of its own, cut at the changes of the inputs, so nothing is remembered and
 * the times asked for do not matter.
 */
export function lagged(curve: Curve, { tauMs, inputs, stepMs = tauMs / 8 }: Lag): Curve {
  if (tauMs === 0) return curve
  return (sinceMs) => {
    let cell = Math.floor(sinceMs / stepMs) - Math.ceil((REMEMBERED_TAUS * tauMs) / stepMs)
    let fromMs = cell * stepMs
    let shown = curve(fromMs)
    while (fromMs < sinceMs) {
      const toMs = Math.min(sinceMs, (cell + 1) * stepMs, nextChange(inputs, fromMs))
      shown = shownAfter(shown, { curve, fromMs, forMs: toMs - fromMs, tauMs })
      if (toMs >= (cell + 1) * stepMs) cell += 1
      fromMs = toMs
    }
    return shown
  }
}

/** Older values weigh less than e^-12, a thousandth of a degree of the deepest cold. */
const REMEMBERED_TAUS = 12
/** The two points of Gauss: they lie inside the stretch, so a jump at its end is not seen. */
const EARLY = 0.5 - Math.sqrt(3) / 6
const LATE = 0.5 + Math.sqrt(3) / 6

type Stretch = { curve: Curve; fromMs: number; forMs: number; tauMs: number }

/** Exact where the curve is a straight line over the stretch. */
function shownAfter(shown: number, { curve, fromMs, forMs, tauMs }: Stretch): number {
  const early = curve(fromMs + EARLY * forMs)
  const rise = (curve(fromMs + LATE * forMs) - early) / (LATE - EARLY)
  const first = early - EARLY * rise
  // behind a straight line a probe trails by its slope times its time constant
  const trail = (rise * tauMs) / forMs
  return first + rise - trail + (shown - first + trail) * Math.exp(-forMs / tauMs)
}
