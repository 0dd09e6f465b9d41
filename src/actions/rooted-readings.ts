import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { type HourRoot, hourOf, hourRoots, type RootedReading } from '../domain/readings-root.ts'
import { numbers } from './load-rows.ts'
import { CRYPTO } from './stamps.ts'
import { SOURCE } from './store-readings.ts'

/** The readings under a root: of which placements in the judging window, and until when. Instants in epoch ms. */
export type ReadingsScope = {
  /** `[fromAt, toAt)`; `toAt` null: the window was open. */
  placements: readonly RootedPlacement[]
  /** The newest instant measured. Null: no reading. */
  untilAt: number | null
  /** The newest batch that brought one of them: what came in later belongs to a later root. */
  known: { at: number; batch: number } | null
}
export type RootedPlacement = { sensorId: number; channel: string; fromAt: number; toAt: number | null }

type Reader = Pick<Tx, 'selectFrom' | 'getExecutor'>

/** The scope of the readings stored now; the caller holds the shipment's lock, so none is on its way. */
export async function newestKnown(tx: Reader, placements: readonly RootedPlacement[]): Promise<ReadingsScope> {
  const { rows } = await sql<{ until: number | null; known: number | null; batch: number | null }>`
    with r as (${stored(placements)})
    select max(r.at) as until, (array_agg(b.known_at order by b.known_at desc, b.id desc))[1] as known,
      (array_agg(b.id order by b.known_at desc, b.id desc))[1] as batch
    from r join batch b on b.id = r.batch`.execute(tx)
  const [{ until, known, batch } = { until: null, known: null, batch: null }] = rows
  return { placements, untilAt: until, known: known === null || batch === null ? null : { at: known, batch } }
}

/** The hours under a root, as they were when it was made. */
export async function loadHours(tx: Reader, scope: ReadingsScope): Promise<HourRoot[]> {
  const hours: HourRoot[] = []
  let after: { sensorId: number; channel: string; hourAt: number } | null = null
  for (;;) {
    const rows: RootedReading[] = await load(tx, scope, { after, limit: CHUNK })
    // an hour that may go on in the next chunk is left to it, whole
    const last = rows.at(-1)
    const isEnd = rows.length < CHUNK || last === undefined
    const whole = isEnd ? rows : rows.filter((row) => !isSameHour(row, last))
    hours.push(...hourRoots(whole, CRYPTO.sha256))
    if (isEnd) return hours
    const end = whole.at(-1)
    if (end === undefined) throw new Error(`more than ${CHUNK} readings of one channel in one hour cannot be rooted`)
    after = { sensorId: end.sensorId, channel: end.channel, hourAt: hourOf(end.at) }
  }
}

/** The readings of the hour in which an instant of a sensor channel lies, under a root. */
export async function loadHour(
  tx: Reader,
  scope: ReadingsScope,
  { sensorId, channel, at: instant }: { sensorId: number; channel: string; at: number },
): Promise<RootedReading[]> {
  const hourAt = hourOf(instant)
  const own = scope.placements.filter((placed) => placed.sensorId === sensorId && placed.channel === channel)
  const placements = own.map(({ fromAt, toAt }) => ({
    sensorId,
    channel,
    fromAt: Math.max(fromAt, hourAt),
    toAt: Math.min(toAt ?? Number.POSITIVE_INFINITY, hourAt + HOUR_MS),
  }))
  // clipped to the hour, a placement of another one ends before it begins and brings nothing
  return load(tx, { ...scope, placements }, { after: null, limit: CHUNK })
}

const HOUR_MS = 3_600_000

/** Hashed between two statements: some tens of milliseconds. */
const CHUNK = 50_000

type After = { sensorId: number; channel: string; hourAt: number } | null

async function load(
  tx: Reader,
  { placements, known }: ReadingsScope,
  { after, limit }: { after: After; limit: number },
): Promise<RootedReading[]> {
  if (known === null) return []
  const beyond =
    after === null
      ? sql`true`
      : sql`(r.sensor, r.channel, r.at) >= (${after.sensorId}::bigint, ${after.channel}::text collate "C",
          ${at(after.hourAt + HOUR_MS)}::timestamptz)`
  const { rows } = await sql<{ sensor: number; channel: string; at: number; value: number | null; source: number }>`
    with r as (${stored(placements)})
    select r.sensor, r.channel, r.at, r.value, r.source from r join batch b on b.id = r.batch
    where (b.known_at, b.id) <= (${at(known.at)}::timestamptz, ${known.batch}::bigint) and ${beyond}
    order by r.sensor, r.channel, r.at, r.source, r.value limit ${limit}`.execute(tx)
  return rows.map(({ sensor, channel, at: measuredAt, value, source }) => ({
    sensorId: sensor,
    channel,
    at: measuredAt,
    source: source === SOURCE.live ? 'live' : 'readout',
    milliC: value,
  }))
}

/** First-come values and those that contradict them alike: which of them came first says nothing. */
function stored(placements: readonly RootedPlacement[]) {
  const from = placements.map(({ fromAt }) => new Date(fromAt).toISOString())
  const to = placements.map(({ toAt }) => (toAt === null ? 'infinity' : new Date(toAt).toISOString()))
  const columns = sql`sensor_id as sensor, channel, measured_at as at, value_milli_c as value, source,
    batch_id as batch`
  const within = sql`sensor_id = p.sensor and channel = p.channel
    and measured_at >= p.from_at and measured_at < p.to_at`
  return sql`select r.* from unnest(${numbers(placements.map(({ sensorId }) => sensorId))}::bigint[],
      ${placements.map(({ channel }) => channel)}::text[], ${from}::timestamptz[], ${to}::timestamptz[])
      as p(sensor, channel, from_at, to_at)
    cross join lateral (select ${columns} from reading where ${within}
      union all select ${columns} from conflict where ${within}) r`
}

function isSameHour(a: RootedReading, b: RootedReading): boolean {
  return a.sensorId === b.sensorId && a.channel === b.channel && hourOf(a.at) === hourOf(b.at)
}
