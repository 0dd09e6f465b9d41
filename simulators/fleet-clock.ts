/** Simulated time in epoch ms, and whether the play is over at such an instant. */
export type FleetClock = { now: () => number; isOver: (at: number) => boolean }

/** Real time until `endAt`. */
export function liveClock(endAt: number): FleetClock {
  return { now: Date.now, isOver: (at) => at >= endAt }
}

/** Runs from `startAt` on, `speed` times as fast as the real time, until it has caught up with it. */
export function scaledClock(startAt: number, speed: number): FleetClock {
  const beganMs = performance.now()
  return untilNow(() => Math.min(Date.now(), startAt + Math.floor((performance.now() - beganMs) * speed)))
}

/** A clock that is behind the real time, and over when it has caught up with it. */
export function untilNow(now: () => number): FleetClock {
  return { now, isOver: (at) => Date.now() - at < CAUGHT_UP_MS }
}

const CAUGHT_UP_MS = 1000
