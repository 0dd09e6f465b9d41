import { addUsage, type EarlierUse } from './budget.ts'
import type { Usage } from './exposure.ts'

/**
 * The budget ledger of units (domain page 2.6): an append-only account of the time each unit spent in each band over
 * its life. Nothing is changed: what no longer holds is reversed by an entry with the same times below zero, and what
 * holds now is entered beside it.
 *
 *   evaluation of a shipment ─┐
 *   sender's declaration ─────┼─► postings(ledger, charge) ─► entries to append ─► usageOf(ledger, unit)
 *   parent of a split ────────┘
 */

/** One booking. `reverses` names the entry it takes back. Durations in milliseconds; a reversal's lie below zero. */
export type BudgetPosting = Usage & {
  readonly unit: string
  readonly source: BudgetSource
  readonly reverses: number | null
}

/** A posting as it stands in the ledger. */
export type BudgetEntry = BudgetPosting & { readonly id: number }

/**
 * Where use comes from; `version` grows by what replaces it: the evaluation's, the declaration's, the parent's ledger.
 * A declaration's is a signed figure for everything before the unit's first shipment here.
 */
export type BudgetSource =
  | { readonly kind: 'evaluation'; readonly shipmentId: number; readonly version: number }
  | { readonly kind: 'declared'; readonly signature: string; readonly version: number }
  | { readonly kind: 'inherited'; readonly parent: string; readonly earlierUse: EarlierUse; readonly version: number }

/** What a unit used by one source's present word. */
export type BudgetCharge = {
  readonly unit: string
  readonly source: BudgetSource
  readonly used: readonly Usage[]
}

/**
 * The entries that make the ledger say what the charge says: nothing where it says so already, else a reversal of each
 * entry of the same source that still stands, and the new use. A charge older than what was posted of its source is
 * not news and posts nothing, so the order of posting does not matter.
 */
export function postings(ledger: readonly BudgetEntry[], { unit, source, used }: BudgetCharge): BudgetPosting[] {
  const own = ledger.filter((entry) => entry.unit === unit && account(entry.source) === account(source))
  if (own.some((entry) => entry.source.version > source.version)) return []
  const wanted = addUsage(used).filter((usage) => isPosted(source, usage))
  const standing = standingEntries(own)
  if (sameUsage(standing, wanted)) return []
  return [
    ...standing.map(({ id, band, consumedMs, presumedMs }) => ({
      unit,
      source,
      band,
      consumedMs: -consumedMs + 0,
      presumedMs: -presumedMs + 0,
      reverses: id,
    })),
    ...wanted.map((usage) => ({ ...usage, unit, source, reverses: null })),
  ]
}

/** A declaration is entered also where nothing was used: it says so, to a split's bags too. */
function isPosted({ kind }: BudgetSource, { consumedMs, presumedMs }: Usage): boolean {
  return kind !== 'evaluation' || consumedMs + presumedMs > 0
}

/** Entries with one account replace each other. */
function account(source: BudgetSource): string {
  switch (source.kind) {
    case 'evaluation':
      return `evaluation ${source.shipmentId}`
    case 'declared':
      return 'declared'
    case 'inherited':
      return `inherited ${source.parent}`
  }
}

function standingEntries(own: readonly BudgetEntry[]): BudgetEntry[] {
  const reversed = new Set(own.map(({ reverses }) => reverses))
  return own.filter(({ id, reverses }) => reverses === null && !reversed.has(id))
}

function sameUsage(a: readonly Usage[], b: readonly Usage[]): boolean {
  const text = (list: readonly Usage[]) =>
    list.map(({ band, consumedMs, presumedMs }) => JSON.stringify([band, consumedMs, presumedMs])).sort()
  return text(a).join() === text(b).join()
}

/** What a unit used in all, per band; without the shipment that is being judged now, where one is named. */
export function ledgerUsage(ledger: readonly BudgetEntry[], of: { unit: string; without?: number }): Usage[] {
  const isOther = ({ source }: BudgetEntry) => source.kind !== 'evaluation' || source.shipmentId !== of.without
  return addUsage(ledger.filter((entry) => entry.unit === of.unit && isOther(entry)))
}

/** Whether a signed figure stands for the unit's use before it came here, its own or its parent's. */
export function earlierUse(ledger: readonly BudgetEntry[], unit: string): EarlierUse {
  const standing = standingEntries(ledger.filter((entry) => entry.unit === unit))
  const isDeclared = ({ source }: BudgetEntry) =>
    source.kind === 'declared' || (source.kind === 'inherited' && source.earlierUse === 'declared')
  return standing.some(isDeclared) ? 'declared' : 'not_declared'
}

/**
 * What a bag inherits when a lot or a unit is split: everything its parent used until then, presumed time as such. The
 * caller gives the ledger of the time before the split; a later version of it is inherited anew.
 */
export function inheritance(ledger: readonly BudgetEntry[], split: { parent: string; child: string }): BudgetCharge {
  const { parent, child } = split
  const version = ledger.reduce((newest, entry) => (entry.unit === parent ? Math.max(newest, entry.id) : newest), 0)
  const source = { kind: 'inherited', parent, earlierUse: earlierUse(ledger, parent), version } as const
  return { unit: child, source, used: ledgerUsage(ledger, { unit: parent }) }
}
