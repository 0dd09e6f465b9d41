import type { Recording } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import { type Assessment, assess, SUSPECT_AFTER_MS } from '../domain/assess.ts'
import { type FoldRules, type Row, upToAt } from '../domain/excursion.ts'
import { flatMs, isCalm, type Quiet, quietAfter } from '../domain/quiet.ts'
import { addHistory, type StoredCheckpoint } from './checkpoints.ts'
import { advance, type Folded } from './fold-placements.ts'
import { attempt } from './judge.ts'
import type { ShipmentMemory } from './recorder-memory.ts'
import { storeEvaluations } from './store-evaluations.ts'

/** Readings of a shipment's placements, each list ascending. */
export type RowsOf = ReadonlyMap<number, readonly Row[]>

/** A remembered shipment with the readings that came for it. */
export type Extension = { entry: ShipmentMemory; rows: RowsOf }

/**
 * The readings that are judged, where all come strictly after what is folded; null where one does not. That re-folds
 * what follows it, which needs the stored readings: the caller judges such a shipment from its checkpoints.
 */
export function extensionOf(entry: ShipmentMemory, rowsOf: RowsOf): Extension | null {
  const rows = new Map<number, readonly Row[]>()
  let met = 0
  for (const { placement, state } of entry.folded) {
    const list = rowsOf.get(placement.id)
    if (list === undefined) continue
    met++
    const judged = inScope(list, placement.rules)
    const first = judged[0]
    if (first === undefined) continue
    if (first.at <= upToAt(state)) return null
    rows.set(placement.id, judged)
  }
  return met === rowsOf.size ? { entry, rows } : null
}

/** What lies outside of placement and window is kept, not judged. */
function inScope(rows: readonly Row[], { fromAt, toAt }: Pick<FoldRules, 'fromAt' | 'toAt'>): readonly Row[] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined || (first.at >= fromAt && last.at < toAt)) return rows
  return rows.filter((row) => row.at >= fromAt && row.at < toAt)
}

/**
 * Judges shipments whose folds are remembered and only go on. Most readings change nothing that an evaluation says;
 * those that might are combined and compared with the current version. Checkpoints on the way are stored. Answers the
 * shipments for which that failed: their folds are good for nothing any more.
 */
export async function judgeRemembered(run: Recording, ctx: Ctx, extensions: readonly Extension[]): Promise<number[]> {
  const failed: number[] = []
  const histories: History[] = []
  const judged: Combining[] = []
  for (const extension of extensions) {
    try {
      const one = goOn(extension, histories)
      if (one !== null) judged.push(one)
    } catch (error) {
      ctx.log.warn({ err: error }, 'Judging from memory failed; judging from the stored readings')
      failed.push(extension.entry.facts.shipmentId)
    }
  }
  ctx.metrics.judged.inc(countOf(extensions))
  if (histories.length > 0) await addHistory(run.tx, histories)
  if (judged.length === 0) return failed
  const stored = await attempt(run.tx, () => storeEvaluations(run.tx, ctx, judged))
  if ('error' in stored) return [...failed, ...judged.map(({ entry }) => entry.facts.shipmentId)]
  for (const { entry, assessment } of judged) {
    entry.head = stored.get(entry.facts.shipmentId) ?? entry.head
    entry.quiet = quietOf(assessment)
  }
  return failed
}

type Combining = { entry: ShipmentMemory; assessment: Assessment; head: ShipmentMemory['head'] }

/** Feeds the readings; the new assessment where the evaluation may say something else than before. */
function goOn({ entry, rows }: Extension, histories: History[]): Combining | null {
  if (extend(entry, rows, histories)) return null
  return { entry, head: entry.head, assessment: assess(entry.facts, entry.folded, 'stored') }
}

function countOf(extensions: readonly Extension[]): number {
  let count = 0
  for (const { rows } of extensions) for (const list of rows.values()) count += list.length
  return count
}

/** When an assessment is changed by no reading that only goes on. */
export function quietOf({ span, combined, shipment }: Assessment): Quiet | null {
  const certificates = shipment.placements.flatMap((placement) => placement.certificates)
  const boundaries = certificates.flatMap(({ calibratedAt, dueAt }) => [calibratedAt, dueAt])
  const doubts = shipment.placements.flatMap((placement) => placement.doubts.flatMap(({ fromAt }) => fromAt ?? []))
  return quietAfter({ span, combined, profile: shipment.profile }, [...boundaries, ...doubts])
}

type History = { folded: Folded; from: number; history: StoredCheckpoint[] }

/** Feeds the readings; true when the shipment's evaluation says the same as before. */
function extend(entry: ShipmentMemory, rowsOf: RowsOf, histories: History[]): boolean {
  const { quiet } = entry
  let quietly = true
  for (const fold of entry.folded) {
    const rows = rowsOf.get(fold.placement.id)
    if (rows === undefined) {
      quietly &&= fold.state.open === null || isCalm(fold.state, fold.placement.rules)
      continue
    }
    const openAt = fold.state.open?.at ?? Number.NEGATIVE_INFINITY
    const wasCalm = isCalm(fold.state, fold.placement.rules)
    const [from, before] = [fold.storedIntervals, fold.intervals.length]
    const history = advance(fold, rows)
    if (history.length > 0) {
      histories.push({ folded: fold, from, history })
      fold.storedIntervals = fold.intervals.length
    }
    quietly &&= wasCalm && fold.intervals.length === before && goesOn(fold, openAt, quiet)
  }
  return quiet === 'not_packed' || (quiet !== null && quietly)
}

/** In range still, from after all that was found, with the same certificates, and not standing still for too long. */
function goesOn({ state, placement }: Folded, fromAt: number, quiet: Quiet | null): boolean {
  if (quiet === null || quiet === 'not_packed' || state.open === null) return false
  if (fromAt < quiet.fromAt || state.open.at > quiet.untilAt || !isCalm(state, placement.rules)) return false
  return !placement.noisy || flatMs(state) <= SUSPECT_AFTER_MS
}
