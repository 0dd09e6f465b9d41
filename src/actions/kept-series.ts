import { sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import { json } from '../../db/tables.ts'
import { monthSpan } from '../domain/month.ts'
import { type Cell, widened } from '../domain/series.ts'
import { meets, type StoredMonth } from './due-months.ts'
import { loadCells, loadSeriesPlacements, longestBin, type Scan, type SeriesPlacement } from './series-cells.ts'

/** What is kept of an archived month: hour by hour, some 50 bytes each, a hundredth of its readings. */
export const KEPT_MS = 3_600_000

/** Placements whose series is made at once. */
const PLACEMENTS_PER_PAGE = 500

/** Keeps what charts show of a month that is about to go, of every placement that meets it. */
export async function keepSeries(tx: Tx, { archiveId, month }: { archiveId: number; month: StoredMonth }) {
  const { fromAt, toAt } = monthSpan(month.month)
  let after = 0
  for (;;) {
    const placements = await loadSeriesPlacements(tx, sql`l.id > ${after} and ${meets(month)}`, PLACEMENTS_PER_PAGE)
    const scans = placements.map(
      (placement): Scan => ({
        placement,
        fromAt: Math.max(fromAt, placement.fromAt),
        toAt: Math.min(toAt, placement.toAt),
      }),
    )
    const cellsOf = await loadCells(tx, scans, { originAt: fromAt, widthMs: keptBin(placements) })
    const rows = placements.map(({ id, hold }) => ({
      archive_id: archiveId,
      placement_id: id,
      cells: json(widened(cellsOf.get(id) ?? [], KEPT_MS, hold).map(written)),
    }))
    if (rows.length > 0) await tx.insertInto('archived_series').values(rows).execute()
    if (placements.length < PLACEMENTS_PER_PAGE) return
    after = placements.at(-1)?.id ?? after
  }
}

/** A bin for which no gap hides in it, of which whole ones make up an hour. */
export function keptBin(placements: readonly SeriesPlacement[]): number {
  const longest = longestBin(placements)
  let parts = Math.ceil(KEPT_MS / longest)
  while (KEPT_MS % parts !== 0) parts++
  return KEPT_MS / parts
}

/** What was kept of archived months, by `archive/placement`. */
export async function loadKept(
  tx: Tx,
  archiveIds: readonly number[],
  placementIds: readonly number[],
): Promise<Map<string, Cell[]>> {
  if (archiveIds.length === 0 || placementIds.length === 0) return new Map()
  const rows = await tx
    .selectFrom('archived_series')
    .selectAll()
    .where('archive_id', 'in', [...archiveIds])
    .where('placement_id', 'in', [...placementIds])
    .execute()
  return new Map(
    rows.map(({ archive_id, placement_id, cells }) => [`${archive_id}/${placement_id}`, stored.parse(cells).map(read)]),
  )
}

const whole = z.int()
const stored = z.array(
  z.tuple([
    ...([whole, whole, whole] as const),
    ...([whole.nullable(), whole.nullable(), whole.nullable(), whole.nullable()] as const),
    whole,
  ]),
)
type Written = z.infer<typeof stored>[number]

function written({ at, values, faults, lowestMilliC, highestMilliC, firstAt, lastAt, gapMs }: Cell): Written {
  return [at, values, faults, lowestMilliC, highestMilliC, firstAt, lastAt, gapMs]
}

function read([at, values, faults, lowestMilliC, highestMilliC, firstAt, lastAt, gapMs]: Written): Cell {
  return { at, values, faults, lowestMilliC, highestMilliC, firstAt, lastAt, gapMs }
}
