import type { Selectable } from 'kysely'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import type { Refusal } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { noOrganisation, refuseUnlessAdministered } from './organisations.ts'
import { type Listing, listing, type Page } from './page.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeOrganisation } from './visibility.ts'

export type Site = {
  id: number
  organisationId: number
  name: string
  gln: string | null
  /** IANA name of the zone in which people there read times. */
  timeZone: string
  knownAt: number
}

/** Adds a place to an organisation; done by its administrator or the installation's. */
export async function addSite(
  ctx: Ctx,
  actor: Actor,
  input: Pick<Site, 'organisationId' | 'name' | 'gln' | 'timeZone'>,
): Promise<Site | Refusal> {
  const add = async (tx: Tx) => {
    const no = await refuseUnlessAdministered(tx, actor, input.organisationId)
    if (no !== null) return no
    const { organisationId, name, gln, timeZone } = input
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('site')
      .values({ organisation_id: organisationId, name, gln, time_zone: timeZone, known_at: at(knownAt) })
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { action: 'add_site', subjectKind: 'site', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: input }])
    return site(row)
  }
  const taken = { site_organisation_id_name_key: 'The organisation has a site of this name.' }
  return unlessExists(taken, transaction(ctx.db, add))
}

/** The sites of an organisation the actor may see, in order of id. */
export async function listSites(
  ctx: Ctx,
  actor: Actor,
  asked: { organisationId: number; page: Page },
): Promise<Listing<Site> | Refusal> {
  const visible = await ctx.db.kysely
    .selectFrom('organisation')
    .select('id')
    .where('id', '=', asked.organisationId)
    .where((eb) => canSeeOrganisation(actor, eb.ref('organisation.id')))
    .executeTakeFirst()
  if (visible === undefined) return noOrganisation(asked.organisationId)
  const rows = await ctx.db.kysely
    .selectFrom('site')
    .selectAll()
    .where('organisation_id', '=', asked.organisationId)
    .where('id', '>', asked.page.after ?? 0)
    .orderBy('id')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows.map(site), asked.page.limit, ({ id }) => id)
}

function site(row: Selectable<Tables['site']>): Site {
  const { id, name, gln } = row
  return { id, organisationId: row.organisation_id, name, gln, timeZone: row.time_zone, knownAt: row.known_at }
}
