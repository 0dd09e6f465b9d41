import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { findProduct } from './products.ts'

/** What a sponsor asks of the receipt of a product. */
export type ReceiptTerms = {
  /** How long a unit may be in the air on its way into storage. */
  maxTransferMs: number
  /** Every unit waits for QA's decision, whatever was found. */
  needsQa: boolean
  /** Null for both where the sponsor said nothing and the defaults rule. */
  reason: string | null
  knownAt: number | null
}

/** A bag warms by tens of kelvin a minute in air (domain page 3.1): two minutes, unless its sponsor knows better. */
const DEFAULT_MAX_TRANSFER_MS = 120_000

/** Sets what an own product asks of its receipt; the newest rules. Refused: `not_found`, `not_allowed`. */
export async function setReceiptTerms(
  ctx: Ctx,
  actor: Actor,
  input: { productId: number; maxTransferMs: number; needsQa: boolean; reason: string },
): Promise<ReceiptTerms | Refusal> {
  const no = denied(actor, 'manage_products')
  if (no !== null) return no
  return transaction(ctx.db, async (tx) => {
    const { productId, maxTransferMs, needsQa, reason } = input
    const product = await findProduct(tx, actor, productId)
    if (isRefusal(product)) return product
    if (product.organisationId !== actor.organisationId) {
      return refuse('not_allowed', 'Only its sponsor says what the receipt of a product asks for.')
    }
    const before = await rulingTerms(tx, productId)
    const now = ctx.now()
    const said = { max_transfer_ms: maxTransferMs, needs_qa: needsQa, reason }
    await tx
      .insertInto('product_receipt_terms')
      .values({ product_id: productId, ...said, known_at: at(now) })
      .execute()
    const deed = { at: now, action: 'set_receipt_terms', subjectKind: 'product', subjectId: productId }
    await audit(tx, actor, [{ ...deed, before, after: { maxTransferMs, needsQa }, reason }])
    return { maxTransferMs, needsQa, reason, knownAt: now }
  })
}

/** What rules the receipt of a visible product. */
export async function getReceiptTerms(ctx: Ctx, actor: Actor, productId: number): Promise<ReceiptTerms | Refusal> {
  const product = await findProduct(ctx.db.kysely, actor, productId)
  return isRefusal(product) ? product : rulingTerms(ctx.db.kysely, productId)
}

/** The same without asking who asks. */
export async function rulingTerms(db: Pick<Tx, 'selectFrom'>, productId: number): Promise<ReceiptTerms> {
  const row = await db
    .selectFrom('product_receipt_terms')
    .select(['max_transfer_ms', 'needs_qa', 'reason', 'known_at'])
    .where('product_id', '=', productId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) {
    return { maxTransferMs: DEFAULT_MAX_TRANSFER_MS, needsQa: false, reason: null, knownAt: null }
  }
  return { maxTransferMs: row.max_transfer_ms, needsQa: row.needs_qa, reason: row.reason, knownAt: row.known_at }
}
