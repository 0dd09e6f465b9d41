import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 10

/** Polls until `check` holds; throws after `deadlineMs` of real time with what was waited for. */
export async function waitUntil(
  check: () => boolean,
  { deadlineMs, what }: { deadlineMs: number; what: () => string },
): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!check()) {
    if (performance.now() > end) throw new Error(`not within ${deadlineMs / 1000} s: ${what()}`)
    await pause(POLL_MS)
  }
}

/**
 * The clock of a play: epoch ms that run `speed` times as fast as the real ones until they have caught up with them.
 */
export type Clock = { now: () => number; speed: number }

/** Behind the real time by no more than this the clock has caught up. */
const CAUGHT_UP_MS = 2000
/** Long enough not to spin, short enough to notice a play that ends. */
const LONGEST_PAUSE_MS = 200

/** Waits until the play's clock shows `at`, or `isOver` says that nobody waits any more. */
export async function waitForInstant(clock: Clock, at: number, isOver: () => boolean): Promise<void> {
  for (let ms = at - clock.now(); ms > 0 && !isOver(); ms = at - clock.now()) {
    const realMs = ms / (hasCaughtUp(clock) ? 1 : clock.speed)
    await pause(Math.max(1, Math.min(realMs, LONGEST_PAUSE_MS)))
  }
}

/** Waits until the play's clock shows the real time, or `isOver`. */
export async function waitForPresent(clock: Clock, isOver: () => boolean): Promise<void> {
  while (!hasCaughtUp(clock) && !isOver()) await pause(LONGEST_PAUSE_MS)
}

/** Whether the play's clock shows the real time. */
function hasCaughtUp(clock: Clock): boolean {
  return Date.now() - clock.now() < CAUGHT_UP_MS
}
