import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, denied, organisationOf } from '../domain/actor.ts'
import { approvalProblems } from '../domain/profile.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { findProduct } from './products.ts'
import { findProfile, type ProfileVersion } from './profiles.ts'
import { unlessExists } from './unless-exists.ts'

/**
 * Records who approved a profile version, on which stability document, and from when it rules (domain page 2.2).
 * Refused with every problem while the rules of approval are not met; the document named here counts as the source of
 * a profile that names none.
 */
export async function approveProfile(
  ctx: Ctx,
  actor: Actor,
  input: { profileId: number; approver: string; source: string; effectiveAt: number },
): Promise<ProfileVersion | Refusal> {
  const no = denied(actor, 'approve_profiles')
  if (no !== null) return no
  const { profileId, approver, source, effectiveAt } = input
  const approve = async (tx: Tx) => {
    const version = await findProfile(tx, actor, profileId)
    if (isRefusal(version)) return version
    const product = await findProduct(tx, actor, version.productId)
    if (isRefusal(product)) return product
    if (product.organisationId !== organisationOf(actor)) {
      return refuse('not_allowed', 'Only the sponsor who owns the product approves its profiles.')
    }
    const problems = approvalProblems({ ...version.profile, source: version.profile.source ?? source })
    if (problems.length > 0) {
      return refuse('profile_not_approvable', `Profile ${profileId} cannot be approved: ${problems.join('; ')}.`)
    }
    const knownAt = ctx.now()
    await tx
      .insertInto('profile_approval')
      .values({ profile_id: profileId, approver, source, effective_at: at(effectiveAt), known_at: at(knownAt) })
      .execute()
    const deed = { action: 'approve_profile', subjectKind: 'profile', subjectId: profileId }
    await audit(tx, actor, [{ ...deed, at: knownAt, after: { approver, source, effectiveAt } }])
    return { ...version, approval: { approver, source, effectiveAt, knownAt } }
  }
  const taken = { profile_approval_pkey: `Profile ${profileId} is approved already.` }
  return unlessExists(taken, transaction(ctx.db, approve))
}
