import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { CustodyStatement } from '../domain/custody-event.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { isoInstant } from '../domain/units.ts'

/**
 * Sealing freezes the limits a shipment travels under, so it is refused on a profile that is an example, not approved
 * or not effective yet (domain page 2.2). Embedded trial installations allow examples. The departure check adds to this
 * file.
 */
export async function refuseSealing(tx: Tx, ctx: Ctx, profileId: number): Promise<Refusal | null> {
  const profile = await tx
    .selectFrom('profile')
    .leftJoin('profile_approval', 'profile_approval.profile_id', 'profile.id')
    .select(['profile.name', 'profile.version', 'profile.example', 'profile_approval.effective_at'])
    .where('profile.id', '=', profileId)
    .executeTakeFirstOrThrow()
  const name = `Profile "${profile.name}" version ${profile.version}`
  if (profile.example) {
    if (ctx.exampleProfiles === 'allowed') return null
    return refuse('profile_is_example', `${name} holds example limits, not for use: pin an approved profile first.`)
  }
  if (profile.effective_at === null) {
    return refuse('profile_not_effective', `${name} is not approved: have it approved, or pin an approved one.`)
  }
  if (profile.effective_at > ctx.now()) {
    const from = isoInstant(profile.effective_at)
    return refuse('profile_not_effective', `${name} takes effect on ${from}: pin one that is in effect.`)
  }
  return null
}

/** Whether a custody event, or what it puts in the place of another, seals. */
export function isSealing(said: CustodyStatement): boolean {
  return said.kind === 'sealed' || (said.replacement != null && isSealing(said.replacement))
}
