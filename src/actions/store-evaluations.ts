import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { instants, int4s, int8s, texts } from '../../db/binary.ts'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
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
  const [content, inputs] = [contentOf(assessment), inputsOf(assessment)]
  const said = JSON.stringify([content, inputs])
  if (said === head.said) return true
  if (!areSame(hashesOf(content, inputs), head)) return false
  if (said.length <= MOST_SAID_CHARS) head.said = said
  return true
}

type Hashes = Pick<EvaluationHead, 'contentSha256' | 'inputsSha256'>

function hashesOf(content: unknown, inputs: unknown): Hashes {
  return { contentSha256: sha256(canonicalJson(content)), inputsSha256: sha256(canonicalJson(inputs)) }
}

function areSame(a: Hashes, b: Hashes): boolean {
  return a.contentSha256 === b.contentSha256 && a.inputsSha256 === b.inputsSha256
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
    const hashes = hashesOf(content, inputs)
    if (head !== null && areSame(head, hashes)) return []
    const version = (head?.version ?? 0) + 1
    heads.set(shipmentId, { version, ...hashes })
    return [{ assessment, version, content, inputs, ...hashes }]
  })
  if (rows.length === 0) return heads
  await insert(tx, rows, now)
  await markRootsDue(tx, [...heads.keys()])
  ctx.metrics.evaluations.inc(rows.length)
  return heads
}

type Version = Required<Omit<EvaluationHead, 'said'>> & {
  assessment: Assessment
  content: ReturnType<typeof contentOf>
  inputs: ReturnType<typeof inputsOf>
}

/** By columns: a batch may concern as many shipments as it has messages, and rows of values end at 4,369. */
async function insert(tx: Tx, rows: readonly Version[], knownAt: number): Promise<void> {
  const shipments = rows.map(({ assessment }) => assessment.shipment)
  const spans = rows.map(({ assessment }) => assessment.span)
  const columns = [
    sql`${int8s(shipments.map(({ shipmentId }) => shipmentId))}::bigint[]`,
    sql`${int4s(rows.map(({ version }) => version))}::int[]`,
    sql`${int4s(shipments.map(({ judge }) => judge.version))}::int[]`,
    sql`${int8s(shipments.map(({ profileId }) => profileId))}::bigint[]`,
    sql`${texts(rows.map(({ content }) => content.status))}::text[]`,
    sql`${texts(rows.map(({ content }) => content.severity))}::text[]`,
    sql`${texts(rows.map(({ content }) => String(content.complete)))}::text[]`,
    sql`${instants(spans.map((span) => span?.fromAt ?? null))}::timestamptz[]`,
    sql`${instants(spans.map((span) => (span?.closed ? span.toAt : null)))}::timestamptz[]`,
    sql`${texts(rows.map(({ inputs }) => JSON.stringify(inputs)))}::text[]`,
    sql`${texts(rows.map(({ inputsSha256 }) => inputsSha256))}::text[]`,
    sql`${texts(rows.map(({ content }) => JSON.stringify(content)))}::text[]`,
    sql`${texts(rows.map(({ contentSha256 }) => contentSha256))}::text[]`,
    sql`${texts(rows.map(({ assessment }) => JSON.stringify(statisticsOf(assessment))))}::text[]`,
  ]
  await sql`insert into evaluation (shipment_id, version, judge_version, profile_id, status, severity, complete,
      window_from_at, window_to_at, inputs, inputs_sha256, content, content_sha256, statistics, known_at)
    select shipment_id, version, judge_version, profile_id, status, severity, complete::boolean, window_from_at,
      window_to_at, inputs::jsonb, inputs_sha256, content::jsonb, content_sha256, statistics::jsonb, ${at(knownAt)}
    from unnest(${sql.join(columns)}) as e(shipment_id, version, judge_version, profile_id, status, severity, complete,
      window_from_at, window_to_at, inputs, inputs_sha256, content, content_sha256, statistics)`.execute(tx)
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
