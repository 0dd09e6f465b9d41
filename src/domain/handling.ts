/** How a container stood, by its angle from upright (domain page 3.1). */
export const POSTURES = ['upright', 'leaning', 'side', 'inverted'] as const
export type Posture = (typeof POSTURES)[number]

/** An angle at an instant; null where the sensor reported a fault. */
export type TiltSample = { at: number; milliDeg: number | null }

/** Milliseconds in each posture; what nobody watched is not upright, but unknown. */
export type Handling = Record<Posture | 'unknown', number>

/** A tilt sensor that says nothing for longer than this is not watching any more [P]. */
export const TILT_HOLDS_MS = 3_600_000

/**
 * How a container was handled during `[fromAt, toAt)`: an angle holds until the next one, at most for
 * `TILT_HOLDS_MS`. Samples ascend by time; of several for one instant the worse counts.
 */
export function handlingOf(samples: readonly TiltSample[], fromAt: number, toAt: number): Handling {
  const handling: Handling = { upright: 0, leaning: 0, side: 0, inverted: 0, unknown: 0 }
  let watchedMs = 0
  for (const [index, sample] of samples.entries()) {
    const nextAt = samples[index + 1]?.at ?? Number.POSITIVE_INFINITY
    const ms = Math.min(nextAt, sample.at + TILT_HOLDS_MS, toAt) - Math.max(sample.at, fromAt)
    if (ms <= 0 || sample.milliDeg === null) continue
    handling[postureOf(worstAt(samples, index))] += ms
    watchedMs += ms
  }
  handling.unknown = Math.max(0, toAt - fromAt - watchedMs)
  return handling
}

/** The posture at an instant; null where nobody watches. */
export function postureAt(samples: readonly TiltSample[], at: number): Posture | null {
  const index = samples.findLastIndex((sample) => sample.at <= at)
  const last = samples[index]
  if (last === undefined || last.milliDeg === null || at - last.at > TILT_HOLDS_MS) return null
  return postureOf(worstAt(samples, index))
}

/** Devices count either way round: -90 and 270 are on its side, too. */
function fromUpright(milliDeg: number): number {
  const around = Math.abs(milliDeg) % 360_000
  return around > 180_000 ? 360_000 - around : around
}

function postureOf(milliDeg: number): Posture {
  if (milliDeg < 30_000) return 'upright'
  if (milliDeg <= 60_000) return 'leaning'
  return milliDeg <= 120_000 ? 'side' : 'inverted'
}

function worstAt(samples: readonly TiltSample[], index: number): number {
  const at = samples[index]?.at
  let worst = 0
  for (let before = index; before >= 0 && samples[before]?.at === at; before--) {
    worst = Math.max(worst, fromUpright(samples[before]?.milliDeg ?? 0))
  }
  return worst
}
