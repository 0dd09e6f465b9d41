import { type Selectable, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import { CONFIRMED, DIFFERS, type FoldState, GAP, type Interval, PRESUMED, upToAt } from '../domain/excursion.ts'
import { decodeState, encodeState } from './checkpoint-codec.ts'
import type { FoldResult, FoldWork, RunningFold } from './fold-placements.ts'
import { numbers, texts } from './load-rows.ts'

/** A stored fold to continue from. */
export type Base = { ordinal: number; upToAt: number; state: FoldState; intervals: Interval[] }

export type StoredCheckpoint = { ordinal: number; state: FoldState; intervals: number }

/** The ordinal of the newest state; the others carry the number of readings they stand after. */
const TIP = -1

/**
 * The newest checkpoint of each placement whose last instant is strictly earlier than the oldest change, with the
 * intervals closed before it. One with another fingerprint, or beyond the scope's end, is a miss.
 */
export async function loadBases(tx: Tx, works: readonly FoldWork[]): Promise<Map<number, Base>> {
  if (works.length === 0) return new Map()
  const before = works.map(({ placement, changedFromAt }) => Math.min(changedFromAt, placement.rules.toAt))
  const usable = sql`placement_id = w.placement and up_to_at < w.before and fingerprint = w.fingerprint`
  const result = await sql<Row>`
    select c.* from unnest(${numbers(works.map(({ placement }) => placement.id))}::bigint[],
      ${numbers(before.map((at) => Math.min(at, Number.MAX_SAFE_INTEGER)))}::bigint[],
      ${texts(works.map(({ placement }) => placement.fingerprint))}::text[]) as w(placement, before, fingerprint)
    cross join lateral (
      (select * from checkpoint where ${usable} and ordinal = ${TIP})
      union all (select * from checkpoint where ${usable} and ordinal >= 0 order by ordinal desc limit 1)
      order by up_to_at desc limit 1) c`.execute(tx)
  return withIntervals(tx, result.rows)
}

type Row = Selectable<Tables['checkpoint']>

async function withIntervals(tx: Tx, rows: readonly Row[]): Promise<Map<number, Base>> {
  const some = rows.filter((row) => row.intervals > 0)
  const stored = some.length === 0 ? new Map() : await loadIntervals(tx, some)
  return new Map(
    rows.map((row) => {
      const counts = { valid: row.valid, faults: row.faults, conflicts: row.conflicts, coveredMs: row.covered_ms }
      const state = decodeState(row.state, counts)
      const intervals: Interval[] = stored.get(row.placement_id) ?? []
      return [row.placement_id, { ordinal: row.ordinal, upToAt: row.up_to_at, state, intervals }]
    }),
  )
}

async function loadIntervals(tx: Tx, rows: readonly Row[]): Promise<Map<number, Interval[]>> {
  const result = await sql<StoredInterval>`
    select i.* from unnest(${numbers(rows.map((row) => row.placement_id))}::bigint[],
      ${numbers(rows.map((row) => row.intervals))}::int[]) as w(placement, count)
    join judged_interval i on i.placement_id = w.placement and i.ordinal < w.count
    order by i.placement_id, i.ordinal`.execute(tx)
  const intervals = result.rows.map((row) => ({ placement: row.placement_id, interval: interval(row) }))
  const grouped = Map.groupBy(intervals, ({ placement }) => placement)
  return new Map([...grouped].map(([placement, list]) => [placement, list.map((entry) => entry.interval)]))
}

type StoredInterval = {
  placement_id: number
  level: number
  kind: number
  from_ms: number
  to_ms: number
  last_out_ms: number | null
  extreme_milli_c: number | null
}

function interval(row: StoredInterval): Interval {
  return {
    level: row.level,
    kind: ([CONFIRMED, PRESUMED, DIFFERS] as const).find((kind) => kind === row.kind) ?? GAP,
    fromAt: row.from_ms,
    toAt: row.to_ms,
    lastOutAt: row.last_out_ms,
    extreme: row.extreme_milli_c,
  }
}

/**
 * Forgets what was folded of shipments from an instant on, because readings changed there that could not be judged at
 * once; the next judgement continues from what is left. Other inputs need no forgetting: the fingerprint names them.
 */
export async function forgetFrom(tx: Tx, changes: readonly { shipmentId: number; fromAt: number }[]): Promise<void> {
  await sql`delete from checkpoint c
    using unnest(${numbers(changes.map(({ shipmentId }) => shipmentId))}::bigint[],
      ${numbers(changes.map(({ fromAt }) => fromAt))}::bigint[]) as w(shipment, from_ms), placement p
    where p.shipment_id = w.shipment and c.placement_id = p.id and c.up_to_at >= w.from_ms`.execute(tx)
}

/**
 * Stores what folding found: the tip, the checkpoints on the way, the intervals closed; what lay after the base goes.
 */
export async function writeFolds(tx: Tx, results: readonly FoldResult[]): Promise<void> {
  if (results.length === 0) return
  // a tip or a checkpoint later than the base saw readings that have changed, or belongs to another fingerprint
  await dropOutdated(
    tx,
    results.map(({ folded, base }) => ({
      placementId: folded.placement.id,
      upToAt: base?.upToAt ?? Number.NEGATIVE_INFINITY,
      intervals: base?.intervals.length ?? 0,
    })),
  )
  const checkpoints = results.flatMap(({ folded, history }) => [
    ...history.map((stored) => ({ ...stored, placement: folded.placement })),
    { ordinal: TIP, state: folded.state, intervals: folded.intervals.length, placement: folded.placement },
  ])
  await upsertCheckpoints(
    tx,
    checkpoints.filter(({ state }) => upToAt(state) > Number.NEGATIVE_INFINITY),
  )
  await insertIntervals(
    tx,
    results.map(({ folded, base }) => ({ folded, from: base?.intervals.length ?? 0 })),
  )
}

/** Stores checkpoints on the way of folds that are remembered, with the intervals closed since the last ones. */
export async function addHistory(
  tx: Tx,
  folds: readonly { folded: RunningFold; from: number; history: readonly StoredCheckpoint[] }[],
): Promise<void> {
  const checkpoints = folds.flatMap(({ folded, history }) =>
    history.map((stored) => ({ ...stored, placement: folded.placement })),
  )
  await upsertCheckpoints(tx, checkpoints)
  await insertIntervals(tx, folds)
}

/** A placement of which only the checkpoints up to an instant and so many intervals hold. */
export type Outdated = { placementId: number; upToAt: number; intervals: number }

/** Forgets what is stored of folds that had seen too little. */
export async function dropOutdated(tx: Tx, outdated: readonly Outdated[]): Promise<void> {
  const ids = numbers(outdated.map(({ placementId }) => placementId))
  const upTo = numbers(outdated.map((one) => Math.max(one.upToAt, Number.MIN_SAFE_INTEGER)))
  const counts = numbers(outdated.map(({ intervals }) => intervals))
  await sql`delete from checkpoint c using unnest(${ids}::bigint[], ${upTo}::bigint[]) as w(placement, up_to)
    where c.placement_id = w.placement and c.up_to_at > w.up_to`.execute(tx)
  await sql`delete from judged_interval i using unnest(${ids}::bigint[], ${counts}::int[]) as w(placement, count)
    where i.placement_id = w.placement and i.ordinal >= w.count`.execute(tx)
}

type ToStore = StoredCheckpoint & { placement: FoldResult['folded']['placement'] }

async function upsertCheckpoints(tx: Tx, list: readonly ToStore[]): Promise<void> {
  if (list.length === 0) return
  await sql`insert into checkpoint (placement_id, ordinal, up_to_at, fingerprint, valid, faults, conflicts, intervals,
      covered_ms, state)
    select placement, ordinal, up_to_at, fingerprint, valid, faults, conflicts, intervals, covered_ms, state::bigint[]
    from unnest(${numbers(list.map(({ placement }) => placement.id))}::bigint[],
      ${numbers(list.map(({ ordinal }) => ordinal))}::bigint[],
      ${numbers(list.map(({ state }) => upToAt(state)))}::bigint[],
      ${texts(list.map(({ placement }) => placement.fingerprint))}::text[],
      ${numbers(list.map(({ state }) => state.valid))}::bigint[],
      ${numbers(list.map(({ state }) => state.faults))}::bigint[],
      ${numbers(list.map(({ state }) => state.conflicts))}::bigint[],
      ${numbers(list.map(({ intervals }) => intervals))}::int[],
      ${numbers(list.map(({ state }) => state.coveredMs))}::bigint[],
      ${texts(list.map(({ state }) => `"{${encodeState(state).join(',')}}"`))}::text[])
      as c(placement, ordinal, up_to_at, fingerprint, valid, faults, conflicts, intervals, covered_ms, state)
    on conflict (placement_id, ordinal) do update set up_to_at = excluded.up_to_at, fingerprint = excluded.fingerprint,
      valid = excluded.valid, faults = excluded.faults, conflicts = excluded.conflicts,
      intervals = excluded.intervals, covered_ms = excluded.covered_ms, state = excluded.state`.execute(tx)
}

type Closed = { folded: RunningFold; from: number }

/** The intervals of folds from an ordinal on. Another process may have stored them: the same fold closed them. */
async function insertIntervals(tx: Tx, folds: readonly Closed[]): Promise<void> {
  const rows = folds.flatMap(({ folded, from }) =>
    folded.intervals
      .slice(from)
      .map((found, index) => ({ ...found, placement: folded.placement.id, ordinal: from + index })),
  )
  if (rows.length === 0) return
  const orNull = (list: readonly (number | null)[]) => `{${list.map((value) => value ?? 'null').join(',')}}`
  await sql`insert into judged_interval (placement_id, ordinal, level, kind, from_ms, to_ms, last_out_ms,
      extreme_milli_c)
    select * from unnest(${numbers(rows.map((row) => row.placement))}::bigint[],
      ${numbers(rows.map((row) => row.ordinal))}::int[], ${numbers(rows.map((row) => row.level))}::smallint[],
      ${numbers(rows.map((row) => row.kind))}::smallint[], ${numbers(rows.map((row) => row.fromAt))}::bigint[],
      ${numbers(rows.map((row) => row.toAt))}::bigint[], ${orNull(rows.map((row) => row.lastOutAt))}::bigint[],
      ${orNull(rows.map((row) => row.extreme))}::int[])
    on conflict do nothing`.execute(tx)
}
