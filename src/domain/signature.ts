import { type Canonical, canonicalOrNull } from './canonical.ts'
import type { CustodyKind } from './custody-event.ts'
import { MAY_DISPOSE } from './disposition.ts'
import type { HashText } from './ledger.ts'
import type { PersonRole } from './person.ts'
import { isoInstant } from './units.ts'

/**
 * An e-signature (21 CFR 11.50, 11.70; domain page 1.3): a named person states, having proved anew who they are, what a
 * record is to them. It covers the hash of the exact record, so it cannot be cut out and pasted elsewhere.
 *
 *   record ─hash─► recordSha256 ─┐
 *   who, role, meaning, reason ──┴─► signature record ─hash─► sha256, which stands in the ledger entry
 */
export type SignatureRecord = {
  readonly recordType: string
  readonly recordId: string
  readonly recordSha256: string
  /** The evaluation the person relied on; null where the record rests on none. */
  readonly evaluation: { readonly version: number; readonly sha256: string } | null
  readonly signerId: number
  readonly userName: string
  readonly printedName: string
  /** Keys of the person's organisation, and of the one for which the role is held. */
  readonly organisation: string
  readonly roleFor: string
  readonly role: PersonRole
  readonly meaning: Meaning
  readonly reason: string | null
  /** Server clock, epoch milliseconds; and how far local time at the signer's site was ahead of UTC. */
  readonly signedAt: number
  readonly tzOffset: string
}

/** What a signature can mean (domain page 1.3). */
export const MEANINGS = [
  'authored',
  'reviewed',
  'approved',
  'packed',
  'released_custody',
  'accepted_custody',
  'received',
  'verified',
  'quarantined',
  'released',
  'released_exceptionally',
  'rejected',
  'destroyed',
  'witnessed',
] as const
export type Meaning = (typeof MEANINGS)[number]

/** Everyone who handles or decides; neither the administrator nor the auditor signs anything. */
const ACTING = [
  ...(['packer', 'dispatcher', 'carrier', 'distributor', 'receiver', 'verifier'] as const),
  ...(['responsible_pharmacist', 'physician', 'qa_sponsor', 'qa_site'] as const),
]

/** Who may give which meaning (domain page sections 4.2, 4.6 and 7). */
export const MAY_SIGN: Record<Meaning, readonly PersonRole[]> = {
  authored: ACTING,
  reviewed: ['verifier', 'responsible_pharmacist', 'physician', 'qa_sponsor', 'qa_site'],
  approved: ['responsible_pharmacist', 'physician', 'qa_sponsor', 'qa_site'],
  packed: ['packer', 'distributor'],
  released_custody: ['packer', 'dispatcher', 'carrier', 'distributor', 'receiver'],
  accepted_custody: ['packer', 'dispatcher', 'carrier', 'distributor', 'receiver', 'responsible_pharmacist'],
  received: ['receiver', 'responsible_pharmacist'],
  verified: ACTING,
  quarantined: ['receiver', 'responsible_pharmacist', 'qa_sponsor', 'qa_site'],
  released: MAY_DISPOSE.released,
  released_exceptionally: MAY_DISPOSE.released_exceptionally,
  rejected: MAY_DISPOSE.rejected,
  destroyed: MAY_DISPOSE.destroyed,
  witnessed: ACTING,
}

/** The role in which somebody who holds these gives the meaning; null where none of them may. */
export function signingRole(meaning: Meaning, held: readonly PersonRole[]): PersonRole | null {
  return MAY_SIGN[meaning].find((role) => held.includes(role)) ?? null
}

/** What the one who makes a custody event means by signing it; whoever only says what happened has `authored` it. */
export const MEANING_OF_KIND: Record<CustodyKind, Meaning> = {
  packed: 'packed',
  sealed: 'packed',
  repacked: 'packed',
  handover_release: 'released_custody',
  handover_accept: 'accepted_custody',
  received: 'received',
  accepted: 'received',
  quarantined: 'quarantined',
  released: 'released',
  rejected: 'rejected',
  released_exceptionally: 'released_exceptionally',
  destroyed: 'destroyed',
  collection: 'authored',
  logger_paired: 'authored',
  logger_unpaired: 'authored',
  resealed: 'authored',
  replenished: 'authored',
  readdressed: 'authored',
  refused: 'authored',
  lost: 'authored',
  cancelled: 'authored',
  stored: 'authored',
  removed: 'authored',
  thawed: 'authored',
  pickup: 'authored',
  departed: 'authored',
  arrived: 'authored',
  customs_hold: 'authored',
  customs_released: 'authored',
  delivered: 'authored',
  seal_check: 'authored',
  opened: 'authored',
  unpacked: 'authored',
  inspected: 'authored',
  returned: 'authored',
  administered: 'authored',
  correction: 'authored',
}

/** What a second person can mean under somebody else's record. */
export const SECOND_MEANINGS = ['verified', 'witnessed', 'reviewed', 'approved'] as const satisfies Meaning[]

/** A signature as it stands in a ledger entry: its whole record, its number, and the hash that holds it together. */
export type SignatureEntry = { readonly [name: string]: Canonical } & { readonly id: number; readonly sha256: string }

/** The record as it is hashed: integers, strings and null; `sha256` of its canonical JSON is the signature's hash. */
export function signatureRecord(signed: SignatureRecord): { readonly [name: string]: Canonical } {
  // `satisfies` makes a field that is stated but not hashed a compile error
  return {
    recordType: signed.recordType,
    recordId: signed.recordId,
    recordSha256: signed.recordSha256,
    evaluation: signed.evaluation && { version: signed.evaluation.version, sha256: signed.evaluation.sha256 },
    signerId: signed.signerId,
    userName: signed.userName,
    printedName: signed.printedName,
    organisation: signed.organisation,
    roleFor: signed.roleFor,
    role: signed.role,
    meaning: signed.meaning,
    reason: signed.reason,
    signedAt: isoInstant(signed.signedAt),
    tzOffset: signed.tzOffset,
  } satisfies Record<keyof SignatureRecord, Canonical>
}

/** `SIGNATURE_CHANGED`: not as it was signed. `OTHER_RECORD`: sound, but of another record, or the record changed. */
export type SignatureFault = 'SIGNATURE_CHANGED' | 'OTHER_RECORD'

/** What was signed, as it stands now. */
export type NamedRecord = { readonly type: string; readonly id: string; readonly sha256: string }

/**
 * Why a signature does not hold for the record it stands under; null where it does. To be asked wherever a signature is
 * shown (21 CFR 11.70).
 */
export function signatureFault(signature: Canonical, record: NamedRecord, sha256: HashText): SignatureFault | null {
  if (!isObject(signature)) return 'SIGNATURE_CHANGED'
  const { id, sha256: hash, ...signed } = signature
  const text = canonicalOrNull(signed)
  if (!Number.isSafeInteger(id) || text === null || sha256(text) !== hash) return 'SIGNATURE_CHANGED'
  const isOfRecord = signed.recordType === record.type && signed.recordId === record.id
  return isOfRecord && signed.recordSha256 === record.sha256 ? null : 'OTHER_RECORD'
}

function isObject(value: Canonical): value is { readonly [name: string]: Canonical } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
