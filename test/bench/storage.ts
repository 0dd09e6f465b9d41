import { sql } from 'kysely'
import { recordMessages } from '../../src/actions/record-messages.ts'
import { receiveMessage } from '../../src/ingest/message.ts'
import type { Benchmark } from './figure.ts'
import { oneEach } from './series.ts'
import { openStage, PREFIX, placeFleet } from './stage.ts'

/** Bytes per reading, all tables and indexes, against a bare keyed table filled with the same readings as they came. */
export const storageBenchmark: Benchmark = {
  name: 'storage',
  run: async ({ quick }) => {
    const stage = await openStage()
    try {
      const sensors = await placeFleet(stage.owner, { sensors: 2000, shipments: 500 })
      const { pool, kysely } = stage.owner
      await pool.query(`create table bare_reading (sensor_id bigint, channel text collate "C", measured_at timestamptz,
        value_milli_c int, primary key (sensor_id, channel, measured_at))`)
      const size = async (bare: boolean) => {
        const which = bare ? sql`c.relname = 'bare_reading'` : sql`c.relname not in ('bare_reading', 'floor_reading')`
        const { rows } = await sql<{ bytes: number }>`select sum(pg_total_relation_size(c.oid))::bigint as bytes
          from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and ${which}`.execute(
          kysely,
        )
        return rows[0]?.bytes ?? 0
      }
      const before = await size(false)
      const readings = quick ? 100_000 : 1_000_000
      const series = { sensors, slot: 0 }
      for (let stored = 0; stored < readings; stored += BATCH) {
        const batch = [...oneEach(series, BATCH)].map(({ topic, payload }) =>
          receiveMessage(topic, Buffer.from(payload), { prefix: PREFIX, receivedAt: Date.now(), retained: false }),
        )
        await recordMessages(stage.ctx, batch)
        await pool.query(`insert into bare_reading select sensor_id, channel, measured_at, value_milli_c from reading
          where batch_id = (select max(id) from batch) order by 1, 2, 3`)
      }
      const [value, floor] = [(await size(false)) - before, await size(true)].map((bytes) =>
        Math.round(bytes / readings),
      )
      if (value === undefined || floor === undefined) throw new Error('nothing was measured')
      const ratio = Math.round((value / floor) * 100) / 100
      return [{ name: 'storage', value, unit: 'bytes/reading', floor, ratio, notes: `${readings} readings` }]
    } finally {
      await stage.close()
    }
  },
}

/** Two per sensor and batch, rounded up to whole turns of the fleet. */
const BATCH = 4000
