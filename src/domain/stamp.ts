import { fromBase64url, toBase64url } from './base64url.ts'
import { canonicalJson } from './canonical.ts'
import type { HashBytes } from './merkle.ts'
import { isoInstant } from './units.ts'

/**
 * A stamp: the service's key signs the head of a ledger, so that a chain cut short or written anew does not pass for
 * the one that stood there (domain page section 4.4). A machine's stamp, never a signature: only people sign.
 *
 *   shipment, seq, hash of the entry, key, instant ──canonical JSON──► Ed25519 (RFC 8032) ──► signature, base64url
 */
export type Stamp = {
  readonly shipmentId: number
  /** The head that is stamped: its place and hash. */
  readonly seq: number
  readonly hash: string
  readonly kid: string
  /** Server clock, epoch milliseconds. */
  readonly stampedAt: number
  /** 64 bytes, base64url without padding. */
  readonly signature: string
}

/** A key of the service, as published (RFC 8037): `x` is the public half. */
export type ServiceKey = {
  /** Its RFC 7638 thumbprint. */
  readonly kid: string
  readonly x: string
  /** Stamps are made with it in `[fromAt, untilAt)`, epoch milliseconds; null: it is the one in use. */
  readonly fromAt: number
  readonly untilAt: number | null
}

/** What is signed. `purpose` keeps a stamp from being taken for anything else signed with the same key. */
export function stampedBytes({ shipmentId, seq, hash, kid, stampedAt }: Omit<Stamp, 'signature'>): Uint8Array {
  const said = { purpose: 'unbroken ledger head', shipmentId, seq, hash, kid, stampedAt: isoInstant(stampedAt) }
  return new TextEncoder().encode(canonicalJson(said))
}

/** The RFC 7638 thumbprint of an Ed25519 key, base64url: its id, which nobody can give to another key. */
export function keyThumbprint(x: string, sha256: HashBytes): string {
  return toBase64url(sha256(new TextEncoder().encode(canonicalJson({ crv: 'Ed25519', kty: 'OKP', x }))))
}

/** Whether an Ed25519 signature holds; an argument, since the domain imports no crypto. A browser's answers later. */
export type VerifyEd25519 = (signed: {
  publicKey: Uint8Array
  message: Uint8Array
  signature: Uint8Array
}) => boolean | Promise<boolean>

export type Crypto = { readonly sha256: HashBytes; readonly verify: VerifyEd25519 }

/**
 * `UNKNOWN_KEY`: not among the published ones, or published under a name that is not its own. `KEY_NOT_IN_FORCE`: made
 * before or after the key's time. `SIGNATURE_MALFORMED`: not 64 bytes in their one spelling. `SIGNATURE_WRONG`: not
 * what the key signed.
 */
export type StampFault = 'UNKNOWN_KEY' | 'KEY_NOT_IN_FORCE' | 'SIGNATURE_MALFORMED' | 'SIGNATURE_WRONG'

/** Why a stamp proves nothing; null where it holds for the head it names, which the caller compares with its own. */
export async function stampFault(
  stamp: Stamp,
  keys: readonly ServiceKey[],
  { sha256, verify }: Crypto,
): Promise<StampFault | null> {
  const key = keys.find(({ kid }) => kid === stamp.kid)
  const publicKey = key === undefined ? null : fromBase64url(key.x)
  if (key === undefined || publicKey?.length !== 32 || keyThumbprint(key.x, sha256) !== key.kid) return 'UNKNOWN_KEY'
  const until = key.untilAt === null ? Number.POSITIVE_INFINITY : key.untilAt + CLOCKS_APART_MS
  if (stamp.stampedAt < key.fromAt - CLOCKS_APART_MS || stamp.stampedAt >= until) return 'KEY_NOT_IN_FORCE'
  const signature = fromBase64url(stamp.signature)
  if (signature?.length !== 64) return 'SIGNATURE_MALFORMED'
  const holds = await verify({ publicKey, message: stampedBytes(stamp), signature })
  return holds ? null : 'SIGNATURE_WRONG'
}

/** How far the clocks of two processes may differ: one stamps while another changes the key. */
const CLOCKS_APART_MS = 300_000
