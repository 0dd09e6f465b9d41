import { type Tx, transaction } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { type Actor, organisationOf } from '../domain/actor.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { audit } from './audit.ts'
import { lockRides } from './declare-use.ts'
import { type FoundUnit, findOwnUnit, findUnit } from './find-unit.ts'
import { refuseAmbiguous } from './unit-legs.ts'
import { loadLives } from './unit-lives.ts'

/** What a unit was split off, and when. */
export type UnitSplit = {
  id: number
  unitId: number
  shipmentId: number
  parentUnitId: number
  splitAt: number
  organisationId: number
  reason: string
  knownAt: number
}

export type NewSplit = Pick<UnitSplit, 'unitId' | 'parentUnitId' | 'splitAt' | 'reason'>

/**
 * Records that a unit was split off another one, or off a lot, of its product: it inherits what that used until then
 * (domain page 2.6), and goes on inheriting what late data still change about that time. The newest statement about a
 * unit rules; what was inherited by an older one is reversed. Refused: `not_allowed`, `not_found`, `in_the_future`,
 * `invalid` for a parent of another product, or one that is, or came of, the unit itself.
 */
export async function splitUnit(ctx: Ctx, actor: Actor, input: NewSplit): Promise<UnitSplit | Refusal> {
  return transaction(ctx.db, async (tx) => {
    const unit = await findOwnUnit(tx, actor, input.unitId)
    if (isRefusal(unit)) return unit
    const parent = await findUnit(tx, actor, input.parentUnitId)
    if (isRefusal(parent)) return parent
    const knownAt = ctx.now()
    if (input.splitAt > knownAt) return refuse('in_the_future', 'A split is recorded once it was made.')
    if (parent.productId !== unit.productId) return refuse('invalid', 'The parent is a unit of another product.')
    const ambiguous = await refuseAmbiguous(tx, [unit.unitId, parent.unitId])
    if (ambiguous !== null) return ambiguous
    await lockRides(tx, [unit.unitId, parent.unitId])
    const ring = await refuseRing(tx, unit, parent)
    if (ring !== null) return ring
    const split = { ...input, shipmentId: unit.shipmentId, organisationId: organisationOf(actor), knownAt }
    const id = await insertSplit(tx, split)
    const deed = { action: 'unit_split', subjectKind: 'shipment', subjectId: unit.shipmentId }
    // not the parent: who sees the child's shipment need not see that one
    const after = { splitId: id, unit: unit.code, splitAt: input.splitAt }
    await audit(tx, actor, [{ ...deed, at: knownAt, after, reason: input.reason }])
    return { ...split, id }
  })
}

/** Nothing inherits from itself, over however many splits. */
async function refuseRing(tx: Tx, unit: FoundUnit, parent: FoundUnit): Promise<Refusal | null> {
  const { bags } = await loadLives(tx, [parent.unitId])
  if (!bags.has(unit.unitId)) return null
  return refuse('invalid', `Unit ${parent.code} is, or came of, unit ${unit.code} itself: name what it was split off.`)
}

async function insertSplit(tx: Tx, split: Omit<UnitSplit, 'id'>): Promise<number> {
  const row = await tx
    .insertInto('unit_split')
    .values({
      unit_id: split.unitId,
      parent_unit_id: split.parentUnitId,
      split_at: at(split.splitAt),
      organisation_id: split.organisationId,
      reason: split.reason,
      known_at: at(split.knownAt),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}
