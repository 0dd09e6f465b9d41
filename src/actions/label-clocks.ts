import { tzOffset } from '@date-fns/tz'
import type { LabelOffsets } from '../domain/gs1-date.ts'

/** The time zones in which the manufacturer (the sponsor) and the place of use (the consignee) have their sites. */
export type LabelZones = { manufacturer: readonly string[]; place: readonly string[] }

/**
 * The clocks a label without zone may mean, at an instant. Who has no site on file may be anywhere: then any clock of
 * the world counts, so that nothing is called different, or expired, that need not be.
 */
export function labelClocks({ manufacturer, place }: LabelZones, at: number): LabelOffsets {
  const [manufacturerMin = 0, ...madeElsewhere] = offsetsOf(manufacturer, at)
  const [placeMin = 0, ...usedElsewhere] = offsetsOf(place, at)
  return { manufacturerMin, placeMin, othersMin: [...new Set([...madeElsewhere, ...usedElsewhere])] }
}

function offsetsOf(zones: readonly string[], at: number): readonly number[] {
  return zones.length === 0 ? ANYWHERE : [...new Set(zones.map((zone) => tzOffset(zone, new Date(at))))]
}

/** Every quarter of an hour from UTC-12 to UTC+14: no zone keeps another. */
const ANYWHERE = Array.from({ length: 105 }, (_, step) => step * 15 - 720)
