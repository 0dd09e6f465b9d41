import { tzOffset } from '@date-fns/tz'
import { offsetOf } from './written-time.ts'

/** How a clock's time becomes an instant: a fixed offset, or a named zone with its daylight saving. */
export type Zone = { kind: 'offset'; offsetMs: number } | { kind: 'named'; name: string }

/** What a text says about the zone: one that decides, or letters that name several. */
export type ZoneStatement =
  | { said: 'zone'; text: string; zone: Zone }
  | { said: 'abbreviation'; text: string; offers: readonly string[] }

/** A zone as a person gives it: `Europe/Berlin`, `+02:00`, `UTC`. Null where it is none, or not the only one. */
export function readZone(text: string): Zone | null {
  const offsetMs = offsetOf(text.trim())
  if (offsetMs !== null) return { kind: 'offset', offsetMs }
  // names without a slash are abbreviations to people, whatever the tables of zones make of them
  const name = text.trim()
  return /^[A-Za-z]+\/[A-Za-z_+\-/0-9]+$/.test(name) && !Number.isNaN(tzOffset(name, new Date(0)))
    ? { kind: 'named', name }
    : null
}

/** The zone as `readZone` takes it. */
export function zoneText(zone: Zone): string {
  return zone.kind === 'named' ? zone.name : offsetText(zone.offsetMs)
}

/** `+02:00` */
export function offsetText(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'))
  return `${offsetMs < 0 ? '-' : '+'}${hours}:${rest}`
}

/** What a column title or a line of the header says about the zone; null for nothing. */
export function statedZone(text: string): ZoneStatement | null {
  const offset = /\b(?:UTC|GMT)(?:\s?[+-]\s?\d\d?(?::?\d\d)?)?(?![A-Za-z\d])|(?<![\d:.])[+-]\d\d:\d\d\b/.exec(text)?.[0]
  const named = /\b[A-Z][A-Za-z]+\/[A-Z][A-Za-z_]+\b/.exec(text)?.[0]
  const zone = readZone(named ?? '') ?? readZone((offset ?? '').replace(/([+-])\s/, '$1'))
  if (zone !== null) return { said: 'zone', text: named ?? offset ?? '', zone }
  const words = [...text.matchAll(/\b[A-Z]{2,5}\b/g)].map(([word]) => word)
  const letters = words.find((word) => Object.hasOwn(NAMES, word))
  return letters === undefined ? null : abbreviated(letters)
}

/** An abbreviation with the zones it may mean. */
export function abbreviated(text: string): ZoneStatement {
  return { said: 'abbreviation', text, offers: NAMES[text] ?? [] }
}

/** What common abbreviations may mean; the clock of the logger may also have stood at that offset all year. */
const NAMES: Record<string, readonly string[] | undefined> = {
  CST: ['America/Chicago', 'Asia/Shanghai', 'America/Havana', '-06:00', '+08:00'],
  CDT: ['America/Chicago', '-05:00'],
  EST: ['America/New_York', 'Australia/Sydney', '-05:00'],
  EDT: ['America/New_York', '-04:00'],
  MST: ['America/Denver', 'America/Phoenix', '-07:00'],
  MDT: ['America/Denver', '-06:00'],
  PST: ['America/Los_Angeles', 'Asia/Manila', '-08:00'],
  PDT: ['America/Los_Angeles', '-07:00'],
  IST: ['Asia/Kolkata', 'Europe/Dublin', 'Asia/Jerusalem', '+05:30', '+01:00', '+02:00'],
  BST: ['Europe/London', 'Asia/Dhaka', '+01:00'],
  CET: ['Europe/Berlin', '+01:00'],
  CEST: ['Europe/Berlin', '+02:00'],
  MEZ: ['Europe/Berlin', '+01:00'],
  MESZ: ['Europe/Berlin', '+02:00'],
  EET: ['Europe/Helsinki', '+02:00'],
  EEST: ['Europe/Helsinki', '+03:00'],
  WET: ['Europe/Lisbon', '+00:00'],
  MSK: ['Europe/Moscow', '+03:00'],
  AST: ['America/Halifax', 'Asia/Riyadh', '-04:00', '+03:00'],
  JST: ['Asia/Tokyo', '+09:00'],
  KST: ['Asia/Seoul', '+09:00'],
  SGT: ['Asia/Singapore', '+08:00'],
  HKT: ['Asia/Hong_Kong', '+08:00'],
  AEST: ['Australia/Sydney', 'Australia/Brisbane', '+10:00'],
  AEDT: ['Australia/Sydney', '+11:00'],
  ACST: ['Australia/Darwin', 'Australia/Adelaide', '+09:30'],
  NZST: ['Pacific/Auckland', '+12:00'],
  NZDT: ['Pacific/Auckland', '+13:00'],
  SAST: ['Africa/Johannesburg', '+02:00'],
}

const DAY_MS = 86_400_000

/**
 * The instants at which a clock of the zone shows a local time, ascending: one; two where the hour comes twice in
 * autumn; none where it is left out in spring. Built per file: days without a change are remembered.
 */
export function zoneClock(zone: Zone): (localMs: number) => readonly number[] {
  if (zone.kind === 'offset') return (localMs) => [localMs - zone.offsetMs]
  const offsetAt = (at: number) => tzOffset(zone.name, new Date(at)) * 60_000
  let steady = { day: Number.NaN, offsetMs: 0 }
  return (localMs) => {
    const day = Math.floor(localMs / DAY_MS)
    if (day === steady.day) return [localMs - steady.offsetMs]
    const before = offsetAt((day - 1) * DAY_MS)
    const after = offsetAt((day + 2) * DAY_MS)
    if (before === after) {
      steady = { day, offsetMs: before }
      return [localMs - before]
    }
    return [...new Set([localMs - Math.max(before, after), localMs - Math.min(before, after)])].filter(
      (at) => offsetAt(at) === localMs - at,
    )
  }
}

/** The offsets of a zone in the year around an instant, as `+01:00`: where a clock that never changes may stand. */
export function offsetsOf(zone: Zone, around: number): string[] {
  if (zone.kind === 'offset') return [offsetText(zone.offsetMs)]
  const half = 183 * DAY_MS
  const offsets = [around - half, around, around + half].map((at) => tzOffset(zone.name, new Date(at)) * 60_000)
  return [...new Set(offsets)].sort((a, b) => a - b).map(offsetText)
}
