import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Row } from '../domain/excursion.ts'
import type { PlacementFacts } from './judging-facts.ts'

/**
 * The live values of placements after an instant, ascending, at most `limit` rows each: readings and conflicts
 * together, since the worse of them is judged. `more` says that rows were left; an instant is never cut in two. What
 * was read out of a sensor's memory is judged where a read-out stands (`load-read-out-rows.ts`), and nowhere else.
 */
export async function loadRows(
  tx: Tx,
  wanted: readonly { placement: PlacementFacts; afterAt: number }[],
  limit: number,
): Promise<{ rowsOf: Map<number, { rows: Row[]; more: boolean }>; rows: number }> {
  const rowsOf = new Map<number, { rows: Row[]; more: boolean }>()
  for (const { placement } of wanted) rowsOf.set(placement.id, { rows: [], more: false })
  const asked = wanted.filter(({ placement }) => placement.rules.toAt > placement.rules.fromAt)
  if (asked.length === 0) return { rowsOf, rows: 0 }
  const found = await query(tx, asked, limit)
  for (const row of found) rowsOf.get(row.placement)?.rows.push({ at: row.at, milliC: row.value })
  for (const { placement, afterAt } of asked) {
    const entry = rowsOf.get(placement.id)
    if (entry === undefined || entry.rows.length < limit) continue
    const lastAt = entry.rows.at(-1)?.at
    const whole = entry.rows.filter((row) => row.at !== lastAt)
    if (whole.length === 0) {
      // more values at one instant than the limit: read that placement with a larger one
      const { rowsOf: wider } = await loadRows(tx, [{ placement, afterAt }], limit * 8)
      rowsOf.set(placement.id, wider.get(placement.id) ?? entry)
    } else {
      rowsOf.set(placement.id, { rows: whole, more: true })
    }
  }
  return { rowsOf, rows: found.length }
}

/**
 * The outer bounds are the same for every placement, so that partitions prune before the join; one index range per
 * placement follows. Instants leave as epoch milliseconds.
 */
async function query(
  tx: Tx,
  asked: readonly { placement: PlacementFacts; afterAt: number }[],
  limit: number,
): Promise<{ placement: number; at: number; value: number | null }[]> {
  const ranges = asked.map(({ placement: { rules }, afterAt }) => ({
    after: Math.max(afterAt, rules.fromAt - 1),
    before: rules.toAt,
  }))
  const lowest = bound(Math.min(...ranges.map((range) => range.after)))
  const highest = bound(Math.max(...ranges.map((range) => range.before)))
  const result = await sql<{ placement: number; at: number; value: number | null }>`
    select p.placement, x.measured_at as at, x.value_milli_c as value
    from unnest(${numbers(asked.map(({ placement }) => placement.id))}::bigint[],
      ${numbers(asked.map(({ placement }) => placement.sensorId))}::bigint[],
      ${asked.map(({ placement }) => placement.channel)}::text[],
      ${texts(ranges.map((range) => bound(range.after)))}::timestamptz[],
      ${texts(ranges.map((range) => bound(range.before)))}::timestamptz[])
      as p(placement, sensor, channel, after, before)
    cross join lateral (
      (select r.measured_at, r.value_milli_c from reading r
        where r.sensor_id = p.sensor and r.channel = p.channel and r.measured_at > p.after and r.measured_at < p.before
          and r.measured_at > ${lowest}::timestamptz and r.measured_at < ${highest}::timestamptz and r.source = 0
        order by r.measured_at limit ${limit})
      union all
      (select c.measured_at, c.value_milli_c from conflict c
        where c.sensor_id = p.sensor and c.channel = p.channel and c.measured_at > p.after and c.measured_at < p.before
          and c.source = 0
        order by c.measured_at limit ${limit})
      order by 1 limit ${limit}) x`.execute(tx)
  return result.rows
}

/** An instant as a text that Postgres compares, infinities included. */
export function bound(at: number): string {
  if (at === Number.POSITIVE_INFINITY) return 'infinity'
  return at === Number.NEGATIVE_INFINITY ? '-infinity' : new Date(at).toISOString()
}

/** An array literal: `pg` would escape its elements one by one. */
export function numbers(list: readonly number[]): string {
  return `{${list.join(',')}}`
}

/** The same for texts that need no quoting inside (instants, numbers). */
export function texts(list: readonly string[]): string {
  return `{${list.join(',')}}`
}
