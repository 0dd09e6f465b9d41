import { type RawBuilder, sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import type { BudgetEntry } from '../domain/budget-ledger.ts'
import type { Silence } from '../domain/unit-budget.ts'
import { isOver, type Leg } from '../domain/unit-legs.ts'
import { archivedMonths } from './archived-months.ts'
import { loadEntries, storedUsage } from './budget-ledger.ts'
import { loadFacts } from './judging-facts.ts'
import { numbers } from './load-rows.ts'
import { loadLegs } from './unit-legs.ts'

/**
 * What the budgets of some units rest on: their rides, those of the units they were split off, what is posted of them,
 * and the state of everything it was posted from. By the id of the unit in its shipment.
 */
export type Lives = {
  bags: ReadonlyMap<number, Bag>
  shipments: ReadonlyMap<number, ShipmentState>
  posted: ReadonlyMap<number, Posted>
  entries: ReadonlyMap<number, readonly BudgetEntry[]>
}

/** One bag as one of its rows sees it: its rides, and what it was split off; of several statements the newest. */
export type Bag = { legs: readonly Leg[]; split: Split | null }

/** `unitId` is the row the split was stated of. */
export type Split = { id: number; unitId: number; parentUnitId: number; splitAt: number }

/**
 * `version` 0: not evaluated yet. `state` differs whenever what the shipment's sensors measured may differ; while
 * readings of it are archived nobody can tell, and what was posted stands.
 */
export type ShipmentState = { behind: boolean; version: number; state: string; archives: readonly string[] }

/** The newest run of posting. */
export type Posted = { number: number; state: string; silence: Silence }

/** Loads the lives of units, and of all they came of, in the snapshot of the transaction; `also` are more shipments. */
export async function loadLives(tx: Tx, unitIds: readonly number[], also: readonly number[] = []): Promise<Lives> {
  const bags = new Map<number, Bag>()
  for (let wanted = [...new Set(unitIds)]; wanted.length > 0; ) {
    const legs = await loadLegs(tx, wanted)
    const splits = await loadSplits(tx, [...new Set([...legs.values()].flat().map(({ unitId }) => unitId))])
    const found = [...legs].map(([unitId, rides]): [number, Bag] => [
      unitId,
      { legs: rides, split: newest(rides.flatMap((leg) => splits.get(leg.unitId) ?? [])) },
    ])
    for (const [unitId, bag] of found) bags.set(unitId, bag)
    const next = found.flatMap(([, bag]) => [...bag.legs.map(({ unitId }) => unitId), ...parentOf(bag)])
    wanted = [...new Set(next)].filter((unitId) => !bags.has(unitId))
  }
  const shipmentIds = [...bags.values()].flatMap(({ legs }) => legs.map(({ shipmentId }) => shipmentId))
  return {
    bags,
    shipments: await loadStates(tx, [...new Set([...shipmentIds, ...also])]),
    posted: await loadPosted(tx, [...bags.keys()]),
    entries: await loadEntries(tx, [...bags.keys()]),
  }
}

function parentOf({ split }: Bag): number[] {
  return split === null ? [] : [split.parentUnitId]
}

function newest(splits: readonly Split[]): Split | null {
  return splits.reduce<Split | null>(
    (ruling, split) => (ruling !== null && ruling.id > split.id ? ruling : split),
    null,
  )
}

async function loadSplits(tx: Tx, unitIds: readonly number[]): Promise<Map<number, Split[]>> {
  const found = await sql<Split>`select id, unit_id as "unitId", parent_unit_id as "parentUnitId", split_at as "splitAt"
    from unit_split where unit_id = any(${numbers(unitIds)}::bigint[])`.execute(tx)
  return Map.groupBy(found.rows, ({ unitId }) => unitId)
}

/**
 * A shipment's revision is raised by whatever changes how it is judged and by readings that came late; what is only
 * later than all before of its sensor is seen by the newest instants, and what is read out of a memory by the revision.
 */
async function loadStates(tx: Tx, shipmentIds: readonly number[]): Promise<Map<number, ShipmentState>> {
  if (shipmentIds.length === 0) return new Map()
  const found = await sql<{ id: number; behind: boolean; version: number; state: string }>`
    select s.id, s.judge_from is not null as behind, e.version,
      s.revision || ' ' || e.version || ' ' || coalesce(${newestInstants()}, '') as state
    from shipment s
    cross join lateral (select coalesce(max(version), 0) as version from evaluation where shipment_id = s.id) e
    where s.id = any(${numbers(shipmentIds)}::bigint[])`.execute(tx)
  const archives = await loadArchives(tx, shipmentIds)
  return new Map(found.rows.map(({ id, ...state }) => [id, { ...state, archives: archives.get(id) ?? [] }]))
}

/** Asked of the facts of judging only where anything is archived at all. */
async function loadArchives(tx: Tx, shipmentIds: readonly number[]): Promise<Map<number, readonly string[]>> {
  if ((await archivedMonths(tx, 'reading')).length === 0) return new Map()
  const facts = await loadFacts(tx, shipmentIds)
  return new Map(facts.map(({ shipmentId, archives }) => [shipmentId, archives]))
}

function newestInstants(): RawBuilder<string> {
  return sql`(select string_agg(l.id || '@' || extract(epoch from x.at), ' ' order by l.id)
    from placement l cross join lateral (select max(r.measured_at) as at from reading r
      where r.sensor_id = l.sensor_id and r.channel = l.channel and r.source = 0 and r.measured_at >= l.from_at
        and r.measured_at < least(l.to_at, s.closed_at, 'infinity')) x
    where l.shipment_id = s.id and l.superseded_at is null and l.role in ('product', 'product_backup')
      and x.at is not null)`
}

const storedSilence = z.object({ ms: z.int().nonnegative(), presumed: storedUsage })

async function loadPosted(tx: Tx, unitIds: readonly number[]): Promise<Map<number, Posted>> {
  const found = await tx
    .selectFrom('budget_posting')
    .distinctOn('unit_id')
    .select(['unit_id', 'number', 'state', 'unobserved'])
    .where(sql<boolean>`unit_id = any(${numbers(unitIds)}::bigint[])`)
    .orderBy('unit_id')
    .orderBy('number', 'desc')
    .execute()
  return new Map(
    found.map((row) => [
      row.unit_id,
      { number: row.number, state: row.state, silence: storedSilence.parse(row.unobserved) },
    ]),
  )
}

/** A unit's own ride as its bag has it. */
export function legOf({ bags }: Lives, unitId: number): Leg {
  const leg = bags.get(unitId)?.legs.find((one) => one.unitId === unitId)
  if (leg === undefined) throw new Error(`unit ${unitId} was not loaded`)
  return leg
}

/**
 * What the postings of a unit are made from, as a text: another one means that they may no longer hold. While a unit
 * rides nothing of the shipment is posted; what it inherits hangs on the ledger of its parent.
 */
export function stateOf(lives: Lives, unitId: number): string {
  return [rideState(lives, unitId), ...inheritedState(lives, unitId)].join(PART)
}

const PART = ' | '
const RIDING = 'riding'
/** Archived before anybody asked: what was used is not known until the readings are restored. */
const UNKNOWN = 'archived'

function rideState(lives: Lives, unitId: number): string {
  const leg = legOf(lives, unitId)
  const posted = postedState(lives, leg)
  if (isArchived(lives, leg)) return posted === RIDING && isOver(leg) ? UNKNOWN : posted
  return isOver(leg) ? `${leg.untilAt} ${shipmentState(lives, leg)}` : RIDING
}

function postedState({ posted }: Lives, { unitId }: Leg): string {
  return posted.get(unitId)?.state.split(PART)[0] ?? RIDING
}

/** Whether readings of the ride's shipment are archived: nothing is posted of it, and nothing reversed. */
export function isArchived({ shipments }: Lives, { shipmentId }: Leg): boolean {
  return (shipments.get(shipmentId)?.archives.length ?? 0) > 0
}

/** Whether what was used on a ride was never posted before its readings were archived. */
export function isUnknown(lives: Lives, leg: Leg): boolean {
  if (!isArchived(lives, leg)) return false
  const posted = postedState(lives, leg)
  return posted === RIDING || posted === UNKNOWN
}

/** Whether something has to be posted for the unit. */
export function isStale(lives: Lives, unitId: number): boolean {
  const state = stateOf(lives, unitId)
  return (lives.posted.get(unitId)?.state ?? RIDING) !== state
}

function shipmentState({ shipments }: Lives, { shipmentId }: Leg): string {
  return shipments.get(shipmentId)?.state ?? ''
}

function inheritedState(lives: Lives, unitId: number): string[] {
  const split = splitOf(lives, unitId)
  if (split === null) return []
  const legs = lives.bags.get(split.parentUnitId)?.legs ?? []
  const cut = legs
    .filter((leg) => isCutBySplit(lives, leg, split))
    .map((leg) => `${leg.unitId} ${shipmentState(lives, leg)}`)
  const spans = legs.map(({ unitId: id, packedAt, untilAt }) => `${id} ${packedAt} ${untilAt}`)
  return [`split ${split.id}`, `entry ${newestEntry(lives, split.parentUnitId)}`, ...spans, ...cut]
}

/** The split that was stated of this very row and rules its bag. */
export function splitOf({ bags }: Lives, unitId: number): Split | null {
  const split = bags.get(unitId)?.split ?? null
  return split?.unitId === unitId ? split : null
}

/**
 * Whether the parent went on riding after the split: only the time before it is inherited. Of an archived ride all that
 * is posted is: what of it came before the split cannot be told.
 */
export function isCutBySplit(lives: Lives, leg: Leg, { splitAt }: Split): boolean {
  return leg.packedAt !== null && leg.packedAt < splitAt && leg.untilAt > splitAt && !isArchived(lives, leg)
}

/** The id of the newest ledger entry of a bag; 0 where there is none. */
export function newestEntry({ bags, entries }: Lives, unitId: number): number {
  const legs = bags.get(unitId)?.legs ?? []
  return Math.max(0, ...legs.map((leg) => entries.get(leg.unitId)?.at(-1)?.id ?? 0))
}
