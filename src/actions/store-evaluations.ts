import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at, atOrNull, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Assessment } from '../domain/assess.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { contentOf, inputsOf, statisticsOf } from '../domain/evaluation-record.ts'
import { numbers } from './load-rows.ts'

/** A shipment's current evaluation: its version, and what decides whether another judgement is a new one. */
export type EvaluationHead = {
  version: number
  contentSha256: string
  inputsSha256: string
  /** What was found to say the same, unhashed: comparing it costs a tenth. Of short ones only. */
  said?: string
}

/** Longer ones, with dozens of events, are hashed each time. */
const MOST_SAID_CHARS = 4096

/** Whether an assessment says what the current version says, made from the same inputs. */
export function saysTheSame(assessment: Assessment, head: EvaluationHead | null): boolean {
  if (head === null) return false
  const said = JSON.stringify([contentOf(assessment), inputsOf(assessment)])
  if (said === head.said) return true
  const { contentSha256, inputsSha256 } = hashesOf(assessment)
  if (contentSha256 !== head.contentSha256 || inputsSha256 !== head.inputsSha256) return false
  if (said.length <= MOST_SAID_CHARS) head.said = said
  return true
}

function hashesOf(assessment: Assessment): Pick<EvaluationHead, 'contentSha256' | 'inputsSha256'> {
  const [content, inputs] = [contentOf(assessment), inputsOf(assessment)]
  return { contentSha256: sha256(canonicalJson(content)), inputsSha256: sha256(canonicalJson(inputs)) }
}

/**
 * Stores each assessment as a new evaluation version where its content or its inputs differ from the current one; at
 * most one version per shipment and transaction. The caller holds the shipments' locks. Answers the new heads.
 */
export async function storeEvaluations(
  tx: Tx,
  ctx: Ctx,
  judged: readonly { assessment: Assessment; head: EvaluationHead | null }[],
): Promise<Map<number, EvaluationHead>> {
  const now = ctx.now()
  const heads = new Map<number, EvaluationHead>()
  const rows = judged.flatMap(({ assessment, head }) => {
    const { shipmentId } = assessment.shipment
    const [content, inputs] = [contentOf(assessment), inputsOf(assessment)]
    const hashes = hashesOf(assessment)
    if (head?.contentSha256 === hashes.contentSha256 && head.inputsSha256 === hashes.inputsSha256) return []
    const version = (head?.version ?? 0) + 1
    heads.set(shipmentId, { version, ...hashes })
    return [
      {
        shipment_id: shipmentId,
        version,
        judge_version: assessment.shipment.judge.version,
        profile_id: assessment.shipment.profileId,
        status: content.status,
        severity: content.severity,
        complete: content.complete,
        window_from_at: atOrNull(assessment.span?.fromAt ?? null),
        window_to_at: atOrNull(assessment.span?.closed ? assessment.span.toAt : null),
        inputs: json(inputs),
        inputs_sha256: hashes.inputsSha256,
        content: json(content),
        content_sha256: hashes.contentSha256,
        statistics: json(statisticsOf(assessment)),
        known_at: at(now),
      },
    ]
  })
  if (rows.length === 0) return heads
  await tx.insertInto('evaluation').values(rows).execute()
  await markRootsDue(tx, [...heads.keys()])
  ctx.metrics.evaluations.inc(rows.length)
  return heads
}

/**
 * Where somebody relied on an older version, the readings of the new one are rooted afterwards, and it is compared with
 * what they knew (`due-roots.ts`).
 */
async function markRootsDue(tx: Tx, shipmentIds: readonly number[]): Promise<void> {
  await sql`update shipment s set root_due = true, review_due = true where s.id = any(${numbers(shipmentIds)}::bigint[])
    and not (s.root_due and s.review_due) and exists (select 1 from custody_event c
      where c.shipment_id = s.id and c.kind = 'readings_root')`.execute(tx)
}

/** The current evaluations of shipments, by shipment. */
export async function loadHeads(tx: Tx, shipmentIds: readonly number[]): Promise<Map<number, EvaluationHead>> {
  if (shipmentIds.length === 0) return new Map()
  const result = await sql<EvaluationHead & { shipment: number }>`
    select w.shipment, e.version, e.content_sha256 as "contentSha256", e.inputs_sha256 as "inputsSha256"
    from unnest(${numbers(shipmentIds)}::bigint[]) as w(shipment)
    cross join lateral (select * from evaluation where shipment_id = w.shipment
      order by version desc limit 1) e`.execute(tx)
  return new Map(result.rows.map(({ shipment, ...head }) => [shipment, head]))
}

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
