import { type Tx, transaction } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { approvalProblems, type Profile } from '../domain/profile.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { type Listing, listing, type Page } from './page.ts'
import { findProduct } from './products.ts'
import { storedProfile } from './stored-profile.ts'
import { unlessExists } from './unless-exists.ts'
import { canSeeProduct } from './visibility.ts'

/** One version of a product's limits, with the word of who approved it. */
export type ProfileVersion = {
  id: number
  productId: number
  version: number
  profile: Profile
  approval: Approval | null
  /** What stands in the way of an approval, one sentence each. */
  approvalProblems: string[]
  knownAt: number
}

export type Approval = { approver: string; source: string; effectiveAt: number; knownAt: number }

/** Adds the next version of a product's profile. Versions are never changed; only the product's owner makes them. */
export async function addProfile(
  ctx: Ctx,
  actor: Actor,
  input: { productId: number; profile: Profile },
): Promise<ProfileVersion | Refusal> {
  const no = denied(actor, 'manage_products')
  if (no !== null) return no
  const add = async (tx: Tx) => {
    const { productId, profile } = input
    const product = await findProduct(tx, actor, productId)
    if (isRefusal(product)) return product
    if (product.organisationId !== organisationOf(actor)) return refuse('not_allowed', OWNER_ONLY)
    const knownAt = ctx.now()
    const row = await tx
      .insertInto('profile')
      .values((eb) => ({
        product_id: productId,
        version: eb
          .selectFrom('profile')
          .select((max) => max(max.fn.coalesce(max.fn.max('version'), max.lit(0)), '+', max.lit(1)).as('next'))
          .where('product_id', '=', productId),
        name: profile.name,
        definition: json(profile),
        example: profile.example,
        known_at: at(knownAt),
      }))
      .returning(['id', 'version'])
      .executeTakeFirstOrThrow()
    const deed = { action: 'add_profile', subjectKind: 'profile', subjectId: row.id }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: { productId, version: row.version, profile } }])
    return { ...row, productId, profile, approval: null, approvalProblems: approvalProblems(profile), knownAt }
  }
  const taken = { profile_product_id_version_key: 'Another version was added at the same moment: send yours again.' }
  return unlessExists(taken, transaction(ctx.db, add))
}

/** The versions of a visible product, in order of id. */
export async function listProfiles(
  ctx: Ctx,
  actor: Actor,
  asked: { productId: number; page: Page },
): Promise<Listing<ProfileVersion> | Refusal> {
  const product = await findProduct(ctx.db.kysely, actor, asked.productId)
  if (isRefusal(product)) return product
  const rows = await selectProfiles(ctx.db.kysely, actor)
    .where('profile.product_id', '=', asked.productId)
    .where('profile.id', '>', asked.page.after ?? 0)
    .orderBy('profile.id')
    .limit(asked.page.limit + 1)
    .execute()
  return listing(rows.map(profileVersion), asked.page.limit, ({ id }) => id)
}

/** One profile version, if the actor may see its product. */
export async function getProfile(ctx: Ctx, actor: Actor, id: number): Promise<ProfileVersion | Refusal> {
  return findProfile(ctx.db.kysely, actor, id)
}

/** The same inside a transaction or beside it. */
export async function findProfile(
  db: Pick<Tx, 'selectFrom'>,
  actor: Actor,
  id: number,
): Promise<ProfileVersion | Refusal> {
  const row = await selectProfiles(db, actor).where('profile.id', '=', id).executeTakeFirst()
  return row === undefined ? refuse('not_found', `There is no profile ${id}.`) : profileVersion(row)
}

const OWNER_ONLY = 'Only the sponsor who owns the product sets its limits.'

function selectProfiles(db: Pick<Tx, 'selectFrom'>, actor: Actor) {
  return db
    .selectFrom('profile')
    .leftJoin('profile_approval as a', 'a.profile_id', 'profile.id')
    .where((eb) => canSeeProduct(actor, eb.ref('profile.product_id')))
    .select(['profile.id', 'profile.product_id', 'profile.version', 'profile.definition', 'profile.known_at'])
    .select(['a.approver', 'a.source', 'a.effective_at', 'a.known_at as approved_at'])
}

type Row = Awaited<ReturnType<ReturnType<typeof selectProfiles>['executeTakeFirstOrThrow']>>

function profileVersion(row: Row): ProfileVersion {
  const profile = storedProfile(row.definition)
  return {
    id: row.id,
    productId: row.product_id,
    version: row.version,
    profile,
    approval: approval(row),
    approvalProblems: approvalProblems(profile),
    knownAt: row.known_at,
  }
}

function approval({ approver, source, effective_at: effectiveAt, approved_at: knownAt }: Row): Approval | null {
  if (approver === null || source === null || effectiveAt === null || knownAt === null) return null
  return { approver, source, effectiveAt, knownAt }
}
