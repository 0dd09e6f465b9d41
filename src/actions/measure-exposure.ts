import type { Tx } from '../../db/connect.ts'
import type { JudgedSpan } from '../domain/combine.ts'
import { isFault } from '../domain/excursion.ts'
import { type Exposure, expose } from '../domain/exposure.ts'
import type { PlacedRows } from '../domain/placed-rows.ts'
import { loadJudgedRows } from './fold-placements.ts'
import { loadFacts, type ShipmentFacts } from './judging-facts.ts'

/** A shipment's facts with every row its product placements are judged by. */
export type Measured = { facts: ShipmentFacts; placed: PlacedRows[] }

/** All of a shipment's life: it is read by whoever asks for its budget, never while readings are recorded. */
const ALL_ROWS = 100_000_000

/** Loads what a shipment's placements measured within its window; nothing of one that is not packed. */
export async function loadMeasured(tx: Tx, shipmentId: number): Promise<Measured> {
  const [facts] = await loadFacts(tx, [shipmentId])
  if (facts === undefined) throw new Error(`shipment ${shipmentId} has no facts`)
  if (facts.window === null) return { facts, placed: [] }
  const wanted = facts.placements.map((placement) => ({ placement, afterAt: Number.NEGATIVE_INFINITY }))
  const { rowsOf } = await loadJudgedRows(tx, wanted, ALL_ROWS)
  const placed = facts.placements.map(({ id, rules }) => ({ rules, rows: rowsOf.get(id)?.rows ?? [] }))
  return { facts, placed }
}

/**
 * Where a unit was while it rode with the shipment, up to `untilAt`. In an open window the silence after the newest
 * reading counts up to there.
 */
export function exposureUntil({ facts, placed }: Measured, untilAt: number): Exposure {
  const span = spanUntil({ facts, placed }, untilAt)
  if (span === null) return { usage: [], unobserved: [], current: null }
  return expose(facts.profile, placed, { span, within: { fromAt: span.fromAt, toAt: Math.min(untilAt, span.toAt) } })
}

function spanUntil({ facts: { window }, placed }: Measured, untilAt: number): JudgedSpan | null {
  if (window === null) return null
  const { fromAt, toAt } = window
  if (toAt !== Number.POSITIVE_INFINITY) return { fromAt, toAt, closed: true }
  return { fromAt, toAt: Math.max(fromAt, untilAt, newestAt(placed)), closed: false }
}

/** The latest instant with a value; what is placed may have measured beyond the instant that is asked for. */
function newestAt(placed: readonly PlacedRows[]): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const { rules, rows } of placed) {
    for (const { at, milliC } of rows) if (milliC !== null && !isFault(milliC, rules) && at > newest) newest = at
  }
  return newest
}
