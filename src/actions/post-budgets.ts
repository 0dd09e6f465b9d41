import { DatabaseError } from 'pg'
import type { Database, Tx } from '../../db/connect.ts'
import { at, json } from '../../db/tables.ts'
import type { Ctx } from '../context.ts'
import { SERVICE } from '../domain/actor.ts'
import {
  type BudgetCharge,
  type BudgetEntry,
  type BudgetPosting,
  inheritance,
  postings,
} from '../domain/budget-ledger.ts'
import type { Exposure } from '../domain/exposure.ts'
import { type Silence, silenceOf } from '../domain/unit-budget.ts'
import { isOver, type Leg } from '../domain/unit-legs.ts'
import { audit } from './audit.ts'
import { insertEntries, ledgerName } from './budget-ledger.ts'
import { judgePending } from './judge.ts'
import { exposureUntil, loadMeasured, type Measured } from './measure-exposure.ts'
import {
  isArchived,
  isCutBySplit,
  isStale,
  isUnknown,
  type Lives,
  legOf,
  loadLives,
  newestEntry,
  splitOf,
  stateOf,
} from './unit-lives.ts'

/**
 * Reads from one snapshot in which every budget of some units is posted. Posting happens here and nowhere else: when
 * somebody relies on a budget (an answer, a receipt, a decision), never while readings are recorded, which would pay
 * for every batch, and by no timer. So a late reading is posted before the next answer is given, and readings that
 * nobody asks about cost nothing.
 *
 *   snapshot ── some shipment waits for judging ──► judge ─┐
 *      ▲  └──── something posted no longer holds ─► post ──┤ parents before what was split off them
 *      └────────────────────────────────────────────────────┘
 *      └──── all holds ──► read ──► answer
 *
 * What a unit uses where it rides now is not posted: it grows with every reading, and is answered from them. It is
 * posted once its time there is over: the window closed, or it was packed into something else.
 */
export async function withBudgets<T>(ctx: Ctx, asked: Asked, read: (tx: Tx, lives: Lives) => Promise<T>): Promise<T> {
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const found = await snapshot(ctx.db, async (tx): Promise<Unsettled | { value: T }> => {
      const lives = await loadLives(tx, asked.unitIds, asked.shipmentIds)
      const unsettled = unsettledOf(lives)
      const isSettled = unsettled.behind.length === 0 && unsettled.stale.length === 0
      return isSettled ? { value: await read(tx, lives) } : unsettled
    })
    if ('value' in found) return found.value
    for (const shipmentId of found.behind) await judgePending(ctx, shipmentId)
    if (found.behind.length > 0) continue
    for (const units of Map.groupBy(found.stale, ({ shipmentId }) => shipmentId).values()) {
      await unlessAnotherDid(() => postShipment(ctx, units))
    }
  }
  throw new Error(`the budgets of units ${asked.unitIds.join(', ')} changed ${MAX_ROUNDS} times while they were posted`)
}

/** The units asked for, by their ids in a shipment, and shipments that must be judged whether or not they have any. */
type Asked = { readonly unitIds: readonly number[]; readonly shipmentIds: readonly number[] }

/** Splits of splits take a round each, and late readings may come between; more is a fault. */
const MAX_ROUNDS = 30

type Unsettled = { behind: number[]; stale: Leg[] }

function unsettledOf(lives: Lives): Unsettled {
  const behind = [...lives.shipments].flatMap(([shipmentId, { behind: waits, archives }]) =>
    waits && archives.length === 0 ? [shipmentId] : [],
  )
  const stale = [...lives.bags.keys()].filter((unitId) => isStale(lives, unitId))
  // what is inherited is posted from a parent's ledger that holds; in a ring of splits, which nobody can state, any
  const ready = stale.filter((unitId) => !isBehindParent(lives, unitId, stale))
  return { behind, stale: (ready.length > 0 ? ready : stale).map((unitId) => legOf(lives, unitId)) }
}

function isBehindParent(lives: Lives, unitId: number, stale: readonly number[]): boolean {
  const split = splitOf(lives, unitId)
  const parents = split === null ? [] : (lives.bags.get(split.parentUnitId)?.legs ?? [])
  return parents.some((leg) => stale.includes(leg.unitId))
}

function snapshot<T>(db: Database, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.kysely.transaction().setIsolationLevel('repeatable read').execute(work)
}

/** Two runs at once have the same number, and one of them wins; what it left is seen by the next look. */
async function unlessAnotherDid(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof DatabaseError) || !LOST_RACE.includes(error.code ?? '')) throw error
  }
}

/** Unique violation, serialization failure. */
const LOST_RACE = ['23505', '40001']

/** Posts for units of one shipment what holds now: in one snapshot, so that state and entries are of one moment. */
async function postShipment(ctx: Ctx, units: readonly Leg[]): Promise<void> {
  await snapshot(ctx.db, async (tx) => {
    const lives = await loadLives(
      tx,
      units.map(({ unitId }) => unitId),
    )
    const exposureOf = await loadExposures(tx, lives, units)
    const runs = units.map(({ unitId }) => postingRun(lives, unitId, exposureOf))
    const knownAt = ctx.now()
    await tx
      .insertInto('budget_posting')
      .values(
        runs.map(({ entries: _, unobserved, ...run }) => ({
          ...run,
          unobserved: json(unobserved),
          known_at: at(knownAt),
        })),
      )
      .execute()
    const entries = runs.flatMap((run) => run.entries)
    if (entries.length === 0) return
    await insertEntries(tx, entries, knownAt)
    const reversed = entries.filter(({ reverses }) => reverses !== null).length
    const after = { units: units.map(({ code }) => code), entries: entries.length, reversed }
    const [{ shipmentId = 0 } = {}] = units
    await audit(tx, SERVICE, [
      { at: knownAt, action: 'budget_posted', subjectKind: 'shipment', subjectId: shipmentId, after },
    ])
  })
}

/** What a unit used on a ride up to an instant. */
type ExposureOf = (leg: Leg, untilAt: number) => Exposure

/** Loads what the units' own shipments measured, and those in which a parent rode on after the split. */
async function loadExposures(tx: Tx, lives: Lives, units: readonly Leg[]): Promise<ExposureOf> {
  const own = units.flatMap(({ unitId }) => legOf(lives, unitId)).filter((leg) => isMeasured(lives, leg))
  const parents = units.flatMap(({ unitId }) => {
    const split = splitOf(lives, unitId)
    return split === null ? [] : parentLegs(lives, split).filter((leg) => isCutBySplit(lives, leg, split))
  })
  const measured = new Map<number, Measured>()
  for (const shipmentId of new Set([...own, ...parents].map((leg) => leg.shipmentId))) {
    measured.set(shipmentId, await loadMeasured(tx, shipmentId))
  }
  const known = new Map<string, Exposure>()
  return ({ shipmentId }, untilAt) => {
    const key = `${shipmentId} ${untilAt}`
    const rows = measured.get(shipmentId)
    if (rows === undefined) throw new Error(`the readings of shipment ${shipmentId} were not loaded`)
    const exposure = known.get(key) ?? exposureUntil(rows, untilAt)
    known.set(key, exposure)
    return exposure
  }
}

function parentLegs({ bags }: Lives, { parentUnitId }: { parentUnitId: number }): readonly Leg[] {
  return bags.get(parentUnitId)?.legs ?? []
}

/** Whether a ride is posted from its readings. */
function isMeasured(lives: Lives, leg: Leg): boolean {
  return isOver(leg) && !isArchived(lives, leg)
}

function postingRun(lives: Lives, unitId: number, exposureOf: ExposureOf) {
  const leg = legOf(lives, unitId)
  const exposure = isMeasured(lives, leg) ? exposureOf(leg, leg.untilAt) : null
  const version = lives.shipments.get(leg.shipmentId)?.version ?? 0
  const unit = ledgerName(unitId)
  const source = { kind: 'evaluation', shipmentId: leg.shipmentId, version } as const
  const ledger = lives.entries.get(unitId) ?? []
  const charges: BudgetCharge[] = [
    ...(isArchived(lives, leg) ? [] : [{ unit, source, used: exposure?.usage ?? [] }]),
    ...inheritedCharges(lives, unitId, exposureOf),
  ]
  return {
    unit_id: unitId,
    number: (lives.posted.get(unitId)?.number ?? 0) + 1,
    evaluation_version: version,
    state: stateOf(lives, unitId),
    unobserved: exposure === null ? unmeasured(lives, leg) : silenceOf(exposure.unobserved),
    entries: charges.flatMap((charge): BudgetPosting[] => postings(ledger, charge)),
  }
}

/** Of an archived ride what was known when it was posted, or none of it; nothing of one that goes on. */
function unmeasured(lives: Lives, leg: Leg): Silence {
  if (!isOver(leg)) return { ms: 0, presumed: [] }
  const posted = lives.posted.get(leg.unitId)
  if (posted !== undefined && !isUnknown(lives, leg)) return posted.silence
  return { ms: Math.max(0, leg.untilAt - (leg.packedAt ?? leg.untilAt)), presumed: [] }
}

/** What is inherited now, and nothing any more from whom else the unit was said to be split off before. */
function inheritedCharges(lives: Lives, unitId: number, exposureOf: ExposureOf): BudgetCharge[] {
  const unit = ledgerName(unitId)
  const split = splitOf(lives, unitId)
  const parent = split === null ? null : ledgerName(split.parentUnitId)
  // the newest of each: it reverses all entries of that parent
  const former = new Map<string, BudgetCharge>()
  for (const { source } of lives.entries.get(unitId) ?? []) {
    if (source.kind === 'inherited' && source.parent !== parent) former.set(source.parent, { unit, source, used: [] })
  }
  if (split === null || parent === null) return [...former.values()]
  const ledger = parentLegs(lives, split).flatMap((leg): BudgetEntry[] => {
    const own = (lives.entries.get(leg.unitId) ?? []).map((entry) => ({ ...entry, unit: parent }))
    const isBefore = leg.packedAt === null || leg.packedAt < split.splitAt
    const isCut = isCutBySplit(lives, leg, split)
    const kept = own.filter(
      ({ source }) => source.kind === 'inherited' || (isBefore && !(isCut && isOfShipment(source))),
    )
    return isCut ? [...kept, ...cutEntries(leg, parent, exposureOf(leg, split.splitAt))] : kept
  })
  const charge = inheritance(ledger, { parent, child: unit })
  const version = newestEntry(lives, split.parentUnitId)
  return [...former.values(), { ...charge, source: { ...charge.source, version } }]
}

function isOfShipment({ kind }: BudgetEntry['source']): boolean {
  return kind === 'evaluation'
}

/** The part of a ride before the split, as if it were in the ledger. */
function cutEntries({ shipmentId }: Leg, unit: string, { usage }: Exposure): BudgetEntry[] {
  const source = { kind: 'evaluation', shipmentId, version: 0 } as const
  return usage.map((one) => ({ ...one, id: 0, unit, source, reverses: null }))
}
