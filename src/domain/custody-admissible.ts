import { CUSTODY_DEFAULTS } from './custody.ts'
import type { CustodyEvent, CustodyKind, CustodyStatement, Replacement } from './custody-event.ts'
import { type Refusal, refuse } from './refusal.ts'
import { isoInstant } from './units.ts'

/**
 * Null when the ledger records the event; else why not. It refuses only what cannot be a statement about the world
 * (domain page section 4.3): malformed for its kind (`invalid`), or later than now (`in_the_future`). A wrong holder,
 * recipient, seal, unit or order is recorded and found. `recorded` is the shipment's ledger before this event.
 * Existence of shipment and organisation, and the right to speak for it, are the caller's.
 */
export function refuseEvent(
  event: CustodyEvent,
  ledger: { readonly now: number; readonly recorded: readonly CustodyEvent[] },
): Refusal | null {
  return refuseStatement(event, ledger.now) ?? (event.kind === 'correction' ? refuseCorrection(event, ledger) : null)
}

function refuseStatement(said: CustodyStatement, now: number): Refusal | null {
  if (!Number.isSafeInteger(said.at)) return refuse('invalid', 'State when the event happened.')
  if (said.at > now + CUSTODY_DEFAULTS.clockToleranceMs) {
    return refuse('in_the_future', `The event lies after the server's time ${isoInstant(now)}. Check the clock.`)
  }
  if (isBlank(said.byOrg)) return refuse('invalid', 'Name the organisation that makes the statement.')
  const missing = required[said.kind].filter((field) => isBlank(said[field]))
  if (missing.length > 0) return refuse('invalid', `A ${said.kind} event needs ${missing.join(', ')}.`)
  if (said.acknowledgement !== undefined && isBlank(said.acknowledgement.name)) {
    return refuse('invalid', 'An acknowledgement needs the name of the person who gave it.')
  }
  const listed = [said.units, said.seals ?? [], said.replaces ?? []]
  if (listed.some(hasBlankOrTwice)) return refuse('invalid', 'A list holds an empty entry, or one entry twice.')
  return null
}

type RequiredField = 'handoverId' | 'toOrg' | 'seals' | 'reason' | 'corrects'

/** The data without which an event of the kind says nothing (domain page section 4.2). */
const required: Record<CustodyKind, readonly RequiredField[]> = {
  handover_release: ['handoverId', 'toOrg'],
  handover_accept: ['handoverId'],
  sealed: ['seals'],
  resealed: ['seals'],
  readdressed: ['reason'],
  refused: ['reason'],
  lost: ['reason'],
  cancelled: ['reason'],
  correction: ['corrects', 'reason'],
  collection: [],
  packed: [],
  logger_paired: [],
  logger_unpaired: [],
  replenished: [],
  repacked: [],
  stored: [],
  removed: [],
  thawed: [],
  pickup: [],
  departed: [],
  arrived: [],
  customs_hold: [],
  customs_released: [],
  delivered: [],
  received: [],
  seal_check: [],
  opened: [],
  unpacked: [],
  inspected: [],
  accepted: [],
  quarantined: [],
  released: [],
  rejected: [],
  released_exceptionally: [],
  returned: [],
  destroyed: [],
  administered: [],
}

function refuseCorrection(
  correction: CustodyEvent | (Replacement & { readonly seq: number }),
  ledger: { readonly now: number; readonly recorded: readonly CustodyEvent[] },
): Refusal | null {
  const { seq, corrects, replacement } = correction
  const wrong = ledger.recorded.find((event) => event.seq === corrects)
  if (wrong === undefined || wrong.seq >= seq)
    return refuse('invalid', `There is no earlier event ${corrects} to correct.`)
  if (replacement === undefined) return refuse('invalid', 'State what holds instead, or null to void the event.')
  if (replacement === null) return null
  const malformed = refuseStatement(replacement, ledger.now)
  if (malformed !== null || replacement.kind !== 'correction') return malformed
  if (wrong.kind !== 'correction') return refuse('invalid', 'Only a correction can be replaced by a correction.')
  // it will stand in the place of the correction it replaces, so it can only speak about what came before that one
  return refuseCorrection({ ...replacement, seq: wrong.seq }, ledger)
}

function isBlank(value: string | number | readonly string[] | undefined): boolean {
  if (value === undefined) return true
  return typeof value === 'string' ? value.trim() === '' : typeof value === 'object' && value.length === 0
}

function hasBlankOrTwice(list: readonly string[]): boolean {
  return list.some(isBlank) || new Set(list).size < list.length
}
