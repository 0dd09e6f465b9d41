import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at, atOrNull, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { JUDGE_VERSION } from '../domain/judge.ts'
import type { Assessment } from './assess.ts'
import { contentOf, inputsOf, statisticsOf } from './evaluation-record.ts'
import { numbers } from './load-rows.ts'

/**
 * Stores each assessment as a new evaluation version where its content or its inputs differ from the current one; at
 * most one version per shipment and transaction. The caller holds the shipments' locks.
 */
export async function storeEvaluations(tx: Tx, ctx: Ctx, assessments: readonly Assessment[]): Promise<void> {
  if (assessments.length === 0) return
  const current = await loadCurrent(
    tx,
    assessments.map(({ shipment }) => shipment.shipmentId),
  )
  const now = ctx.now()
  const rows = assessments.flatMap((assessment) => {
    const { shipmentId } = assessment.shipment
    const before = current.get(shipmentId)
    const [content, inputs] = [contentOf(assessment), inputsOf(assessment)]
    const hashes = { content: sha256(canonicalJson(content)), inputs: sha256(canonicalJson(inputs)) }
    if (before?.content_sha256 === hashes.content && before.inputs_sha256 === hashes.inputs) return []
    return [
      {
        shipment_id: shipmentId,
        version: (before?.version ?? 0) + 1,
        judge_version: JUDGE_VERSION,
        profile_id: assessment.shipment.profileId,
        status: content.status,
        severity: content.severity,
        complete: content.complete,
        window_from_at: atOrNull(assessment.span?.fromAt ?? null),
        window_to_at: atOrNull(assessment.span?.closed ? assessment.span.toAt : null),
        inputs: json(inputs),
        inputs_sha256: hashes.inputs,
        content: json(content),
        content_sha256: hashes.content,
        statistics: json(statisticsOf(assessment)),
        known_at: at(now),
      },
    ]
  })
  if (rows.length === 0) return
  await tx.insertInto('evaluation').values(rows).execute()
  ctx.metrics.evaluations.inc(rows.length)
}

type Current = { shipment_id: number; version: number; content_sha256: string; inputs_sha256: string }

async function loadCurrent(tx: Tx, shipmentIds: readonly number[]): Promise<Map<number, Current>> {
  const result = await sql<Current>`
    select e.shipment_id, e.version, e.content_sha256, e.inputs_sha256
    from unnest(${numbers(shipmentIds)}::bigint[]) as w(shipment)
    cross join lateral (select * from evaluation where shipment_id = w.shipment
      order by version desc limit 1) e`.execute(tx)
  return new Map(result.rows.map((row) => [row.shipment_id, row]))
}

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
