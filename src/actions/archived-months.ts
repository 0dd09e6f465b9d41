import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import type { ArchivedTable } from '../domain/archive-format.ts'
import { type Month, monthSpan } from '../domain/month.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { hasPassed, unplacedRetention } from '../domain/retention.ts'
import { isoInstant } from '../domain/units.ts'

/**
 * A month of a table that lives in an archive and not in the database; `[fromAt, toAt)` are its instants. `knownAt` is
 * when it was archived.
 */
export type ArchivedMonth = { id: number; name: string; month: Month; fromAt: number; toAt: number; knownAt: number }

/** The months of a table that are archived and not restored, oldest first: a few hundred in thirty years. */
export async function archivedMonths(
  db: Pick<Tx, 'selectFrom'>,
  table: ArchivedTable,
): Promise<readonly ArchivedMonth[]> {
  const rows = await db
    .selectFrom('archive')
    .leftJoin('archive_restoration', 'archive_id', 'archive.id')
    .select(['archive.id', 'name', sql<string>`to_char(month, 'YYYY-MM')`.as('month'), 'archive.known_at'])
    .where('table_name', '=', table)
    .where('archive_id', 'is', null)
    .orderBy('archive.month')
    .execute()
  return rows.map(({ id, name, month, known_at: knownAt }) => ({ id, name, month, ...monthSpan(month), knownAt }))
}

/** Those that have an instant in common with a stretch of time `[fromAt, toAt)`. */
export function within(
  months: readonly ArchivedMonth[],
  { fromAt, toAt }: { fromAt: number; toAt: number },
): ArchivedMonth[] {
  return months.filter((month) => month.fromAt < toAt && month.toAt > fromAt && fromAt < toAt)
}

/** What a list asks for: `[fromAt, toAt)`, null leaves a side open. */
type Asked = { fromAt: number | null; toAt: number | null }

/**
 * The refusal of a list that would leave out, unsaid, what a sensor of the shipment measured in archived months; null
 * where it is whole.
 */
export async function refuseArchivedOfShipment(
  db: Pick<Tx, 'selectFrom'>,
  table: ArchivedTable,
  asked: Asked & { shipmentId: number; sensorId: number | null },
): Promise<Refusal | null> {
  const months = within(await archivedMonths(db, table), stretchOf(asked))
  if (months.length === 0) return null
  let query = db
    .selectFrom('placement')
    .select(['from_at', 'to_at'])
    .where('shipment_id', '=', asked.shipmentId)
    .where('superseded_at', 'is', null)
  if (asked.sensorId !== null) query = query.where('sensor_id', '=', asked.sensorId)
  const placements = await query.execute()
  const isMet = (month: ArchivedMonth) =>
    placements.some(({ from_at: fromAt, to_at: toAt }) => within([month], { fromAt, toAt: toAt ?? FOREVER }).length > 0)
  return refuseMonths(months.filter(isMet))
}

/**
 * The same of a sensor. A month was archived no sooner than what was received last had been kept for its time, so that
 * one archived before then holds nothing of a sensor that was registered later.
 */
export async function refuseArchivedOfSensor(
  db: Pick<Tx, 'selectFrom'>,
  table: ArchivedTable,
  asked: Asked & { registeredAt: number },
): Promise<Refusal | null> {
  const months = within(await archivedMonths(db, table), stretchOf(asked))
  const kept = unplacedRetention(asked.registeredAt)
  return refuseMonths(months.filter(({ knownAt }) => hasPassed(kept, knownAt)))
}

const FOREVER = Number.POSITIVE_INFINITY

function stretchOf({ fromAt, toAt }: Asked): { fromAt: number; toAt: number } {
  return { fromAt: fromAt ?? Number.NEGATIVE_INFINITY, toAt: toAt ?? FOREVER }
}

/** The refusal that names archives; null for none. */
export function refuseMonths(months: readonly ArchivedMonth[]): Refusal | null {
  const last = months.at(-1)
  if (last === undefined) return null
  const names = months.map(({ name }) => name).join(', ')
  const instead = `have them restored, or ask from ${isoInstant(last.toAt)} on`
  return refuse('archived', `Part of what you ask for is archived (${names}): ${instead}.`)
}
