import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type Bucket, bucketsOf, type Cell, type Expected, type Grid, gridOf } from '../domain/series.ts'
import { MAX_AHEAD_MS } from '../domain/units.ts'
import { archivedMonths, refuseMonths, within } from './archived-months.ts'
import { KEPT_MS, keptBin, loadKept } from './kept-series.ts'
import { loadCells, loadSeriesPlacements, longestBin, type Scan, type SeriesPlacement } from './series-cells.ts'
import { refuseUnlessSeen } from './shipments.ts'

/** Which series: null leaves a side open, or asks for every sensor or channel. */
export type AskedSeries = {
  shipmentId: number
  sensorId: number | null
  channel: string | null
  fromAt: number | null
  toAt: number | null
  /** At most so many buckets for each. */
  points: number
}

/** The temperatures of a shipment for charts, one series for each placement of a sensor channel. */
export type ShipmentSeries = {
  shipmentId: number
  grid: Grid
  /** Archives whose months are answered from what was kept of them, hour by hour. */
  archives: string[]
  series: { placement: SeriesPlacement; buckets: Bucket[] }[]
}

/** Placements in one answer; more are asked for by sensor. */
const MOST_SERIES = 100
/** Buckets in one answer, some 2 MB. */
const MOST_BUCKETS = 20_000

/**
 * The series of a shipment, in one snapshot: what its sensors measured while they were placed there, inside and outside
 * of the window, with no extreme, fault or gap left out. Archived months come from what was kept of them. Refused:
 * `not_found`, `invalid` for more placements than an answer has, and `archived` where a placement was made or
 * corrected after its month had gone.
 */
export async function shipmentSeries(ctx: Ctx, actor: Actor, asked: AskedSeries): Promise<ShipmentSeries | Refusal> {
  const snapshot = ctx.db.kysely.transaction().setIsolationLevel('repeatable read').setAccessMode('read only')
  return snapshot.execute(async (tx) => {
    const refusal = await refuseUnlessSeen(tx, actor, asked.shipmentId)
    if (refusal !== null) return refusal
    const placements = await placementsOf(tx, asked)
    if (placements.length > MOST_SERIES) {
      return refuse('invalid', `It has more than ${MOST_SERIES} placements: ask for one sensor with sensorId.`)
    }
    const now = ctx.now()
    const span = spanOf(placements, asked, now)
    const archived = await keptOf(tx, placements, span)
    if ('refused' in archived) return archived
    const points = Math.max(1, Math.min(asked.points, Math.floor(MOST_BUCKETS / Math.max(1, placements.length))))
    const isKept = archived.names.length > 0
    const longestMs = isKept ? KEPT_MS : longestBin(placements)
    const grid = gridOf(span, points, { originMs: isKept ? KEPT_MS : 1, longestMs })
    const widthMs = isKept ? keptBin(placements) : Math.min(longestMs, grid.widthMs)
    const bins = { originAt: grid.fromAt, widthMs }
    const scans = placements.map((placement) => scanOf(placement, grid))
    const cellsOf = await loadCells(tx, scans, bins)
    const series = scans.map((scan) => {
      const cells = [...(cellsOf.get(scan.placement.id) ?? []), ...(archived.kept.get(scan.placement.id) ?? [])]
      cells.sort((a, b) => a.at - b.at)
      const { hold } = scan.placement
      return { placement: scan.placement, buckets: bucketsOf(cells, expectedOf(scan, now), { grid, hold }) }
    })
    return { shipmentId: asked.shipmentId, grid, archives: archived.names, series }
  })
}

async function placementsOf(tx: Tx, asked: AskedSeries): Promise<SeriesPlacement[]> {
  const conditions = [
    sql`l.shipment_id = ${asked.shipmentId}`,
    ...(asked.sensorId === null ? [] : [sql`l.sensor_id = ${asked.sensorId}`]),
    ...(asked.channel === null ? [] : [sql`l.channel = ${asked.channel}`]),
  ]
  return loadSeriesPlacements(tx, sql<boolean>`${sql.join(conditions, sql` and `)}`, MOST_SERIES + 1)
}

/** As asked, else from the first placement to the end of the last; a reading is as far ahead as the door lets it. */
function spanOf(placements: readonly SeriesPlacement[], { fromAt, toAt }: AskedSeries, now: number): Expected {
  const latest = now + MAX_AHEAD_MS
  const from = fromAt ?? Math.min(latest, ...placements.map((placement) => placement.fromAt))
  const to = toAt ?? Math.min(latest, Math.max(from, ...placements.map((placement) => placement.toAt)))
  return { fromAt: from, toAt: Math.max(from, to) }
}

/** With what may cover the beginning or the end: a value holds for the longest gap at most. */
function scanOf(placement: SeriesPlacement, { fromAt, toAt }: Grid): Scan {
  const { maxGapMs } = placement.hold
  return {
    placement,
    fromAt: Math.max(placement.fromAt, fromAt - maxGapMs),
    toAt: Math.min(placement.toAt, toAt + maxGapMs),
  }
}

/** Nobody expects a value of the future. */
function expectedOf({ fromAt, toAt }: Scan, now: number): Expected {
  return { fromAt, toAt: Math.min(toAt, now) }
}

type Kept = { names: string[]; kept: Map<number, Cell[]> }

async function keptOf(tx: Tx, placements: readonly SeriesPlacement[], span: Expected): Promise<Kept | Refusal> {
  const months = await archivedMonths(tx, 'reading')
  const met = placements.flatMap((placement) => {
    const { fromAt, toAt } = scanOf(placement, { ...span, widthMs: 0 })
    // what is kept begins and ends with whole hours
    const reach = { fromAt: fromAt - KEPT_MS, toAt: toAt + KEPT_MS }
    return within(within(months, placement), reach).map((month) => ({ placement, month }))
  })
  const archiveIds = new Set(met.map(({ month }) => month.id))
  const placementIds = new Set(met.map(({ placement }) => placement.id))
  const cellsOf = await loadKept(tx, [...archiveIds], [...placementIds])
  const missing = met.filter(({ placement, month }) => !cellsOf.has(`${month.id}/${placement.id}`))
  const refusal = refuseMonths(months.filter((month) => missing.some((one) => one.month === month)))
  if (refusal !== null) return refusal
  const kept = Map.groupBy(met, ({ placement }) => placement.id)
  return {
    names: months.filter((month) => met.some((one) => one.month === month)).map(({ name }) => name),
    kept: new Map(
      [...kept].map(([id, list]) => [id, list.flatMap(({ month }) => cellsOf.get(`${month.id}/${id}`) ?? [])]),
    ),
  }
}
