import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import { SERVICE } from '../domain/actor.ts'
import type { Canonical } from '../domain/canonical.ts'
import { type NamedEvaluation, namedEvaluation } from '../domain/evaluation-hash.ts'
import { appendEntry, type LedgerEntry } from '../domain/ledger.ts'
import { readingsRoot } from '../domain/readings-root.ts'
import { isoInstant } from '../domain/units.ts'
import { insertEntry, withEntry } from './append-custody.ts'
import { audit } from './audit.ts'
import { type Ledger, READINGS_ROOT } from './custody-ledger.ts'
import { loadFacts } from './judging-facts.ts'
import { loadHours, newestKnown, type ReadingsScope } from './rooted-readings.ts'
import { CRYPTO } from './stamps.ts'
import { loadHeads, sha256 } from './store-evaluations.ts'

/** A ledger whose newest root holds the readings as they stand, and the evaluation that rests on them. */
export type Rooted = Ledger & { evaluation: NamedEvaluation | null }

/**
 * Appends a `readings_root`: the readings judged so far as one hash, with its scope (of which placements, until when,
 * known until when) and the evaluation that rests on it. To be called by whatever relies on them (handover, receipt,
 * decision) before its own entry, which then stands on it by `prevHash`; so a signature over that entry covers the
 * readings. A root that stands already is not repeated; a shipment that was never judged has none. The caller holds the
 * shipment's lock and stamps the head at the end. `evaluation` is null while judging is behind its inputs.
 */
export async function appendReadingsRoot(
  tx: Tx,
  ctx: Ctx,
  { shipmentId, ledger }: { shipmentId: number; ledger: Ledger },
): Promise<Rooted> {
  const head = (await loadHeads(tx, [shipmentId])).get(shipmentId)
  if (head === undefined) return { ...ledger, evaluation: null }
  const [facts] = await loadFacts(tx, [shipmentId], ctx.judges.current)
  if (facts === undefined) throw new Error(`shipment ${shipmentId} has no facts`)
  const evaluation = facts.judgeFromAt === null ? namedEvaluation(head, sha256) : null
  const placements = facts.placements.map(({ sensorId, channel, rules: { fromAt, toAt } }) => {
    return { sensorId, channel, fromAt, toAt: Number.isFinite(toAt) ? toAt : null }
  })
  const scope = await newestKnown(tx, facts.window === null ? [] : placements)
  const said = { evaluation, ...(await rootOf(tx, scope)) }
  await tx
    .updateTable('shipment')
    .set({ root_due: false })
    .where('id', '=', shipmentId)
    .where('root_due', '=', true)
    .execute()
  if (isSame(newestRoot(ledger), said)) return { ...ledger, evaluation }
  const now = ctx.now()
  const record = { kind: READINGS_ROOT, shipmentId, recordedAt: isoInstant(now), ...said }
  const entry = appendEntry(ledger.head, record, sha256)
  await insertEntry(tx, { shipmentId, organisationId: null, at: now, entry })
  const deed = { at: now, action: 'root_readings', subjectKind: 'shipment', subjectId: shipmentId }
  const after = { seq: entry.seq, hash: entry.hash, evaluation: evaluation?.version ?? null }
  await audit(tx, SERVICE, [{ ...deed, after }])
  return { ...withEntry(ledger, entry), evaluation }
}

async function rootOf(tx: Tx, scope: ReadingsScope) {
  const hours = await loadHours(tx, scope)
  return {
    scope: printScope(scope),
    readings: hours.reduce((sum, { readings }) => sum + readings, 0),
    root: readingsRoot(hours, CRYPTO.sha256),
  }
}

function printScope({ placements, untilAt, known }: ReadingsScope) {
  return {
    placements: placements.map(({ sensorId, channel, fromAt, toAt }) => {
      return { sensorId, channel, fromAt: isoInstant(fromAt), toAt: toAt === null ? null : isoInstant(toAt) }
    }),
    untilAt: untilAt === null ? null : isoInstant(untilAt),
    known: known && { at: isoInstant(known.at), batch: known.batch },
  }
}

/** The newest entry of this kind; undefined where nobody relied on the readings yet. */
export function newestRoot({ entries }: Ledger): LedgerEntry | undefined {
  return entries.findLast(({ kind }) => kind === READINGS_ROOT)
}

function isSame(newest: LedgerEntry | undefined, said: { evaluation: NamedEvaluation | null; root: string }): boolean {
  const evaluation: Canonical | undefined = newest?.evaluation
  const isOfVersion =
    typeof evaluation === 'object' && evaluation !== null && 'sha256' in evaluation
      ? evaluation.sha256 === said.evaluation?.sha256
      : said.evaluation === null
  return newest?.root === said.root && isOfVersion
}
