import type { CustodyEvent, CustodyStatement, Replacement } from './custody-event.ts'

/** A custody event that holds: corrections are applied and gone, so the kind is never `correction`. */
export type EffectiveEvent = CustodyEvent

/**
 * Recorded events in, events that hold out (domain page section 4.3): corrections applied, ordered by `at`, ties in
 * order of recording, an acceptance never before its own release. A replacement takes the `seq` of what it corrects;
 * null voids. Of several corrections of one event the one recorded last wins; a correction may itself be corrected,
 * and one that is voided no longer applies. The order of the list itself does not matter.
 */
export function effectiveEvents(recorded: readonly CustodyEvent[]): EffectiveEvent[] {
  const corrected = applyCorrections(recorded)
  const places = new Map(corrected.map((event) => [event, ownPlace(event)]))
  for (const { release, accept } of handovers(corrected)) {
    if (release !== null && accept !== null) places.set(accept, placeAfter(release, accept))
  }
  return [...places].sort(([, a], [, b]) => byPlace(a, b)).map(([event]) => event)
}

/** A release and its acceptance; one of them may be missing. */
export type Handover =
  | { readonly release: EffectiveEvent; readonly accept: EffectiveEvent | null }
  | { readonly release: null; readonly accept: EffectiveEvent }

/**
 * Pairs releases with acceptances by `handoverId`. Where an id occurs again, the first release (by `at`) goes with the
 * first acceptance, the second with the second: so nobody takes the same handover twice unnoticed.
 */
export function handovers(events: readonly EffectiveEvent[]): Handover[] {
  const inOrder = [...events].sort((a, b) => byPlace(ownPlace(a), ownPlace(b)))
  const waiting = Map.groupBy(
    inOrder.filter((event) => event.kind === 'handover_accept'),
    (event) => event.handoverId,
  )
  const released = inOrder
    .filter((event) => event.kind === 'handover_release')
    .map((release) => ({ release, accept: waiting.get(release.handoverId)?.shift() ?? null }))
  const unreleased = [...waiting.values()].flat().map((accept) => ({ release: null, accept }))
  return [...released, ...unreleased]
}

/** Newest first, so that a correction's own fate is known before it is applied, and the last one to speak wins. */
function applyCorrections(recorded: readonly CustodyEvent[]): EffectiveEvent[] {
  const fates = new Map<number, Replacement | null>()
  for (const event of recorded.toSorted((a, b) => b.seq - a.seq)) {
    if (event.kind !== 'correction') continue
    const fate = fates.get(event.seq)
    if (fate === null) continue
    // a correction corrected to an ordinary event: that event takes the place this correction spoke about
    const correction = fate?.kind === 'correction' ? fate : event
    const replacement = fate === undefined || fate.kind === 'correction' ? correction.replacement : fate
    const target = correction.corrects
    if (target === undefined || target >= event.seq || fates.has(target)) continue
    fates.set(target, signedAs(fate ?? event, replacement ?? null))
  }
  return recorded.filter((event) => event.kind !== 'correction').flatMap((event) => standing(event, fates))
}

/** Whoever signs a correction signs what it puts in place. */
function signedAs({ signatures }: CustodyStatement, replacement: Replacement | null): Replacement | null {
  return replacement === null || signatures === undefined ? replacement : { ...replacement, signatures }
}

function standing(event: CustodyEvent, fates: ReadonlyMap<number, Replacement | null>): EffectiveEvent[] {
  const fate = fates.get(event.seq)
  if (fate === null) return []
  // a correction in place of an ordinary event says nothing about the world: the event stands
  if (fate === undefined || fate.kind === 'correction') return [event]
  return [{ ...fate, seq: event.seq, recordedAt: fate.recordedAt ?? event.recordedAt }]
}

type Place = { readonly at: number; readonly seq: number; readonly afterRelease: 0 | 1 }

function ownPlace(event: EffectiveEvent): Place {
  return { at: event.at, seq: event.seq, afterRelease: 0 }
}

function placeAfter(release: EffectiveEvent, accept: EffectiveEvent): Place {
  if (accept.at > release.at) return ownPlace(accept)
  return { at: release.at, seq: Math.max(release.seq, accept.seq), afterRelease: 1 }
}

function byPlace(a: Place, b: Place): number {
  return a.at - b.at || a.seq - b.seq || a.afterRelease - b.afterRelease
}
