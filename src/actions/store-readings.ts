import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { numbers, texts } from './load-rows.ts'

/** A reading to store; `payload` is its message's bytes, kept only when the value conflicts with a stored one. */
export type ToStore = {
  sensorId: number
  channel: string
  at: number
  milliC: number | null
  raw: string | null
  seq: number | null
  receivedAt: number
  payload: Uint8Array
  source: ReadingSource
}

/** Who said so: the sensor under way, or its memory at read-out (domain page 2.8). */
export const SOURCE = { live: 0, readout: 1 } as const
export type ReadingSource = (typeof SOURCE)[keyof typeof SOURCE]

export type StoredChange = { sensorId: number; channel: string; at: number; source: ReadingSource }

export type StoredReadings = { inserted: StoredChange[]; conflicts: StoredChange[]; duplicates: number }

/**
 * Stores readings in one sorted statement: same key and value is a duplicate, another value for a stored key goes to
 * `conflict`. The comparison is a statement of its own, so that it also sees what a concurrent recorder has just
 * committed (inside the `on conflict do nothing` statement it would not), and values of one batch that contradict each
 * other.
 */
export async function storeReadings(tx: Tx, batchId: number, readings: readonly ToStore[]): Promise<StoredReadings> {
  if (readings.length === 0) return { inserted: [], conflicts: [], duplicates: 0 }
  // sorted by the whole key: unsorted concurrent inserts deadlock, also with `do nothing`
  const sorted = [...readings].sort(byKey)
  const firsts = sorted.filter((reading, index) => {
    const before = sorted[index - 1]
    return before === undefined || byKey(before, reading) !== 0
  })
  const inserted = await insertNew(tx, batchId, firsts)
  if (inserted.length === sorted.length) return { inserted, conflicts: [], duplicates: 0 }
  const keys = new Set(inserted.map(keyOf))
  const isInserted = new Set(firsts.filter((reading) => keys.has(keyOf(reading))))
  const others = sorted.filter((reading) => !isInserted.has(reading))
  const conflicts = await insertConflicts(tx, batchId, others)
  return { inserted, conflicts, duplicates: others.length - conflicts.length }
}

function byKey(a: StoredChange, b: StoredChange): number {
  if (a.sensorId !== b.sensorId) return a.sensorId - b.sensorId
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1
  return a.at - b.at || a.source - b.source
}

function keyOf({ sensorId, channel, at, source }: StoredChange): string {
  return `${sensorId}/${channel}/${at}/${source}`
}

async function insertNew(tx: Tx, batchId: number, readings: readonly ToStore[]): Promise<StoredChange[]> {
  const result = await sql<KeyRow>`
    insert into reading (sensor_id, channel, measured_at, received_at, batch_id, seq, value_milli_c, raw,
      source)
    select sensor_id, channel, measured_at, received_at, ${batchId}, seq, value_milli_c, raw, source
    from unnest(${numbers(readings.map((reading) => reading.sensorId))}::bigint[],
      ${channels(readings)}::text[],
      ${texts(readings.map((reading) => instant(reading.at)))}::timestamptz[],
      ${texts(readings.map((reading) => instant(reading.receivedAt)))}::timestamptz[],
      ${orNull(readings.map((reading) => reading.seq))}::bigint[],
      ${orNull(readings.map((reading) => reading.milliC))}::int[],
      ${raws(readings)}::text[], ${sources(readings)}::smallint[])
      as r(sensor_id, channel, measured_at, received_at, seq, value_milli_c, raw, source)
    on conflict do nothing
    returning sensor_id, channel, measured_at, source`.execute(tx)
  return result.rows.map(changeOf)
}

type KeyRow = { sensor_id: number; channel: string; measured_at: number; source: ReadingSource }

function changeOf(row: KeyRow): StoredChange {
  return { sensorId: row.sensor_id, channel: row.channel, at: row.measured_at, source: row.source }
}

/** Keeps the values that differ from what is stored; equal ones, and conflicts kept before, change nothing. */
async function insertConflicts(tx: Tx, batchId: number, readings: readonly ToStore[]): Promise<StoredChange[]> {
  const [lowest, highest] = bounds(readings)
  const differing = await sql<{ ord: number }>`
    select u.ord from unnest(${numbers(readings.map((reading) => reading.sensorId))}::bigint[],
      ${channels(readings)}::text[], ${texts(readings.map((reading) => instant(reading.at)))}::timestamptz[],
      ${orNull(readings.map((reading) => reading.milliC))}::int[], ${sources(readings)}::smallint[])
      with ordinality as u(sensor_id, channel, measured_at, value_milli_c, source, ord)
    join reading r on r.sensor_id = u.sensor_id and r.channel = u.channel and r.measured_at = u.measured_at
      and r.source = u.source
      and r.measured_at between ${lowest}::timestamptz and ${highest}::timestamptz
    where r.value_milli_c is distinct from u.value_milli_c`.execute(tx)
  const different = differing.rows.flatMap((row) => readings[row.ord - 1] ?? [])
  if (different.length === 0) return []
  const result = await sql<KeyRow>`
    insert into conflict (sensor_id, channel, measured_at, value_milli_c, raw, seq, received_at, batch_id, payload,
      source)
    select sensor_id, channel, measured_at, value_milli_c, raw, seq, received_at, ${batchId}, decode(payload, 'hex'),
      source
    from unnest(${numbers(different.map((reading) => reading.sensorId))}::bigint[], ${channels(different)}::text[],
      ${texts(different.map((reading) => instant(reading.at)))}::timestamptz[],
      ${orNull(different.map((reading) => reading.milliC))}::int[], ${raws(different)}::text[],
      ${orNull(different.map((reading) => reading.seq))}::bigint[],
      ${texts(different.map((reading) => instant(reading.receivedAt)))}::timestamptz[],
      ${texts(different.map((reading) => Buffer.from(reading.payload).toString('hex')))}::text[],
      ${sources(different)}::smallint[])
      as c(sensor_id, channel, measured_at, value_milli_c, raw, seq, received_at, payload, source)
    on conflict do nothing
    returning sensor_id, channel, measured_at, source`.execute(tx)
  return result.rows.map(changeOf)
}

/** The first and the last instant of some readings, as texts of instants. */
export function bounds(readings: readonly { at: number }[]): [string, string] {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { at } of readings) {
    lowest = Math.min(lowest, at)
    highest = Math.max(highest, at)
  }
  return [instant(lowest), instant(highest)]
}

function instant(at: number): string {
  return new Date(at).toISOString()
}

function orNull(list: readonly (number | null)[]): string {
  return `{${list.map((value) => value ?? 'null').join(',')}}`
}

/** The door lets only plain names through, so they need no quoting. */
function channels(readings: readonly ToStore[]): string {
  return texts(readings.map((reading) => reading.channel))
}

function sources(readings: readonly ToStore[]): string {
  return numbers(readings.map((reading) => reading.source))
}

/** Mostly all null, and then a literal costs nothing; where there is text `pg` escapes it. */
function raws(readings: readonly ToStore[]): string | (string | null)[] {
  if (readings.every((reading) => reading.raw === null)) return orNull(readings.map(() => null))
  return readings.map((reading) => reading.raw)
}
