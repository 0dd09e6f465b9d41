import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { ParsedObservation, ReceivedMessage } from '../domain/message.ts'
import { codeOf } from '../domain/quantity.ts'
import { numbers, texts } from './load-rows.ts'

/**
 * Stores the observations of known sensors in one sorted statement. The value is part of the key, so an equal one is a
 * duplicate and is ignored, and values that contradict each other are both kept, whichever comes first. A batch without
 * any costs nothing.
 */
export async function storeObservations(tx: Tx, batchId: number, messages: readonly ReceivedMessage[]): Promise<void> {
  if (!messages.some(hasAny)) return
  // sorted by the whole key: unsorted concurrent inserts deadlock, also with `do nothing`
  const rows = messages.flatMap(rowsOf).sort(byKey)
  await sql`
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
}

function hasAny({ parsed }: ReceivedMessage): boolean {
  return parsed.observations.length > 0
}

type Row = ParsedObservation & { sensorId: number; code: number; receivedAt: number; seq: number | null }

function rowsOf({ parsed, receivedAt }: ReceivedMessage): Row[] {
  const { sensorId, seq, observations } = parsed
  if (sensorId === null) return []
  return observations.map((one) => ({ ...one, sensorId, code: codeOf(one.quantity), receivedAt, seq }))
}

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
