import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Canonical } from '../domain/canonical.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { appendEntry, GENESIS, type LedgerEntry, verifyChain } from '../domain/ledger.ts'
import { merkleRoot } from '../domain/merkle.ts'
import { type CaseResult, compareCase, malformedFile } from './result.ts'

/** Files this module checks. */
export const schema = 'coldchain-vectors/hash-chain@1'

/** Runs every case of a hash chain file: canonical form, chain, tampering, Merkle roots. */
export function check(file: unknown): CaseResult[] {
  const parsed = fileSchema.safeParse(file)
  if (!parsed.success) return malformedFile(parsed.error)
  const { events, canonicalFirst, chain, tamper, merkle } = parsed.data
  const written = append(events)
  return [
    compareCase('canonicalFirst', canonicalFirst, written.slice(0, 1).map(canonicalWithoutHash)[0]),
    compareCase('chain', chain, written),
    ...tamper.map(({ id, change, expected }) => {
      const { valid, ...fault } = verifyChain(tampered(written, change), sha256Hex)
      return compareCase(id, expected, valid ? { valid } : { valid, ...fault })
    }),
    compareCase('merkle.root', merkle.root, rootHex(merkle.leaves)),
    compareCase('merkle.rootOfFirst', merkle.rootOfFirst, rootHex(merkle.leaves.slice(0, 1))),
    compareCase('merkle.emptyRoot', merkle.emptyRoot, rootHex([])),
  ]
}

const canonicalValue: z.ZodType<Canonical> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.int(), z.string(), z.array(canonicalValue), z.record(z.string(), canonicalValue)]),
)
const change = z.union([
  z.strictObject({ seq: z.int(), field: z.string(), value: canonicalValue }),
  z.strictObject({ delete: z.int() }),
  z.strictObject({ swap: z.tuple([z.int(), z.int()]) }),
  z.strictObject({ truncateAfter: z.int() }),
])
type Change = z.infer<typeof change>
const expected = z.union([
  z.object({ valid: z.literal(true) }),
  z.object({ valid: z.literal(false), firstBadSeq: z.int(), reason: z.string() }),
])
const fileSchema = z.object({
  schema: z.literal(schema),
  events: z.array(z.record(z.string(), canonicalValue)),
  canonicalFirst: z.string(),
  chain: z.array(z.record(z.string(), canonicalValue)),
  tamper: z.array(z.object({ id: z.string(), change, expected })),
  merkle: z.object({ leaves: z.array(z.string()), root: z.string(), rootOfFirst: z.string(), emptyRoot: z.string() }),
})

function append(events: readonly Record<string, Canonical>[]): LedgerEntry[] {
  const chain: LedgerEntry[] = []
  for (const { seq: _seq, prevHash: _prevHash, hash: _hash, ...event } of events) {
    chain.push(appendEntry(chain.at(-1) ?? GENESIS, event, sha256Hex))
  }
  return chain
}

function canonicalWithoutHash({ hash: _hash, ...linked }: LedgerEntry): string {
  return canonicalJson(linked)
}

function tampered(chain: readonly LedgerEntry[], change: Change): LedgerEntry[] {
  if ('delete' in change) return chain.filter((entry) => entry.seq !== change.delete)
  if ('truncateAfter' in change) return chain.filter((entry) => entry.seq <= change.truncateAfter)
  if ('field' in change) {
    return chain.map((entry) => (entry.seq === change.seq ? { ...entry, [change.field]: change.value } : entry))
  }
  const [a, b] = change.swap
  const instead = new Map([
    [a, b],
    [b, a],
  ])
  return chain.flatMap((entry) => chain.filter(({ seq }) => seq === (instead.get(entry.seq) ?? entry.seq)))
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

function rootHex(leaves: readonly string[]): string {
  const encoded = leaves.map((leaf) => new TextEncoder().encode(leaf))
  return Buffer.from(merkleRoot(encoded, (bytes) => createHash('sha256').update(bytes).digest())).toString('hex')
}
