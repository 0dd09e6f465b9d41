import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Canonical, canonicalOrNull } from '../../src/domain/canonical.ts'
import { eventRecord } from '../../src/domain/custody-event.ts'
import { appendEntry, GENESIS, type LedgerEntry, verifyChain } from '../../src/domain/ledger.ts'
import { merkleRoot } from '../../src/domain/merkle.ts'
import { eventsOf } from './custody-table.ts'

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')

function chainOf(records: readonly { readonly [name: string]: Canonical }[]): LedgerEntry[] {
  const chain: LedgerEntry[] = []
  for (const record of records) chain.push(appendEntry(chain.at(-1) ?? GENESIS, record, sha256))
  return chain
}

const chain = chainOf(
  eventsOf(`
    08:00 maker packed coi=Ü1
    08:20 maker sealed seals=S1,S2
    10:00 maker handover_release id=H1 to=courier seals=S1,S2
    10:04 courier handover_accept id=H1 seals=S1,S2 ack=Berg/Nordfracht/481516
    11:00 courier correction corrects=2 reason=typo := 08:20 maker sealed seals=S1`).map(eventRecord),
)

describe('chain', () => {
  test('as written is valid and names its head', () => {
    const { seq, hash } = chain[4] ?? GENESIS
    expect(verifyChain(chain, sha256)).toEqual({ valid: true, head: { seq, hash } })
    expect(seq).toBe(5)
  })
  test('without entries is valid', () => expect(verifyChain([], sha256)).toEqual({ valid: true, head: GENESIS }))
  test('flipping any character is found, and the place is named', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: chain.length - 1 }),
        fc.nat(),
        fc.integer({ min: 32, max: 126 }),
        (place, offset, code) => {
          const text = JSON.stringify(chain[place])
          const at = offset % text.length
          const entry = parsed(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1))
          fc.pre(entry !== null && canonicalOrNull(entry) !== canonicalOrNull(chain[place]))
          const verified = verifyChain(chain.with(place, entry), sha256)
          expect(verified).toEqual({ valid: false, firstBadSeq: place + 1, reason: 'HASH_MISMATCH' })
        },
      ),
      { numRuns: 2000 },
    )
  })
  test('a changed entry that was hashed again is found at the next one', () => {
    const { hash: _hash, ...third } = chain[2] ?? {}
    const forged = appendEntry(chain[1] ?? GENESIS, { ...third, toOrg: 'thief' }, sha256)
    expect(verifyChain(chain.with(2, forged), sha256)).toEqual({
      valid: false,
      firstBadSeq: 4,
      reason: 'PREV_HASH_OR_SEQ',
    })
  })
  test.each([
    ['a missing first entry', [1, 2, 3, 4], 2],
    ['an entry twice', [0, 1, 1, 2], 2],
    ['two entries swapped', [0, 2, 1, 3], 3],
  ])('%s is found', (_what, places, firstBadSeq) => {
    const moved = places.flatMap((place) => chain.slice(place, place + 1))
    expect(verifyChain(moved, sha256)).toEqual({ valid: false, firstBadSeq, reason: 'PREV_HASH_OR_SEQ' })
  })
  test('an entry with the right link and a wrong number is found', () => {
    const skipping = appendEntry({ seq: 3, hash: chain[0]?.hash ?? '' }, { kind: 'packed' }, sha256)
    const verified = verifyChain([...chain.slice(0, 1), skipping], sha256)
    expect(verified).toEqual({ valid: false, firstBadSeq: 4, reason: 'PREV_HASH_OR_SEQ' })
  })
  test('a value that cannot be hashed is found, not thrown', () => {
    const entry = { ...(chain[1] ?? { ...GENESIS, prevHash: '' }), weight: 0.5 }
    expect(verifyChain(chain.with(1, entry), sha256)).toMatchObject({ valid: false, firstBadSeq: 2 })
  })
  test('a record that brings a hash of its own is a fault', () => {
    expect(() => appendEntry(GENESIS, { hash: 'x' }, sha256)).toThrow(TypeError)
  })
})

function parsed(text: string): LedgerEntry | null {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

describe('Merkle root', () => {
  const hashBytes = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  // leaves and roots of the reference tests of Certificate Transparency, RFC 6962
  const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  test.each([
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [4, 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [6, '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
    [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of the first %d reference leaves', (count, root) => {
    const leaves = LEAVES.slice(0, count).map((leaf) => Buffer.from(leaf, 'hex'))
    expect(hex(merkleRoot(leaves, hashBytes))).toBe(root)
  })
  test('of no leaves is the hash of nothing', () => expect(hex(merkleRoot([], hashBytes))).toBe(sha256('')))
})
