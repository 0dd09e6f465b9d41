import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, atOrNull, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { type Listing, listing, type Page } from './page.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeContainer } from './visibility.ts'

export const CONTAINER_KINDS = ['dry_vapour_shipper', 'dry_ice_box', 'pcm_box', 'active_container'] as const

/** A box or dewar with its qualification; it outlives shipments. */
export type Container = {
  id: number
  organisationId: number
  serial: string
  kind: (typeof CONTAINER_KINDS)[number]
  grai: string | null
  qualifiedUntil: number | null
  /** How long the qualification says it holds its temperature, at rest and in transport. */
  holdTimeMs: number | null
  dynamicHoldTimeMs: number | null
  /** Thousandths of a litre of nitrogen or of a kilogram of dry ice; the loss is that upright at 22 C. */
  coolantCapacityMilli: number | null
  coolantLossMilliPerDay: number | null
  /** As it travels, without coolant and payload. */
  emptyMassG: number | null
  knownAt: number
}

/** Registers a container of the actor's organisation. */
export async function registerContainer(
  ctx: Ctx,
  actor: Actor,
  input: Omit<Container, 'id' | 'organisationId' | 'knownAt'>,
): Promise<Container | Refusal> {
  const no = denied(actor, 'manage_containers')
  if (no !== null) return no
  const register = async (tx: Tx) => {
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('container')
      .values({
        organisation_id: organisationOf(actor),
        serial: input.serial,
        kind: input.kind,
        grai: input.grai,
        qualified_until: atOrNull(input.qualifiedUntil),
        hold_time_ms: input.holdTimeMs,
        dynamic_hold_time_ms: input.dynamicHoldTimeMs,
        coolant_capacity_milli: input.coolantCapacityMilli,
        coolant_loss_milli_per_day: input.coolantLossMilliPerDay,
        empty_mass_g: input.emptyMassG,
        known_at: at(knownAt),
      })
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { action: 'register_container', subjectKind: 'container', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: input }])
    return container(row)
  }
  const taken = { container_organisation_id_serial_key: 'Your organisation has a container with this serial number.' }
  return unlessExists(taken, transaction(ctx.db, register))
}

/** The containers the actor may see, in order of id. */
export async function listContainers(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<Container>> {
  const rows = await ctx.db.kysely
    .selectFrom('container')
    .selectAll()
    .where((eb) => canSeeContainer(actor, eb.ref('container.id')))
    .where('id', '>', page.after ?? 0)
    .orderBy('id')
    .limit(page.limit + 1)
    .execute()
  return listing(rows.map(container), page.limit, ({ id }) => id)
}

/** One container, if the actor may see it. */
export async function getContainer(ctx: Ctx, actor: Actor, id: number): Promise<Container | Refusal> {
  return findContainer(ctx.db.kysely, actor, id)
}

/** The same inside a transaction or beside it. */
export async function findContainer(
  db: Pick<Tx, 'selectFrom'>,
  actor: Actor,
  id: number,
): Promise<Container | Refusal> {
  const row = await db
    .selectFrom('container')
    .selectAll()
    .where('id', '=', id)
    .where((eb) => canSeeContainer(actor, eb.ref('container.id')))
    .executeTakeFirst()
  return row === undefined ? refuse('not_found', `There is no container ${id}.`) : container(row)
}

const kind = z.enum(CONTAINER_KINDS)

function container(row: Selectable<Tables['container']>): Container {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    serial: row.serial,
    kind: kind.parse(row.kind),
    grai: row.grai,
    qualifiedUntil: row.qualified_until,
    holdTimeMs: row.hold_time_ms,
    dynamicHoldTimeMs: row.dynamic_hold_time_ms,
    coolantCapacityMilli: row.coolant_capacity_milli,
    coolantLossMilliPerDay: row.coolant_loss_milli_per_day,
    emptyMassG: row.empty_mass_g,
    knownAt: row.known_at,
  }
}
