import { type RawBuilder, sql } from 'kysely'
import { instants, int4s, texts } from '../../db/binary.ts'
import type { Tx } from '../../db/connect.ts'
import type { PlacedReadout } from '../domain/judging-facts.ts'
import { numbers } from './load-rows.ts'
import { type Standing, stood } from './standing.ts'
import { bounds, SOURCE, type ToStore } from './store-readings.ts'

/**
 * Who says a value that was read out of a memory: the import that brought it first, and whoever brought it again. It is
 * judged while any of them stands (`supersede-import.ts`); of several files that hold it, one may be wrongly read.
 */

/** What the imports of some read-outs say, beside all that was sent live. `row`: a stored reading or conflict. */
export function saidBy(row: 'r' | 'c', readouts: readonly Pick<PlacedReadout, 'importId'>[]): RawBuilder<boolean> {
  const imports = numbers(readouts.map(({ importId }) => importId))
  return sql`(${sql.table(row)}.source = ${sql.lit(SOURCE.live)} or ${importsOf(row)} && ${imports}::bigint[])`
}

/** What was sent live, or is said by an import that stands. */
export function stands(row: 'r' | 'c', knownAt: Standing = 'now'): RawBuilder<boolean> {
  const stored = sql.table(row)
  return sql`(${stored}.source = ${sql.lit(SOURCE.live)} or exists (select from readout o
    where o.import_id = any(${importsOf(row)}) and o.channel = ${stored}.channel and ${stood('o', knownAt)}))`
}

/**
 * The imports that say a stored value; none of what was sent live. As an array, since what merely has to exist the
 * server would look for in all batches at once, however many there are.
 */
export function importsOf(row: 'r' | 'c'): RawBuilder<number[]> {
  const stored = sql.table(row)
  return sql`case when ${stored}.source = ${sql.lit(SOURCE.readout)} then array(
    select b.import_id from batch b where b.id = ${stored}.batch_id
    union all select g.import_id from reading_again g
      where g.sensor_id = ${stored}.sensor_id and g.channel = ${stored}.channel
        and g.measured_at = ${stored}.measured_at and g.value_milli_c is not distinct from ${stored}.value_milli_c
    ) else '{}' end`
}

/** The same as `saidBy` for a row with its imports. */
export function isSaidBy(
  { isMemory, imports }: { isMemory: boolean; imports: readonly number[] },
  readouts: readonly Pick<PlacedReadout, 'importId'>[],
): boolean {
  return !isMemory || readouts.some(({ importId }) => imports.includes(importId))
}

type Again = { sensorId: number; importId: number; batchId: number; readings: readonly ToStore[] }

/** Says again what a batch of an import found stored already, by another one. */
export async function sayAgain(tx: Tx, { sensorId, importId, batchId, readings }: Again): Promise<void> {
  if (readings.length === 0) return
  const [lowest, highest] = bounds(readings)
  // the outer bounds, so that only their months are looked into
  const key = sql`sensor_id = ${sensorId} and channel = k.channel and measured_at = k.at
    and measured_at between ${lowest}::timestamptz and ${highest}::timestamptz
    and source = ${sql.lit(SOURCE.readout)} and value_milli_c is not distinct from k.value`
  await sql`insert into reading_again (sensor_id, channel, measured_at, value_milli_c, import_id)
    select ${sensorId}, k.channel, k.at, k.value, ${importId}
    from unnest(${texts(readings.map(({ channel }) => channel))}::text[],
      ${instants(readings.map(({ at }) => at))}::timestamptz[],
      ${int4s(readings.map(({ milliC }) => milliC))}::int[]) as k(channel, at, value)
    where not exists (
      select from (select batch_id from reading where ${key} union all select batch_id from conflict where ${key}) r
      left join batch b on b.id = r.batch_id where r.batch_id = ${batchId} or b.import_id = ${importId})
    on conflict do nothing`.execute(tx)
}
