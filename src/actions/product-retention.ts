import { sql } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { LEAST_YEARS, type ProductRetention, RECORD_CLASSES, type RecordClass } from '../domain/retention.ts'
import { audit } from './audit.ts'
import { findProduct } from './products.ts'

/** What rules a product's records; null for both where its sponsor said nothing and the defaults rule. */
export type RulingRetention = ProductRetention & { reason: string | null; knownAt: number | null }

/** What a sponsor says; a class that is left out stays as it is. */
export type RetentionInput = {
  years: { readonly [Class in RecordClass]?: number | undefined }
  shelfLifeYears: number | null
  reason: string
}

/**
 * Lengthens how long the records of an own product are kept. What was promised is never taken back: a shorter period
 * than the one that rules is refused as `invalid`.
 */
export async function lengthenRetention(
  ctx: Ctx,
  actor: Actor,
  input: RetentionInput & { productId: number },
): Promise<RulingRetention | Refusal> {
  const no = denied(actor, 'manage_products')
  if (no !== null) return no
  return transaction(ctx.db, async (tx) => {
    const refused = await refuseUnowned(tx, actor, input.productId)
    if (refused !== null) return refused
    // of two who lengthen at once, the second is compared with what the first has said
    await sql`select pg_advisory_xact_lock(hashtext(${`product_retention ${input.productId}`}))`.execute(tx)
    const before = await rulingRetention(tx, input.productId)
    const shelfLifeYears = input.shelfLifeYears ?? before.shelfLifeYears
    const after: ProductRetention = { years: yearsOf((one) => input.years[one] ?? before.years[one]), shelfLifeYears }
    const shorter = refuseShorter(before, after)
    if (shorter !== null) return shorter
    const now = ctx.now()
    await tx
      .insertInto('product_retention')
      .values({
        product_id: input.productId,
        years: json(after.years),
        shelf_life_years: after.shelfLifeYears,
        reason: input.reason,
        known_at: at(now),
      })
      .execute()
    const deed = { action: 'lengthen_retention', subjectKind: 'product', subjectId: input.productId }
    await audit(tx, actor, [{ ...deed, at: now, before, after, reason: input.reason }])
    return { ...after, reason: input.reason, knownAt: now }
  })
}

/** What rules the records of a visible product. */
export async function getRetention(ctx: Ctx, actor: Actor, productId: number): Promise<RulingRetention | Refusal> {
  const product = await findProduct(ctx.db.kysely, actor, productId)
  return isRefusal(product) ? product : rulingRetention(ctx.db.kysely, productId)
}

const years = z.record(z.enum(RECORD_CLASSES), z.int())

/** A row's years as the rules take them. */
export function storedYears(value: unknown): ProductRetention['years'] {
  return years.parse(value)
}

function yearsOf(of: (recordClass: RecordClass) => number): ProductRetention['years'] {
  return storedYears(Object.fromEntries(RECORD_CLASSES.map((one) => [one, of(one)])))
}

const DEFAULT_YEARS = yearsOf(() => LEAST_YEARS)

async function rulingRetention(db: Pick<Tx, 'selectFrom'>, productId: number): Promise<RulingRetention> {
  const row = await db
    .selectFrom('product_retention')
    .select(['years', 'shelf_life_years', 'reason', 'known_at'])
    .where('product_id', '=', productId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined) return { years: DEFAULT_YEARS, shelfLifeYears: null, reason: null, knownAt: null }
  const { shelf_life_years: shelfLifeYears, reason, known_at: knownAt } = row
  return { years: storedYears(row.years), shelfLifeYears, reason, knownAt }
}

async function refuseUnowned(tx: Tx, actor: Actor, productId: number): Promise<Refusal | null> {
  const product = await findProduct(tx, actor, productId)
  if (isRefusal(product)) return product
  if (product.organisationId === actor.organisationId) return null
  return refuse('not_allowed', 'Only its sponsor says how long the records of a product are kept.')
}

function refuseShorter(before: ProductRetention, after: ProductRetention): Refusal | null {
  const shorter = RECORD_CLASSES.find((one) => after.years[one] < before.years[one])
  if (shorter !== undefined) {
    return refuse('invalid', `The ${shorter} are kept ${before.years[shorter]} years: that may only be lengthened.`)
  }
  if ((after.shelfLifeYears ?? 0) >= (before.shelfLifeYears ?? 0)) return null
  return refuse('invalid', `The shelf life is ${before.shelfLifeYears} years: that may only be lengthened.`)
}
