import type { Selectable } from 'kysely'
import { z } from 'zod'
import { type Tx, transaction } from '../../db/connect.ts'
import { at, atOrNull, type Tables } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied } from '../domain/actor.ts'
import { lockedUntil, PERSON_ROLES, type PersonRole, refuseRoles } from '../domain/person.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { endSessions } from './end-sessions.ts'
import { refuseUnlessAdministered } from './organisations.ts'
import { type Listing, listing, type Page } from './page.ts'
import { hashPassword, newPassword } from './passwords.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeePerson } from './visibility.ts'

/** A person of an organisation. Disabled, never deleted: the user name is never issued again (21 CFR 11.100). */
export type Person = {
  id: number
  organisationId: number
  userName: string
  printedName: string
  email: string | null
  /** Where they work: its time zone stands beside their signatures. */
  siteId: number | null
  roles: HeldRole[]
  knownAt: number
  disabledAt: number | null
  /** After too many failed attempts. */
  lockedUntilAt: number | null
}

/** A role, and the organisation it is held for: one's own, or a sponsor. */
export type HeldRole = { role: PersonRole; organisationId: number }

type Particulars = Pick<Person, 'printedName' | 'email' | 'siteId'>
type NewPerson = Particulars & { organisationId: number; userName: string; roles: readonly PersonRole[] }

/** Adds a person; the answer is the only place where the password ever stands, and it opens nothing but its change. */
export async function addPerson(
  ctx: Ctx,
  actor: Actor,
  input: NewPerson,
): Promise<{ person: Person; temporaryPassword: string } | Refusal> {
  const temporaryPassword = newPassword()
  const hash = await hashPassword(temporaryPassword)
  if (isRefusal(hash)) return hash
  const added = await unlessExists(
    { person_user_name_key: USER_NAME_TAKEN },
    transaction(ctx.db, (tx) => insertPerson(tx, actor, { ...input, hash, knownAt: ctx.now() })),
  )
  return isRefusal(added) ? added : { person: added, temporaryPassword }
}

const USER_NAME_TAKEN = 'This user name belongs to somebody, or did: user names are never issued twice.'

async function insertPerson(
  tx: Tx,
  actor: Actor,
  input: NewPerson & { hash: string; knownAt: number },
): Promise<Person | Refusal> {
  const { organisationId, userName, printedName, email, siteId, knownAt } = input
  const roles = [...new Set(input.roles)]
  const no =
    (await refuseUnlessAdministered(tx, actor, organisationId)) ??
    refuseRoles(roles) ??
    (await refuseForeignSite(tx, organisationId, siteId))
  if (no !== null) return no
  const row = await tx
    .insertInto('person')
    .values({
      organisation_id: organisationId,
      user_name: userName,
      printed_name: printedName,
      email,
      site_id: siteId,
      known_at: at(knownAt),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const held = roles.map((role) => ({
    person_id: row.id,
    organisation_id: organisationId,
    role,
    known_at: at(knownAt),
  }))
  if (held.length > 0) await tx.insertInto('person_role').values(held).execute()
  await insertPassword(tx, { personId: row.id, hash: input.hash, temporary: true, knownAt })
  const after = { organisationId, userName, printedName, email, siteId, roles }
  await audit(tx, actor, [{ at: knownAt, action: 'add_person', subjectKind: 'person', subjectId: row.id, after }])
  return person(
    row,
    roles.map((role) => ({ role, organisationId })),
    knownAt,
  )
}

/** Makes a password the one that rules. */
export async function insertPassword(
  tx: Tx,
  input: { personId: number; hash: string; temporary: boolean; knownAt: number },
): Promise<void> {
  const { personId, hash, temporary, knownAt } = input
  await tx
    .insertInto('person_password')
    .values({ person_id: personId, hash, temporary, known_at: at(knownAt) })
    .execute()
}

async function refuseForeignSite(tx: Tx, organisationId: number, siteId: number | null): Promise<Refusal | null> {
  if (siteId === null) return null
  const site = await tx
    .selectFrom('site')
    .select('id')
    .where('id', '=', siteId)
    .where('organisation_id', '=', organisationId)
    .executeTakeFirst()
  return site === undefined ? refuse('not_found', `The organisation has no site ${siteId}.`) : null
}

/** The people of one's own organisation, disabled ones included; of any, for the installation's administrator. */
export async function listPersons(
  ctx: Ctx,
  actor: Actor,
  asked: { organisationId: number; page: Page },
): Promise<Listing<Person>> {
  const rows = await ctx.db.kysely
    .selectFrom('person')
    .selectAll()
    .where((eb) => canSeePerson(actor, eb))
    .where('organisation_id', '=', asked.organisationId)
    .where('id', '>', asked.page.after ?? 0)
    .orderBy('id')
    .limit(asked.page.limit + 1)
    .execute()
  const { items, next } = listing(rows, asked.page.limit, ({ id }) => id)
  const roles = await loadRoles(
    ctx.db.kysely,
    items.map(({ id }) => id),
  )
  return { items: items.map((row) => person(row, roles.get(row.id) ?? [], ctx.now())), next }
}

/** One person, if the actor may see them. */
export async function getPerson(ctx: Ctx, actor: Actor, personId: number): Promise<Person | Refusal> {
  const row = await ctx.db.kysely
    .selectFrom('person')
    .selectAll()
    .where('id', '=', personId)
    .where((eb) => canSeePerson(actor, eb))
    .executeTakeFirst()
  if (row === undefined) return noPerson(personId)
  const roles = await loadRoles(ctx.db.kysely, [personId])
  return person(row, roles.get(personId) ?? [], ctx.now())
}

/** The refusal of a person who does not exist for the asker. */
export function noPerson(id: number): Refusal {
  return refuse('not_found', `There is no person ${id}.`)
}

/** The roles people hold now, by person. */
export async function loadRoles(
  db: Pick<Tx, 'selectFrom'>,
  personIds: readonly number[],
): Promise<Map<number, HeldRole[]>> {
  if (personIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('person_role')
    .select(['person_id', 'organisation_id', 'role'])
    .where('person_id', 'in', [...personIds])
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute()
  const held = Map.groupBy(rows, (row) => row.person_id)
  return new Map(
    [...held].map(([id, list]) => [
      id,
      list.map((row) => ({ role: role.parse(row.role), organisationId: row.organisation_id })),
    ]),
  )
}

const role = z.enum(PERSON_ROLES)

/** What an administrator may do about a person; each with its reason, which the audit trail keeps. */
export type PersonChange =
  | { kind: 'corrected'; particulars: Partial<Particulars> }
  | { kind: 'disabled' }
  /** Lets a disabled or locked-out person in again, with a new temporary password. */
  | { kind: 'password_reset'; hash: string }

/** Corrects, disables or lets in again; of another organisation there is nobody. */
export async function changePerson(
  ctx: Ctx,
  actor: Actor,
  input: { personId: number; change: PersonChange; reason: string },
): Promise<Person | Refusal> {
  const no = denied(actor, 'manage_organisations')
  if (no !== null) return no
  return transaction(ctx.db, async (tx) => {
    const row = await lockPerson(tx, actor, input.personId)
    if (isRefusal(row)) return row
    const now = ctx.now()
    const set = await changed(tx, row, { change: input.change, now })
    if (isRefusal(set)) return set
    const after = await tx
      .updateTable('person')
      .set({ ...set, disabled_at: atOrNull(set.disabled_at) })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow()
    const deed = { action: `person_${input.change.kind}`, subjectKind: 'person', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: now, before: shown(row), after: shown(after), reason: input.reason }])
    return person(after, (await loadRoles(tx, [row.id])).get(row.id) ?? [], now)
  })
}

type Row = Selectable<Tables['person']>

/** A person whom the actor administers, locked; refused as if there were nobody. */
export async function lockPerson(tx: Tx, actor: Actor, personId: number): Promise<Row | Refusal> {
  const row = await tx.selectFrom('person').selectAll().where('id', '=', personId).forUpdate().executeTakeFirst()
  const administered = row !== undefined && (await refuseUnlessAdministered(tx, actor, row.organisation_id)) === null
  return administered ? row : noPerson(personId)
}

type Columns = Pick<Row, 'printed_name' | 'email' | 'site_id' | 'disabled_at' | 'failed_attempts'>

async function changed(tx: Tx, row: Row, { change, now }: { change: PersonChange; now: number }) {
  const { printed_name, email, site_id, disabled_at, failed_attempts } = row
  const columns: Columns = { printed_name, email, site_id, disabled_at, failed_attempts }
  switch (change.kind) {
    case 'corrected': {
      const { printedName = printed_name, email: address = email, siteId = site_id } = change.particulars
      const no = await refuseForeignSite(tx, row.organisation_id, siteId)
      return no ?? { ...columns, printed_name: printedName, email: address, site_id: siteId }
    }
    case 'disabled':
      await endSessions(tx, row.id, now)
      return { ...columns, disabled_at: disabled_at ?? now }
    case 'password_reset':
      await endSessions(tx, row.id, now)
      await insertPassword(tx, { personId: row.id, hash: change.hash, temporary: true, knownAt: now })
      return { ...columns, disabled_at: null, failed_attempts: 0 }
  }
}

function shown({ printed_name, email, site_id, disabled_at }: Row) {
  return { printedName: printed_name, email, siteId: site_id, disabledAt: disabled_at }
}

function person(row: Row, roles: HeldRole[], now: number): Person {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    userName: row.user_name,
    printedName: row.printed_name,
    email: row.email,
    siteId: row.site_id,
    roles,
    knownAt: row.known_at,
    disabledAt: row.disabled_at,
    lockedUntilAt: lockedUntil({ failedAttempts: row.failed_attempts, attemptedAt: row.attempted_at }, now),
  }
}
