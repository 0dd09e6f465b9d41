/** SHA-256 of bytes; an argument, since the domain imports no crypto. */
export type HashBytes = (bytes: Uint8Array) => Uint8Array

/**
 * Merkle tree head as in RFC 6962 section 2.1: leaf = H(0x00 || leaf), node = H(0x01 || left || right), split at the
 * largest power of two below the number of leaves; no leaves give the hash of nothing.
 */
export function merkleRoot(leaves: readonly Uint8Array[], sha256: HashBytes): Uint8Array {
  const [first] = leaves
  if (first === undefined) return sha256(new Uint8Array())
  if (leaves.length === 1) return sha256(prefixed(LEAF, [first]))
  const split = 2 ** (31 - Math.clz32(leaves.length - 1))
  const halves = [leaves.slice(0, split), leaves.slice(split)]
  return sha256(
    prefixed(
      NODE,
      halves.map((half) => merkleRoot(half, sha256)),
    ),
  )
}

/** Different prefixes, so that no inner node can be passed off as a leaf. */
const LEAF = 0
const NODE = 1

function prefixed(prefix: number, parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0))
  bytes[0] = prefix
  let offset = 1
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}
