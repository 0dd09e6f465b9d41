import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { Tx } from '../../db/connect.ts'
import { at, type Tables } from '../../db/tables.ts'
import type { BudgetEntry, BudgetPosting, BudgetSource } from '../domain/budget-ledger.ts'
import { numbers } from './load-rows.ts'

/** The entries of units of shipments in order of posting, by unit; the ledger's unit is the id of that row. */
export async function loadEntries(tx: Tx, unitIds: readonly number[]): Promise<Map<number, BudgetEntry[]>> {
  if (unitIds.length === 0) return new Map()
  const found = await sql<EntryRow>`
    select e.*, u.shipment_id from budget_entry e join unit u on u.id = e.unit_id
    where e.unit_id = any(${numbers(unitIds)}::bigint[]) order by e.id`.execute(tx)
  const rowsOf = Map.groupBy(found.rows, (row) => row.unit_id)
  return new Map([...rowsOf].map(([unitId, rows]) => [unitId, rows.map(budgetEntry)]))
}

type EntryRow = Selectable<Tables['budget_entry']> & { shipment_id: number }

/** The name of a unit of a shipment in the ledger. */
export function ledgerName(unitId: number): string {
  return String(unitId)
}

const earlierUse = z.enum(['declared', 'not_declared'])

function budgetEntry(row: EntryRow): BudgetEntry {
  return {
    id: row.id,
    unit: ledgerName(row.unit_id),
    band: row.band,
    consumedMs: row.consumed_ms,
    presumedMs: row.presumed_ms,
    source: sourceOf(row),
    reverses: row.reverses,
  }
}

function sourceOf(row: EntryRow): BudgetSource {
  const { version } = row
  if (row.declaration_id !== null) return { kind: 'declared', signature: String(row.declaration_id), version }
  if (row.parent_unit_id === null) return { kind: 'evaluation', shipmentId: row.shipment_id, version }
  const parent = ledgerName(row.parent_unit_id)
  return { kind: 'inherited', parent, earlierUse: earlierUse.parse(row.earlier_use), version }
}

/** Appends entries; one statement, whatever their number. */
export async function insertEntries(tx: Tx, postings: readonly BudgetPosting[], knownAt: number): Promise<void> {
  if (postings.length === 0) return
  const rows = postings.map(({ unit, band, consumedMs, presumedMs, source, reverses }) => ({
    unit_id: Number(unit),
    band,
    consumed_ms: consumedMs,
    presumed_ms: presumedMs,
    source: source.kind,
    version: source.version,
    declaration_id: source.kind === 'declared' ? Number(source.signature) : null,
    parent_unit_id: source.kind === 'inherited' ? Number(source.parent) : null,
    earlier_use: source.kind === 'inherited' ? source.earlierUse : null,
    reverses,
  }))
  await sql`insert into budget_entry (unit_id, band, consumed_ms, presumed_ms, source, version, declaration_id,
      parent_unit_id, earlier_use, reverses, known_at)
    select r.*, ${at(knownAt)} from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(unit_id bigint, band text,
      consumed_ms bigint, presumed_ms bigint, source text, version bigint, declaration_id bigint,
      parent_unit_id bigint, earlier_use text, reverses bigint)`.execute(tx)
}

const ms = z.int().nonnegative()

/** Usage as it is kept in a jsonb column. */
export const storedUsage = z.array(z.object({ band: z.string(), consumedMs: ms, presumedMs: ms })).readonly()
