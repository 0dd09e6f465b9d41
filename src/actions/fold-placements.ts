import type { Tx } from '../../db/connect.ts'
import { emptyState, type FoldState, type Interval, snapshot, take, upToAt } from '../domain/excursion.ts'
import { type Base, loadBases, type StoredCheckpoint, writeFolds } from './checkpoints.ts'
import type { PlacementFacts } from './judging-facts.ts'
import { loadRows } from './load-rows.ts'

/**
 * A placement to fold. `changedFromAt` is the oldest instant at which its readings changed, Infinity where none did;
 * `behind` says that readings may lie after its checkpoint.
 */
export type FoldWork = { placement: PlacementFacts; levels: number; changedFromAt: number; behind: boolean }

export type Folded = {
  placement: PlacementFacts
  state: FoldState
  /** All intervals closed so far, the stored ones included. */
  intervals: Interval[]
  /** Oldest instant not folded yet because the budget was used up; null when all is folded. */
  unfoldedFromAt: number | null
}

/** One checkpoint per this many readings, so that a late reading re-folds little. */
const CHECKPOINT_EVERY = 256

/**
 * Stage 1 for many placements: each continues from its newest usable checkpoint, reads what follows (at most `budget`
 * rows in all, shared evenly) and, where `write` is set, stores its new checkpoints and intervals. Checkpoints are a
 * cache: without any the result is the same.
 */
export async function foldPlacements(
  tx: Tx,
  works: readonly FoldWork[],
  options: { budget: number; write: boolean },
): Promise<{ folded: Folded[]; rows: number }> {
  const bases = await loadBases(tx, works)
  const stale = works.filter((work) => work.behind || !isTip(bases, work))
  const limit = Math.max(CHECKPOINT_EVERY * 2, Math.floor(options.budget / Math.max(1, stale.length)))
  const { rowsOf, rows } = await loadRows(
    tx,
    stale.map((work) => ({ ...work, afterAt: bases.get(work.placement.id)?.upToAt ?? Number.NEGATIVE_INFINITY })),
    limit,
  )
  const results = works.map((work) => foldOne(work, bases.get(work.placement.id), rowsOf.get(work.placement.id)))
  if (options.write)
    await writeFolds(
      tx,
      results.filter(({ touched }) => touched),
    )
  return { folded: results.map(({ folded }) => folded), rows }
}

/** What folding one placement leaves to store. */
export type FoldResult = {
  folded: Folded
  touched: boolean
  base: Base | null
  history: StoredCheckpoint[]
  newIntervals: Interval[]
}

function isTip(bases: Map<number, Base>, work: FoldWork): boolean {
  return bases.get(work.placement.id)?.ordinal === -1
}

type Rows = { at: number; milliC: number | null }[]

function foldOne(work: FoldWork, base: Base | undefined, found: { rows: Rows; more: boolean } | undefined): FoldResult {
  const { placement } = work
  const state = base === undefined ? emptyState(work.levels) : base.state
  const history: StoredCheckpoint[] = []
  const newIntervals: Interval[] = []
  const earlier = base?.intervals ?? []
  let taken = base?.ordinal ?? 0
  for (const row of found?.rows ?? []) {
    const due = state.valid > 0 && state.valid % CHECKPOINT_EVERY === 0 && state.valid !== taken
    // only between two instants is a state complete enough to be continued from strictly after it
    if (due && row.at > upToAt(state)) {
      newIntervals.push(...state.closed.splice(0))
      history.push({ ordinal: state.valid, state: snapshot(state), intervals: earlier.length + newIntervals.length })
      taken = state.valid
    }
    take(state, placement.rules, row)
  }
  newIntervals.push(...state.closed.splice(0))
  const folded: Folded = {
    placement,
    state,
    intervals: [...earlier, ...newIntervals],
    unfoldedFromAt: found?.more === true ? upToAt(state) + 1 : null,
  }
  return { folded, touched: found !== undefined, base: base ?? null, history, newIntervals }
}
