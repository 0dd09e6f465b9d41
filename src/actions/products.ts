import type { Selectable } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { type Listing, listing, type Page } from './page.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeProduct } from './visibility.ts'

/** A therapy or its material; `organisationId` is its sponsor. */
export type Product = { id: number; organisationId: number; name: string; gtin: string | null; knownAt: number }

/** Registers a product of the actor's organisation. */
export async function registerProduct(
  ctx: Ctx,
  actor: Actor,
  input: { name: string; gtin: string | null },
): Promise<Product | Refusal> {
  const no = denied(actor, 'manage_products')
  if (no !== null) return no
  const register = async (tx: Tx) => {
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('product')
      .values({ organisation_id: organisationOf(actor), ...input, known_at: at(knownAt) })
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { action: 'register_product', subjectKind: 'product', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: input }])
    return product(row)
  }
  const taken = { product_organisation_id_name_key: 'Your organisation has a product of this name.' }
  return unlessExists(taken, transaction(ctx.db, register))
}

/** The products the actor may see, in order of id. */
export async function listProducts(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<Product>> {
  const rows = await ctx.db.kysely
    .selectFrom('product')
    .selectAll()
    .where((eb) => canSeeProduct(actor, eb.ref('product.id')))
    .where('id', '>', page.after ?? 0)
    .orderBy('id')
    .limit(page.limit + 1)
    .execute()
  return listing(rows.map(product), page.limit, ({ id }) => id)
}

/** One product, if the actor may see it. */
export async function getProduct(ctx: Ctx, actor: Actor, id: number): Promise<Product | Refusal> {
  return findProduct(ctx.db.kysely, actor, id)
}

/** The same inside a transaction or beside it. */
export async function findProduct(db: Pick<Tx, 'selectFrom'>, actor: Actor, id: number): Promise<Product | Refusal> {
  const row = await db
    .selectFrom('product')
    .selectAll()
    .where('id', '=', id)
    .where((eb) => canSeeProduct(actor, eb.ref('product.id')))
    .executeTakeFirst()
  return row === undefined ? refuse('not_found', `There is no product ${id}.`) : product(row)
}

function product(row: Selectable<Tables['product']>): Product {
  return { id: row.id, organisationId: row.organisation_id, name: row.name, gtin: row.gtin, knownAt: row.known_at }
}
