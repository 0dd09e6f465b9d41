import { type Selectable, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Tables } from '../../db/tables.ts'
import { CONFIRMED, type FoldState, GAP, type Interval, PRESUMED, upToAt } from '../domain/excursion.ts'
import { decodeState, encodeState } from './checkpoint-codec.ts'
import type { FoldResult, FoldWork } from './fold-placements.ts'
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
  const tips = await tx
    .selectFrom('checkpoint')
    .selectAll()
    .where(sql<boolean>`placement_id = any(${numbers(works.map(({ placement }) => placement.id))}::bigint[])`)
    .where('ordinal', '=', TIP)
    .execute()
  const usable = new Map(tips.map((tip) => [tip.placement_id, tip]))
  for (const work of works) {
    const tip = usable.get(work.placement.id)
    if (tip !== undefined && !isUsable(tip, work)) usable.delete(work.placement.id)
  }
  // where there is no tip at all the cache is empty or was dropped; history is tried all the same, it is one probe
  const others = works.filter((work) => !usable.has(work.placement.id))
  for (const older of await loadHistory(tx, others)) usable.set(older.placement_id, older)
  return withIntervals(tx, [...usable.values()])
}

type Row = Selectable<Tables['checkpoint']>

function isUsable(row: Row, { placement, changedFromAt }: FoldWork): boolean {
  const before = Math.min(changedFromAt, placement.rules.toAt)
  return row.fingerprint === placement.fingerprint && row.up_to_at < before
}

async function loadHistory(tx: Tx, works: readonly FoldWork[]): Promise<Row[]> {
  if (works.length === 0) return []
  const before = works.map(({ placement, changedFromAt }) => Math.min(changedFromAt, placement.rules.toAt))
  const result = await sql<Row>`
    select c.* from unnest(${numbers(works.map(({ placement }) => placement.id))}::bigint[],
      ${numbers(before.map((at) => Math.min(at, Number.MAX_SAFE_INTEGER)))}::bigint[],
      ${works.map(({ placement }) => placement.fingerprint)}::text[]) as w(placement, before, fingerprint)
    cross join lateral (select * from checkpoint
      where placement_id = w.placement and ordinal >= 0 and up_to_at < w.before and fingerprint = w.fingerprint
      order by ordinal desc limit 1) c`.execute(tx)
  return result.rows
}

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
    kind: row.kind === CONFIRMED ? CONFIRMED : row.kind === PRESUMED ? PRESUMED : GAP,
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
  const rewound = results.filter(({ base }) => base?.ordinal !== TIP)
  if (rewound.length > 0) {
    const ids = numbers(rewound.map(({ folded }) => folded.placement.id))
    const ordinals = numbers(rewound.map(({ base }) => base?.ordinal ?? -1))
    const counts = numbers(rewound.map(({ base }) => base?.intervals.length ?? 0))
    await sql`delete from checkpoint c using unnest(${ids}::bigint[], ${ordinals}::bigint[]) as w(placement, ordinal)
      where c.placement_id = w.placement and (c.ordinal > w.ordinal or c.ordinal = ${TIP})`.execute(tx)
    await sql`delete from judged_interval i using unnest(${ids}::bigint[], ${counts}::int[]) as w(placement, count)
      where i.placement_id = w.placement and i.ordinal >= w.count`.execute(tx)
  }
  const checkpoints = results.flatMap(({ folded, history }) => [
    ...history.map((stored) => ({ ...stored, placement: folded.placement })),
    { ordinal: TIP, state: folded.state, intervals: folded.intervals.length, placement: folded.placement },
  ])
  await upsertCheckpoints(
    tx,
    checkpoints.filter(({ state }) => upToAt(state) > Number.NEGATIVE_INFINITY),
  )
  await insertIntervals(tx, results)
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

async function insertIntervals(tx: Tx, results: readonly FoldResult[]): Promise<void> {
  const rows = results.flatMap(({ folded, base, newIntervals }) =>
    newIntervals.map((found, index) => ({
      ...found,
      placement: folded.placement.id,
      ordinal: (base?.intervals.length ?? 0) + index,
    })),
  )
  if (rows.length === 0) return
  const orNull = (list: readonly (number | null)[]) => `{${list.map((value) => value ?? 'null').join(',')}}`
  await sql`insert into judged_interval (placement_id, ordinal, level, kind, from_ms, to_ms, last_out_ms,
      extreme_milli_c)
    select * from unnest(${numbers(rows.map((row) => row.placement))}::bigint[],
      ${numbers(rows.map((row) => row.ordinal))}::int[], ${numbers(rows.map((row) => row.level))}::smallint[],
      ${numbers(rows.map((row) => row.kind))}::smallint[], ${numbers(rows.map((row) => row.fromAt))}::bigint[],
      ${numbers(rows.map((row) => row.toAt))}::bigint[], ${orNull(rows.map((row) => row.lastOutAt))}::bigint[],
      ${orNull(rows.map((row) => row.extreme))}::int[])`.execute(tx)
}
