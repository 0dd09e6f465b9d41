import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { DECIDING_ROLES, isHeldForOthers, PERSON_ROLES, type PersonRole, refuseRoles } from '../domain/person.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { refuseUnlessAdministered } from './organisations.ts'
import { type Listing, listing, type Page } from './page.ts'
import { loadRoles } from './persons.ts'
import { canSeeOrganisation } from './visibility.ts'

/** A role that was given, and perhaps taken back. */
export type RoleGrant = {
  id: number
  /** Held for this organisation. */
  organisationId: number
  role: PersonRole
  person: { id: number; userName: string; printedName: string; organisationId: number }
  knownAt: number
  revokedAt: number | null
}

type Grant = { organisationId: number; userName: string; role: PersonRole }

/**
 * Gives a person a role for an organisation, by its administrator: any to its own people; to people of another one it
 * shares shipments with (a sponsor to the QA of a centre) only those that decide about units.
 */
export async function grantRole(ctx: Ctx, actor: Actor, input: Grant): Promise<RoleGrant | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const person = await lockGranted(tx, actor, input)
    if (isRefusal(person)) return person
    const { organisationId, role } = input
    const held = (await loadRoles(tx, [person.id])).get(person.id) ?? []
    const here = held.filter((one) => one.organisationId === organisationId).map((one) => one.role)
    const no = refuseForeign(person, input) ?? refuseRoles([...here, role])
    if (no !== null) return no
    if (here.includes(role)) return refuse('already_exists', `${person.printed_name} holds this role already.`)
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('person_role')
      .values({ person_id: person.id, organisation_id: organisationId, role, known_at: at(knownAt) })
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { at: knownAt, action: 'grant_role', subjectKind: 'person', subjectId: person.id }
    await audit(tx, actor, [{ ...deed, after: { organisationId, role } }])
    return grant({ ...row, ...person })
  })
}

/** Takes a role back, at once: what was signed in it stays signed. */
export async function revokeRole(
  ctx: Ctx,
  actor: Actor,
  input: Grant & { reason: string },
): Promise<RoleGrant | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const person = await lockGranted(tx, actor, input)
    if (isRefusal(person)) return person
    const { organisationId, role, reason } = input
    const revokedAt = ctx.now()
    const row = await tx
      .updateTable('person_role')
      .set({ revoked_at: at(revokedAt) })
      .where('person_id', '=', person.id)
      .where('organisation_id', '=', organisationId)
      .where('role', '=', role)
      .where('revoked_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) return refuse('not_found', `${person.printed_name} does not hold this role.`)
    const deed = { at: revokedAt, action: 'revoke_role', subjectKind: 'person', subjectId: person.id, reason }
    await audit(tx, actor, [{ ...deed, before: { organisationId, role }, after: null }])
    return grant({ ...row, ...person })
  })
}

/** Every role ever held for an organisation, in order of granting; by whoever administers it. */
export async function listRoleGrants(
  ctx: Ctx,
  actor: Actor,
  asked: { organisationId: number; page: Page },
): Promise<Listing<RoleGrant> | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const no = await refuseUnlessAdministered(tx, actor, asked.organisationId)
    if (no !== null) return no
    const rows = await tx
      .selectFrom('person_role')
      .innerJoin('person', 'person.id', 'person_role.person_id')
      .selectAll('person_role')
      .select(['user_name', 'printed_name', 'person.organisation_id as home_id'])
      .where('person_role.organisation_id', '=', asked.organisationId)
      .where('person_role.id', '>', asked.page.after ?? 0)
      .orderBy('person_role.id')
      .limit(asked.page.limit + 1)
      .execute()
    return listing(rows.map(grant), asked.page.limit, ({ id }) => id)
  })
}

/** The lock keeps two grants at once from making a pair that excludes each other. */
async function lockGranted(tx: Tx, actor: Actor, { organisationId, userName }: Grant) {
  const no = await refuseUnlessAdministered(tx, actor, organisationId)
  if (no !== null) return no
  const row = await tx
    .selectFrom('person')
    .select(['id', 'user_name', 'printed_name', 'organisation_id as home_id'])
    .where('user_name', '=', userName)
    .where((eb) => canSeeOrganisation(actor, eb.ref('person.organisation_id')))
    .forUpdate()
    .executeTakeFirst()
  return row ?? refuse('not_found', `There is no person of user name ${userName} in an organisation you deal with.`)
}

function refuseForeign(person: { home_id: number }, { organisationId, role }: Grant): Refusal | null {
  if (person.home_id === organisationId || isHeldForOthers(role)) return null
  return refuse('invalid', `People of another organisation can be given ${DECIDING_ROLES.join(', ')} only.`)
}

const role = z.enum(PERSON_ROLES)

type Row = Selectable<Tables['person_role']> & { user_name: string; printed_name: string; home_id: number }

function grant(row: Row): RoleGrant {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    role: role.parse(row.role),
    person: { id: row.person_id, userName: row.user_name, printedName: row.printed_name, organisationId: row.home_id },
    knownAt: row.known_at,
    revokedAt: row.revoked_at,
  }
}
