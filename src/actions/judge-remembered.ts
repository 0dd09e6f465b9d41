import { isDeepStrictEqual } from 'node:util'
import type { Recording } from '../../db/recording.ts'
import type { Ctx } from '../context.ts'
import { type Assessment, assess, SUSPECT_AFTER_MS } from '../domain/assess.ts'
import { areFew, calmOf, goOnFrom, notesOf, rest } from '../domain/calm.ts'
import { type FoldRules, type Row, upToAt } from '../domain/excursion.ts'
import { flatMs, isCalm, type Quiet, quietAfter } from '../domain/quiet.ts'
import { addHistory, dropOutdated, type Outdated, type StoredCheckpoint } from './checkpoints.ts'
import { advance, type Folded } from './fold-placements.ts'
import { attempt } from './judge.ts'
import { canGoBack, goBack, recentFrom, slipIn } from './recent-rows.ts'
import type { ShipmentMemory } from './recorder-memory.ts'
import { saysTheSame, storeEvaluations } from './store-evaluations.ts'

/**
 * A remembered shipment with the readings that came for it, ascending, in the order of its folds; none for a fold:
 * undefined. `onward`, all after what is folded; `late`, some of them
 * not; `others`, with what other processes stored since.
 */
export type Extension = { entry: ShipmentMemory; rows: Rows; came: 'onward' | 'late' | 'others'; few: boolean }

type Rows = readonly (readonly Row[] | undefined)[]

/**
 * The readings that are judged, those noted before too, where all come after what is folded, or among the rows that
 * are remembered; null where one does not. That re-folds what follows it, which needs the stored readings: the caller
 * judges such a shipment from its checkpoints.
 */
export function extensionOf(entry: ShipmentMemory, rowsOf: ReadonlyMap<number, readonly Row[]>): Extension | null {
  const rows: (readonly Row[] | undefined)[] = []
  const noted = entry.calm === null ? [] : notesOf(entry.calm)
  let met = 0
  let came: Extension['came'] = 'onward'
  for (const [index, fold] of entry.folded.entries()) {
    const { placement, state } = fold
    const list = rowsOf.get(placement.id)
    if (list !== undefined) met++
    const judged = inTurn(noted[index] ?? NO_ROWS, inScope(list ?? NO_ROWS, placement.rules))
    const [first] = judged
    rows.push(first && judged)
    if (first === undefined || first.at > upToAt(state)) continue
    if (!canGoBack(fold, first.at)) return null
    came = 'late'
  }
  return met === rowsOf.size ? { entry, rows, came, few: areFew(rowsOf) } : null
}

const NO_ROWS: readonly Row[] = []

/** Both ascend. */
function inTurn(noted: readonly Row[], came: readonly Row[]): readonly Row[] {
  const [last, first] = [noted.at(-1), came[0]]
  if (last === undefined) return came
  const all = [...noted, ...came]
  return first === undefined || first.at > last.at ? all : all.sort((a, b) => a.at - b.at)
}

/** What lies outside of placement and window is kept, not judged. */
export function inScope(rows: readonly Row[], { fromAt, toAt }: Pick<FoldRules, 'fromAt' | 'toAt'>): readonly Row[] {
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined || (first.at >= fromAt && last.at < toAt)) return rows
  return rows.filter((row) => row.at >= fromAt && row.at < toAt)
}

/**
 * Judges shipments whose folds are remembered. Most readings change nothing that an evaluation says;
 * those that might are combined and compared with the current version. Checkpoints on the way are stored. Answers the
 * shipments for which that failed: their folds are good for nothing any more.
 *
 * Each is taken as it is asked for, and what asking has brought near need not be fetched again: of 10,000 sensors a
 * fold costs more to reach than to go on.
 */
export async function judgeRemembered(run: Recording, ctx: Ctx, extensions: Iterable<Extension>): Promise<number[]> {
  const failed: number[] = []
  let count = 0
  const toStore: ToStore = { histories: [], outdated: [] }
  const judged: Combining[] = []
  for (const extension of extensions) {
    count += countOf(extension)
    try {
      const one = goOn(extension, toStore)
      if (one !== null) judged.push(one)
    } catch (error) {
      ctx.log.warn({ err: error }, 'Judging from memory failed; judging from the stored readings')
      failed.push(extension.entry.facts.shipmentId)
    }
  }
  ctx.metrics.judged.inc(count)
  const { histories, outdated } = toStore
  if (outdated.length > 0) await dropOutdated(run.tx, outdated)
  if (histories.length > 0) await addHistory(run.tx, histories)
  if (judged.length === 0) return failed
  const stored = await attempt(run.tx, () => storeEvaluations(run.tx, ctx, judged))
  if ('error' in stored) return [...failed, ...judged.map(({ entry }) => entry.facts.shipmentId)]
  for (const { entry } of judged) entry.head = stored.get(entry.facts.shipmentId) ?? entry.head
  return failed
}

type Combining = { entry: ShipmentMemory; assessment: Assessment; head: ShipmentMemory['head'] }

/** Feeds the readings; the new assessment where the evaluation says something else than before. */
function goOn({ entry, rows, came, few }: Extension, toStore: ToStore): Combining | null {
  const quietly = extend(entry, rows, toStore)
  if (came === 'others') for (const fold of entry.folded) forgetStored(fold)
  const assessment = quietly ? null : assess(entry.facts, entry.folded, 'stored')
  if (assessment !== null) entry.quiet = quietOf(assessment)
  mayNote(entry, few)
  if (assessment === null) return null
  return saysTheSame(assessment, entry.head) ? null : { entry, head: entry.head, assessment }
}

/** Whether the next readings may only be noted. */
function mayNote(entry: ShipmentMemory, few: boolean): void {
  if (few) entry.calm ??= calmOf(entry.facts.placements)
  if (entry.calm === null) return
  if (few) goOnFrom(entry.calm, entry.folded, entry.quiet)
  else rest(entry.calm)
}

function countOf({ rows }: Extension): number {
  let count = 0
  for (const list of rows) count += list?.length ?? 0
  return count
}

/** When an assessment is changed by no reading that only goes on. */
export function quietOf({ span, combined, shipment }: Assessment): Quiet | null {
  const certificates = shipment.placements.flatMap((placement) => placement.certificates)
  const boundaries = certificates.flatMap(({ calibratedAt, dueAt }) => [calibratedAt, dueAt])
  // the first instant at which a placement is judged, with or without a reading of its own
  const begins = shipment.placements.map(({ rules }) => rules.fromAt - 1)
  const doubts = shipment.placements.flatMap((placement) => placement.doubts.flatMap(({ fromAt }) => fromAt ?? []))
  return quietAfter({ span, combined, profile: shipment.profile }, [...boundaries, ...begins, ...doubts])
}

type History = { folded: Folded; from: number; history: StoredCheckpoint[] }

/** Checkpoints passed on the way, and what is stored of folds that had seen too little. */
type ToStore = { histories: History[]; outdated: Outdated[] }

/** Feeds the readings; true when the shipment's evaluation says the same as before. */
function extend({ folded, quiet }: ShipmentMemory, rowsOf: Rows, toStore: ToStore): boolean {
  let quietly = true
  for (const [index, fold] of folded.entries()) {
    const rows = rowsOf[index]
    if (rows === undefined) quietly &&= fold.state.open === null || isCalm(fold.state, fold.placement.rules)
    else quietly = takeAll(fold, rows, { quiet, toStore }) && quietly
  }
  return quiet === 'not_packed' || (quiet !== null && quietly)
}

function isLate({ state }: Folded, [first]: readonly Row[]): boolean {
  return first !== undefined && first.at <= upToAt(state)
}

type Taking = { quiet: Quiet | null; toStore: ToStore }

/** Takes rows wherever they belong; whether the evaluation says the same with them. */
function takeAll(fold: Folded, rows: readonly Row[], taking: Taking): boolean {
  if (!isLate(fold, rows)) return takeOnward(fold, rows, taking)
  const upTo = upToAt(fold.state)
  const left = rows.filter((row) => row.at > upTo || !slipIn(fold, row))
  const [first] = rows
  if (first !== undefined && left[0] !== first) outdate(fold, first.at, taking.toStore)
  if (left.length === 0) return goesOn(fold, taking.quiet)
  return isLate(fold, left) ? takeLate(fold, left, taking) : takeOnward(fold, left, taking)
}

/** Checkpoints that are stored after an instant saw too little, and intervals beyond those there are may be others. */
function outdate(fold: Folded, afterAt: number, { outdated }: ToStore): void {
  const intervals = fold.intervals.length
  if (fold.storedUpToAt <= afterAt && fold.storedIntervals <= intervals) return
  outdated.push({ placementId: fold.placement.id, upToAt: afterAt, intervals })
  fold.storedUpToAt = Math.min(fold.storedUpToAt, afterAt)
  fold.storedIntervals = Math.min(fold.storedIntervals, intervals)
  fold.checkpointAfter = 0
}

/** Takes rows that come after all others; whether they only go on. */
function takeOnward(fold: Folded, rows: readonly Row[], { quiet, toStore }: Taking): boolean {
  const openAt = fold.state.open?.at ?? Number.NEGATIVE_INFINITY
  const wasCalm = isCalm(fold.state, fold.placement.rules)
  const before = fold.intervals.length
  feed(fold, rows, toStore)
  return wasCalm && fold.intervals.length === before && openAt >= fromAtOf(quiet) && goesOn(fold, quiet)
}

/** Takes rows among those that are remembered; whether they change nothing of what was found. */
function takeLate(fold: Folded, late: readonly Row[], { quiet, toStore }: Taking): boolean {
  const { first } = fold.state
  const openAt = fold.state.open?.at ?? Number.NEGATIVE_INFINITY
  const isInside = (late.at(-1)?.at ?? openAt) <= openAt
  const wasSteady = isCalm(fold.state, fold.placement.rules) && !isSuspect(fold)
  const { rows, reopened } = goBack(fold, late)
  outdate(fold, upToAt(fold.state), toStore)
  const before = fold.intervals.length
  feed(fold, rows, toStore)
  const closed = fold.intervals.slice(before)
  const isSame =
    isEqual(fold.state.first, first) && (closed.length + reopened.length === 0 || isEqual(closed, reopened))
  return wasSteady && isSame && (isInside || openAt >= fromAtOf(quiet)) && goesOn(fold, quiet)
}

/** Mostly the very same: the general comparison takes longer than to fold a dozen rows. */
function isEqual(a: unknown, b: unknown): boolean {
  return a === b || isDeepStrictEqual(a, b)
}

function feed(fold: Folded, rows: readonly Row[], { histories }: ToStore): void {
  const from = fold.storedIntervals
  const history = advance(fold, rows)
  const newest = history.at(-1)
  if (newest === undefined) return
  histories.push({ folded: fold, from, history })
  fold.storedIntervals = fold.intervals.length
  fold.storedUpToAt = Math.max(fold.storedUpToAt, upToAt(newest.state))
}

/**
 * Checkpoints and intervals may be stored that this process does not know, all of them from before the state as it is:
 * forgetting the rows before it, the fold never goes back behind them.
 */
function forgetStored(fold: Folded): void {
  fold.storedUpToAt = Number.POSITIVE_INFINITY
  fold.recent = recentFrom(fold.state, fold.intervals.length)
}

function fromAtOf(quiet: Quiet | null): number {
  return quiet === null || quiet === 'not_packed' ? Number.NEGATIVE_INFINITY : quiet.fromAt
}

/** In range still, with the same certificates, and not standing still for too long. */
function goesOn(fold: Folded, quiet: Quiet | null): boolean {
  const { state, placement } = fold
  if (quiet === null || quiet === 'not_packed' || state.open === null) return false
  return state.open.at <= quiet.untilAt && isCalm(state, placement.rules) && !isSuspect(fold)
}

/** Stands still for longer than a sensor that is known to be noisy can. */
function isSuspect({ state, placement }: Folded): boolean {
  return placement.noisy && flatMs(state) > SUSPECT_AFTER_MS
}
