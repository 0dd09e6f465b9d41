import type { CustodyStep, PartyKey } from './journey.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

/** Hours and minutes since the journey's start. */
export function at(hours: number, minutes = 0): number {
  return hours * HOUR_MS + minutes * MINUTE_MS
}

/** Packed under two seals and given to the carrier: how every journey of the demo begins. */
export function departure(seals: readonly string[]): CustodyStep[] {
  return [
    { atMs: PACKED_MS, by: 'distributor', kind: 'packed', unitsNamed: true, coiNamed: true },
    { atMs: at(3, 15), by: 'distributor', kind: 'sealed', said: { seals, reason: SEALED_OVER } },
    ...handover({ from: 'distributor', to: 'carrier', atMs: at(4), seals }),
    { atMs: at(4, 20), by: 'carrier', kind: 'departed', said: { place: 'Example depot' } },
    { atMs: at(8, 30), by: 'carrier', kind: 'arrived', said: { place: 'Example airport' } },
    { atMs: at(9), by: 'carrier', kind: 'departed', said: { place: 'Example airport' } },
    { atMs: at(18), by: 'carrier', kind: 'arrived', said: { place: 'Example hub' } },
  ]
}

/** The batch is not released in the service, and no label was read: the departure check says so. */
export const SEALED_OVER = 'EXAMPLE: shipped in quarantine, released by the sponsor before use'

/** When every journey's window begins. */
export const PACKED_MS = at(3)

/** Brought to the treatment centre, taken over and opened there: the window ends at 27 hours. */
export function arrival(seals: readonly string[]): CustodyStep[] {
  return [
    { atMs: at(26), by: 'carrier', kind: 'delivered', said: { place: 'Example hospital' } },
    ...handover({ from: 'carrier', to: 'centre', atMs: at(26, 5), seals }),
    { atMs: at(26, 25), by: 'centre', kind: 'received', said: { seals } },
    { atMs: at(27), by: 'centre', kind: 'opened', coiNamed: true },
    { atMs: at(27, 10), by: 'centre', kind: 'unpacked', unitsNamed: true },
  ]
}

/** Both words of a handover, ten minutes apart: the organisation's own, and the driver's acknowledgement. */
export function handover(between: HandoverScript): CustodyStep[] {
  return [released(between), { ...accepted(between), atMs: between.atMs + 10 * MINUTE_MS }]
}

type HandoverScript = { from: PartyKey; to: PartyKey; atMs: number; seals: readonly string[] }

/** The giver's word alone. */
export function released({ from, to, atMs, seals }: HandoverScript): CustodyStep {
  const word = wordOf(from, 'released_custody')
  return { atMs, by: from, kind: 'handover_release', to, said: { handoverId: `to-${to}`, seals, ...word } }
}

function accepted({ to, atMs, seals }: HandoverScript): CustodyStep {
  const word = wordOf(to, 'accepted_custody')
  return { atMs, by: to, kind: 'handover_accept', said: { handoverId: `to-${to}`, seals, ...word } }
}

/** The carrier's driver has no account, so gives an acknowledgement; the others are named by their organisation. */
function wordOf(party: PartyKey, meaning: string): CustodyStep['said'] {
  if (party === 'carrier') {
    return { acknowledgement: { name: 'Driver on duty', company: 'Example Couriers', code: 'ONE-TIME-4711' } }
  }
  return { attestedBy: { printedName: `Example signer of the ${party}`, meaning } }
}
