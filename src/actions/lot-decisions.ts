import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { canonicalJson } from '../domain/canonical.ts'
import { LOT_DECISION, type LotDecision, type LotWord, lotDecisionRecord, lotMeaning } from '../domain/lot-decision.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { type SignatureFault, signatureFault } from '../domain/signature.ts'
import { audit } from './audit.ts'
import { lotDecision } from './batch-facts.ts'
import { lockShipments } from './locks.ts'
import { type Listing, listing, type Page } from './page.ts'
import { findProduct } from './products.ts'
import { markForReview } from './re-reviews.ts'
import { authenticateSigner, loadSignatures, type Signature, type Signer, type Signing, sign } from './signatures.ts'
import { sha256 } from './store-evaluations.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeLotDecision } from './visibility.ts'

/** A decision with its signature, checked against it; and the row that lifts it. */
export type SignedLotDecision = LotDecision & {
  liftedById: number | null
  signature: Signature
  fault: SignatureFault | null
}

export type LotDecisionInput = {
  productId: number
  lot: string
  said: LotWord
  reference: string | null
  reason: string
  signing: Signing
}

/** A decision, and how many shipments and units of its lot there are: none shows a number that was mistyped. */
export type LotDecided = { decision: SignedLotDecision; shipments: number; units: number }

/**
 * Records what the sponsor's QA says about a lot, before or after its units were received. Every shipment with a unit
 * of it shows so at once. Signed by somebody who is `qa_sponsor` of the product's sponsor; refused as signing is;
 * `not_found`, `invalid`.
 */
export async function decideLot(ctx: Ctx, actor: Actor, input: LotDecisionInput): Promise<LotDecided | Refusal> {
  const product = await findProduct(ctx.db.kysely, actor, input.productId)
  if (isRefusal(product)) return product
  const { signing, ...said } = input
  const signer = await lotSigner(ctx, actor, { ...said, liftsId: null, signing, sponsorId: product.organisationId })
  if (isRefusal(signer)) return signer
  return transaction(ctx.db, (tx) => insertDecision(tx, ctx, { actor, signer, said: { ...said, liftsId: null } }))
}

/** Lifts a hold or a recall, by a row of its own; both stay. Refused also: `already_exists`. */
export async function liftLotDecision(
  ctx: Ctx,
  actor: Actor,
  input: { decisionId: number; reference: string | null; reason: string; signing: Signing },
): Promise<LotDecided | Refusal> {
  const { decisionId, reference, reason, signing } = input
  const found = await getLotDecision(ctx, actor, decisionId)
  if (isRefusal(found)) return found
  const no = refuseLifting(found)
  if (no !== null) return no
  const product = await findProduct(ctx.db.kysely, actor, found.productId)
  if (isRefusal(product)) return product
  const { productId, lot, said: word } = found
  const said = { productId, lot, said: word, reference, reason, liftsId: decisionId }
  const signer = await lotSigner(ctx, actor, { ...said, signing, sponsorId: product.organisationId })
  if (isRefusal(signer)) return signer
  const taken = { lot_decision_lifts_id_key: `Decision ${decisionId} was lifted already.` }
  return unlessExists(
    taken,
    transaction(ctx.db, (tx) => insertDecision(tx, ctx, { actor, signer, said })),
  )
}

function refuseLifting({ id, said, liftsId }: LotDecision): Refusal | null {
  if (liftsId !== null) return refuse('invalid', `Decision ${id} lifts another one: place the hold or recall anew.`)
  if (said.kind !== 'batch_status') return null
  return refuse('invalid', `Decision ${id} is a batch status: state the one that holds now instead of lifting it.`)
}

type Asked = Omit<LotDecision, 'id' | 'knownAt'> & { signing: Signing; sponsorId: number }

async function lotSigner(ctx: Ctx, actor: Actor, asked: Asked): Promise<Signer | Refusal> {
  const { signing, sponsorId, productId, lot } = asked
  const meaning = lotMeaning(asked)
  if (signing.meaning !== meaning) return refuse('invalid', `This is signed as "${meaning}".`)
  const about = { type: LOT_DECISION, id: `${productId}/${lot}`, shipmentId: null }
  return authenticateSigner(ctx, actor, { signing, about, roleForId: sponsorId, roles: ['qa_sponsor'] })
}

type Inserting = { actor: Actor; signer: Signer; said: Omit<LotDecision, 'id' | 'knownAt'> }

/** Known from when its shipments are locked: whoever decides about one of them has decided before, or knows it. */
async function insertDecision(tx: Tx, ctx: Ctx, { actor, signer, said }: Inserting): Promise<LotDecided> {
  const { shipmentIds, units } = await reachOf(tx, said)
  await lockShipments(tx, shipmentIds)
  await markForReview(tx, shipmentIds)
  const knownAt = ctx.now()
  const row = await tx
    .insertInto('lot_decision')
    .values({
      product_id: said.productId,
      lot: said.lot,
      kind: said.said.kind,
      batch_status: said.said.kind === 'batch_status' ? said.said.batchStatus : null,
      reference: said.reference,
      reason: said.reason,
      lifts_id: said.liftsId,
      known_at: at(knownAt),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const decision = lotDecision(row)
  const record = { type: LOT_DECISION, id: String(decision.id), sha256: hashOf(decision), shipmentId: null }
  const signature = await sign(tx, ctx, { signer, record })
  const subjects = [
    { subjectKind: 'product', subjectId: said.productId },
    ...shipmentIds.map((subjectId) => ({ subjectKind: 'shipment', subjectId })),
  ]
  const deed = { at: knownAt, action: actionOf(decision), after: decision, reason: said.reason }
  await audit(
    tx,
    actor,
    subjects.map((subject) => ({ ...deed, ...subject })),
  )
  const signed = { ...decision, liftedById: null, signature, fault: null }
  return { decision: signed, shipments: shipmentIds.length, units }
}

function actionOf({ said, liftsId }: LotDecision): string {
  return liftsId === null ? `lot_${said.kind}` : `lot_${said.kind}_lifted`
}

/** Every shipment with a unit of the lot, whoever sees it: a recall reaches all of them. */
async function reachOf(tx: Tx, { productId, lot }: { productId: number; lot: string }) {
  const rows = await tx
    .selectFrom('unit')
    .innerJoin('shipment', 'shipment.id', 'unit.shipment_id')
    .select('shipment.id')
    .where('shipment.product_id', '=', productId)
    .where('unit.lot', '=', lot)
    .execute()
  return { shipmentIds: [...new Set(rows.map(({ id }) => id))].sort((a, b) => a - b), units: rows.length }
}

/** The decisions about lots of one's own products, and of lots in visible shipments, in order of id. */
export async function listLotDecisions(
  ctx: Ctx,
  actor: Actor,
  asked: { productId: number | null; lot: string | null; page: Page },
): Promise<Listing<SignedLotDecision>> {
  let query = selectDecisions(ctx.db.kysely, actor).where('lot_decision.id', '>', asked.page.after ?? 0)
  if (asked.productId !== null) query = query.where('lot_decision.product_id', '=', asked.productId)
  if (asked.lot !== null) query = query.where('lot_decision.lot', '=', asked.lot)
  const rows = await query
    .orderBy('lot_decision.id')
    .limit(asked.page.limit + 1)
    .execute()
  const { items, next } = listing(rows, asked.page.limit, ({ id }) => id)
  return { items: await withSignatures(ctx.db.kysely, items), next }
}

/** One of them. */
export async function getLotDecision(ctx: Ctx, actor: Actor, id: number): Promise<SignedLotDecision | Refusal> {
  const rows = await selectDecisions(ctx.db.kysely, actor).where('lot_decision.id', '=', id).execute()
  const [found] = await withSignatures(ctx.db.kysely, rows)
  return found ?? refuse('not_found', `There is no decision ${id} about a lot.`)
}

type Reader = Pick<Tx, 'selectFrom'>

function selectDecisions(db: Reader, actor: Actor) {
  return db
    .selectFrom('lot_decision')
    .leftJoin('lot_decision as l', 'l.lifts_id', 'lot_decision.id')
    .selectAll('lot_decision')
    .select('l.id as lifted_by_id')
    .where((eb) => canSeeLotDecision(actor, eb))
}

type Row = Awaited<ReturnType<ReturnType<typeof selectDecisions>['executeTakeFirstOrThrow']>>

async function withSignatures(db: Reader, rows: readonly Row[]): Promise<SignedLotDecision[]> {
  if (rows.length === 0) return []
  const signatures = await loadSignatures(db, { type: LOT_DECISION, ids: rows.map(({ id }) => String(id)) })
  return rows.map(({ lifted_by_id: liftedById, ...row }) => {
    const decision = lotDecision(row)
    const signature = signatures.find(({ recordId }) => recordId === String(row.id))
    if (signature === undefined) throw new Error(`decision ${row.id} about a lot has no signature`)
    const record = { type: LOT_DECISION, id: String(row.id), sha256: hashOf(decision) }
    return { ...decision, liftedById, signature, fault: signatureFault(signature.entry, record, sha256) }
  })
}

function hashOf(decision: LotDecision): string {
  return sha256(canonicalJson(lotDecisionRecord(decision)))
}
