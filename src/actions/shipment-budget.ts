import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { assess } from '../domain/assess.ts'
import { addUsage } from '../domain/budget.ts'
import type { BudgetScale } from '../domain/budget-bands.ts'
import { earlierUse, ledgerUsage } from '../domain/budget-ledger.ts'
import type { JudgedSpan } from '../domain/combine.ts'
import { type Mkt, mktOf, mktReason, storageClassOf } from '../domain/mkt.ts'
import type { Profile } from '../domain/profile.ts'
import { isRefusal, type Refusal } from '../domain/refusal.ts'
import {
  joinedSilence,
  type Silence,
  type UnitBudget,
  type UnitLife,
  unitBudget,
  unobservedOf,
} from '../domain/unit-budget.ts'
import { isOver, type Leg } from '../domain/unit-legs.ts'
import { ledgerName } from './budget-ledger.ts'
import { foldPlacements } from './fold-placements.ts'
import { worksOf } from './judge.ts'
import { exposureUntil, loadMeasured, type Measured } from './measure-exposure.ts'
import { withBudgets } from './post-budgets.ts'
import { refuseUnlessSeen } from './shipments.ts'
import { refuseAmbiguous } from './unit-legs.ts'
import { isArchived, isUnknown, type Lives, legOf } from './unit-lives.ts'

/** The stability budget of a shipment's units and its mean kinetic temperature; epoch milliseconds, milli-degrees. */
export type ShipmentBudget = {
  shipmentId: number
  asOf: number
  /** 0: nothing was evaluated yet. */
  evaluationVersion: number
  profile: { profileId: number } & BudgetScale & Pick<Profile, 'mktPolicy' | 'name' | 'example'>
  /** Null: not packed. */
  span: JudgedSpan | null
  mkt: Mkt
  units: BudgetOfUnit[]
  /** Archives that hold readings of it: what is used here is what was posted before. */
  archives: readonly string[]
}

export type BudgetOfUnit = UnitBudget & {
  unitId: number
  code: string
  /** `over`: what it used here is in the ledger; `riding`: it is answered from the readings until now. */
  ride: 'not_packed' | 'riding' | 'over'
  /** Shipments that carried it before, and how many of them nobody closed. */
  earlierShipments: number
  earlierOpen: number
  /** Rides, this one among them, that nobody asked about before their readings were archived: unobserved. */
  unknownRides: number
}

/**
 * The stability budget of a shipment's units as of now. What earlier shipments and owners used is the sum of the
 * ledger, without a word about whose it was. Refused: `not_found`; `invalid` where codes cannot tell the bags apart.
 */
export async function shipmentBudget(ctx: Ctx, actor: Actor, shipmentId: number): Promise<ShipmentBudget | Refusal> {
  const no = await refuseUnlessSeen(ctx.db.kysely, actor, shipmentId)
  return no ?? budgetsOfShipment(ctx, shipmentId)
}

/**
 * The same for whoever was let in already: the receipt takes each unit's `state` as its budget. Refused: `invalid`.
 */
export async function budgetsOfShipment(ctx: Ctx, shipmentId: number): Promise<ShipmentBudget | Refusal> {
  const unitIds = await unitsOf(ctx, shipmentId)
  if (isRefusal(unitIds)) return unitIds
  return withBudgets(ctx, { unitIds, shipmentIds: [shipmentId] }, async (tx, lives) => {
    const now = ctx.now()
    const measured = await loadMeasured(tx, shipmentId)
    const { profileId, profile } = measured.facts
    const { span, mkt } = await loadMkt(tx, measured, now)
    return {
      shipmentId,
      asOf: now,
      evaluationVersion: lives.shipments.get(shipmentId)?.version ?? 0,
      profile: { profileId, ...profile },
      span,
      mkt,
      archives: measured.facts.archives,
      units: budgetsOf(lives, measured, { unitIds, now }),
    }
  })
}

async function unitsOf(ctx: Ctx, shipmentId: number): Promise<number[] | Refusal> {
  return ctx.db.kysely.transaction().execute(async (tx) => {
    const rows = await tx.selectFrom('unit').select('id').where('shipment_id', '=', shipmentId).orderBy('id').execute()
    const unitIds = rows.map(({ id }) => id)
    return (await refuseAmbiguous(tx, unitIds)) ?? unitIds
  })
}

/** A reader folds without limit what a missing cache leaves to fold. */
const READ_BUDGET = 100_000_000

/** Of the shipment, not of a unit: it weighs the whole window. */
async function loadMkt(
  tx: Tx,
  { facts, placed }: Measured,
  now: number,
): Promise<{ span: JudgedSpan | null; mkt: Mkt }> {
  if (facts.archives.length > 0) return { span: spanOf(facts, now), mkt: noMkt(facts.profile) }
  const { folded } = await foldPlacements(tx, worksOf(facts, new Map()), { budget: READ_BUDGET, write: false })
  const { span, combined } = assess(facts, folded, now)
  if (span === null || combined === null) return { span, mkt: noMkt(facts.profile) }
  return { span, mkt: mktOf(facts.profile, placed, { span, coveredMs: combined.coveredMs }) }
}

/** Of what was not packed, or cannot be read. */
function noMkt(profile: Profile): Mkt {
  const storageClass = storageClassOf(profile)
  const { mktPolicy, minCoveragePercent } = profile
  const nothing = { coveredMs: 0, windowMs: 0, minCoveragePercent }
  const reason = mktReason({ storageClass, isAllowed: mktPolicy !== 'off', ...nothing })
  return { mktC: null, reason: reason ?? 'MKT_WINDOW_INCOMPLETE' }
}

function spanOf({ window }: Measured['facts'], now: number): JudgedSpan | null {
  if (window === null) return null
  const closed = Number.isFinite(window.toAt)
  return { fromAt: window.fromAt, toAt: closed ? window.toAt : Math.max(window.fromAt, now), closed }
}

type Now = { unitIds: readonly number[]; now: number }

function budgetsOf(lives: Lives, measured: Measured, { unitIds, now }: Now): BudgetOfUnit[] {
  const here = new Map<number, UnitLife['here']>()
  const exposureOf = (leg: Leg) => {
    if (isArchived(lives, leg)) return postedExposure(lives, leg, now)
    const untilAt = isOver(leg) ? leg.untilAt : now
    const exposure = here.get(untilAt) ?? exposureUntil(measured, untilAt)
    here.set(untilAt, exposure)
    // nothing leaves a unit that is no longer there
    return isOver(leg) ? { ...exposure, current: null } : exposure
  }
  return unitIds.map((unitId) => {
    const leg = legOf(lives, unitId)
    const earlier = earlierLegs(lives, leg)
    return {
      unitId,
      code: leg.code,
      ride: leg.packedAt === null ? 'not_packed' : isOver(leg) ? 'over' : 'riding',
      earlierShipments: earlier.length,
      earlierOpen: earlier.filter(({ closedAt }) => closedAt === null).length,
      unknownRides: [...earlier, leg].filter((one) => isUnknown(lives, one)).length,
      ...unitBudget(measured.facts.profile, { before: beforeOf(lives, leg), here: exposureOf(leg) }),
    }
  })
}

/** Where readings are archived the ledger stands in for them; what was not posted of it is unobserved. */
function postedExposure(lives: Lives, leg: Leg, now: number): UnitLife['here'] {
  const own = (lives.entries.get(leg.unitId) ?? []).filter(({ source }) => source.kind === 'evaluation')
  const ms = leg.packedAt === null ? 0 : Math.max(0, Math.min(leg.untilAt, now) - leg.packedAt)
  const silence = isUnknown(lives, leg) ? { ms, presumed: [] } : joinedSilence(silenceOf(lives, leg))
  return { usage: addUsage(own), unobserved: [unobservedOf(silence)], current: null }
}

/** The rides that were packed before this one. */
function earlierLegs({ bags }: Lives, { unitId }: Leg): readonly Leg[] {
  const legs = bags.get(unitId)?.legs ?? []
  const own = legs.findIndex((leg) => leg.unitId === unitId)
  return legs.slice(0, own).filter(({ packedAt }) => packedAt !== null)
}

/** All that was used before and beside this ride; what later ones used is theirs to answer for. */
function beforeOf(lives: Lives, leg: Leg): UnitLife['before'] {
  const earlier = earlierLegs(lives, leg)
  const [unit, bag] = [ledgerName(leg.unitId), lives.bags.get(leg.unitId)]
  const entries = (bag?.legs ?? []).flatMap(({ unitId }) => {
    const isBefore = unitId === leg.unitId || earlier.some((one) => one.unitId === unitId)
    const own = (lives.entries.get(unitId) ?? []).map((entry) => ({ ...entry, unit }))
    return own.filter(({ source }) => isBefore || source.kind === 'inherited')
  })
  return {
    used: ledgerUsage(entries, { unit, without: leg.shipmentId }),
    earlierUse: earlierUse(entries, unit),
    silence: joinedSilence([
      ...earlier.flatMap((one) => silenceOf(lives, one)),
      ...inheritedSilence(lives, leg.unitId),
    ]),
  }
}

function silenceOf({ posted }: Lives, { unitId }: Leg): Silence[] {
  const found = posted.get(unitId)
  return found === undefined ? [] : [found.silence]
}

/** Of all it came of, each until its split; `passed` ends a ring of splits, which nobody can state. */
function inheritedSilence(lives: Lives, unitId: number, passed: readonly number[] = []): Silence[] {
  const split = lives.bags.get(unitId)?.split ?? null
  if (split === null || passed.includes(split.id)) return []
  const legs = (lives.bags.get(split.parentUnitId)?.legs ?? []).filter(
    ({ packedAt }) => packedAt !== null && packedAt < split.splitAt,
  )
  const own = legs.flatMap((leg) => silenceOf(lives, leg))
  return [...own, ...inheritedSilence(lives, split.parentUnitId, [...passed, split.id])]
}
