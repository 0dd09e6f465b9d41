import { int4s, int8s } from '../../db/binary.ts'
import type { Recording } from '../../db/recording.ts'
import { loadSequences } from './follow-sequences.ts'
import type { Gathered, SensorInBatch } from './gather-readings.ts'
import { forget, type Memory, type PlacementLink, type SensorMemory } from './recorder-memory.ts'
import type { Turn } from './recording-turns.ts'
import { stripesOf } from './stripes.ts'

/** The sensor of a batch, once it is known; undefined: it does not exist. */
export function knownOf(gathered: Gathered, sensorId: number): KnownSensor | undefined {
  const sensor = gathered.get(sensorId)
  return sensor !== undefined && isKnown(sensor) ? sensor : undefined
}

export type KnownSensor = SensorInBatch & { memory: SensorMemory }

function isKnown(sensor: SensorInBatch): sensor is KnownSensor {
  return sensor.memory !== null
}

type Opening = { memory: Memory; gathered: Gathered; turn: Turn }

/**
 * Takes a number for the batch, which it answers, and holds the stripes of its sensors against changes of their
 * placements; from then on those that exist are known, with what decides where their readings belong. Only what is not
 * remembered, or has changed, is asked for, and then not before the batches ahead have ended: what they store is not
 * seen yet.
 *
 * The same statement tells whether the database is the one that is remembered: a restore or a failover restarts the
 * server or makes another database, and then what is remembered may be of a future that did not happen.
 */
export async function openBatch(run: Recording, { memory, gathered, turn }: Opening): Promise<number> {
  const batchId = await open(run, gathered, memory)
  turn.haveOpened()
  const doubtful = recall(memory, gathered)
  const changed = doubtful.length === 0 ? [] : await compare(run, { memory, gathered }, doubtful)
  if (changed.length > 0) await turn.toJudge()
  for (const [id, learned] of await learn(run, changed, { memory, gathered })) {
    know(gathered.get(id), learned)
    memory.sensors.set(id, learned)
  }
  return batchId
}

function know(sensor: SensorInBatch | undefined, memory: SensorMemory): void {
  if (sensor === undefined) return
  sensor.memory = memory
  sensor.newestAt = memory.newestAt
}

type StripeRow = { stripe: number; revision: number }

/** Answers the number of the batch. */
async function open(run: Recording, gathered: Gathered, memory: Memory): Promise<number> {
  const { sensorStripes } = memory
  const stripes = stripesOf(gathered.keys())
  const { rows } = await run.client.query<{ batch: number; incarnation: string } & (StripeRow | { stripe: null })>({
    name: 'open_batch',
    text: `with opened as materialized (
        select nextval('batch_id_seq') as batch, pg_postmaster_start_time()::text || ' ' ||
          (select oid from pg_database where datname = current_database()) as incarnation)
      select o.batch, o.incarnation, c.stripe, c.revision
      from opened o left join hold_sensor_stripes($1, $2) c on true`,
    values: [int4s(stripes), int8s(stripes.map(sensorStripes.of))],
  })
  const [first] = rows
  if (first === undefined) throw new Error('the sequence of batches gave no number')
  if (memory.incarnation !== first.incarnation) await meet(run, memory, first.incarnation)
  for (const row of rows) if (row.stripe !== null) sensorStripes.see(row.stripe, row.revision)
  return first.batch
}

async function meet(run: Recording, memory: Memory, incarnation: string): Promise<void> {
  forget(memory)
  const { rows } = await run.client.query<{ id: number }>(`select nextval('keeper_id') as id`)
  memory.keeper = rows[0]?.id ?? 0
  memory.incarnation = incarnation
}

/** Takes what is remembered of the sensors; answers the doubtful: those that are not, or may have changed since. */
function recall({ sensors, sensorStripes }: Memory, gathered: Gathered): number[] {
  const doubtful: number[] = []
  for (const [id, sensor] of gathered) {
    const entry = sensors.get(id)
    if (entry !== undefined && entry.stripe === sensorStripes.of(id) && reaches(entry, sensor)) know(sensor, entry)
    else {
      // an attempt before this one may have known it
      sensor.memory = null
      doubtful.push(id)
    }
  }
  return doubtful
}

/** Whether all placements are remembered that readings, in order, may belong to. */
function reaches({ sinceAt }: SensorMemory, sensor: SensorInBatch | undefined): boolean {
  return sinceAt <= oldestOf(sensor)
}

function oldestOf(sensor: SensorInBatch | undefined): number {
  return sensor?.readings[0]?.at ?? Number.POSITIVE_INFINITY
}

type Comparing = { memory: Memory; gathered: Gathered }
type Row = { id: number; revision: number }

/** Compares what is remembered of sensors with their rows; answers those that exist and are not known as they stand. */
async function compare(run: Recording, { memory, gathered }: Comparing, doubtful: readonly number[]): Promise<Row[]> {
  const { rows } = await run.client.query<Row>({
    name: 'compare_sensors',
    text: 'select id, revision from sensor where id = any($1::bigint[]) order by id',
    values: [int8s(doubtful)],
  })
  return rows.filter(({ id, revision }) => {
    const entry = memory.sensors.get(id)
    if (entry === undefined || entry.revision !== revision || !reaches(entry, gathered.get(id))) return true
    entry.stripe = memory.sensorStripes.of(id)
    know(gathered.get(id), entry)
    return false
  })
}

/** Late readings are mostly days late; for older ones the placements are asked for again. */
const LOOK_BACK_MS = 30 * 86_400_000

async function learn(
  run: Recording,
  rows: readonly Row[],
  { memory, gathered }: Comparing,
): Promise<Map<number, SensorMemory>> {
  if (rows.length === 0) return new Map()
  const oldestAt = rows.reduce(
    (oldest, { id }) => Math.min(oldest, oldestOf(gathered.get(id))),
    Number.POSITIVE_INFINITY,
  )
  const bringsNothing = oldestAt === Number.POSITIVE_INFINITY
  const sinceAt = bringsNothing ? Number.POSITIVE_INFINITY : oldestAt - LOOK_BACK_MS
  const ids = int8s(rows.map(({ id }) => id))
  const newest = bringsNothing ? new Map<number, number>() : await loadNewest(run, ids, oldestAt)
  const sequences = await loadSequences(run, ids)
  const placements = bringsNothing ? new Map<number, PlacementLink[]>() : await loadPlacements(run, ids, sinceAt)
  return new Map(
    rows.map(({ id, revision }) => {
      const newestAt = newest.get(id) ?? oldestAt - 1
      const [links, sequence] = [placements.get(id) ?? [], sequences.get(id) ?? null]
      const stripe = memory.sensorStripes.of(id)
      return [id, { revision, stripe, newestAt, sinceAt, placements: links, sequence }]
    }),
  )
}

/** The newest stored instant of each sensor from `sinceAt` on; partitions before that are not looked at. */
async function loadNewest(run: Recording, ids: Buffer, sinceAt: number): Promise<Map<number, number>> {
  const { rows } = await run.client.query<{ id: number; newest: number | null }>({
    name: 'newest_readings',
    text: `select s.id, (select max(r.measured_at) from reading r
        where r.sensor_id = s.id and r.measured_at >= $2::timestamptz) as newest
      from unnest($1::bigint[]) as s(id)`,
    values: [ids, new Date(sinceAt).toISOString()],
  })
  return new Map(rows.flatMap(({ id, newest }) => (newest === null ? [] : [[id, newest]])))
}

type PlacementRow = Omit<PlacementLink, 'toAt'> & { sensorId: number; toAt: number | null }

async function loadPlacements(run: Recording, ids: Buffer, sinceAt: number): Promise<Map<number, PlacementLink[]>> {
  const { rows } = await run.client.query<PlacementRow>({
    name: 'placements_of_sensors',
    // a sensor has a hundred journeys behind it, and a batch concerns the last one
    text: `select id, sensor_id as "sensorId", channel, shipment_id as "shipmentId", from_at as "fromAt",
        to_at as "toAt"
      from placement
      where sensor_id = any($1::bigint[]) and superseded_at is null and role in ('product', 'product_backup')
        and coalesce(to_at, 'infinity') > $2::timestamptz`,
    values: [ids, new Date(sinceAt).toISOString()],
  })
  const links = rows.map(({ sensorId, toAt, ...link }) => ({
    sensorId,
    link: { ...link, toAt: toAt ?? Number.POSITIVE_INFINITY },
  }))
  const grouped = Map.groupBy(links, ({ sensorId }) => sensorId)
  return new Map([...grouped].map(([sensorId, list]) => [sensorId, list.map(({ link }) => link)]))
}
