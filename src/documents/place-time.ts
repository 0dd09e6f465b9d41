/** Instants as people at a place read them, with the offset, and in UTC (domain page section 7). */
export type PlaceTime = {
  /** IANA name; null: UTC alone. */
  readonly zone: string | null
  /** `2026-03-02 11:00 +01:00`, seconds only where there are any. */
  readonly local: (at: number) => string
  /** `10:00 UTC`, with the day where it is another one there. */
  readonly utc: (at: number) => string
  /** Both, the one in UTC in brackets; once where they are the same. */
  readonly both: (at: number) => string
  /** `02 Mar 11:00`, for an axis. */
  readonly short: (at: number) => string
  /** How far local time is ahead of UTC at an instant, in milliseconds. */
  readonly aheadMs: (at: number) => number
}

/** The times of a place; null, or a zone that this machine does not know: UTC. */
export function placeTime(zone: string | null): PlaceTime {
  const format = zone === null ? null : formatOf(zone)
  const aheadMs = (at: number) => (format === null ? 0 : wallClock(format, at) - Math.floor(at / 1000) * 1000)
  const local = (at: number) => `${clockText(at + aheadMs(at))} ${format === null ? 'UTC' : offsetText(aheadMs(at))}`
  const utc = (at: number) => {
    const [day, time] = clockText(at).split(' ')
    const isSameDay = clockText(at + aheadMs(at)).startsWith(`${day} `)
    return `${isSameDay ? '' : `${day} `}${time} UTC`
  }
  const short = (at: number) => {
    const wall = new Date(at + aheadMs(at))
    const time = wall.toISOString().slice(11, 16)
    return `${String(wall.getUTCDate()).padStart(2, '0')} ${MONTHS[wall.getUTCMonth()]} ${time}`
  }
  const both = (at: number) => (format === null ? local(at) : `${local(at)} (${utc(at)})`)
  return { zone: format === null ? null : zone, local, utc, both, short, aheadMs }
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const numeric = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, ...numeric, ...time, calendar: 'gregory' })
  } catch {
    return null
  }
}

/** What the clock on the wall shows, as if it were UTC. */
function wallClock(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const of = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

function clockText(at: number): string {
  const text = new Date(at).toISOString()
  const [second, millis] = [text.slice(17, 19), text.slice(20, 23)]
  const fine = millis !== '000' ? `:${second}.${millis}` : second !== '00' ? `:${second}` : ''
  return `${text.slice(0, 10)} ${text.slice(11, 16)}${fine}`
}

function offsetText(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${ms < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** A duration as people say it: `1 d 2 h`, `35 min`, `1 min 30.5 s`; nothing is rounded away. */
export function spokenDuration(ms: number): string {
  const parts: [number, string][] = [
    [Math.floor(ms / 86_400_000), 'd'],
    [Math.floor(ms / 3_600_000) % 24, 'h'],
    [Math.floor(ms / 60_000) % 60, 'min'],
    [(ms % 60_000) / 1000, 's'],
  ]
  const said = parts.flatMap(([value, unit]) => (value === 0 ? [] : [`${value} ${unit}`]))
  return said.length === 0 ? '0 min' : said.join(' ')
}
