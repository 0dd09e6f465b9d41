import type { Tx } from '../../db/connect.ts'
import { anyOf } from '../../db/tables.ts'
import type { Readout } from '../domain/readout.ts'
import { type Standing, stood } from './standing.ts'

/** A stored read-out that stands, with the import it comes from. */
export type StoredReadout = Omit<Readout, 'intervalMs'> & {
  id: number
  importId: number
  /** Null: a single row, which has no step. */
  intervalMs: number | null
}

/** The read-outs of sensors that stand, or stood, in order of id, by `sensorId/channel`. */
export async function loadReadouts(
  db: Pick<Tx, 'selectFrom'>,
  sensorIds: readonly number[],
  knownAt: Standing = 'now',
): Promise<Map<string, StoredReadout[]>> {
  if (sensorIds.length === 0) return new Map()
  const rows = await db
    .selectFrom('readout')
    .select(COLUMNS)
    .where('sensor_id', '=', anyOf(sensorIds))
    .where(stood('readout', knownAt))
    .orderBy('id')
    .execute()
  const readouts = rows.map((row) => ({ key: `${row.sensor_id}/${row.channel}`, readout: storedReadout(row) }))
  const grouped = Map.groupBy(readouts, ({ key }) => key)
  return new Map([...grouped].map(([key, list]) => [key, list.map(({ readout }) => readout)]))
}

const COLUMNS = [
  ...(['id', 'import_id', 'sensor_id', 'channel'] as const),
  ...(['from_at', 'to_at', 'interval_ms', 'resolution_milli_c'] as const),
] as const

/** Read-outs by their ids, also where they were taken back since: a version names those it was made with. */
export async function loadNamedReadouts(db: Pick<Tx, 'selectFrom'>, ids: readonly number[]): Promise<StoredReadout[]> {
  if (ids.length === 0) return []
  const rows = await db
    .selectFrom('readout')
    .select(COLUMNS)
    .where('id', 'in', [...ids])
    .orderBy('id')
    .execute()
  return rows.map(storedReadout)
}

type ReadoutRow = {
  id: number
  import_id: number
  from_at: number
  to_at: number
  interval_ms: number | null
  resolution_milli_c: number
}

function storedReadout(row: ReadoutRow): StoredReadout {
  return {
    id: row.id,
    importId: row.import_id,
    fromAt: row.from_at,
    toAt: row.to_at,
    intervalMs: row.interval_ms,
    resolutionMilliC: row.resolution_milli_c,
  }
}
