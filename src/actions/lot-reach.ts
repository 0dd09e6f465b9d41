import { sql } from 'kysely'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { LotStanding } from '../domain/lot-decision.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { batchFacts } from './batch-facts.ts'
import { type Listing, listing, type Page } from './page.ts'
import { findProduct } from './products.ts'
import { canSeeShipment } from './visibility.ts'

/** How a lot of a visible product stands now. */
export type LotAnswer = LotStanding & { productId: number; lot: string; asOf: number }

/** A shipment with units of a lot; the latter by their codes. `closedAt` null: it is still under way. */
export type AffectedShipment = {
  shipmentId: number
  reference: string
  consigneeId: number
  packedAt: number | null
  closedAt: number | null
  units: string[]
}

type Asked = { productId: number; lot: string }

/**
 * How a lot stands now. Refused: `not_found` for a product one does not see, and for a lot that is in none of the
 * shipments of somebody who is not its sponsor.
 */
export async function getLot(ctx: Ctx, actor: Actor, asked: Asked): Promise<LotAnswer | Refusal> {
  const product = await findProduct(ctx.db.kysely, actor, asked.productId)
  if (isRefusal(product)) return product
  const now = ctx.now()
  const isOwn = product.organisationId === actor.organisationId
  const isSeen = isOwn || (await affected(ctx, actor, { ...asked, page: { limit: 0, after: null } })).length > 0
  if (!isSeen) return refuse('not_found', `No shipment that you see has a unit of lot ${asked.lot}.`)
  return { ...asked, asOf: now, ...(await batchFacts(ctx.db.kysely, asked, now)) }
}

/** The shipments with units of a lot that the asker sees, its sponsor all of them, in order of id. */
export async function listAffected(
  ctx: Ctx,
  actor: Actor,
  asked: Asked & { page: Page },
): Promise<Listing<AffectedShipment> | Refusal> {
  const product = await findProduct(ctx.db.kysely, actor, asked.productId)
  if (isRefusal(product)) return product
  return listing(await affected(ctx, actor, asked), asked.page.limit, ({ shipmentId }) => shipmentId)
}

async function affected(ctx: Ctx, actor: Actor, { productId, lot, page }: Asked & { page: Page }) {
  return ctx.db.kysely
    .selectFrom('shipment as s')
    .innerJoin('unit as u', 'u.shipment_id', 's.id')
    .select(['s.id as shipmentId', 's.reference', 's.consignee_id as consigneeId'])
    .select(['s.packed_at as packedAt', 's.closed_at as closedAt'])
    .select(sql<string[]>`array_agg(u.code order by u.id)`.as('units'))
    .where('s.product_id', '=', productId)
    .where('u.lot', '=', lot)
    .where('s.id', '>', page.after ?? 0)
    .where((eb) => canSeeShipment(actor, eb.ref('s.id')))
    .groupBy('s.id')
    .orderBy('s.id')
    .limit(page.limit + 1)
    .execute()
}
