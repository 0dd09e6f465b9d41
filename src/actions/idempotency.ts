import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, type Claim, organisationOf } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'

/*
 *  no row ──claim──► claimed (0) ──audit() of the deed──► done (1) ──answer kept──► answered (HTTP status)
 *                      │  ▲ │ refused, or failed: the row goes
 *                      └──┘ stale: another attempt takes over
 */
const CLAIMED = 0
const DONE = 1

/** After this a claim counts as abandoned: longer than any request may take, shorter than a client gives up. */
const STALE_AFTER_MS = 60_000

export type KeptAnswer = { status: number; response: unknown }

/**
 * Takes an idempotency key for one attempt at a request. Null: taken, do it, with the claim in the actor; an answer:
 * it was done before, repeat that; or the refusal of another request under the same key, of one still running, or of
 * one whose answer was lost when the service died between the deed and its answer.
 *
 * Exactly once, without one transaction around every action: the deed's own transaction turns the row from claimed to
 * done (`spendClaim`, called by `audit`, without which no deed commits) and fails where the claim is no longer this
 * attempt's. So a claim may be taken over when it is stale, even while the first attempt still runs: one commits.
 */
export async function claimRequest(
  ctx: Ctx,
  actor: Actor,
  asked: Claim & { requestSha256: string },
): Promise<KeptAnswer | Refusal | null> {
  const now = ctx.now()
  const row = { key: asked.key, request_sha256: asked.requestSha256, known_at: at(now) }
  const fresh = { status: CLAIMED, response: json({ attempt: asked.attempt }) }
  const mine = await ctx.db.kysely
    .insertInto('idempotency')
    .values({ organisation_id: organisationOf(actor), ...row, ...fresh })
    .onConflict((conflict) =>
      conflict
        .columns(['organisation_id', 'key'])
        .doUpdateSet({ ...fresh, known_at: at(now) })
        .where('idempotency.status', '=', CLAIMED)
        .where('idempotency.request_sha256', '=', asked.requestSha256)
        .where('idempotency.known_at', '<', at(now - STALE_AFTER_MS)),
    )
    .returning('key')
    .executeTakeFirst()
  return mine === undefined ? answerOfOther(ctx, actor, asked) : null
}

async function answerOfOther(
  ctx: Ctx,
  actor: Actor,
  asked: Claim & { requestSha256: string },
): Promise<KeptAnswer | Refusal> {
  const kept = await ctx.db.kysely
    .selectFrom('idempotency')
    .select(['request_sha256', 'status', 'response', 'known_at'])
    .where('organisation_id', '=', organisationOf(actor))
    .where('key', '=', asked.key)
    .executeTakeFirst()
  // gone between the two statements: the other attempt was refused
  if (kept === undefined) return refuse('request_in_progress', IN_PROGRESS)
  if (kept.request_sha256 !== asked.requestSha256) return refuse('idempotency_key_reused', REUSED)
  if (kept.status !== CLAIMED && kept.status !== DONE) return { status: kept.status, response: kept.response }
  // between the deed and its answer lie some milliseconds, unless the service died there
  const isLost = kept.status === DONE && kept.known_at < ctx.now() - STALE_AFTER_MS
  return isLost ? refuse('answer_lost', LOST) : refuse('request_in_progress', IN_PROGRESS)
}

const IN_PROGRESS = 'The same request with this Idempotency-Key is being worked on: repeat it in a moment.'
const REUSED = 'This Idempotency-Key was used for another request: take a new key for each thing you create.'
const LOST =
  'This request was carried out, but its answer was lost: look the thing up in its list or in /audit-entries.'

/** Thrown where another attempt has taken the claim over: the deed of this one must not commit. */
export class ClaimLost extends Error {
  override name = 'ClaimLost'
}

/** Marks the claim as done inside the deed's transaction; throws `ClaimLost` where another attempt has it. */
export async function spendClaim(tx: Tx, actor: Actor, claim: Claim): Promise<void> {
  const spent = await tx
    .updateTable('idempotency')
    .set({ status: DONE })
    .where('organisation_id', '=', organisationOf(actor))
    .where('key', '=', claim.key)
    .where(attemptOf(claim))
    .where('status', 'in', [CLAIMED, DONE])
    .executeTakeFirst()
  if (spent.numUpdatedRows === 0n) throw new ClaimLost('another attempt has taken over this idempotency key')
}

/** Keeps the answer of the attempt that did it; repeats of the request get it from now on. */
export async function keepAnswer(ctx: Ctx, actor: Actor, kept: { claim: Claim } & KeptAnswer): Promise<void> {
  await ctx.db.kysely
    .updateTable('idempotency')
    .set({ status: kept.status, response: json(kept.response) })
    .where('organisation_id', '=', organisationOf(actor))
    .where('key', '=', kept.claim.key)
    .where(attemptOf(kept.claim))
    .execute()
}

/** Gives the key back after an attempt that did nothing; what was done stays done. */
export async function releaseClaim(ctx: Ctx, actor: Actor, claim: Claim): Promise<void> {
  await ctx.db.kysely
    .deleteFrom('idempotency')
    .where('organisation_id', '=', organisationOf(actor))
    .where('key', '=', claim.key)
    .where(attemptOf(claim))
    .where('status', '=', CLAIMED)
    .execute()
}

function attemptOf(claim: Claim) {
  return sql<boolean>`response ->> 'attempt' = ${claim.attempt}`
}
