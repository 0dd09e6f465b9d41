import { type Tx, transaction } from '../../db/connect.ts'
import { at, atOrNull } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { findContainer } from './containers.ts'
import { findOrder, type Order } from './orders.ts'
import { findProduct } from './products.ts'
import { findProfile } from './profiles.ts'
import { findShipment, type Party, type Shipment, type Unit } from './shipments.ts'
import { unlessExists } from './unless-exists.ts'

export type NewShipment = Omit<Shipment, 'id' | 'organisationId' | 'profile' | 'parties' | 'knownAt'> & {
  profileId: number
  /** Beside the sender (the opener), the consignee and the sponsor (the product's owner), who are always parties. */
  parties: readonly Party[]
  units: readonly Unit[]
}

/**
 * Opens a shipment and pins a profile of its product to it. Everything it refers to must exist for the actor; only
 * organisations are named by id alone, since a first shipment goes to a party one has nothing in common with yet.
 */
export async function openShipment(ctx: Ctx, actor: Actor, input: NewShipment): Promise<Shipment | Refusal> {
  const no = denied(actor, 'open_shipments')
  if (no !== null) return no
  const open = async (tx: Tx) => {
    const referred = await loadReferred(tx, actor, input)
    if (isRefusal(referred)) return referred
    const parties = allParties(organisationOf(actor), referred.sponsorId, input)
    const stranger = await firstUnknown(tx, parties)
    if (stranger !== null) return refuse('not_found', `There is no organisation ${stranger}.`)
    const knownAt = ctx.now()
    const opened = { ...input, coiScheme: referred.coiScheme }
    const shipmentId = await insertShipment(tx, actor, { ...opened, knownAt })
    await insertContents(tx, shipmentId, { parties, units: input.units, knownAt })
    const deed = { action: 'open_shipment', subjectKind: 'shipment', subjectId: shipmentId }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: { ...opened, parties } }])
    return findShipment(tx, actor, shipmentId)
  }
  return unlessExists(TAKEN, transaction(ctx.db, open))
}

const TAKEN = {
  shipment_organisation_id_reference_key: 'Your organisation has a shipment with this reference.',
  shipment_sscc_key: 'Another shipment carries this SSCC.',
}

type Referred = { sponsorId: number; coiScheme: string | null }

/** Checks what the shipment refers to; answers who owns the product, and the scheme of the chain of identity. */
async function loadReferred(tx: Tx, actor: Actor, input: NewShipment): Promise<Referred | Refusal> {
  const product = await findProduct(tx, actor, input.productId)
  if (isRefusal(product)) return product
  const profile = await findProfile(tx, actor, input.profileId)
  if (isRefusal(profile)) return profile
  if (profile.productId !== product.id) return refuse('invalid', 'The profile is one of another product.')
  const order = input.orderId === null ? null : await findOrder(tx, actor, input.orderId)
  if (isRefusal(order)) return order
  if (order !== null && order.productId !== product.id) return refuse('invalid', 'The order is for another product.')
  const container = input.containerId === null ? null : await findContainer(tx, actor, input.containerId)
  if (isRefusal(container)) return container
  const coiScheme = schemeOf(input, order)
  return isRefusal(coiScheme) ? coiScheme : { sponsorId: product.organisationId, coiScheme }
}

/** A code of the chain of identity is opaque, so without the scheme that issued it, it says nothing. */
function schemeOf({ coi, coiScheme }: NewShipment, order: Order | null): string | null | Refusal {
  if (coi === null) {
    return coiScheme === null ? null : refuse('invalid', 'coiScheme: a scheme needs the coi it has issued.')
  }
  const scheme = coiScheme ?? (order?.coi === coi ? order.coiScheme : null)
  return scheme ?? refuse('invalid', 'coiScheme: say which scheme issued the coi.')
}

function allParties(openerId: number, sponsorId: number, input: NewShipment): Party[] {
  const parties: Party[] = [
    { organisationId: openerId, role: 'sender' },
    { organisationId: input.consigneeId, role: 'consignee' },
    { organisationId: sponsorId, role: 'sponsor' },
    ...input.parties,
  ]
  return [...new Map(parties.map((party) => [`${party.organisationId} ${party.role}`, party])).values()]
}

async function firstUnknown(tx: Tx, parties: readonly Party[]): Promise<number | null> {
  const ids = [...new Set(parties.map((party) => party.organisationId))]
  const rows = await tx.selectFrom('organisation').select('id').where('id', 'in', ids).execute()
  const known = new Set(rows.map((row) => row.id))
  return ids.find((id) => !known.has(id)) ?? null
}

async function insertShipment(tx: Tx, actor: Actor, input: NewShipment & { knownAt: number }): Promise<number> {
  const known_at = at(input.knownAt)
  const { id } = await tx
    .insertInto('shipment')
    .values({
      organisation_id: organisationOf(actor),
      reference: input.reference,
      order_id: input.orderId,
      product_id: input.productId,
      consignee_id: input.consigneeId,
      container_id: input.containerId,
      sscc: input.sscc,
      coi: input.coi,
      coi_scheme: input.coiScheme,
      max_handover_ms: input.maxHandoverMs,
      profile_id: input.profileId,
      known_at,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx.insertInto('shipment_profile').values({ shipment_id: id, profile_id: input.profileId, known_at }).execute()
  if (input.orderId !== null) {
    await tx.insertInto('shipment_order').values({ shipment_id: id, order_id: input.orderId, known_at }).execute()
  }
  return id
}

type Contents = { parties: readonly Party[]; units: readonly Unit[]; knownAt: number }

async function insertContents(tx: Tx, shipment_id: number, { parties, units, knownAt }: Contents): Promise<void> {
  const known_at = at(knownAt)
  await tx
    .insertInto('shipment_party')
    .values(
      parties.map(({ organisationId, role }) => ({ shipment_id, organisation_id: organisationId, role, known_at })),
    )
    .execute()
  if (units.length === 0) return
  const rows = units.map(({ expiryAt, expiryLocal, ...unit }) => ({
    ...unit,
    shipment_id,
    expiry_at: atOrNull(expiryAt),
    expiry_local: expiryLocal,
    known_at,
  }))
  await tx.insertInto('unit').values(rows).execute()
}
