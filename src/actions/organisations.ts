import type { Selectable } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { type Listing, listing, type Page } from './page.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeOrganisation, runsInstallation } from './visibility.ts'

export type Organisation = { id: number; name: string; gln: string | null; knownAt: number }

/** Registers a party. Only the administrator of the installation makes organisations. */
export async function registerOrganisation(
  ctx: Ctx,
  actor: Actor,
  input: { name: string; gln: string | null },
): Promise<Organisation | Refusal> {
  const no = denied(actor, 'manage_organisations')
  if (no !== null) return no
  const register = async (tx: Tx) => {
    const operator = await tx.selectNoFrom(runsInstallation(actor).as('runs')).executeTakeFirstOrThrow()
    if (!operator.runs) return refuse('not_allowed', 'Only the administrator of this installation adds organisations.')
    return insertOrganisation(tx, actor, { ...input, knownAt: ctx.now() })
  }
  return unlessExists({ organisation_gln_key: GLN_TAKEN }, transaction(ctx.db, register))
}

/** Writes the row and its audit entry, for whoever checked before that this is allowed. */
export async function insertOrganisation(
  tx: Tx,
  actor: Actor,
  input: { name: string; gln: string | null; knownAt: number },
): Promise<Organisation> {
  const row = await tx
    .insertInto('organisation')
    .values({ name: input.name, gln: input.gln, known_at: at(input.knownAt) })
    .returningAll()
    .executeTakeFirstOrThrow()
  const deed = { action: 'register_organisation', subjectKind: 'organisation', subjectId: row.id }
  await audit(tx, actor, [{ ...deed, at: input.knownAt, after: { name: input.name, gln: input.gln } }])
  return organisation(row)
}

/** The organisations the actor may see, in order of id. */
export async function listOrganisations(ctx: Ctx, actor: Actor, page: Page): Promise<Listing<Organisation>> {
  const rows = await ctx.db.kysely
    .selectFrom('organisation')
    .selectAll()
    .where((eb) => canSeeOrganisation(actor, eb.ref('organisation.id')))
    .where('id', '>', page.after ?? 0)
    .orderBy('id')
    .limit(page.limit + 1)
    .execute()
  return listing(rows.map(organisation), page.limit, ({ id }) => id)
}

/** One organisation, if the actor may see it. */
export async function getOrganisation(ctx: Ctx, actor: Actor, id: number): Promise<Organisation | Refusal> {
  const row = await ctx.db.kysely
    .selectFrom('organisation')
    .selectAll()
    .where('id', '=', id)
    .where((eb) => canSeeOrganisation(actor, eb.ref('organisation.id')))
    .executeTakeFirst()
  return row === undefined ? noOrganisation(id) : organisation(row)
}

/** Null where the actor administers the organisation: its own one, or any as the installation's administrator. */
export async function refuseUnlessAdministered(tx: Tx, actor: Actor, organisationId: number): Promise<Refusal | null> {
  const no = denied(actor, 'manage_organisations')
  if (no !== null) return no
  const row = await tx
    .selectFrom('organisation')
    .select((eb) => eb.or([eb('id', '=', actor.organisationId), runsInstallation(actor)]).as('administered'))
    .where('id', '=', organisationId)
    .where((eb) => canSeeOrganisation(actor, eb.ref('organisation.id')))
    .executeTakeFirst()
  if (row === undefined) return noOrganisation(organisationId)
  return row.administered ? null : refuse('not_allowed', 'Only its own administrator may change this organisation.')
}

/** The refusal of an organisation that does not exist for the asker. */
export function noOrganisation(id: number): Refusal {
  return refuse('not_found', `There is no organisation ${id}.`)
}

/** The key by which an organisation stands in the ledger: its GLN, which outlives this database, else its id. */
export async function organisationKeys(tx: Tx, ids: readonly number[]): Promise<Map<number, string>> {
  const rows = await tx
    .selectFrom('organisation')
    .select(['id', 'gln'])
    .where('id', 'in', [...ids])
    .execute()
  return new Map(rows.map((row) => [row.id, organisationKey(row)]))
}

/** See `organisationKeys`. */
export function organisationKey(row: { id: number; gln: string | null }): string {
  return row.gln ?? `organisation:${row.id}`
}

const GLN_TAKEN = 'Another organisation has this GLN.'

function organisation(row: Selectable<Tables['organisation']>): Organisation {
  return { id: row.id, name: row.name, gln: row.gln, knownAt: row.known_at }
}
