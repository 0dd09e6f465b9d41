import type { Plan } from './plan.ts'
import type { WrittenTime } from './written-time.ts'
import { zoneClock } from './zone.ts'

/** Something with a local time whose instant is not known yet. */
export type Timed = { time: WrittenTime }

/** What became of it: its instant, or why it has none. `order`: it came twice, and the order of rows decided. */
export type Dated<T extends Timed> =
  | { row: T; at: number; by: 'clock' | 'order' }
  | { row: T; at: null; because: 'TIME_TWICE' | 'TIME_NEVER' | 'TIME_UNREADABLE' }

/** More rows within one hour than any logger writes; beyond it they are not waited for. */
const MAX_WAITING = 50_000

/**
 * Turns local times into instants, in order of the file. An hour that comes twice in autumn is decided by the order of
 * the rows: where the clock goes back the second one begins; without that, by the steps to the rows around it, when
 * exactly one of the two hours continues them evenly. A logger whose clock ignores daylight saving shows the hour once
 * and continues neither: that stays open. Rows wait for the first one after such an hour.
 */
export function datingOf<T extends Timed>(plan: Plan): Dating<T> {
  const instantsOf = plan.zone === null ? () => [] : zoneClock(plan.zone)
  let waiting: Waiting<T> | null = null
  let lastAt: number | null = null
  const settle = (nextAt: number | null): Dated<T>[] => {
    if (waiting === null) return []
    const dated = decided(waiting, plan, { lastAt, nextAt })
    waiting = null
    lastAt = dated.findLast(({ at }) => at !== null)?.at ?? lastAt
    return dated
  }
  return {
    take: (row) => {
      const { localMs, offsetMs } = row.time
      const instants = offsetMs === null ? instantsOf(localMs) : [localMs - offsetMs]
      const [first, second] = instants
      if (first === undefined) {
        const because = plan.zone === null ? ('TIME_UNREADABLE' as const) : ('TIME_NEVER' as const)
        return [...settle(null), { row, at: null, because }]
      }
      if (second !== undefined) {
        if ((waiting?.rows.length ?? 0) >= MAX_WAITING)
          return [...settle(null), { row, at: null, because: 'TIME_TWICE' }]
        const early = waiting !== null && !isOfOneFold(waiting, second - first, row) ? settle(null) : []
        waiting ??= { rows: [], foldMs: second - first }
        waiting.rows.push({ row, first, second })
        return early
      }
      const before = settle(first)
      lastAt = first
      return [...before, { row, at: first, by: 'clock' }]
    },
    end: () => settle(null),
  }
}

export type Dating<T extends Timed> = { take: (row: T) => Dated<T>[]; end: () => Dated<T>[] }

type Twofold<T> = { row: T; first: number; second: number }
type Waiting<T> = { rows: Twofold<T>[]; foldMs: number }

/** Rows of another autumn, without any row between, are another question. */
function isOfOneFold<T extends Timed>(waiting: Waiting<T>, foldMs: number, row: T): boolean {
  const [first] = waiting.rows
  return (
    first !== undefined && foldMs === waiting.foldMs && Math.abs(row.time.localMs - first.row.time.localMs) <= foldMs
  )
}

type Around = { lastAt: number | null; nextAt: number | null }

function decided<T extends Timed>({ rows }: Waiting<T>, plan: Plan, around: Around): Dated<T>[] {
  const direction = plan.descending ? -1 : 1
  const turns = rows.flatMap(({ row }, index) => {
    const before = rows[index - 1]
    return before !== undefined && (row.time.localMs - before.row.time.localMs) * direction < 0 ? [index] : []
  })
  const [turn, ...more] = turns
  // where the newest stands first, so does the second hour
  const earlier = (isBefore: boolean) => isBefore !== plan.descending
  if (turn !== undefined && more.length === 0) {
    return rows.map(({ row, first, second }, index) => {
      return { row, at: earlier(index < turn) ? first : second, by: 'order' }
    })
  }
  const hour = turn === undefined ? evenHour(rows, plan, around) : null
  if (hour === null) return rows.map(({ row }) => ({ row, at: null, because: 'TIME_TWICE' }))
  return rows.map(({ row, first, second }) => ({ row, at: hour === 'first' ? first : second, by: 'order' }))
}

/** The hour whose steps to the rows before and after are the usual one; null where none or both are. */
function evenHour<T extends Timed>(rows: readonly Twofold<T>[], plan: Plan, around: Around): 'first' | 'second' | null {
  const [begin, end] = [rows[0], rows.at(-1)]
  if (begin === undefined || end === undefined || plan.usualStepMs === null) return null
  const isEven = (from: number | null, to: number | null) =>
    from === null || to === null || Math.abs(to - from) === plan.usualStepMs
  const first = isEven(around.lastAt, begin.first) && isEven(end.first, around.nextAt)
  const second = isEven(around.lastAt, begin.second) && isEven(end.second, around.nextAt)
  if (first === second) return null
  return first ? 'first' : 'second'
}
