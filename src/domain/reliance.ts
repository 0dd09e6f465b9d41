import type { Canonical } from './canonical.ts'
import type { CustodyKind } from './custody-event.ts'
import type { LedgerEntry } from './ledger.ts'
import { parseInstant } from './units.ts'

/** Handovers, the receipt and decisions: who makes them relies on what was known of the shipment up to there. */
export const RELIES: ReadonlySet<string> = new Set<CustodyKind>([
  ...(['handover_release', 'handover_accept', 'received', 'accepted', 'quarantined', 'released', 'rejected'] as const),
  ...(['released_exceptionally', 'returned', 'destroyed'] as const),
])

/** Those of them that take the units in, and so rest on their lots too. */
export const TAKES_IN: ReadonlySet<string> = new Set<CustodyKind>([
  ...(['received', 'accepted', 'quarantined', 'released', 'released_exceptionally'] as const),
])

/** That somebody relied on an evaluation: on which version, when, doing what. */
export type Reliance = {
  /** A kind of custody event, or of another record that names an evaluation (`re_review_decision`, `certificate`). */
  readonly what: string
  /** The ledger entry; null where it is none. */
  readonly seq: number | null
  /** When it was recorded, epoch milliseconds. */
  readonly at: number
  readonly version: number
  readonly organisation: string
  /** Those who signed it; empty where a machine attested it, or somebody without account gave their word. */
  readonly people: readonly ReliantPerson[]
  /** Who recorded it, as the ledger names them: `person:7`, `machine:3`. */
  readonly actor: string | null
}

export type ReliantPerson = {
  readonly id: number
  readonly name: string
  readonly role: string
  readonly organisation: string
}

/**
 * Who relied on which evaluation by a shipment's ledger: each handover, receipt and decision stands on the newest
 * `readings_root` before it, which names the evaluation. One that was made before anything was judged relied on none.
 */
export function reliancesOf(entries: readonly LedgerEntry[]): Reliance[] {
  const reliances: Reliance[] = []
  let version: number | null = null
  for (const entry of entries) {
    if (entry.kind === 'readings_root') version = versionOf(entry.evaluation)
    if (version === null || !RELIES.has(textOf(entry.kind) ?? '')) continue
    reliances.push({
      what: textOf(entry.kind) ?? '',
      seq: entry.seq,
      at: instantOf(entry.recordedAt),
      version,
      organisation: textOf(entry.byOrg) ?? '',
      people: listOf(entry.signatures).flatMap(personOf),
      actor: textOf(entry.actor),
    })
  }
  return reliances
}

function versionOf(evaluation: Canonical | undefined): number | null {
  return isObject(evaluation) && typeof evaluation.version === 'number' ? evaluation.version : null
}

function personOf(signature: Canonical): ReliantPerson[] {
  if (!isObject(signature)) return []
  const { signerId, printedName, role, organisation } = signature
  const id = typeof signerId === 'number' ? signerId : 0
  return [{ id, name: textOf(printedName) ?? '', role: textOf(role) ?? '', organisation: textOf(organisation) ?? '' }]
}

function listOf(value: Canonical | undefined): readonly Canonical[] {
  return isList(value) ? value : []
}

function isList(value: Canonical | undefined): value is readonly Canonical[] {
  return Array.isArray(value)
}

function isObject(value: Canonical | undefined): value is { readonly [name: string]: Canonical } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: Canonical | undefined): string | null {
  return typeof value === 'string' ? value : null
}

function instantOf(value: Canonical | undefined): number {
  const parsed = parseInstant(textOf(value) ?? '')
  if (typeof parsed === 'object') return parsed.at
  throw new Error(`a ledger entry was recorded at "${textOf(value)}", which is no instant`)
}
