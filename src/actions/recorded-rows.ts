import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { isBeyond, judgedRows, reachOf, type SourcedRow } from '../domain/readout.ts'
import { type Folded, foldWhole } from './fold-placements.ts'
import type { PlacementFacts, ShipmentFacts } from './judging-facts.ts'
import { bound } from './load-rows.ts'
import { importsOf, isSaidBy } from './said-by.ts'
import { SOURCE } from './store-readings.ts'

/** A stored value with when it became known: at that instant, and in that place of the order of knowledge. */
export type RecordedRow = SourcedRow & {
  /** The imports that say it; none of what was sent live. */
  imports: readonly number[]
  knownAt: number
  ordinal: number
  /** The first value of its instant, not one that contradicts it. */
  isFirst: boolean
}

/** Everything that was ever stored of some sensor channels in a stretch of time, by `sensorId/channel`. */
export type Recorded = ReadonlyMap<string, readonly RecordedRow[]>

type Wanted = Pick<PlacementFacts, 'sensorId' | 'channel' | 'fromAt' | 'toAt' | 'readouts'>

/**
 * Loads what placements ever measured, in order of measuring, so that what was known at several times is judged from
 * one reading of the database: a journey, not a sensor's life.
 */
export async function loadRecorded(tx: Tx, placements: readonly Wanted[]): Promise<Recorded> {
  const recorded = new Map<string, RecordedRow[]>()
  for (const [key, list] of Map.groupBy(placements, keyOf)) {
    const [first] = list
    if (first === undefined) continue
    const reach = Math.max(...list.map(({ readouts }) => reachOf(readouts)))
    const fromAt = Math.min(...list.map((placement) => placement.fromAt)) - reach
    const toAt = Math.max(...list.map((placement) => placement.toAt)) + reach
    recorded.set(key, await query(tx, { ...first, fromAt, toAt }))
  }
  return recorded
}

function keyOf({ sensorId, channel }: Pick<Wanted, 'sensorId' | 'channel'>): string {
  return `${sensorId}/${channel}`
}

async function query(tx: Tx, { sensorId, channel, fromAt, toAt }: Omit<Wanted, 'readouts'>): Promise<RecordedRow[]> {
  const range = sql`sensor_id = ${sensorId} and channel = ${channel}
    and measured_at >= ${bound(fromAt)}::timestamptz and measured_at < ${bound(toAt)}::timestamptz`
  const columns = (row: 'r' | 'c') => sql`measured_at as at, value_milli_c as value, source, b.known_at as known,
    b.ordinal, ${importsOf(row)} as imports`
  const { rows } = await sql<{
    at: number
    value: number | null
    source: number
    known: number
    ordinal: number
    imports: number[]
    first: boolean
  }>`select ${columns('r')}, true as first from reading r join batch b on b.id = r.batch_id where ${range}
    union all
    select ${columns('c')}, false from conflict c join batch b on b.id = c.batch_id where ${range}
    order by at`.execute(tx)
  return rows.map(({ at, value, source, known, ordinal, imports, first }) => ({
    at,
    milliC: value,
    isMemory: source === SOURCE.readout,
    knownAt: known,
    ordinal,
    imports,
    isFirst: first,
  }))
}

/** Folds the placements from the rows that were known, without any cache. */
export function foldKnown(facts: ShipmentFacts, recorded: Recorded, isKnown: (row: RecordedRow) => boolean): Folded[] {
  const levels = facts.profile.levels.length
  return facts.placements.map((placement) => {
    const known = (recorded.get(keyOf(placement)) ?? []).filter(isKnown)
    return foldWhole({ placement, levels }, selected(placement, known))
  })
}

/** Those of the known rows that are judged: live ones, and where memory was read out what `domain/readout` selects. */
function selected({ rules, readouts }: PlacementFacts, known: readonly RecordedRow[]) {
  if (rules.toAt <= rules.fromAt) return { rows: [], differing: new Set<never>() }
  if (readouts.length === 0) {
    const rows = known.filter((row) => !row.isMemory && row.at >= rules.fromAt && row.at < rules.toAt)
    return { rows, differing: new Set<never>() }
  }
  const [live, memory] = [
    known.filter((row) => !row.isMemory),
    known.filter((row) => row.isMemory && isSaidBy(row, readouts)),
  ]
  const judged = judgedRows({ live, memory, readouts, scope: rules, isOut: isBeyond(rules) })
  return { rows: judged.rows, differing: new Set(judged.differing) }
}

/** The rows of a placement that were known, in the window or not. */
export function knownRows(
  placement: PlacementFacts,
  recorded: Recorded,
  isKnown: (row: RecordedRow) => boolean,
): RecordedRow[] {
  const rows = recorded.get(keyOf(placement)) ?? []
  return rows.filter((row) => isKnown(row) && row.at >= placement.fromAt && row.at < placement.toAt)
}
