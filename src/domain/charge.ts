import type { EffectiveEvent } from './custody-effective.ts'
import { parseInstant } from './units.ts'

/** A container on the scales: grams; `loaded` says whether what it carries was inside. */
export type Weighing = { at: number; massG: number; loaded: boolean }

/** What the ledger tells about the coolant of a container. Instants in epoch milliseconds, masses in grams. */
export type Charge = {
  /** The last charge or top-up; null while nothing was packed. Hold time runs from it, not from sealing. */
  chargedAt: number | null
  /** When the units went in: from then on they are weighed too. */
  loadedAt: number | null
  payloadG: number | null
  /** Those since the last charge, ascending. */
  weighings: Weighing[]
}

/**
 * Reads charges and weights out of effective events (domain page 3.1: weight charged, at pack-out, at receipt). Their
 * `details` name them in whole grams: `chargeWeightG` of `packed` is the charged container before loading, `weightG` of
 * any event the whole as it stood then, `payloadG` what was put in; `chargedAt` of `packed` when it was charged, where
 * that was earlier.
 */
export function chargeOf(events: readonly EffectiveEvent[]): Charge {
  const packed = events.find(({ kind }) => kind === 'packed')
  const charges = events.filter(({ kind }) => kind === 'packed' || kind === 'replenished').map(chargedAt)
  const last = charges.length === 0 ? null : Math.max(...charges)
  const weighings = events.flatMap((event) => weighingsOf(event, packed))
  return {
    chargedAt: last,
    loadedAt: packed?.at ?? null,
    payloadG: packed === undefined ? null : payloadG(packed),
    weighings: weighings.filter(({ at }) => last === null || at >= last).sort((a, b) => a.at - b.at),
  }
}

function chargedAt(event: EffectiveEvent): number {
  const said = event.details?.chargedAt
  const parsed = event.kind === 'packed' && typeof said === 'string' ? parseInstant(said) : null
  return parsed !== null && typeof parsed === 'object' && parsed.at < event.at ? parsed.at : event.at
}

function weighingsOf(event: EffectiveEvent, packed: EffectiveEvent | undefined): Weighing[] {
  const charged = event.kind === 'packed' ? grams(event, 'chargeWeightG') : null
  const whole = grams(event, 'weightG')
  const loaded = packed !== undefined && event.at >= packed.at
  return [
    ...(charged === null ? [] : [{ at: chargedAt(event), massG: charged, loaded: false }]),
    ...(whole === null ? [] : [{ at: event.at, massG: whole, loaded }]),
  ]
}

function payloadG(packed: EffectiveEvent): number | null {
  const said = grams(packed, 'payloadG')
  if (said !== null) return said
  const [charged, whole] = [grams(packed, 'chargeWeightG'), grams(packed, 'weightG')]
  return charged === null || whole === null ? null : Math.max(0, whole - charged)
}

/** No container of this trade weighs more. */
const MAX_G = 10_000_000

function grams({ details }: EffectiveEvent, name: string): number | null {
  const said = details?.[name]
  return typeof said === 'number' && Number.isInteger(said) && said >= 0 && said <= MAX_G ? said : null
}
