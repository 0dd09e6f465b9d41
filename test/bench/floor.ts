import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Database } from '../../db/connect.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { PREFIX } from './stage.ts'

/** The table of the floor: no index, no key, nothing checked. */
export const FLOOR_TABLE = 'create table floor_reading (sensor_id bigint, at text, value float8)'

/** JSON.parse and COPY: what is left of recording when nothing is checked, linked or judged. */
export async function floorRecord(db: Database, batch: readonly ReceivedMessage[]): Promise<void> {
  const lines: string[] = []
  for (const { topic, payload } of batch) {
    const { readings } = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
    const sensorId = topic.slice(PREFIX.length + 1, -'/readings'.length)
    for (const { at, value } of readings) lines.push(`${sensorId}\t${at}\t${value}\n`)
  }
  const client = await db.pool.connect()
  try {
    const copy = client.query(copyFrom('copy floor_reading (sensor_id, at, value) from stdin'))
    await pipeline(Readable.from([lines.join('')]), copy)
  } finally {
    client.release()
  }
}
