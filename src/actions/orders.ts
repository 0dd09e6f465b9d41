import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, atOrNull, json, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { type Listing, listing, type Page } from './page.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeOrder } from './visibility.ts'

/** What the centre expects; entered by the centre or the sponsor, never by the packer. */
export type Order = {
  id: number
  organisationId: number
  number: string
  productId: number
  consigneeId: number
  /** Chain-of-identity code with its scheme; never anything a patient could be told by. */
  coi: string | null
  coiScheme: string | null
  expected: ExpectedUnit[]
  neededBy: number | null
  knownAt: number
}

export type ExpectedUnit = { gtin: string | null; serial: string | null; din: string | null; lot: string | null }

/**
 * Enters an order. The product need not be visible, or no centre could ever order one for the first time; an order by
 * another than its owner does not make it so.
 */
export async function enterOrder(
  ctx: Ctx,
  actor: Actor,
  input: Omit<Order, 'id' | 'organisationId' | 'knownAt'>,
): Promise<Order | Refusal> {
  const no = denied(actor, 'enter_orders')
  if (no !== null) return no
  const enter = async (tx: Tx) => {
    const product = await tx.selectFrom('product').select('id').where('id', '=', input.productId).executeTakeFirst()
    if (product === undefined) return refuse('not_found', `There is no product ${input.productId}.`)
    const consignee = tx.selectFrom('organisation').select('id').where('id', '=', input.consigneeId)
    if ((await consignee.executeTakeFirst()) === undefined) {
      return refuse('not_found', `There is no organisation ${input.consigneeId}.`)
    }
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('therapy_order')
      .values({
        organisation_id: organisationOf(actor),
        number: input.number,
        product_id: input.productId,
        consignee_id: input.consigneeId,
        coi: input.coi,
        coi_scheme: input.coiScheme,
        expected: json(input.expected),
        needed_by: atOrNull(input.neededBy),
        known_at: at(knownAt),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { action: 'enter_order', subjectKind: 'order', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: input }])
    return order(row)
  }
  const taken = { therapy_order_organisation_id_number_key: 'Your organisation has an order with this number.' }
  return unlessExists(taken, transaction(ctx.db, enter))
}

/** The orders the actor may see, in order of id. */
export async function listOrders(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<Order>> {
  const rows = await ctx.db.kysely
    .selectFrom('therapy_order')
    .selectAll()
    .where((eb) => canSeeOrder(actor, eb))
    .where('id', '>', page.after ?? 0)
    .orderBy('id')
    .limit(page.limit + 1)
    .execute()
  return listing(rows.map(order), page.limit, ({ id }) => id)
}

/** One order, if the actor may see it. */
export async function getOrder(ctx: Ctx, actor: Actor, id: number): Promise<Order | Refusal> {
  return findOrder(ctx.db.kysely, actor, id)
}

/** The same inside a transaction or beside it. */
export async function findOrder(db: Pick<Tx, 'selectFrom'>, actor: Actor, id: number): Promise<Order | Refusal> {
  const row = await db
    .selectFrom('therapy_order')
    .selectAll()
    .where('id', '=', id)
    .where((eb) => canSeeOrder(actor, eb))
    .executeTakeFirst()
  return row === undefined ? refuse('not_found', `There is no order ${id}.`) : order(row)
}

const text = z.string().nullable()
const expectedUnits = z.array(z.object({ gtin: text, serial: text, din: text, lot: text }))

/** The units of an order as they are stored. */
export function orderedUnits(expected: unknown): ExpectedUnit[] {
  return expectedUnits.parse(expected)
}

function order(row: Selectable<Tables['therapy_order']>): Order {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    number: row.number,
    productId: row.product_id,
    consigneeId: row.consignee_id,
    coi: row.coi,
    coiScheme: row.coi_scheme,
    expected: orderedUnits(row.expected),
    neededBy: row.needed_by,
    knownAt: row.known_at,
  }
}
