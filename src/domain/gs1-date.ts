/**
 * Dates as labels print them: two digits of the year, no zone (domain page section 6).
 */

/** An expiry as printed: local calendar date `YYYY-MM-DD`, and time `HH:MM` where the label has one (AI 7003). */
export type LabelExpiry = { readonly date: string; readonly time: string | null }

/**
 * `YYMMDD` to `YYYY-MM-DD`; day 00 is the last of its month. The century is the one that brings the year nearest to
 * now: 49 years back to 50 ahead (General Specifications 7.12). Null where it is no date.
 */
export function labelDate(text: string, now: number): string | null {
  const [, yy, mm, dd] = /^(\d\d)(\d\d)(\d\d)$/.exec(text) ?? []
  if (yy === undefined || mm === undefined || dd === undefined) return null
  const year = fullYear(Number(yy), new Date(now).getUTCFullYear())
  const month = Number(mm)
  if (month < 1 || month > 12) return null
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const day = dd === '00' ? lastDay : Number(dd)
  return day > lastDay ? null : `${year}-${mm}-${String(day).padStart(2, '0')}`
}

function fullYear(yy: number, thisYear: number): number {
  const century = thisYear - (thisYear % 100)
  const ahead = yy - (thisYear % 100)
  if (ahead >= 51) return century - 100 + yy
  return ahead <= -50 ? century + 100 + yy : century + yy
}

/** `YYMMDDHHMM` of AI 7003 to date and time; day 00 is no day here. Null where it is no time. */
export function labelMinute(text: string, now: number): LabelExpiry | null {
  const [, day, hour, minute] = /^(\d{6})(\d\d)(\d\d)$/.exec(text) ?? []
  if (day === undefined || day.endsWith('00') || Number(hour) > 23 || Number(minute) > 59) return null
  const date = labelDate(day, now)
  return date === null ? null : { date, time: `${hour}:${minute}` }
}

/** `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`, as somebody entered what a label prints; null where it is no day or time. */
export function parseLocalExpiry(text: string): LabelExpiry | null {
  const [, date, time = null] = /^(\d{4}-\d\d-\d\d)(?:T([01]\d:[0-5]\d|2[0-3]:[0-5]\d))?$/.exec(text) ?? []
  if (date === undefined) return null
  const midnight = Date.parse(`${date}T00:00:00Z`)
  const isDay = !Number.isNaN(midnight) && isoMinute(midnight).startsWith(date)
  return isDay ? { date, time } : null
}

/** The same as text again. */
export function printLocalExpiry({ date, time }: LabelExpiry): string {
  return time === null ? date : `${date}T${time}`
}

/**
 * Where a label was printed and where it is read: what their clocks show ahead of UTC, in minutes. `othersMin` are
 * further clocks it may mean, where a party has several places or none that is known.
 */
export type LabelOffsets = {
  readonly manufacturerMin: number
  readonly placeMin: number
  readonly othersMin?: readonly number[]
}

function clocksOf({ manufacturerMin, placeMin, othersMin = [] }: LabelOffsets): number[] {
  return [manufacturerMin, placeMin, ...othersMin]
}

/** The last instant at which a unit may be used, in the two readings of a label without zone, epoch milliseconds. */
export type ExpiryReadings = { readonly earliestAt: number; readonly latestAt: number }

/**
 * Both readings of a label that prints no zone: by the manufacturer's clock and by the one at the place of use. A date
 * alone lasts to the end of its day.
 */
export function expiryReadings(expiry: LabelExpiry, offsets: LabelOffsets): ExpiryReadings {
  const local = lastLocalMs(expiry)
  const instants = clocksOf(offsets).map((offsetMin) => local - offsetMin * 60_000)
  return { earliestAt: Math.min(...instants), latestAt: Math.max(...instants) }
}

const DAY_MS = 86_400_000

/** The last usable millisecond, as if the label's clock were UTC. */
function lastLocalMs({ date, time }: LabelExpiry): number {
  const midnight = Date.parse(`${date}T00:00:00Z`)
  if (time === null) return midnight + DAY_MS - 1
  const [hour, minute] = time.split(':').map(Number)
  return midnight + ((hour ?? 0) * 60 + (minute ?? 0)) * 60_000
}

/**
 * Whether a label says the sponsor's instant, read by any of the clocks: the same calendar day, and the same minute
 * where the label has one. Midnight at the end of a day belongs to that day.
 */
export function labelSaysInstant(expiry: LabelExpiry, expiresAt: number, offsets: LabelOffsets): boolean {
  return clocksOf(offsets).some((offsetMin) => {
    const localAt = expiresAt + offsetMin * 60_000
    if (expiry.time !== null) return isoMinute(localAt) === `${expiry.date}T${expiry.time}`
    return [localAt, localAt - 1].some((at) => isoMinute(at).startsWith(expiry.date))
  })
}

function isoMinute(at: number): string {
  return new Date(at).toISOString().slice(0, 16)
}
