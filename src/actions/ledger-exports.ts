import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import {
  type HourRoot,
  proveReading,
  type ReadingProof,
  type RootedReading,
  readingsRoot,
} from '../domain/readings-root.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'
import type { LedgerExport } from '../domain/verify-ledger.ts'
import { loadLedger, READINGS_ROOT } from './custody-ledger.ts'
import { loadHour, loadHours, type ReadingsScope } from './rooted-readings.ts'
import { listServiceKeys } from './service-keys.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { CRYPTO, loadStamps } from './stamps.ts'

/** A visible shipment's ledger with all it takes to verify it; for certificates and whoever verifies offline. */
export async function exportLedger(ctx: Ctx, actor: Actor, shipmentId: number): Promise<LedgerExport | Refusal> {
  return snapshot(ctx, async (tx) => {
    return (await refuseUnlessSeen(tx, actor, shipmentId)) ?? ledgerExport(tx, shipmentId)
  })
}

/** The same inside a transaction, of a shipment that may be seen. */
export async function ledgerExport(tx: Tx, shipmentId: number): Promise<LedgerExport> {
  const { entries } = await loadLedger(tx, shipmentId)
  return { shipmentId, entries, stamps: await loadStamps(tx, shipmentId), keys: await listServiceKeys(tx) }
}

/** Which reading to prove, and under which root: the newest, or that of a `readings_root` entry. */
export type AskedProof = {
  shipmentId: number
  sensorId: number
  channel: string
  at: number
  seq: number | null
}

/** A proof for each value stored for the instant, the ledger entry to whose root they lead, and the ledger's export. */
export type ReadingProofs = { entry: LedgerEntry; proofs: ReadingProof[] }

/**
 * Proves readings of a visible shipment without showing the others. Refused: `not_found` where nothing was rooted yet,
 * or no such reading is under the root.
 */
export async function proveReadings(ctx: Ctx, actor: Actor, asked: AskedProof): Promise<ReadingProofs | Refusal> {
  return snapshot(ctx, async (tx) => {
    const no = await refuseUnlessSeen(tx, actor, asked.shipmentId)
    if (no !== null) return no
    const { entries } = await loadLedger(tx, asked.shipmentId)
    const roots = entries.filter(({ kind }) => kind === READINGS_ROOT)
    const entry = asked.seq === null ? roots.at(-1) : roots.find(({ seq }) => seq === asked.seq)
    if (entry === undefined) return refuse('not_found', NOT_ROOTED)
    const proofs = await prove(tx, asked, entry)
    return isRefusal(proofs) ? proofs : { entry, proofs }
  })
}

const NOT_ROOTED =
  'There is no such root in the ledger: readings are rooted at a handover, the receipt and whenever somebody decides.'

async function prove(tx: Tx, asked: AskedProof, entry: LedgerEntry): Promise<ReadingProof[] | Refusal> {
  const rooted = await rootedHours(tx, entry)
  if (isRefusal(rooted)) return rooted
  const { scope, hours } = rooted
  const inHour = await loadHour(tx, scope, asked)
  const wanted = inHour.filter(({ at }) => at === asked.at)
  const proofs = wanted.flatMap((one: RootedReading) => proveReading(one, { inHour, hours }, CRYPTO.sha256) ?? [])
  if (proofs.length > 0) return proofs
  const instant = isoInstant(asked.at)
  return refuse('not_found', `No reading of ${asked.channel} at ${instant} is under the root of entry ${entry.seq}.`)
}

/**
 * The hours under the root of a ledger entry, as they are stored now. Refused: `root_differs`, where a stored reading
 * is not what it was when it was rooted: every proof would lead astray.
 */
export async function rootedHours(
  tx: Tx,
  entry: LedgerEntry,
): Promise<{ scope: ReadingsScope; hours: HourRoot[] } | Refusal> {
  const scope: ReadingsScope = storedScope.parse(entry.scope)
  const hours = await loadHours(tx, scope)
  const isSame = readingsRoot(hours, CRYPTO.sha256) === entry.root
  return isSame ? { scope, hours } : refuse('root_differs', `${ROOT_DIFFERS} ${entry.seq}.`)
}

const ROOT_DIFFERS = 'The stored readings do not lead to the root that stands in ledger entry'

const instant = z.iso.datetime().transform((text) => Date.parse(text))

const storedScope = z.object({
  placements: z.array(z.object({ sensorId: z.int(), channel: z.string(), fromAt: instant, toAt: instant.nullable() })),
  untilAt: instant.nullable(),
  known: z.object({ at: instant, batch: z.int() }).nullable(),
})

async function snapshot<T>(ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  return ctx.db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work)
}
