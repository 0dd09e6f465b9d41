import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { ParsedObservation, ReceivedMessage } from '../domain/message.ts'
import { codeOf } from '../domain/quantity.ts'
import { numbers, texts } from './load-rows.ts'

/** Stores the observations of known sensors; a batch without any costs nothing. */
export async function storeObservations(tx: Tx, batchId: number, messages: readonly ReceivedMessage[]): Promise<void> {
  if (!messages.some(hasAny)) return
  await insertObservations(tx, batchId, messages.flatMap(rowsOf))
}

/** An observation to store, with its sensor; `seq` null where nobody numbered it. */
export type ObservationToStore = ParsedObservation & { sensorId: number; receivedAt: number; seq: number | null }

/**
 * Stores observations in one sorted statement; answers how many were new. The value is part of the key, so an equal one
 * is a duplicate and is ignored, and values that contradict each other are both kept, whichever comes first.
 */
export async function insertObservations(
  tx: Tx,
  batchId: number,
  observations: readonly ObservationToStore[],
): Promise<number> {
  if (observations.length === 0) return 0
  // sorted by the whole key: unsorted concurrent inserts deadlock, also with `do nothing`
  const rows = observations.map((one) => ({ ...one, code: codeOf(one.quantity) })).sort(byKey)
  const result = await sql`
    insert into observation (sensor_id, quantity, measured_at, channel, value, received_at, batch_id, seq, raw)
    select sensor_id, quantity, measured_at, channel, value, received_at, ${batchId}, seq, raw
    from unnest(${numbers(rows.map(({ sensorId }) => sensorId))}::bigint[],
      ${numbers(rows.map(({ code }) => code))}::smallint[],
      ${texts(rows.map(({ at }) => instant(at)))}::timestamptz[],
      ${texts(rows.map(({ channel }) => channel))}::text[],
      ${orNull(rows.map(({ value }) => value))}::bigint[],
      ${texts(rows.map(({ receivedAt }) => instant(receivedAt)))}::timestamptz[],
      ${orNull(rows.map(({ seq }) => seq))}::bigint[],
      ${rows.map(({ raw }) => raw)}::text[])
      as o(sensor_id, quantity, measured_at, channel, value, received_at, seq, raw)
    on conflict do nothing`.execute(tx)
  return Number(result.numAffectedRows ?? 0)
}

function hasAny({ parsed }: ReceivedMessage): boolean {
  return parsed.observations.length > 0
}

function rowsOf({ parsed, receivedAt }: ReceivedMessage): ObservationToStore[] {
  const { sensorId, seq, observations } = parsed
  if (sensorId === null) return []
  return observations.map((one) => ({ ...one, sensorId, receivedAt, seq }))
}

type Row = ObservationToStore & { code: number }

function byKey(a: Row, b: Row): number {
  if (a.sensorId !== b.sensorId) return a.sensorId - b.sensorId
  if (a.code !== b.code) return a.code - b.code
  if (a.at !== b.at) return a.at - b.at
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1
  return (a.value ?? Number.POSITIVE_INFINITY) - (b.value ?? Number.POSITIVE_INFINITY) || 0
}

function instant(at: number): string {
  return new Date(at).toISOString()
}

function orNull(list: readonly (number | null)[]): string {
  return `{${list.map((value) => value ?? 'null').join(',')}}`
}
