import { type Canonical, canonicalJson, canonicalOrNull } from './canonical.ts'

/** SHA-256 of a text's UTF-8 bytes as lower-case hex; an argument, since the domain imports no crypto. */
export type HashText = (text: string) => string

/** The newest entry of a chain: what to sign, print and compare, since a cut tail is invisible to the chain itself. */
export type ChainHead = { readonly seq: number; readonly hash: string }

/** A chain without entries. */
export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) }

/** What a chain holds: any record, with its place and links. */
export type LedgerEntry = { readonly [name: string]: Canonical } & {
  readonly seq: number
  readonly prevHash: string
  readonly hash: string
}

/**
 * Links a record to the head of its chain: `hash` is SHA-256 over the canonical JSON of the record with `seq` and
 * `prevHash` (domain page section 4.4). The entry is the new head. Throws where the record cannot be hashed.
 */
export function appendEntry(
  head: ChainHead,
  record: { readonly [name: string]: Canonical },
  sha256: HashText,
): LedgerEntry {
  // a record that brings its own hash would be hashed with it, and never verify
  if ('hash' in record) throw new TypeError('the ledger gives the hash')
  const linked = { ...record, seq: head.seq + 1, prevHash: head.hash }
  return { ...linked, hash: sha256(canonicalJson(linked)) }
}

/** Whether a chain is as it was written; if not, the first entry that is not. */
export type Verification =
  | { readonly valid: true; readonly head: ChainHead }
  | { readonly valid: false; readonly firstBadSeq: number; readonly reason: 'HASH_MISMATCH' | 'PREV_HASH_OR_SEQ' }

/**
 * Verifies a whole chain from its first entry. `HASH_MISMATCH`: the content is not what was hashed; the place counts
 * from the last good entry, since a changed entry's own number proves nothing. `PREV_HASH_OR_SEQ`: an entry that is
 * sound in itself stands where it was not written, and is named by its own number (vectors T1 to T3). A cut tail is
 * valid (T4): compare `head` with one kept elsewhere.
 */
export function verifyChain(entries: readonly LedgerEntry[], sha256: HashText): Verification {
  let head = GENESIS
  for (const entry of entries) {
    const { hash, ...linked } = entry
    const text = canonicalOrNull(linked)
    if (text === null || sha256(text) !== hash) {
      return { valid: false, firstBadSeq: head.seq + 1, reason: 'HASH_MISMATCH' }
    }
    if (entry.seq !== head.seq + 1 || entry.prevHash !== head.hash) {
      return { valid: false, firstBadSeq: entry.seq, reason: 'PREV_HASH_OR_SEQ' }
    }
    head = { seq: entry.seq, hash }
  }
  return { valid: true, head }
}
