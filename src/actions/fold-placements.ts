import type { Tx } from '../../db/connect.ts'
import {
  ALL_LEVELS,
  DIFFERS,
  emptyState,
  type FoldState,
  type Interval,
  type Row,
  snapshot,
  upToAt,
} from '../domain/excursion.ts'
import { type Base, loadBases, type StoredCheckpoint, writeFolds } from './checkpoints.ts'
import type { PlacementFacts } from './judging-facts.ts'
import { loadReadOutRows } from './load-read-out-rows.ts'
import { loadRows } from './load-rows.ts'
import { isMarkDue, mark, type RecentRows, recentFrom, remember } from './recent-rows.ts'

/** A placement to fold; `changedFromAt` is the oldest instant at which its readings changed, Infinity for none. */
export type FoldWork = { placement: PlacementFacts; levels: number; changedFromAt: number }

/** A fold that goes on: the state after a reading, and all intervals closed so far. */
export type RunningFold = {
  placement: PlacementFacts
  state: FoldState
  intervals: Interval[]
  /** How many of them the database has; of those that other processes stored it may have more. */
  storedIntervals: number
  /** How many readings the newest checkpoint on the way stands after; 0 where that is not known any more. */
  checkpointAfter: number
  /** The database may have checkpoints up to that instant, and has none after it. */
  storedUpToAt: number
  recent: RecentRows
}

export type Folded = RunningFold & {
  /** Oldest instant not folded yet because the budget was used up; null when all is folded. */
  unfoldedFromAt: number | null
}

/** One checkpoint per this many readings, so that a late reading re-folds little. */
const CHECKPOINT_EVERY = 256

/**
 * Stage 1 for many placements: each continues from its newest usable checkpoint, reads what follows (at most `budget`
 * rows in all, shared evenly) and, where `write` is set, stores its new checkpoints and intervals. Checkpoints are a
 * cache: without any the result is the same. What follows a checkpoint is always read: a process that remembers its
 * folds stores a checkpoint now and then only.
 */
export async function foldPlacements(
  tx: Tx,
  works: readonly FoldWork[],
  options: { budget: number; write: boolean },
): Promise<{ folded: Folded[]; rows: number }> {
  const bases = await loadBases(tx, works)
  const limit = Math.max(CHECKPOINT_EVERY * 2, Math.floor(options.budget / Math.max(1, works.length)))
  const wanted = works.map((work) => ({ ...work, afterAt: bases.get(work.placement.id)?.upToAt ?? BEFORE_ALL }))
  const { rowsOf, rows } = await loadJudgedRows(tx, wanted, limit)
  const results = works.map((work) => foldOne(work, bases.get(work.placement.id), rowsOf.get(work.placement.id)))
  if (options.write) {
    await writeFolds(tx, results)
    for (const { folded } of results) {
      folded.storedIntervals = folded.intervals.length
      folded.storedUpToAt = upToAt(folded.state)
    }
  }
  return { folded: results.map(({ folded }) => folded), rows }
}

const BEFORE_ALL = Number.NEGATIVE_INFINITY

/** Rows to fold, ascending; `differing` are those of them that the sensor's memory lacks. */
type Found = { rows: Row[]; more: boolean; differing?: ReadonlySet<Row> }
type Wanted = { placement: PlacementFacts; afterAt: number }

/**
 * The rows placements are judged by after an instant, ascending, at most `limit` each. Those of most placements in one
 * statement; where memory was read out, which is seldom, each in its own.
 */
export async function loadJudgedRows(
  tx: Tx,
  wanted: readonly Wanted[],
  limit: number,
): Promise<{ rowsOf: Map<number, Found>; rows: number }> {
  const isReadOut = ({ placement }: Wanted) => placement.readouts.length > 0
  const live = await loadRows(
    tx,
    wanted.filter((one) => !isReadOut(one)),
    limit,
  )
  const rowsOf = new Map<number, Found>(live.rowsOf)
  let rows = live.rows
  for (const one of wanted.filter(isReadOut)) {
    const { read, ...found } = await loadReadOutRows(tx, one, limit)
    rowsOf.set(one.placement.id, found)
    rows += read
  }
  return { rowsOf, rows }
}

/** What folding one placement leaves to store; `base` is what it continued from. */
export type FoldResult = { folded: RunningFold; base: Base | null; history: StoredCheckpoint[] }

/** One placement folded from its first row on, all of which are given, without any cache. */
export function foldWhole(
  work: Pick<FoldWork, 'placement' | 'levels'>,
  found: { rows: Row[]; differing: ReadonlySet<Row> },
): Folded {
  return foldOne(work, undefined, { ...found, more: false }).folded
}

function foldOne(
  { placement, levels }: Pick<FoldWork, 'placement' | 'levels'>,
  base: Base | undefined,
  found: Found | undefined,
): FoldResult & { folded: Folded } {
  const state = base === undefined ? emptyState(levels) : base.state
  const storedIntervals = base?.intervals.length ?? 0
  const fold = {
    placement,
    state,
    intervals: [...(base?.intervals ?? [])],
    storedIntervals,
    checkpointAfter: Math.max(0, base?.ordinal ?? 0),
    storedUpToAt: Number.POSITIVE_INFINITY,
    recent: recentFrom(state, storedIntervals),
  }
  const history = found === undefined ? [] : advanceNoting(fold, found)
  const unfoldedFromAt = found?.more === true ? upToAt(fold.state) + 1 : null
  return { folded: { ...fold, unfoldedFromAt }, base: base ?? null, history }
}

/** Feeds rows and notes which of them the memory lacks, each before any later checkpoint: those then hold it. */
function advanceNoting(fold: RunningFold, { rows, differing }: Found): StoredCheckpoint[] {
  if (differing === undefined || differing.size === 0) return advance(fold, rows)
  const history: StoredCheckpoint[] = []
  let from = 0
  for (const [index, row] of rows.entries()) {
    if (!differing.has(row)) continue
    history.push(...advance(fold, rows.slice(from, index + 1)))
    from = index + 1
    const instant = { fromAt: row.at, toAt: row.at, lastOutAt: null, extreme: row.milliC }
    fold.intervals.push({ level: ALL_LEVELS, kind: DIFFERS, ...instant })
  }
  return [...history, ...advance(fold, rows.slice(from))]
}

/** Feeds rows in order to a running fold and answers the checkpoints on the way. */
export function advance(fold: RunningFold, rows: Iterable<Row>): StoredCheckpoint[] {
  const { state, intervals, placement, recent } = fold
  const history: StoredCheckpoint[] = []
  for (const row of rows) {
    if (isMarkDue(recent) && row.at > upToAt(state)) {
      intervals.push(...state.closed.splice(0))
      mark(fold)
    }
    remember(recent, row)
    const due = state.valid > 0 && state.valid % CHECKPOINT_EVERY === 0 && state.valid !== fold.checkpointAfter
    // only between two instants is a state complete enough to be continued from strictly after it
    if (due && row.at > upToAt(state)) {
      intervals.push(...state.closed.splice(0))
      history.push({ ordinal: state.valid, state: snapshot(state), intervals: intervals.length })
      fold.checkpointAfter = state.valid
    }
    placement.judge.take(state, placement.rules, row)
  }
  if (state.closed.length > 0) intervals.push(...state.closed.splice(0))
  return history
}
