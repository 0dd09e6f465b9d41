import { copyIn, type Database } from '../../db/connect.ts'
import type { ReceivedMessage } from '../../src/domain/message.ts'
import { PREFIX } from './stage.ts'

/** The table of the floor, what a reading says and no more: no index, no key, nothing checked. */
export const FLOOR_TABLE = `create table floor_reading (sensor_id bigint, channel text, measured_at timestamptz,
  value float8)`

/** JSON.parse and COPY: what is left of recording when nothing is checked, linked or judged. */
export async function floorRecord(db: Database, batch: readonly ReceivedMessage[]): Promise<void> {
  const lines: string[] = []
  for (const { topic, payload } of batch) {
    const { readings } = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8'))
    const sensorId = topic.slice(PREFIX.length + 1, -'/readings'.length)
    for (const { channel, at, value } of readings) lines.push(`${sensorId}\t${channel}\t${at}\t${value}\n`)
  }
  const client = await db.pool.connect()
  try {
    await copyIn(client, 'copy floor_reading from stdin', lines.join(''))
  } finally {
    client.release()
  }
}
