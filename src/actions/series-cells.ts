import { type RawBuilder, sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { anyOf } from '../../db/tables.ts'
import { type Certificate, certificateAt, corrected, rulingCertificates } from '../domain/calibration.ts'
import { FAULT_HIGH_MILLI_C, FAULT_LOW_MILLI_C } from '../domain/excursion.ts'
import { type Cell, type HoldRule, joined } from '../domain/series.ts'
import { loadCertificates } from './judging-facts.ts'
import { numbers, texts } from './load-rows.ts'
import { stands } from './said-by.ts'
import { storedProfile } from './stored-profile.ts'

/** A placement of any role with what its series is made by. */
export type SeriesPlacement = {
  id: number
  sensorId: number
  channel: string
  role: string
  fromAt: number
  /** Infinity while it goes on. */
  toAt: number
  calibrationId: number | null
  /** Those of its channel, ascending by date. */
  certificates: readonly Certificate[]
  range: { low: number; high: number } | null
  hold: HoldRule
}

/** The placements `l` that a condition picks, in order of id. */
export async function loadSeriesPlacements(tx: Tx, which: RawBuilder<boolean>, limit: number) {
  const { rows } = await sql<PlacementRow>`
    select l.id, l.sensor_id as "sensorId", l.channel, l.role, l.from_at as "fromAt", l.to_at as "toAt",
      l.calibration_id as "calibrationId", n.range_low_milli_c as low, n.range_high_milli_c as high, p.definition
    from placement l join sensor n on n.id = l.sensor_id join shipment s on s.id = l.shipment_id
    join profile p on p.id = s.profile_id
    where l.superseded_at is null and ${which} order by l.id limit ${limit}`.execute(tx)
  const certificates = await loadCertificates(tx, [...new Set(rows.map(({ sensorId }) => sensorId))])
  return rows.map(({ low, high, definition, toAt, ...row }): SeriesPlacement => {
    const { nominalIntervalMs: nominalMs, maxGapMs } = storedProfile(definition)
    return {
      ...row,
      toAt: toAt ?? Number.POSITIVE_INFINITY,
      certificates: certificates.get(`${row.sensorId}/${row.channel}`) ?? [],
      range: low === null || high === null ? null : { low, high },
      hold: { nominalMs, maxGapMs },
    }
  })
}

type PlacementRow = Pick<SeriesPlacement, 'id' | 'sensorId' | 'channel' | 'role' | 'fromAt' | 'calibrationId'> & {
  toAt: number | null
  low: number | null
  high: number | null
  definition: unknown
}

/** Which readings of a placement, `[fromAt, toAt)` of epoch milliseconds, and how they are binned. */
export type Scan = { placement: SeriesPlacement; fromAt: number; toAt: number }
export type Bins = { originAt: number; widthMs: number }

/**
 * What each placement measured, binned by the database in one pass over an index range and without sorting: a million
 * readings leave a thousand rows, where sending them all would stop everything else meanwhile. No bin is longer than
 * the longest time a value holds, so no gap hides between two values of one. By placement, ascending.
 *
 * The lowest and the highest corrected value are those of the lowest and the highest raw one, as long as one
 * certificate rules and its correction does not fall faster than the value rises; so where several rule rows are apart
 * by certificate, and where one has such a fall also by its points.
 */
export async function loadCells(tx: Tx, scans: readonly Scan[], bins: Bins): Promise<Map<number, Cell[]>> {
  const wanted = scans.filter(({ fromAt, toAt }) => toAt > fromAt)
  if (wanted.length === 0) return new Map()
  const rows = await binned(tx, wanted, bins)
  const rowsOf = Map.groupBy(rows, ({ placement }) => placement)
  return new Map(wanted.map(({ placement }) => [placement.id, cellsOf(placement, rowsOf.get(placement.id) ?? [])]))
}

/** The longest bin for which no gap hides in it. */
export function longestBin(placements: readonly SeriesPlacement[]): number {
  return Math.max(1, Math.min(Number.MAX_SAFE_INTEGER, ...placements.map(({ hold }) => hold.maxGapMs)))
}

type Binned = {
  placement: number
  at: number
  values: number
  faults: number
  low: number | null
  high: number | null
  firstAt: number | null
  lastAt: number | null
}

async function binned(tx: Tx, scans: readonly Scan[], { originAt, widthMs }: Bins): Promise<Binned[]> {
  const lowest = instant(Math.min(...scans.map(({ fromAt }) => fromAt)))
  const highest = instant(Math.max(...scans.map(({ toAt }) => toAt)))
  const isValid = sql`value_milli_c > p.low and value_milli_c < p.high`
  const judged = await standing(tx, scans)
  const columns = sql`measured_at, case when ${isValid} then value_milli_c end as v,
    case when ${isValid} then measured_at end as valid_at`
  const { rows } = await sql<Binned>`
    select p.id as placement, x.*
    from (select q.*, q.dated_text::timestamptz[] as dated, q.falls_text::int[] as falls
      from ${table(scans)} offset 0) p
    cross join lateral (
      select date_bin(${`${widthMs} ms`}::interval, measured_at, ${instant(originAt)}::timestamptz) as at,
        count(v) as values, count(*) - count(v) as faults, min(v) as low, max(v) as high,
        min(valid_at) as "firstAt", max(valid_at) as "lastAt"
      from (
        select ${columns} from reading r where ${judged('r')} and sensor_id = p.sensor and channel = p.channel
          and measured_at >= p.since and measured_at < p.until
          and measured_at >= ${lowest}::timestamptz and measured_at < ${highest}::timestamptz
        union all
        select ${columns} from conflict c where ${judged('c')} and sensor_id = p.sensor and channel = p.channel
          and measured_at >= p.since and measured_at < p.until
      ) r
      group by ${sql.join([sql`1`, ...apart(scans)])}
    ) x order by p.id, x.at`.execute(tx)
  return rows
}

/**
 * What was taken back is not shown. To ask it of each reading costs half as much again, so only of sensors with files.
 */
async function standing(tx: Tx, scans: readonly Scan[]): Promise<(row: 'r' | 'c') => RawBuilder<boolean>> {
  const sensors = [...new Set(scans.map(({ placement }) => placement.sensorId))]
  const file = await tx
    .selectFrom('logger_import')
    .select('id')
    .where('sensor_id', '=', anyOf(sensors))
    .limit(1)
    .executeTakeFirst()
  return (row) => (file === undefined ? sql<boolean>`true` : stands(row))
}

/** What keeps rows of one bin apart, where anything has to: looking for a certificate costs each row as much again. */
function apart(scans: readonly Scan[]): RawBuilder<unknown>[] {
  const areSeveral = scans.some(
    ({ placement, ...scan }) => rulingCertificates(placement.certificates, placement.calibrationId, scan).length > 1,
  )
  const doFall = scans.some(({ placement }) => falls(placement.certificates).length > 0)
  return [
    ...(areSeveral ? [sql`width_bucket(measured_at, p.dated)`] : []),
    ...(doFall ? [sql`width_bucket(v, p.falls)`] : []),
  ]
}

/** Arrays of arrays travel as texts, and are read once per placement instead of once per reading. */
function table(scans: readonly Scan[]) {
  const placements = scans.map(({ placement }) => placement)
  const lows = placements.map(({ range }) => Math.max(FAULT_LOW_MILLI_C, range?.low ?? FAULT_LOW_MILLI_C))
  const highs = placements.map(({ range }) => Math.min(FAULT_HIGH_MILLI_C, range?.high ?? FAULT_HIGH_MILLI_C))
  return sql`unnest(${numbers(placements.map(({ id }) => id))}::bigint[],
    ${numbers(placements.map(({ sensorId }) => sensorId))}::bigint[],
    ${placements.map(({ channel }) => channel)}::text[],
    ${texts(scans.map(({ fromAt }) => instant(fromAt)))}::timestamptz[],
    ${texts(scans.map(({ toAt }) => instant(toAt)))}::timestamptz[],
    ${numbers(lows)}::int[], ${numbers(highs)}::int[],
    ${placements.map(({ certificates }) => texts(certificates.map((one) => instant(one.calibratedAt))))}::text[],
    ${placements.map(({ certificates }) => numbers(falls(certificates)))}::text[])
    as q(id, sensor, channel, since, until, low, high, dated_text, falls_text)`
}

function instant(at: number): string {
  return at === Number.POSITIVE_INFINITY ? 'infinity' : new Date(at).toISOString()
}

/** The points of certificates whose corrected value falls somewhere while the raw one rises, ascending. */
function falls(certificates: readonly Certificate[]): number[] {
  const some = certificates.filter(({ points }) =>
    points.some((point, index) => {
      const before = points[index - 1]
      return before !== undefined && sumOf(point) < sumOf(before)
    }),
  )
  const values = some.flatMap(({ points }) => points.map(({ atMilliC }) => atMilliC))
  return [...new Set(values)].sort((a, b) => a - b)
}

function sumOf({ atMilliC, correctionMilliC }: Certificate['points'][number]): number {
  return atMilliC + correctionMilliC
}

function cellsOf({ certificates, calibrationId }: SeriesPlacement, rows: readonly Binned[]): Cell[] {
  const cells: Cell[] = []
  for (const row of rows) {
    const certificate = row.firstAt === null ? null : certificateAt(certificates, calibrationId, row.firstAt)
    const ends = [row.low, row.high].flatMap((raw) => (raw === null ? [] : [corrected(certificate, raw)]))
    const [lowestMilliC, highestMilliC] = ends.length === 0 ? [null, null] : [Math.min(...ends), Math.max(...ends)]
    const { at, values, faults, firstAt, lastAt } = row
    const cell = { at, values, faults, lowestMilliC, highestMilliC, firstAt, lastAt, gapMs: 0 }
    const last = cells.at(-1)
    if (last?.at === at) cells[cells.length - 1] = joined(last, cell)
    else cells.push(cell)
  }
  return cells
}
