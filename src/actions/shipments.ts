import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type Listing, listing, type Page } from './page.ts'
import { canSeeShipment } from './visibility.ts'

export const PARTY_ROLES = ['sponsor', 'sender', 'carrier', 'distributor', 'consignee'] as const

/** One closed container under one profile, with what rides in it and whom it concerns. */
export type Shipment = {
  id: number
  organisationId: number
  reference: string
  orderId: number | null
  productId: number
  consigneeId: number
  containerId: number | null
  sscc: string | null
  /** Chain-of-identity code with the scheme that issued it. */
  coi: string | null
  coiScheme: string | null
  /** A handover open longer than this is a finding. */
  maxHandoverMs: number
  /** The version that rules now. */
  profile: PinnedProfile
  parties: Party[]
  units: Unit[]
  knownAt: number
}

export type PinnedProfile = { profileId: number; version: number; name: string; example: boolean }
export type Party = { organisationId: number; role: (typeof PARTY_ROLES)[number] }
export type Unit = {
  code: string
  gtin: string | null
  serial: string | null
  din: string | null
  lot: string | null
  /** The sponsor's instant; else `expiryLocal` may be a day or minute as printed, of no zone. */
  expiryAt: number | null
  expiryLocal: string | null
}

/** The shipments the actor is a party to, in order of id. */
export async function listShipments(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<Shipment>> {
  const rows = await selectShipments(ctx.db.kysely, actor)
    .where('shipment.id', '>', page.after ?? 0)
    .orderBy('shipment.id')
    .limit(page.limit + 1)
    .execute()
  const { items, next } = listing(rows, page.limit, ({ id }) => id)
  return { items: await withContents(ctx.db.kysely, items), next }
}

/** One shipment, if the actor is a party to it. */
export async function getShipment(ctx: Ctx, actor: Actor, id: number): Promise<Shipment | Refusal> {
  return findShipment(ctx.db.kysely, actor, id)
}

type Reader = Pick<Tx, 'selectFrom'>

/** The same inside a transaction or beside it. */
export async function findShipment(db: Reader, actor: Actor, id: number): Promise<Shipment | Refusal> {
  const rows = await selectShipments(db, actor).where('shipment.id', '=', id).execute()
  const [shipment] = await withContents(db, rows)
  return shipment ?? noShipment(id)
}

/** Null where the actor is a party to the shipment. */
export async function refuseUnlessSeen(db: Reader, actor: Actor, shipmentId: number): Promise<Refusal | null> {
  const row = await db
    .selectFrom('shipment')
    .select('id')
    .where('id', '=', shipmentId)
    .where((eb) => canSeeShipment(actor, eb.ref('shipment.id')))
    .executeTakeFirst()
  return row === undefined ? noShipment(shipmentId) : null
}

/** The refusal of a shipment that does not exist for the asker. */
export function noShipment(id: number): Refusal {
  return refuse('not_found', `There is no shipment ${id}.`)
}

function selectShipments(db: Reader, actor: Actor) {
  return db
    .selectFrom('shipment')
    .innerJoin('profile', 'profile.id', 'shipment.profile_id')
    .selectAll('shipment')
    .select(['profile.version', 'profile.name', 'profile.example'])
    .where((eb) => canSeeShipment(actor, eb.ref('shipment.id')))
}

type Row = Selectable<Tables['shipment']> & { version: number; name: string; example: boolean }

/** Parties and units of a page of shipments: two statements, whatever their number. */
async function withContents(db: Reader, rows: readonly Row[]): Promise<Shipment[]> {
  const ids = rows.map(({ id }) => id)
  if (ids.length === 0) return []
  const parties = await db
    .selectFrom('shipment_party')
    .selectAll()
    .where('shipment_id', 'in', ids)
    .orderBy('role')
    .orderBy('organisation_id')
    .execute()
  const units = await db.selectFrom('unit').selectAll().where('shipment_id', 'in', ids).orderBy('id').execute()
  const partiesOf = Map.groupBy(parties, (row) => row.shipment_id)
  const unitsOf = Map.groupBy(units, (row) => row.shipment_id)
  return rows.map((row) => ({
    ...shipment(row),
    parties: (partiesOf.get(row.id) ?? []).map(party),
    units: (unitsOf.get(row.id) ?? []).map(unit),
  }))
}

function shipment(row: Row): Omit<Shipment, 'parties' | 'units'> {
  const { version, name, example } = row
  return {
    id: row.id,
    organisationId: row.organisation_id,
    reference: row.reference,
    orderId: row.order_id,
    productId: row.product_id,
    consigneeId: row.consignee_id,
    containerId: row.container_id,
    sscc: row.sscc,
    coi: row.coi,
    coiScheme: row.coi_scheme,
    maxHandoverMs: row.max_handover_ms,
    profile: { profileId: row.profile_id, version, name, example },
    knownAt: row.known_at,
  }
}

const role = z.enum(PARTY_ROLES)

function party(row: Selectable<Tables['shipment_party']>): Party {
  return { organisationId: row.organisation_id, role: role.parse(row.role) }
}

function unit(row: Selectable<Tables['unit']>): Unit {
  const { code, gtin, serial, din, lot } = row
  return { code, gtin, serial, din, lot, expiryAt: row.expiry_at, expiryLocal: row.expiry_local }
}
