import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inclusionPath, merkleRoot, rootOfPath } from '../../src/domain/merkle.ts'
import {
  hourOf,
  hourRoots,
  proveReading,
  type ReadingProof,
  type RootedReading,
  readingsRoot,
  rootOfProof,
} from '../../src/domain/readings-root.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

describe('an inclusion path', () => {
  const tree = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 70 })
  const placed = tree.chain((leaves) => fc.tuple(fc.constant(leaves), fc.nat(leaves.length - 1)))

  test('leads every leaf of any tree to its root', () => {
    fc.assert(
      fc.property(placed, ([leaves, index]) => {
        const path = inclusionPath(leaves, index, sha256)
        expect(rootOfPath(leaves[index] ?? new Uint8Array(), path, sha256)).toEqual(merkleRoot(leaves, sha256))
      }),
    )
  })

  test('leads nothing else there: another leaf, place or size, a changed, longer or shorter path', () => {
    fc.assert(
      fc.property(placed, ([leaves, index]) => {
        const path = inclusionPath(leaves, index, sha256)
        const leaf = leaves[index] ?? new Uint8Array()
        const root = Buffer.from(merkleRoot(leaves, sha256))
        const wrong = [
          rootOfPath(Buffer.concat([leaf, Buffer.of(1)]), path, sha256),
          rootOfPath(leaf, { ...path, path: [...path.path, root] }, sha256),
          rootOfPath(leaf, { ...path, path: path.path.slice(1) }, sha256),
          rootOfPath(leaf, { ...path, path: path.path.map((hash) => sha256(hash)) }, sha256),
          rootOfPath(leaf, { ...path, index: leaves.length }, sha256),
          rootOfPath(leaf, { ...path, index: -1 }, sha256),
        ]
        const unchanged = path.path.length === 0
        for (const [at, found] of wrong.entries()) {
          if (unchanged && (at === 2 || at === 3)) continue
          expect(found === null ? null : Buffer.from(found)).not.toEqual(root)
        }
      }),
    )
  })
})

const reading: fc.Arbitrary<RootedReading> = fc.record({
  sensorId: fc.integer({ min: 1, max: 3 }),
  channel: fc.constantFrom('probe', 'lid'),
  at: fc.integer({ min: 0, max: 20 }).map((step) => Date.UTC(2026, 2, 2, 9, 0) + step * 15 * 60_000),
  source: fc.constantFrom('live', 'readout'),
  milliC: fc.option(fc.integer({ min: -200_000, max: 40_000 })),
})
const readings = fc.array(reading, { minLength: 1, maxLength: 40 })

const rootOf = (of: readonly RootedReading[]) => readingsRoot(hourRoots(of, sha256), sha256)
const inHourOf = (all: readonly RootedReading[], { sensorId, channel, at }: RootedReading) =>
  all.filter((one) => one.sensorId === sensorId && one.channel === channel && hourOf(one.at) === hourOf(at))

function proofOf(all: readonly RootedReading[], one: RootedReading): ReadingProof | null {
  return proveReading(one, { inHour: inHourOf(all, one), hours: hourRoots(all, sha256) }, sha256)
}

describe('the root of readings', () => {
  test('depends neither on the order of arrival nor on what came twice', () => {
    fc.assert(
      fc.property(readings, fc.nat(), (all, seed) => {
        const mixed = [...all, ...all.slice(0, 3)].toSorted((a, b) => ((a.at * 7 + seed) % 13) - ((b.at * 5) % 11))
        expect(rootOf(mixed)).toBe(rootOf(all))
      }),
    )
  })

  test('is another one when any reading is changed, missing or added', () => {
    const base: RootedReading[] = [0, 15, 60].map((minute) => {
      const at = Date.UTC(2026, 2, 2, 9, minute)
      return { sensorId: 1, channel: 'probe', at, source: 'live', milliC: 5000 }
    })
    const [first, ...rest] = base
    if (first === undefined) throw new Error('there is one')
    const others = [
      rest,
      [...base, { ...first, at: first.at + 1 }],
      [{ ...first, milliC: 5001 }, ...rest],
      [{ ...first, milliC: null }, ...rest],
      [{ ...first, source: 'readout' as const }, ...rest],
      [{ ...first, sensorId: 2 }, ...rest],
      [{ ...first, channel: 'lid' }, ...rest],
    ]
    const roots = new Set([base, ...others].map(rootOf))
    expect(roots.size).toBe(others.length + 1)
  })

  test('proves each of its readings, and no other value, instant, sensor or source in its place', () => {
    fc.assert(
      fc.property(readings, fc.nat(), (all, pick) => {
        const one = all[pick % all.length]
        if (one === undefined) return
        const proof = proofOf(all, one)
        if (proof === null) throw new Error('a reading under the root has a proof')
        expect(rootOfProof(proof, sha256)).toBe(rootOf(all))
        const lies: Partial<RootedReading>[] = [
          { milliC: (one.milliC ?? 0) + 1 },
          { at: one.at + 1 },
          { sensorId: one.sensorId + 1 },
          { source: one.source === 'live' ? 'readout' : 'live' },
        ]
        for (const lie of lies) {
          expect(rootOfProof({ ...proof, reading: { ...one, ...lie } }, sha256)).not.toBe(rootOf(all))
        }
        const size = proof.inHour.size + 1
        expect(rootOfProof({ ...proof, inHour: { ...proof.inHour, size } }, sha256)).not.toBe(rootOf(all))
      }),
    )
  })

  test('has no proof of a reading that is not under it, and a proof that is no hex leads nowhere', () => {
    const one: RootedReading = { sensorId: 1, channel: 'probe', at: 0, source: 'live', milliC: 1 }
    expect(proofOf([{ ...one, milliC: 2 }], one)).toBeNull()
    expect(proofOf([{ ...one, at: 7_200_000 }], one)).toBeNull()
    const proof = proofOf([one], one)
    if (proof === null) throw new Error('it has one')
    const broken = { ...proof, inHour: { index: 0, size: 2, path: ['zz'] } }
    expect(rootOfProof(broken, sha256)).toBeNull()
  })
})
