import type { EffectiveEvent } from './custody-effective.ts'
import type { CustodyKind } from './custody-event.ts'
import type { CustodyFinding } from './custody-finding.ts'

/** Seals in force (null: none known, or opened by the destination), and what was found about seals and openings. */
export type SealFold = { readonly seals: readonly string[] | null; readonly findings: readonly CustodyFinding[] }

/**
 * Folds seals and openings over effective events (domain page section 4.3). Seals are compared as sets. Opening outside
 * the destination needs an authority, then new seals with a witness. The destination's opening after its takeover ends
 * the matter.
 */
export function foldSeals(events: readonly EffectiveEvent[], destinationOrg: string): SealFold {
  let state: SealState = { seals: null, openings: [], findings: [] }
  let takenOver = false
  for (const event of events) {
    const atDestination = event.byOrg === destinationOrg
    takenOver ||= atDestination && (event.kind === 'handover_accept' || event.kind === 'received')
    const role = sealRole[event.kind]
    if (role === 'compares') state = compared(state, event)
    if (role === 'applies') state = applied(state, event)
    if (role !== 'opens') continue
    // an opening said to lie before the takeover is no fault, but must not switch off the comparisons after it
    if (atDestination && takenOver) return { seals: null, findings: closed(state) }
    if (!atDestination) state = opened(state, event)
  }
  return { seals: state.seals, findings: closed(state) }
}

const sealRole: Record<CustodyKind, 'applies' | 'compares' | 'opens' | 'none'> = {
  sealed: 'applies',
  resealed: 'applies',
  handover_release: 'compares',
  handover_accept: 'compares',
  received: 'compares',
  seal_check: 'compares',
  opened: 'opens',
  unpacked: 'opens',
  replenished: 'opens',
  repacked: 'opens',
  collection: 'none',
  packed: 'none',
  logger_paired: 'none',
  logger_unpaired: 'none',
  readdressed: 'none',
  refused: 'none',
  lost: 'none',
  cancelled: 'none',
  stored: 'none',
  removed: 'none',
  thawed: 'none',
  pickup: 'none',
  departed: 'none',
  arrived: 'none',
  customs_hold: 'none',
  customs_released: 'none',
  delivered: 'none',
  inspected: 'none',
  accepted: 'none',
  quarantined: 'none',
  released: 'none',
  rejected: 'none',
  released_exceptionally: 'none',
  returned: 'none',
  destroyed: 'none',
  administered: 'none',
  correction: 'none',
}

/** `openings` wait for new seals. */
type SealState = SealFold & { readonly openings: readonly EffectiveEvent[] }

function compared(state: SealState, event: EffectiveEvent): SealState {
  const { seals } = event
  if (seals === undefined) {
    const handover = event.kind === 'handover_release' || event.kind === 'handover_accept'
    return handover ? found(state, { code: 'SEALS_NOT_CHECKED', seq: event.seq }) : state
  }
  if (seals.length === 0) return found(state, { code: 'SEAL_MISMATCH', seq: event.seq })
  // sealing not recorded: the first who looked sets what the next must see
  if (state.seals === null) return { ...state, seals }
  return sameSet(seals, state.seals) ? state : found(state, { code: 'SEAL_MISMATCH', seq: event.seq })
}

function applied(state: SealState, event: EffectiveEvent): SealState {
  const seals = event.seals ?? []
  const first = event.kind === 'sealed' && (state.seals === null || sameSet(seals, state.seals))
  if (first && state.openings.length === 0) return { ...state, seals }
  const witnessed = isStated(event.witness)
  const unauthorised = state.openings.filter((opening) => !(witnessed && isOrdered(opening)))
  // new seals mean that the old ones were broken: without a recorded opening a witness must at least have seen it
  const unexplained = state.openings.length === 0 && !witnessed
  return {
    seals,
    openings: [],
    findings: [
      ...state.findings,
      ...unauthorised.map(asUnauthorised),
      ...(unexplained ? [{ code: 'SEAL_MISMATCH', seq: event.seq } as const] : []),
      { code: 'RESEALED', seq: event.seq },
    ],
  }
}

/** Replenishing and repacking may bring their own new seals and witness; else a reseal must follow. */
function opened(state: SealState, event: EffectiveEvent): SealState {
  const waiting = { ...state, openings: [...state.openings, event] }
  const resealsItself = byInstruction(event) && event.seals !== undefined && isStated(event.witness)
  return resealsItself ? applied(waiting, event) : waiting
}

/** The sponsor's instruction stands behind replenishing and repacking; any other opening names its authority. */
function isOrdered(opening: EffectiveEvent): boolean {
  return byInstruction(opening) || isStated(opening.authority)
}

function byInstruction(event: EffectiveEvent): boolean {
  return event.kind === 'replenished' || event.kind === 'repacked'
}

function isStated(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== ''
}

function closed(state: SealState): readonly CustodyFinding[] {
  return [...state.findings, ...state.openings.map(asUnauthorised)]
}

function asUnauthorised(opening: EffectiveEvent): CustodyFinding {
  return { code: 'OPENED_UNAUTHORISED', seq: opening.seq }
}

function found(state: SealState, finding: CustodyFinding): SealState {
  return { ...state, findings: [...state.findings, finding] }
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [new Set(a), new Set(b)]
  return left.size === right.size && a.every((seal) => right.has(seal))
}
