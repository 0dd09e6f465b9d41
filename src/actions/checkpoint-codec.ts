import { assert } from '../context.ts'
import { CONFIRMED, type FoldState, type Interval, PRESUMED } from '../domain/excursion.ts'

/**
 * The state of a fold as a flat list of integers for the `checkpoint.state` column: 15 numbers of the placement, then 5
 * per level for its running interval. Typed numbers, not jsonb: a jsonb checkpoint per sensor and batch halved the
 * path. The distinct values of the open instant are not kept, since only strictly later readings are fed to a stored
 * state.
 */
export function encodeState(state: FoldState): number[] {
  const { open, first, gap, flat, fault } = state
  const numbers = [
    open?.at ?? NONE,
    open?.min ?? NONE,
    open?.max ?? NONE,
    first?.at ?? NONE,
    first?.min ?? NONE,
    first?.max ?? NONE,
    gap?.fromAt ?? NONE,
    gap?.before?.min ?? NONE,
    gap?.before?.max ?? NONE,
    state.valid === 0 ? NONE : state.lowest,
    state.valid === 0 ? NONE : state.highest,
    flat?.sinceAt ?? NONE,
    flat?.milliC ?? NONE,
    state.longestFlatMs,
    fault?.at ?? NONE,
  ]
  for (const running of state.running) {
    if (running === null) numbers.push(NONE, NONE, NONE, NONE, NONE)
    else numbers.push(running.kind, running.fromAt, running.toAt, running.lastOutAt ?? NONE, running.extreme ?? NONE)
  }
  return numbers
}

/** The counts that stand in columns of their own. */
export type CheckpointCounts = { valid: number; faults: number; conflicts: number; coveredMs: number }

/** Rebuilds the state that `encodeState` flattened. */
export function decodeState(numbers: readonly number[], counts: CheckpointCounts): FoldState {
  const at = (index: number) => {
    const number = numbers[index]
    assert(number !== undefined, 'a checkpoint is shorter than its format')
    return number
  }
  const orNull = (index: number) => (at(index) === NONE ? null : at(index))
  const [openAt, firstAt, gapFrom, before, flatSince] = [orNull(0), orNull(3), orNull(6), orNull(7), orNull(11)]
  const faultAt = orNull(14)
  const levels = (numbers.length - HEAD) / PER_LEVEL
  return {
    ...counts,
    duplicates: 0,
    open: openAt === null ? null : { at: openAt, min: at(1), max: at(2), values: [] },
    first: firstAt === null ? null : { at: firstAt, min: at(4), max: at(5) },
    gap: gapFrom === null ? null : { fromAt: gapFrom, before: before === null ? null : { min: before, max: at(8) } },
    lowest: orNull(9) ?? Number.POSITIVE_INFINITY,
    highest: orNull(10) ?? Number.NEGATIVE_INFINITY,
    flat: flatSince === null ? null : { sinceAt: flatSince, milliC: at(12) },
    longestFlatMs: at(13),
    fault: faultAt === null ? null : { at: faultAt, values: [] },
    running: Array.from({ length: levels }, (_, level) => runningInterval(level, orNull)),
    closed: [],
  }
}

const NONE = Number.MIN_SAFE_INTEGER
const HEAD = 15
const PER_LEVEL = 5

function runningInterval(level: number, orNull: (index: number) => number | null): Interval | null {
  const start = HEAD + level * PER_LEVEL
  const [kind, fromAt, toAt] = [orNull(start), orNull(start + 1), orNull(start + 2)]
  if (kind === null || fromAt === null || toAt === null) return null
  const running = { level, fromAt, toAt, lastOutAt: orNull(start + 3), extreme: orNull(start + 4) }
  return { ...running, kind: kind === CONFIRMED ? CONFIRMED : PRESUMED }
}
