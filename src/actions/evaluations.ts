import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { READINGS_ROOT } from './custody-ledger.ts'
import { type Listing, listing, type Page } from './page.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** A version of a shipment's judgement without its content. */
export type EvaluationHead = {
  shipmentId: number
  version: number
  judgeVersion: number
  profileId: number
  status: string
  severity: string | null
  complete: boolean
  /** Why the status is not better; CALIBRATION_INVALID caps what is served though the readings say more. */
  reasons: string[]
  windowFromAt: number | null
  windowToAt: number | null
  /** SHA-256 of the canonical JSON of inputs and of content. */
  inputsSha256: string
  contentSha256: string
  knownAt: number
}

/** The whole version: what it was made from, its events, gaps and alarms, and its statistics; as stored. */
export type Evaluation = EvaluationHead & {
  inputs: unknown
  content: unknown
  statistics: unknown
  /** The readings it rests on as one hash, and the ledger entry it stands in; null: nobody relied on it yet. */
  readingsRoot: { seq: number; root: string } | null
}

/** The versions of a visible shipment, newest first. */
export async function listEvaluations(
  ctx: Ctx,
  actor: Actor,
  asked: { shipmentId: number; page: Page },
): Promise<Listing<EvaluationHead> | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, asked.shipmentId)
  if (no !== null) return no
  const rows = await ctx.db.kysely
    .selectFrom('evaluation')
    .selectAll()
    .where('shipment_id', '=', asked.shipmentId)
    .where('version', '<', Math.min(asked.page.after ?? BEYOND_ALL, BEYOND_ALL))
    .orderBy('version', 'desc')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows.map(head), asked.page.limit, ({ version }) => version)
}

/** The largest number of the column, which no version reaches. */
const BEYOND_ALL = 2 ** 31 - 1

/** One version of a visible shipment. */
export async function getEvaluation(
  ctx: Ctx,
  actor: Actor,
  asked: { shipmentId: number; version: number },
): Promise<Evaluation | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, asked.shipmentId)
  if (no !== null) return no
  const row = await ctx.db.kysely
    .selectFrom('evaluation')
    .selectAll()
    .where('shipment_id', '=', asked.shipmentId)
    .where('version', '=', Math.min(asked.version, BEYOND_ALL))
    .executeTakeFirst()
  if (row === undefined) return refuse('not_found', `Shipment ${asked.shipmentId} has no evaluation ${asked.version}.`)
  const readingsRoot = await newestRootOf(ctx, asked)
  return { ...head(row), inputs: row.inputs, content: row.content, statistics: row.statistics, readingsRoot }
}

async function newestRootOf(ctx: Ctx, { shipmentId, version }: { shipmentId: number; version: number }) {
  const { rows } = await sql<{ seq: number; root: string }>`
    select seq, record ->> 'root' as root from custody_event
    where shipment_id = ${shipmentId} and kind = ${READINGS_ROOT}
      and record -> 'evaluation' ->> 'version' = ${String(version)}
    order by seq desc limit 1`.execute(ctx.db.kysely)
  return rows[0] ?? null
}

const content = z.object({ reasons: z.array(z.string()) })

function head(row: Selectable<Tables['evaluation']>): EvaluationHead {
  return {
    shipmentId: row.shipment_id,
    version: row.version,
    judgeVersion: row.judge_version,
    profileId: row.profile_id,
    status: row.status,
    severity: row.severity,
    complete: row.complete,
    reasons: content.parse(row.content).reasons,
    windowFromAt: row.window_from_at,
    windowToAt: row.window_to_at,
    inputsSha256: row.inputs_sha256,
    contentSha256: row.content_sha256,
    knownAt: row.known_at,
  }
}
