import { type Check, duration, fail, ok, warn } from './check.ts'

/** How far another clock is ahead of this machine's, and by how much that can be wrong (half the round trip). */
export type ClockOffset = { offsetMs: number; boundMs: number }

/** Judges another clock; only what is certain beyond the bound counts. */
export function checkClock(name: string, whose: string, { offsetMs, boundMs }: ClockOffset): Check {
  const certainMs = Math.max(0, Math.abs(offsetMs) - boundMs)
  const side = offsetMs < 0 ? 'behind' : 'ahead of'
  const found = `${whose} is ${duration(Math.abs(offsetMs))} ${side} this machine's clock, ± ${duration(boundMs)}`
  if (certainMs > FAIL_MS) return fail(name, found, `${SYNCHRONISE}: it dates what it learns by its own clock`)
  if (certainMs > WARN_MS) return warn(name, found, SYNCHRONISE)
  return ok(name, found)
}

const SYNCHRONISE = 'Synchronise both machines (chrony, systemd-timesyncd) and run doctor again'

/** A synchronised machine is within a few milliseconds; a second shows that one of them is not. */
const WARN_MS = 1000
/** A tenth of the 300 s that a reading may be ahead of its receipt before the door holds it for a person. */
const FAIL_MS = 30_000
