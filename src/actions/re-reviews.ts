import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { type NamedEvaluation, namedEvaluation } from '../domain/evaluation-hash.ts'
import { CONCLUSIONS, type Conclusion, RE_REVIEW_DECISION } from '../domain/re-review.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { type SignatureFault, signatureFault } from '../domain/signature.ts'
import { isoInstant } from '../domain/units.ts'
import { audit } from './audit.ts'
import { judgePending } from './judge.ts'
import { lockShipments } from './locks.ts'
import { loadReliances } from './reliances.ts'
import { noShipment, refuseUnlessSeen } from './shipments.ts'
import { authenticateSigner, loadSignatures, type Signature, type Signer, type Signing, sign } from './signatures.ts'
import type { Standing } from './standing.ts'
import { loadHeads, sha256 } from './store-evaluations.ts'
import { storedReReview } from './stored-re-review.ts'

/** A shipment whose ground changed: what came out otherwise, who relied on it, whom to notify. */
export type ReReview = ReturnType<typeof storedReReview> & {
  id: number
  evaluation: NamedEvaluation
  openedAt: number
  /** Null: it is open. */
  decisionId: number | null
}

/** A person's signed word that ends re-reviews. */
export type ReReviewDecision = {
  id: number
  shipmentId: number
  upToId: number
  evaluation: NamedEvaluation
  conclusion: Conclusion
  reason: string
  knownAt: number
}
export type SignedReReviewDecision = ReReviewDecision & { signature: Signature; fault: SignatureFault | null }

export type ReReviews = { items: ReReview[]; decisions: SignedReReviewDecision[] }

/** The re-reviews of a visible shipment, open and decided, with the decisions, in order of time. */
export async function listReReviews(ctx: Ctx, actor: Actor, shipmentId: number): Promise<ReReviews | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  if (no !== null) return no
  return ctx.db.kysely.transaction().execute((tx) => loadAll(tx, shipmentId))
}

/** Those that are open, or were at an instant: a shipment with any is in re-review. */
export async function openReReviews(
  tx: Pick<Tx, 'selectFrom'>,
  shipmentId: number,
  knownAt: Standing = 'now',
): Promise<ReReview[]> {
  const all = tx.selectFrom('re_review').selectAll().where('shipment_id', '=', shipmentId)
  const decided = tx.selectFrom('re_review_decision').select('up_to_id').where('shipment_id', '=', shipmentId)
  const rows = await (knownAt === 'now' ? all : all.where('known_at', '<=', at(knownAt))).orderBy('id').execute()
  const ends = await (knownAt === 'now' ? decided : decided.where('known_at', '<=', at(knownAt))).execute()
  const upTo = Math.max(0, ...ends.map((row) => row.up_to_id))
  return rows.filter(({ id }) => id > upTo).map((row) => reReview(row, null))
}

export type ReReviewInput = {
  shipmentId: number
  /** The version that the signer has read: the current one. */
  evaluationVersion: number
  conclusion: Conclusion
  reason: string
  signing: Signing
}

/**
 * Ends every open re-review of a shipment by the signed decision of the sponsor's QA, or of whom the sponsor gave that
 * role, on the ground of the current evaluation. Whoever received the shipment does not decide (two-person rule).
 * Refused: `not_found`, `already_decided` where none is open, `changed_meanwhile`, `own_receipt`, and as signing is.
 */
export async function decideReReview(ctx: Ctx, actor: Actor, input: ReReviewInput): Promise<ReReviews | Refusal> {
  const { shipmentId, signing } = input
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  if (no !== null) return no
  if (signing.meaning !== 'reviewed') return refuse('invalid', 'Whoever looks again signs it as "reviewed".')
  const sponsorId = await loadSponsor(ctx, shipmentId)
  if (sponsorId === null) return noShipment(shipmentId)
  const about = { type: RE_REVIEW_DECISION, id: String(shipmentId), shipmentId }
  const roles = ['qa_sponsor', 'qa_site'] as const
  const signer = await authenticateSigner(ctx, actor, { signing, about, roleForId: sponsorId, roles })
  if (isRefusal(signer)) return signer
  await judgePending(ctx, shipmentId)
  return transaction(ctx.db, (tx) => insertDecision(tx, ctx, { actor, signer, input }))
}

async function loadSponsor({ db }: Ctx, shipmentId: number): Promise<number | null> {
  const row = await db.kysely
    .selectFrom('shipment')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .select('product.organisation_id')
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirst()
  return row?.organisation_id ?? null
}

type Deciding = { actor: Actor; signer: Signer; input: ReReviewInput }

async function insertDecision(tx: Tx, ctx: Ctx, { actor, signer, input }: Deciding): Promise<ReReviews | Refusal> {
  const { shipmentId, conclusion, reason } = input
  await lockShipments(tx, [shipmentId])
  const evaluation = await decidedOn(tx, signer, input)
  if (isRefusal(evaluation)) return evaluation
  const open = await openReReviews(tx, shipmentId)
  const upToId = open.at(-1)?.id
  if (upToId === undefined) {
    return refuse('already_decided', `Shipment ${shipmentId} is in no re-review: there is nothing to decide.`)
  }
  const knownAt = ctx.now()
  const said = { conclusion, reason, up_to_id: upToId, known_at: at(knownAt) }
  const named = { evaluation_version: evaluation.version, evaluation_sha256: evaluation.sha256 }
  const row = await tx
    .insertInto('re_review_decision')
    .values({ shipment_id: shipmentId, ...said, ...named })
    .returningAll()
    .executeTakeFirstOrThrow()
  const made = decision(row)
  const record = { type: RE_REVIEW_DECISION, id: String(row.id), sha256: hashOf(made), shipmentId, evaluation }
  await sign(tx, ctx, { signer, record })
  const deed = { at: knownAt, action: 're_review_decided', subjectKind: 'shipment', subjectId: shipmentId, reason }
  await audit(tx, actor, [{ ...deed, before: { open: open.map(({ id }) => id) }, after: made }])
  return loadAll(tx, shipmentId)
}

/** The current evaluation, where the signer has read it and did not receive the shipment. */
async function decidedOn(
  tx: Tx,
  { account }: Signer,
  { shipmentId, evaluationVersion }: ReReviewInput,
): Promise<NamedEvaluation | Refusal> {
  const { all } = await loadReliances(tx, shipmentId)
  const receivers = all.filter(({ reliance: { what } }) => what === 'received' || what === 'accepted')
  const isReceiver = receivers.some(({ reliance: { people, actor } }) => {
    return actor === `person:${account.id}` || people.some(({ id }) => id === account.id)
  })
  if (isReceiver) return refuse('own_receipt', 'You received this shipment: another person must look again.')
  const head = (await loadHeads(tx, [shipmentId])).get(shipmentId)
  if (head === undefined || head.version !== evaluationVersion) {
    const now = `The evaluation is at version ${head?.version ?? 'none'} now: read it, then sign.`
    return refuse('changed_meanwhile', now)
  }
  return namedEvaluation(head, sha256)
}

/** Marks shipments, whose locks the caller holds, to be compared with what was relied on; where anything was. */
export async function markForReview(tx: Tx, shipmentIds: readonly number[]): Promise<void> {
  if (shipmentIds.length === 0) return
  await tx
    .updateTable('shipment as s')
    .set({ review_due: true })
    .where('s.id', 'in', [...shipmentIds])
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('custody_event as c')
          .select('c.seq')
          .whereRef('c.shipment_id', '=', 's.id')
          .where('c.kind', '=', 'readings_root'),
      ),
    )
    .execute()
}

async function loadAll(tx: Tx, shipmentId: number): Promise<ReReviews> {
  const rows = await tx
    .selectFrom('re_review')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  const decisions = await loadDecisions(tx, shipmentId)
  const items = rows.map((row) => reReview(row, decisions.find(({ upToId }) => upToId >= row.id)?.id ?? null))
  return { items, decisions }
}

async function loadDecisions(tx: Tx, shipmentId: number): Promise<SignedReReviewDecision[]> {
  const rows = await tx
    .selectFrom('re_review_decision')
    .selectAll()
    .where('shipment_id', '=', shipmentId)
    .orderBy('id')
    .execute()
  const signatures = await loadSignatures(tx, { type: RE_REVIEW_DECISION, shipmentId })
  return rows.map((row) => {
    const made = decision(row)
    const signature = signatures.find(({ recordId }) => recordId === String(row.id))
    if (signature === undefined) throw new Error(`decision ${row.id} about a re-review has no signature`)
    const record = { type: RE_REVIEW_DECISION, id: String(row.id), sha256: hashOf(made) }
    return { ...made, signature, fault: signatureFault(signature.entry, record, sha256) }
  })
}

function reReview(row: Selectable<Tables['re_review']>, decisionId: number | null): ReReview {
  const evaluation = { version: row.evaluation_version, sha256: row.evaluation_sha256 }
  return { id: row.id, evaluation, openedAt: row.known_at, decisionId, ...storedReReview(row.found) }
}

const conclusion = z.enum(CONCLUSIONS)

function decision(row: Selectable<Tables['re_review_decision']>): ReReviewDecision {
  return {
    id: row.id,
    shipmentId: row.shipment_id,
    upToId: row.up_to_id,
    evaluation: { version: row.evaluation_version, sha256: row.evaluation_sha256 },
    conclusion: conclusion.parse(row.conclusion),
    reason: row.reason,
    knownAt: row.known_at,
  }
}

function hashOf({ knownAt, ...made }: ReReviewDecision): string {
  return sha256(canonicalJson({ ...made, knownAt: isoInstant(knownAt) }))
}
