import { sql } from 'kysely'
import { at } from '../../db/tables.ts'
import { shipmentSeries } from '../../src/actions/series.ts'
import type { Actor } from '../../src/domain/actor.ts'
import { isRefusal } from '../../src/domain/refusal.ts'
import { T0 } from '../support/limits.ts'
import { type Benchmark, type Figure, median, ratioOf } from './figure.ts'
import { openStage, placeFleet, type Stage } from './stage.ts'

/**
 * Milliseconds for a chart of a shipment with a million readings: 500 stretches with their extremes, faults and gaps;
 * against the least and greatest stored value of the same readings, which every such answer has to look at.
 */
export const chartBenchmark: Benchmark = {
  name: 'chart',
  run: async ({ quick }) => {
    const stage = await openStage()
    try {
      return [await measure(stage, quick ? { readings: 100_000, rounds: 3 } : { readings: 1_000_000, rounds: 9 })]
    } finally {
      await stage.close()
    }
  },
}

/** One every two seconds: a million are 23 days. */
const STEP_MS = 2000

async function measure({ ctx, owner }: Stage, plan: { readings: number; rounds: number }): Promise<Figure> {
  const [sensorId = 0] = await placeFleet(owner, { sensors: 1, shipments: 1 })
  const shipment = await owner.kysely.selectFrom('shipment').select(['id', 'organisation_id']).executeTakeFirstOrThrow()
  const actor: Actor = {
    ...({ kind: 'machine', id: 'bench', role: 'distributor', requestId: null } as const),
    organisationId: shipment.organisation_id,
  }
  await store(owner, { sensorId, readings: plan.readings })
  const toAt = T0 + plan.readings * STEP_MS
  const asked = { shipmentId: shipment.id, sensorId: null, channel: null, fromAt: T0, toAt, points: 500 }
  const times = { subject: [0], floor: [0] }
  for (let round = 0; round < plan.rounds; round++) {
    times.floor.push(await timed(() => extremes(ctx.db, { sensorId, toAt })))
    times.subject.push(
      await timed(async () => {
        const found = await shipmentSeries(ctx, actor, asked)
        if (isRefusal(found)) throw new Error(found.detail)
        const values = found.series[0]?.buckets.reduce((sum, bucket) => sum + bucket.values, 0)
        if (values !== plan.readings) throw new Error(`the series has ${values} values`)
      }),
    )
  }
  // the first round warms up
  const [subject, floor] = [times.subject.slice(2), times.floor.slice(2)]
  return {
    name: 'chart',
    value: Math.round(median(subject)),
    unit: 'ms',
    floor: Math.round(median(floor)),
    ratio: ratioOf(subject, floor),
    notes: `${plan.readings} readings into 500 stretches`,
  }
}

async function store(owner: Stage['owner'], { sensorId, readings }: { sensorId: number; readings: number }) {
  const end = at(T0 + (readings - 1) * STEP_MS)
  await sql`select ensure_month_partition('reading', m::date)
    from generate_series(date_trunc('month', ${at(T0)}::timestamptz), ${end}::timestamptz, '1 month') m`.execute(
    owner.kysely,
  )
  await sql`insert into reading (sensor_id, measured_at, received_at, batch_id, value_milli_c, channel)
    select ${sensorId}, ${at(T0)}::timestamptz + n * ${`${STEP_MS} ms`}::interval, ${end}::timestamptz, 1,
      5000 + n % 977, 'probe'
    from generate_series(0, ${readings - 1}) n`.execute(owner.kysely)
  await sql`vacuum analyze reading`.execute(owner.kysely)
}

async function extremes(db: Stage['db'], { sensorId, toAt }: { sensorId: number; toAt: number }): Promise<void> {
  await sql`select min(value_milli_c), max(value_milli_c) from reading where sensor_id = ${sensorId}
    and channel = 'probe' and measured_at >= ${at(T0)} and measured_at < ${at(toAt)}`.execute(db.kysely)
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}
