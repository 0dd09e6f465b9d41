import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Row } from '../domain/excursion.ts'
import { isBeyond, judgedPart, reachOf, type SourcedRow } from '../domain/readout.ts'
import type { PlacementFacts } from './judging-facts.ts'
import { bound } from './load-rows.ts'
import { saidBy } from './said-by.ts'
import { SOURCE } from './store-readings.ts'

/** The judged rows of a placement whose memory was read out, and those among them that the memory lacks. */
export type Selected = { rows: Row[]; differing: ReadonlySet<Row>; more: boolean; read: number }

/**
 * The rows to judge after an instant, where a sensor's memory was read out: what was read out and what was sent live,
 * selected by `domain/readout`. Rows are read in parts of `limit` as anywhere, together with those around a part that
 * decide about rows in it. A part whose rows all wait for the next one is read again, larger.
 */
export async function loadReadOutRows(
  tx: Tx,
  { placement, afterAt }: { placement: PlacementFacts; afterAt: number },
  limit: number,
): Promise<Selected> {
  const { rules, readouts } = placement
  if (rules.toAt <= rules.fromAt) return { rows: [], differing: new Set(), more: false, read: 0 }
  const reach = reachOf(readouts)
  const after = Math.max(afterAt, rules.fromAt - 1) - reach
  const found = await query(tx, placement, { after, before: rules.toAt + reach, limit })
  const more = found.length >= limit
  // the last instant may have more values than were read
  const completeToAt = more ? (found.at(-1)?.at ?? after) - 1 : Number.POSITIVE_INFINITY
  const selection = { readouts, scope: rules, isOut: isBeyond(rules) }
  const judged = judgedPart(found, selection, { afterAt, completeToAt })
  if (more && judged.rows.length === 0) return loadReadOutRows(tx, { placement, afterAt }, limit * 8)
  return { rows: judged.rows, differing: new Set(judged.differing), more, read: found.length }
}

type Range = { after: number; before: number; limit: number }

async function query(
  tx: Tx,
  { sensorId, channel, readouts }: PlacementFacts,
  { after, before, limit }: Range,
): Promise<SourcedRow[]> {
  const range = sql`sensor_id = ${sensorId} and channel = ${channel}
    and measured_at > ${bound(after)}::timestamptz and measured_at < ${bound(before)}::timestamptz`
  const said = (row: 'r' | 'c') => saidBy(row, readouts)
  const result = await sql<{ at: number; value: number | null; source: number }>`
    (select measured_at as at, value_milli_c as value, source from reading r
      where ${range} and ${said('r')} order by 1 limit ${limit})
    union all
    (select measured_at, value_milli_c, source from conflict c
      where ${range} and ${said('c')} order by 1 limit ${limit})
    order by 1 limit ${limit}`.execute(tx)
  return result.rows.map(({ at, value, source }) => ({ at, milliC: value, isMemory: source === SOURCE.readout }))
}
