import type { Selectable } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { assess } from '../domain/assess.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { contentOf, inputsOf, statisticsOf } from '../domain/evaluation-record.ts'
import { type ReplayDifference, replayDifferences } from '../domain/replay.ts'
import type { ShipmentFacts } from './judging-facts.ts'
import { namedFacts } from './named-facts.ts'
import { foldKnown, loadRecorded, type Recorded } from './recorded-rows.ts'
import { sha256 } from './store-evaluations.ts'

/** What became of replaying one stored evaluation. */
export type Replayed = { shipmentId: number; version: number; judgeVersion: number } & ReplayOutcome
export type ReplayOutcome =
  | { outcome: 'same' }
  | { outcome: 'differs'; differences: ReplayDifference[] }
  /** Nothing is compared: its readings are in these archives. */
  | { outcome: 'archived'; archives: string[] }
  /** This program does not know the judge that made it. */
  | { outcome: 'unknown_judge' }
  /** A profile, sensor, certificate or read-out that it names is not there. */
  | { outcome: 'input_missing' }

/**
 * Replays the stored evaluations of a shipment, or one of them: each is judged again by the judge that made it, from
 * the inputs that it names and the readings known when it was made, without any cache, and compared byte for byte
 * (canonical JSON of content, inputs and statistics; their hashes). Nothing is written.
 */
export async function replayShipment(
  ctx: Pick<Ctx, 'db' | 'judges'>,
  { shipmentId, version }: { shipmentId: number; version: number | null },
): Promise<Replayed[]> {
  const snapshot = ctx.db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (tx) => {
    const all = tx.selectFrom('evaluation').selectAll().where('shipment_id', '=', shipmentId)
    const asked = version === null ? all : all.where('version', '=', version)
    const prepared: Prepared[] = []
    for (const stored of await asked.orderBy('version').execute()) prepared.push(await prepare(tx, ctx, stored))
    const placements = prepared.flatMap(({ facts }) => facts?.placements ?? [])
    const recorded = await loadRecorded(tx, placements)
    return prepared.map((one) => replayOne(one, recorded))
  })
}

/** How many evaluations there are to replay, and of which shipments, in order of id. */
export async function storedEvaluations(
  ctx: Pick<Ctx, 'db'>,
  { shipmentId }: { shipmentId: number | null },
): Promise<{ shipmentId: number; versions: number }[]> {
  const all = ctx.db.kysely
    .selectFrom('evaluation')
    .select(({ fn }) => ['shipment_id as shipmentId', fn.countAll<number>().as('versions')])
  const asked = shipmentId === null ? all : all.where('shipment_id', '=', shipmentId)
  return asked.groupBy('shipment_id').orderBy('shipment_id').execute()
}

type Stored = Selectable<Tables['evaluation']>
type Prepared = { stored: Stored; facts: ShipmentFacts | null; cannot: ReplayOutcome | null }

async function prepare(tx: Tx, { judges }: Pick<Ctx, 'judges'>, stored: Stored): Promise<Prepared> {
  const judge = judges.byVersion.get(stored.judge_version)
  if (judge === undefined) return { stored, facts: null, cannot: { outcome: 'unknown_judge' } }
  const facts = await namedFacts(tx, stored, judge)
  if (facts === null) return { stored, facts, cannot: { outcome: 'input_missing' } }
  const { archives } = facts
  return { stored, facts, cannot: archives.length === 0 ? null : { outcome: 'archived', archives } }
}

function replayOne({ stored, facts, cannot }: Prepared, recorded: Recorded): Replayed {
  const named = { shipmentId: stored.shipment_id, version: stored.version, judgeVersion: stored.judge_version }
  if (cannot !== null || facts === null) return { ...named, ...(cannot ?? { outcome: 'input_missing' }) }
  const folded = foldKnown(facts, recorded, ({ ordinal }) => ordinal < stored.ordinal)
  const differences = compare(stored, recordOf(assess(facts, folded, 'stored')))
  return { ...named, ...(differences.length === 0 ? { outcome: 'same' } : { outcome: 'differs', differences }) }
}

/** An assessment as a row of evaluations says it. */
function recordOf(assessment: Parameters<typeof contentOf>[0]) {
  const [content, inputs] = [contentOf(assessment), inputsOf(assessment)]
  return {
    content,
    inputs,
    statistics: statisticsOf(assessment),
    contentSha256: sha256(canonicalJson(content)),
    inputsSha256: sha256(canonicalJson(inputs)),
    status: content.status,
    severity: content.severity,
    complete: content.complete,
  }
}

/** The columns beside the JSON say the same once more, and are compared too. */
function compare(stored: Stored, recomputed: ReturnType<typeof recordOf>): ReplayDifference[] {
  const said = {
    content: stored.content,
    inputs: stored.inputs,
    statistics: stored.statistics,
    contentSha256: stored.content_sha256,
    inputsSha256: stored.inputs_sha256,
    status: stored.status,
    severity: stored.severity,
    complete: stored.complete,
  }
  return replayDifferences(said, recomputed, 'evaluation')
}
