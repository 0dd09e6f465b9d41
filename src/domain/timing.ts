import { isOut, type Side } from './profile.ts'

/**
 * Two more ways to time an excursion beside the hold, reported and never used for a verdict (domain page 2.3, E23):
 * crossings interpolated linearly between readings, and the outer bound from the last good reading before to the first
 * good one after. Readings ascend; durations in milliseconds, crossings as instants.
 */
export function timings(
  readings: readonly { at: number; milliC: number }[],
  limit: { side: Side; milliC: number },
): Timings {
  const result: Timings = { holdMs: 0, linearMs: 0, linearCrossings: [], outerBoundMs: 0 }
  for (const [index, reading] of readings.entries()) {
    const next = readings[index + 1]
    if (next === undefined) break
    const span = next.at - reading.at
    const out = isOut(limit.side, limit.milliC, reading.milliC)
    const nextOut = isOut(limit.side, limit.milliC, next.milliC)
    if (out) result.holdMs += span
    if (out || nextOut) result.outerBoundMs += span
    if (out === nextOut) {
      if (out) result.linearMs += span
      continue
    }
    const crossing = reading.at + (span * (limit.milliC - reading.milliC)) / (next.milliC - reading.milliC)
    result.linearCrossings.push(crossing)
    result.linearMs += out ? crossing - reading.at : next.at - crossing
  }
  return result
}

export type Timings = { holdMs: number; linearMs: number; linearCrossings: number[]; outerBoundMs: number }

/**
 * Alert episodes of a live view: an episode begins at an out reading and ends at the first one that is back inside the
 * limit by the hysteresis (E19). Acts on notifications only. `toAt` is null while the episode lasts.
 */
export function alertEpisodes(
  readings: readonly { at: number; milliC: number }[],
  limit: { side: Side; milliC: number },
  hysteresisMilliC: number,
): { fromAt: number; toAt: number | null }[] {
  const clear = limit.side === 'high' ? limit.milliC - hysteresisMilliC : limit.milliC + hysteresisMilliC
  const episodes: { fromAt: number; toAt: number | null }[] = []
  for (const { at, milliC } of readings) {
    const current = episodes.at(-1)
    const lasting = current !== undefined && current.toAt === null
    if (!lasting && isOut(limit.side, limit.milliC, milliC)) episodes.push({ fromAt: at, toAt: null })
    else if (lasting && !isOut(limit.side, clear, milliC)) current.toAt = at
  }
  return episodes
}
