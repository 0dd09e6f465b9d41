import type { Canonical } from './canonical.ts'
import { isoInstant } from './units.ts'

/**
 * One custody event of a shipment as it stands in the ledger (domain page section 4.2): somebody's statement about the
 * world, never changed afterwards. `seq` is its place in the order of recording (the ledger counts from 1 per
 * shipment), `recordedAt` the server's time of recording in epoch milliseconds.
 */
export type CustodyEvent = CustodyStatement & { readonly seq: number; readonly recordedAt: number }

/**
 * What was stated. `at` is when it happened (epoch milliseconds); `byOrg` the organisation that speaks, an opaque key;
 * `units` the bags concerned, empty for the container alone. `seals` absent: nobody looked; empty: looked, found none.
 */
export type CustodyStatement = {
  readonly kind: CustodyKind
  readonly at: number
  readonly byOrg: string
  readonly units: readonly string[]
  readonly coi?: string | null | undefined
  readonly seals?: readonly string[] | undefined
  readonly reason?: string | undefined
  /** pairs a release with its acceptance */
  readonly handoverId?: string | undefined
  readonly toOrg?: string | undefined
  readonly acknowledgement?: Acknowledgement | undefined
  /** reference to a signature kept elsewhere */
  readonly signature?: string | undefined
  /** e-signatures over this very event, as they are hashed with it (`signature.ts`) */
  readonly signatures?: readonly Canonical[] | undefined
  /** who ordered the container opened: customs, security */
  readonly authority?: string | undefined
  readonly witness?: string | undefined
  /** the former seals that a new set takes the place of */
  readonly replaces?: readonly string[] | undefined
  readonly place?: string | undefined
  /** the person or machine that spoke for `byOrg` */
  readonly actor?: string | undefined
  readonly tzOffset?: string | undefined
  /** extra data of the kind (weight, flight, waybill …); nothing here is judged */
  readonly details?: { readonly [name: string]: Canonical } | undefined
  /** correction only: `seq` of the wrong event */
  readonly corrects?: number | undefined
  /** correction only: what holds instead; null voids */
  readonly replacement?: Replacement | null | undefined
}

/** Takes the place of the event it corrects, and its time of recording too unless it brings its own. */
export type Replacement = CustodyStatement & { readonly recordedAt?: number | undefined }

/** The word of a person without account at a handover: never counted as a signature (domain page section 0 rule 8). */
export type Acknowledgement = {
  readonly name?: string | undefined
  readonly company?: string | undefined
  readonly code?: string | undefined
  readonly waybill?: string | undefined
}

/** Every kind of the table in domain page section 4.2. */
export const CUSTODY_KINDS = [
  'collection',
  'packed',
  'logger_paired',
  'logger_unpaired',
  'sealed',
  'resealed',
  'handover_release',
  'handover_accept',
  'replenished',
  'repacked',
  'readdressed',
  'refused',
  'lost',
  'cancelled',
  'stored',
  'removed',
  'thawed',
  'pickup',
  'departed',
  'arrived',
  'customs_hold',
  'customs_released',
  'delivered',
  'received',
  'seal_check',
  'opened',
  'unpacked',
  'inspected',
  'accepted',
  'quarantined',
  'released',
  'rejected',
  'released_exceptionally',
  'returned',
  'destroyed',
  'administered',
  'correction',
] as const

/** Kind of a custody event. */
export type CustodyKind = (typeof CUSTODY_KINDS)[number]

/**
 * The event as it is hashed: integers, strings, booleans, lists; times as ISO 8601 UTC with milliseconds, absent fields
 * left out. `seq`, `prevHash` and `hash` are the ledger's (`appendEntry`); the caller adds `shipmentId`.
 */
export function eventRecord(event: CustodyEvent): { readonly [name: string]: Canonical } {
  return present({ ...statementFields(event), recordedAt: isoInstant(event.recordedAt) })
}

function replacementRecord(replacement: Replacement): Canonical {
  const { recordedAt } = replacement
  const recorded = recordedAt === undefined ? undefined : isoInstant(recordedAt)
  return present({ ...statementFields(replacement), recordedAt: recorded })
}

type Fields = { readonly [name: string]: Canonical | undefined }

function statementFields(said: CustodyStatement): Fields {
  // `satisfies` makes a field that is stated but not hashed a compile error
  return {
    kind: said.kind,
    at: isoInstant(said.at),
    byOrg: said.byOrg,
    units: said.units,
    coi: said.coi,
    seals: said.seals,
    reason: said.reason,
    handoverId: said.handoverId,
    toOrg: said.toOrg,
    acknowledgement: said.acknowledgement && present(said.acknowledgement),
    signature: said.signature,
    signatures: said.signatures,
    authority: said.authority,
    witness: said.witness,
    replaces: said.replaces,
    place: said.place,
    actor: said.actor,
    tzOffset: said.tzOffset,
    details: said.details,
    corrects: said.corrects,
    replacement: said.replacement && replacementRecord(said.replacement),
  } satisfies Record<keyof CustodyStatement, Canonical | undefined>
}

function present(fields: Fields): { readonly [name: string]: Canonical } {
  const kept: { [name: string]: Canonical } = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) kept[name] = value
  return kept
}
