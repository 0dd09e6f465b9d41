import { type EffectiveEvent, effectiveEvents, type Handover, handovers } from './custody-effective.ts'
import type { Acknowledgement, CustodyEvent, CustodyKind } from './custody-event.ts'
import { type CustodyFinding, findingSeverity } from './custody-finding.ts'
import { foldSeals } from './custody-seals.ts'

/** The answer to: who has it, and was it in known hands all the way. */
export type Custody = {
  readonly chainStatus: 'intact' | 'incomplete' | 'broken'
  readonly currentHolder: string | null
  readonly lastEvent: EffectiveEvent | null
  /** seals in force; null: none known, or opened by the destination */
  readonly seals: readonly string[] | null
  /** in order of recording; missing milestones last */
  readonly findings: readonly CustodyFinding[]
  /** `seq` of handover events that a person signed */
  readonly signed: readonly number[]
  /** `seq` of handover events that an organisation's machine attested, naming who did it; no e-signature */
  readonly attested: readonly number[]
  /** `seq` of handover events given by acknowledgement, without an e-signature */
  readonly acknowledgements: readonly number[]
  /** every unit ever named, with the event that ended its life */
  readonly units: ReadonlyMap<string, Terminal | null>
}

/** A unit's end: given or destroyed. */
export type Terminal = { readonly kind: CustodyKind; readonly at: number; readonly seq: number }

/** What the shipment and its lane ask for. `coi` null: the first code stated rules. */
export type CustodyTerms = {
  readonly asOf: number
  readonly destinationOrg: string
  readonly maxHandoverMs: number
  readonly clockToleranceMs: number
  readonly lateEntryMs: number
  readonly coi: string | null
  /** first entry that `verifyChain` found bad; absent or null: the ledger verifies, or was not asked */
  readonly firstBadSeq?: number | null
}

/** Defaults of domain page section 4.3; a lane may allow another handover time. */
export const CUSTODY_DEFAULTS = { maxHandoverMs: 30 * 60_000, clockToleranceMs: 120_000, lateEntryMs: 24 * 3_600_000 }

/**
 * Judges recorded custody events (domain page section 4.3; vectors custody-chain.json): custody runs from the first
 * event's organisation and only an acceptance moves it. Order of recording decides nothing but ties.
 */
export function foldCustody(recorded: readonly CustodyEvent[], terms: CustodyTerms): Custody {
  const events = effectiveEvents(recorded)
  const pairs = handovers(events)
  const holding = foldHolder(events)
  const sealing = foldSeals(events, terms.destinationOrg)
  const units = foldUnits(events)
  const findings = [
    ...holding.findings,
    ...pairs.flatMap((pair) => handoverFindings(pair, terms)),
    ...pairs.flatMap(unsignedFindings),
    ...sealing.findings,
    ...coiFindings(events, terms.coi),
    ...terminalFindings(events, units),
    ...lateFindings(events, terms.lateEntryMs),
    ...milestoneFindings(events, terms.destinationOrg),
    ...integrityFindings(terms.firstBadSeq ?? null),
  ]
  return {
    chainStatus: chainStatus(findings),
    currentHolder: holding.holder,
    lastEvent: events.at(-1) ?? null,
    seals: sealing.seals,
    findings: findings.toSorted(byFinding),
    signed: handoverSeqs(events, isSigned),
    attested: handoverSeqs(events, (event) => isOwnWord(event) && !isSigned(event)),
    acknowledgements: handoverSeqs(events, (event) => event.acknowledgement !== undefined && !isSigned(event)),
    units,
  }
}

function foldHolder(events: readonly EffectiveEvent[]): { holder: string | null; findings: CustodyFinding[] } {
  let holder = events[0]?.byOrg ?? null
  const findings: CustodyFinding[] = []
  for (const { kind, byOrg, seq } of events) {
    if (kind === 'handover_release' && byOrg !== holder) findings.push({ code: 'HOLDER_MISMATCH', seq })
    if (kind === 'handover_accept') holder = byOrg
  }
  return { holder, findings }
}

function handoverFindings({ release, accept }: Handover, terms: CustodyTerms): CustodyFinding[] {
  if (release === null) return [{ code: 'ACCEPT_WITHOUT_RELEASE', seq: accept.seq }]
  if (accept === null) {
    return terms.asOf - release.at > terms.maxHandoverMs ? [{ code: 'HANDOVER_OPEN', seq: release.seq }] : []
  }
  const { seq } = accept
  const tookMs = accept.at - release.at
  const findings: CustodyFinding[] = []
  if (accept.byOrg !== release.toOrg) findings.push({ code: 'RECIPIENT_MISMATCH', seq })
  if (tookMs < -terms.clockToleranceMs) findings.push({ code: 'TIME_REVERSED', seq })
  if (tookMs > terms.maxHandoverMs) findings.push({ code: 'HANDOVER_SLOW', seq })
  return findings
}

/**
 * Two acknowledgements make no signature: the acceptance, which completes the handover, carries the finding. Beside an
 * e-signature an acknowledgement need not be complete.
 */
function unsignedFindings({ release, accept }: Handover): CustodyFinding[] {
  const sides = [release, accept].filter((side) => side !== null)
  const nobodySigned = sides.length === 2 && !sides.some(isOwnWord)
  return sides
    .filter((side) => (!isSigned(side) && isIncomplete(side.acknowledgement)) || (nobodySigned && side === accept))
    .map(({ seq }) => ({ code: 'HANDOVER_UNSIGNED', seq }))
}

function isSigned({ signature, signatures }: EffectiveEvent): boolean {
  return signature !== undefined || (signatures !== undefined && signatures.length > 0)
}

/**
 * Whether a side of a handover is the word of its organisation: signed by a person, or sent by its machine, which names
 * who did it. What a person says without signing is no signature, whoever they are.
 */
function isOwnWord(side: EffectiveEvent): boolean {
  return isSigned(side) || (side.acknowledgement === undefined && side.actor?.startsWith('person:') !== true)
}

function isIncomplete(given: Acknowledgement | undefined): boolean {
  return given !== undefined && !(given.company?.trim() && (given.code?.trim() || given.waybill?.trim()))
}

function coiFindings(events: readonly EffectiveEvent[], expected: string | null): CustodyFinding[] {
  const stated = events.filter((event) => event.coi !== undefined && event.coi !== null)
  const coi = expected ?? stated[0]?.coi
  return stated.filter((event) => event.coi !== coi).map(({ seq }) => ({ code: 'COI_MISMATCH', seq }))
}

function foldUnits(events: readonly EffectiveEvent[]): Map<string, Terminal | null> {
  const units = new Map<string, Terminal | null>()
  for (const { kind, at, seq, units: named } of events) {
    const ends = kind === 'destroyed' || kind === 'administered'
    for (const unit of named) units.set(unit, units.get(unit) ?? (ends ? { kind, at, seq } : null))
  }
  return units
}

/** `destroyed` is missing on purpose: given bags are destroyed. */
const movesOrOpens: ReadonlySet<CustodyKind> = new Set([
  'pickup',
  'departed',
  'arrived',
  'delivered',
  'handover_release',
  'handover_accept',
  'received',
  'opened',
  'unpacked',
  'repacked',
  'stored',
  'removed',
  'thawed',
  'administered',
])

function terminalFindings(events: readonly EffectiveEvent[], units: Custody['units']): CustodyFinding[] {
  const isAfterEnd = (event: EffectiveEvent) =>
    event.units.some((unit) => event.at > (units.get(unit)?.at ?? Number.POSITIVE_INFINITY))
  return events
    .filter((event) => movesOrOpens.has(event.kind) && isAfterEnd(event))
    .map(({ seq }) => ({ code: 'EVENT_AFTER_TERMINAL', seq }))
}

function lateFindings(events: readonly EffectiveEvent[], lateEntryMs: number): CustodyFinding[] {
  return events
    .filter((event) => event.recordedAt - event.at > lateEntryMs)
    .map(({ seq }) => ({ code: 'LATE_ENTRY', seq }))
}

const MILESTONES = ['packed', 'sealed', 'received'] as const

/** What only somebody does who has the shipment at its destination. */
const takesOver: ReadonlySet<CustodyKind> = new Set([
  'handover_accept',
  'received',
  'opened',
  'unpacked',
  'accepted',
  'quarantined',
  'thawed',
  'administered',
])

/** Asked only once the destination has taken the shipment over: until then every step may still come. */
function milestoneFindings(events: readonly EffectiveEvent[], destinationOrg: string): CustodyFinding[] {
  const byDestination = events.filter((event) => event.byOrg === destinationOrg)
  if (!byDestination.some(({ kind }) => takesOver.has(kind))) return []
  const has = (kind: CustodyKind) => (kind === 'received' ? byDestination : events).some((event) => event.kind === kind)
  return MILESTONES.filter((kind) => !has(kind)).map((kind) => ({ code: 'MILESTONE_MISSING', seq: null, kind }))
}

function integrityFindings(firstBadSeq: number | null): CustodyFinding[] {
  return firstBadSeq === null ? [] : [{ code: 'INTEGRITY_FAILED', seq: firstBadSeq }]
}

function chainStatus(findings: readonly CustodyFinding[]): Custody['chainStatus'] {
  const severities = new Set(findings.map((finding) => findingSeverity[finding.code]))
  if (severities.has('broken')) return 'broken'
  return severities.has('incomplete') ? 'incomplete' : 'intact'
}

function byFinding(a: CustodyFinding, b: CustodyFinding): number {
  const [left, right] = [a.seq ?? Number.MAX_SAFE_INTEGER, b.seq ?? Number.MAX_SAFE_INTEGER]
  return left - right || (a.code < b.code ? -1 : Number(a.code > b.code))
}

function handoverSeqs(events: readonly EffectiveEvent[], is: (event: EffectiveEvent) => boolean): number[] {
  return events
    .filter(({ kind }) => kind === 'handover_release' || kind === 'handover_accept')
    .filter(is)
    .map(({ seq }) => seq)
    .sort((a, b) => a - b)
}
