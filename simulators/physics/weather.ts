import type { Input } from './input.ts'

/** The outside temperature of a place as two sine waves, in degrees Celsius; swings are half of the whole range. */
export type Climate = {
  yearMeanC: number
  seasonSwingC: number
  daySwingC: number
  /** 200 (19 July) in the north, 17 in the south. */
  warmestDayOfYear: number
  /** Local hour, with the place's offset from UTC. */
  warmestHour: number
  utcOffsetMs: number
}

/** A place in central Europe: 0 C in January, 20 C in July, 5 C up and down in a day. */
export const TEMPERATE: Climate = {
  yearMeanC: 10,
  seasonSwingC: 10,
  daySwingC: 5,
  warmestDayOfYear: 200,
  warmestHour: 15,
  utcOffsetMs: 3_600_000,
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365.2425 * DAY_MS
/** The wave is laid in steps of this length; halving it moves no payload by as much as the tolerance of 0.05 C. */
const STEP_MS = HOUR_MS / 4
/** Any year does: its first day gives the wave of the seasons its place. */
const NEW_YEAR_AT = Date.UTC(2001, 0, 1)

/** Day, night and seasons at a place, for a journey that starts at `startAt`; each step has its middle's value. */
export function weather(climate: Climate, startAt: number, stepMs = STEP_MS): Input {
  const { yearMeanC, seasonSwingC, daySwingC } = climate
  const hottestAt = NEW_YEAR_AT + (climate.warmestDayOfYear - 0.5) * DAY_MS
  const warmestAt = NEW_YEAR_AT + climate.warmestHour * HOUR_MS - climate.utcOffsetMs
  return {
    valueAt: (sinceMs) => {
      const at = startAt + (Math.floor(sinceMs / stepMs) + 0.5) * stepMs
      return yearMeanC + seasonSwingC * wave((at - hottestAt) / YEAR_MS) + daySwingC * wave((at - warmestAt) / DAY_MS)
    },
    changeAfter: (sinceMs) => (Math.floor(sinceMs / stepMs) + 1) * stepMs,
  }
}

function wave(turns: number): number {
  return Math.cos(2 * Math.PI * turns)
}
