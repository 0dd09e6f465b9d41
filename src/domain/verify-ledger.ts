import { type Canonical, canonicalOrNull } from './canonical.ts'
import { toHex } from './hex.ts'
import { type HashText, type LedgerEntry, type Verification, verifyChain } from './ledger.ts'
import { type SignatureFault, signatureFault } from './signature.ts'
import { type Crypto, type ServiceKey, type Stamp, type StampFault, stampFault } from './stamp.ts'

/** A shipment's ledger with all it takes to verify it, wherever it is. */
export type LedgerExport = {
  readonly shipmentId: number
  readonly entries: readonly LedgerEntry[]
  readonly stamps: readonly Stamp[]
  readonly keys: readonly ServiceKey[]
}

/** `OTHER_HEAD`: a sound stamp over a head this ledger does not have: it was cut, written anew, or is another one. */
export type HeadFault = StampFault | 'OTHER_HEAD'

export type LedgerVerification = {
  /** Nothing in it was changed, and every stamp and signature holds. */
  readonly valid: boolean
  readonly chain: Verification
  readonly signatureFaults: readonly { readonly seq: number; readonly index: number; readonly fault: SignatureFault }[]
  readonly stampFaults: readonly { readonly seq: number; readonly kid: string; readonly fault: HeadFault }[]
  /** Up to here a stamp holds that nothing was cut or written anew; 0: nothing is stamped. */
  readonly stampedUpTo: number
}

/**
 * Verifies a ledger by itself: its hash chain, the e-signatures in it and the stamps over its heads. Stamps kept
 * elsewhere (on a handover's receipt, a certificate) may be among `stamps`: one whose head is missing shows the cut
 * that the chain cannot (vector T4). Take the keys from where the service publishes them: an export can bring any.
 */
export async function verifyLedger(exported: LedgerExport, crypto: Crypto): Promise<LedgerVerification> {
  const sha256 = hashText(crypto)
  const chain = verifyChain(exported.entries, sha256)
  const signatureFaults = exported.entries.flatMap((entry) => faultsOf(entry, sha256))
  const found = await Promise.all(
    exported.stamps.map(async (stamp) => ({ stamp, fault: await headFault(stamp, exported, crypto) })),
  )
  const stampFaults = found.flatMap(({ stamp: { seq, kid }, fault }) => (fault === null ? [] : [{ seq, kid, fault }]))
  const held = found.filter(({ fault }) => fault === null).map(({ stamp }) => stamp.seq)
  return {
    valid: chain.valid && signatureFaults.length === 0 && stampFaults.length === 0,
    chain,
    signatureFaults,
    stampFaults,
    stampedUpTo: Math.max(0, ...held),
  }
}

/** The hash of a text's UTF-8 bytes, lower-case hex, from one of bytes. */
export function hashText({ sha256 }: Pick<Crypto, 'sha256'>): HashText {
  return (text) => toHex(sha256(new TextEncoder().encode(text)))
}

async function headFault(stamp: Stamp, ledger: LedgerExport, crypto: Crypto): Promise<HeadFault | null> {
  const fault = await stampFault(stamp, ledger.keys, crypto)
  if (fault !== null) return fault
  const isHead = ledger.entries.some(({ seq, hash }) => seq === stamp.seq && hash === stamp.hash)
  return isHead && stamp.shipmentId === ledger.shipmentId ? null : 'OTHER_HEAD'
}

/** The record type of a signed custody event; its id is `<shipment>/<seq>`, its hash that of the entry unsigned. */
export const CUSTODY_EVENT = 'custody_event'

function faultsOf({ hash: _hash, signatures = [], ...unsigned }: LedgerEntry, sha256: HashText) {
  const text = canonicalOrNull(unsigned)
  const id = `${String(unsigned.shipmentId)}/${unsigned.seq}`
  const record = { type: CUSTODY_EVENT, id, sha256: text === null ? '' : sha256(text) }
  const listed: readonly Canonical[] = Array.isArray(signatures) ? signatures : [signatures]
  return listed.flatMap((signature, index) => {
    const fault = signatureFault(signature, record, sha256)
    return fault === null ? [] : [{ seq: unsigned.seq, index, fault }]
  })
}
