import { type Tx, transaction } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { postings } from '../domain/budget-ledger.ts'
import type { Usage } from '../domain/exposure.ts'
import type { BudgetBand } from '../domain/profile.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { insertEntries, ledgerName, loadEntries } from './budget-ledger.ts'
import { type FoundUnit, findOwnUnit } from './find-unit.ts'
import { lockShipments } from './locks.ts'
import { storedProfile } from './stored-profile.ts'
import { loadLegs, refuseAmbiguous } from './unit-legs.ts'

/** What a sender says a unit used before its shipment, outside of monitored ones; the signed figure it stands on. */
export type Declaration = {
  id: number
  unitId: number
  shipmentId: number
  organisationId: number
  used: readonly Usage[]
  signature: string
  reason: string
  knownAt: number
}

export type NewDeclaration = Pick<Declaration, 'unitId' | 'used' | 'signature' | 'reason'>

/**
 * Records what a unit used of its budget before this shipment (domain page 2.6: tank, depot; a signed figure from the
 * sender), and posts it. Figures beyond what is allowed are recorded and shown, not refused: they are a statement about
 * the world. A later declaration for the same shipment reverses this one; that of another shipment's sender adds up
 * with it. Bands that are not named were not used. Refused: `not_allowed`, `not_found`, `invalid`.
 */
export async function declareUse(ctx: Ctx, actor: Actor, input: NewDeclaration): Promise<Declaration | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const unit = await findOwnUnit(tx, actor, input.unitId)
    if (isRefusal(unit)) return unit
    const used = (await refuseAmbiguous(tx, [unit.unitId])) ?? usedOfBands(await bandsOf(tx, unit), input.used)
    if (isRefusal(used)) return used
    await lockRides(tx, [unit.unitId])
    const knownAt = ctx.now()
    const declared = { ...input, used, shipmentId: unit.shipmentId, organisationId: organisationOf(actor), knownAt }
    const id = await insertDeclaration(tx, declared)
    await post(tx, { ...declared, id })
    const deed = { action: 'budget_use_declared', subjectKind: 'shipment', subjectId: unit.shipmentId }
    const after = { declarationId: id, unit: unit.code, used, signature: input.signature }
    await audit(tx, actor, [{ ...deed, at: knownAt, after, reason: input.reason }])
    return { ...declared, id }
  })
}

/** Locks every shipment the units ride with: what is said of them changes what each of those answers. */
export async function lockRides(tx: Tx, unitIds: readonly number[]): Promise<void> {
  const legs = [...(await loadLegs(tx, unitIds)).values()].flat()
  await lockShipments(tx, [...new Set(legs.map(({ shipmentId }) => shipmentId))])
}

/** A word on every band of the profile: what is not named was not used. */
function usedOfBands(bands: readonly BudgetBand[], used: readonly Usage[]): readonly Usage[] | Refusal {
  if (bands.length === 0) {
    return refuse('invalid', 'The profile of the shipment has no stability budget: pin a version that has one first.')
  }
  const unknown = used.filter(({ band }) => !bands.some(({ id }) => id === band)).map(({ band }) => band)
  if (unknown.length === 0) {
    return bands.map(({ id }) => used.find(({ band }) => band === id) ?? { band: id, consumedMs: 0, presumedMs: 0 })
  }
  const known = bands.map(({ id }) => id).join(', ')
  return refuse('invalid', `The profile of the shipment has no band ${unknown.join(', ')}: its bands are ${known}.`)
}

async function bandsOf(tx: Tx, { profileId }: FoundUnit): Promise<readonly BudgetBand[]> {
  const row = await tx.selectFrom('profile').select('definition').where('id', '=', profileId).executeTakeFirstOrThrow()
  return storedProfile(row.definition).budgetBands
}

async function insertDeclaration(tx: Tx, declared: Omit<Declaration, 'id'>): Promise<number> {
  const row = await tx
    .insertInto('unit_declaration')
    .values({
      unit_id: declared.unitId,
      organisation_id: declared.organisationId,
      used: json(declared.used),
      signature: declared.signature,
      reason: declared.reason,
      known_at: at(declared.knownAt),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** At once and not when somebody asks: it was said, whatever was measured. The caller holds the shipment's lock. */
async function post(tx: Tx, { id, unitId, used, knownAt }: Declaration): Promise<void> {
  const ledger = (await loadEntries(tx, [unitId])).get(unitId) ?? []
  const source = { kind: 'declared', signature: ledgerName(id), version: id } as const
  await insertEntries(tx, postings(ledger, { unit: ledgerName(unitId), source, used }), knownAt)
}
