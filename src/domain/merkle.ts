/** SHA-256 of bytes; an argument, since the domain imports no crypto. */
export type HashBytes = (bytes: Uint8Array) => Uint8Array

/**
 * Merkle tree head as in RFC 6962 section 2.1: leaf = H(0x00 || leaf), node = H(0x01 || left || right), split at the
 * largest power of two below the number of leaves; no leaves give the hash of nothing.
 */
export function merkleRoot(leaves: readonly Uint8Array[], sha256: HashBytes): Uint8Array {
  const [first] = leaves
  if (first === undefined) return sha256(new Uint8Array())
  if (leaves.length === 1) return leafHash(first, sha256)
  const split = splitOf(leaves.length)
  return nodeHash(merkleRoot(leaves.slice(0, split), sha256), merkleRoot(leaves.slice(split), sha256), sha256)
}

/** Where a leaf stands in a tree, and the hashes beside its way to the root, from the leaf upwards. */
export type InclusionPath = { readonly index: number; readonly size: number; readonly path: readonly Uint8Array[] }

/** The audit path of RFC 6962 section 2.1.1: shows that a leaf is in the tree without showing the others. */
export function inclusionPath(leaves: readonly Uint8Array[], index: number, sha256: HashBytes): InclusionPath {
  if (!(index >= 0 && index < leaves.length)) throw new RangeError(`a tree of ${leaves.length} has no leaf ${index}`)
  return { index, size: leaves.length, path: pathOf(leaves, index, sha256) }
}

function pathOf(leaves: readonly Uint8Array[], index: number, sha256: HashBytes): Uint8Array[] {
  if (leaves.length === 1) return []
  const split = splitOf(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split
    ? [...pathOf(left, index, sha256), merkleRoot(right, sha256)]
    : [...pathOf(right, index - split, sha256), merkleRoot(left, sha256)]
}

/** The root to which a leaf leads; null where there can be no such path. Compare it with a root that is trusted. */
export function rootOfPath(
  leaf: Uint8Array,
  { index, size, path }: InclusionPath,
  sha256: HashBytes,
): Uint8Array | null {
  const isPlace = Number.isSafeInteger(index) && index >= 0 && index < size && size <= MOST_LEAVES
  return isPlace ? climb(leafHash(leaf, sha256), { index, size, path }, sha256) : null
}

/** As many as `splitOf` can divide. */
const MOST_LEAVES = 2 ** 31

function climb(hash: Uint8Array, { index, size, path }: InclusionPath, sha256: HashBytes): Uint8Array | null {
  if (size === 1) return path.length === 0 ? hash : null
  const beside = path.at(-1)
  if (beside === undefined) return null
  const below = path.slice(0, -1)
  const split = splitOf(size)
  const isLeft = index < split
  const place = isLeft ? { index, size: split } : { index: index - split, size: size - split }
  const own = climb(hash, { ...place, path: below }, sha256)
  if (own === null) return null
  return isLeft ? nodeHash(own, beside, sha256) : nodeHash(beside, own, sha256)
}

function splitOf(size: number): number {
  return 2 ** (31 - Math.clz32(size - 1))
}

/** Different prefixes, so that no inner node can be passed off as a leaf. */
const LEAF = 0
const NODE = 1

function leafHash(leaf: Uint8Array, sha256: HashBytes): Uint8Array {
  return sha256(prefixed(LEAF, [leaf]))
}

function nodeHash(left: Uint8Array, right: Uint8Array, sha256: HashBytes): Uint8Array {
  return sha256(prefixed(NODE, [left, right]))
}

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
