/**
 * Sequence numbers of a sensor's messages: which were seen, so that a lost message is noticed and asked for again
 * (domain page 2.8: numbers missing are loss, a restart is a battery or reset event; both are reported).
 *
 *   first number ──► seen {n} ── n+1 ──► grows ── later one ──► a gap ── the missing ones ──► closed
 *                                 └─ a number seen before, with readings later than all: restart, a new epoch
 *                                    └─ a later number with readings from before the epoch: former, no gap
 */
export type Sequence = {
  /** Restarts seen so far. */
  epoch: number
  /** Ascending, apart by at least one number; both ends belong to a range. */
  seen: SeqRange[]
  /** The earliest reading of the message that began the epoch, epoch milliseconds; null: no restart was seen. */
  begunAt: number | null
}

/** Both ends belong to it. */
export type SeqRange = readonly [from: number, to: number]

/** How a number stands to what was seen. */
export type SequenceStep = 'first' | 'next' | 'ahead' | 'missing' | 'repeated' | 'restart' | 'former'

/** A message's number; `later`, `former`: all its readings are later than all known, from before the epoch. */
export type Numbered = { seq: number; later: boolean; former: boolean }

/**
 * Tells what a number is, without changing anything. A device may send what it saved up before its restart under new
 * numbers, so one that goes on from what was seen, or was missing, counts whatever its readings; one further on whose
 * readings are from before the epoch is taken for one given before the restart, and shows no gap.
 */
export function stepOf(sequence: Sequence | null, { seq, later, former }: Numbered): SequenceStep {
  const top = sequence?.seen.at(-1)?.[1]
  const bottom = sequence?.seen[0]?.[0]
  if (sequence === null || top === undefined || bottom === undefined) return 'first'
  if (seq === top + 1) return 'next'
  if (seq > top) return former ? 'former' : 'ahead'
  const isSeen = seq < bottom || sequence.seen.some(([from, to]) => seq >= from && seq <= to)
  if (isSeen && later) return 'restart'
  return isSeen && seq >= bottom ? 'repeated' : 'missing'
}

/** What is missing between the first and the last number seen. */
export function gapsOf(seen: readonly SeqRange[]): SeqRange[] {
  return seen.flatMap(([from], index) => {
    const before = seen[index - 1]
    return before === undefined ? [] : [[before[1] + 1, from - 1] as const]
  })
}

/** The numbers of both, joined where they touch. */
export function union(a: readonly SeqRange[], b: readonly SeqRange[]): SeqRange[] {
  const joined: [number, number][] = []
  for (const [from, to] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

/** More gaps than a person can look into; the oldest are given up beyond it. */
export const MAX_SEQUENCE_GAPS = 64

/** The same with at most that many gaps, and what was given up for it. */
export function capped(seen: readonly SeqRange[]): { seen: SeqRange[]; givenUp: SeqRange[] } {
  const surplus = seen.length - 1 - MAX_SEQUENCE_GAPS
  if (surplus <= 0) return { seen: [...seen], givenUp: [] }
  const [first] = seen
  const last = seen[surplus]
  if (first === undefined || last === undefined) return { seen: [...seen], givenUp: [] }
  const merged: SeqRange = [first[0], last[1]]
  return { seen: [merged, ...seen.slice(surplus + 1)], givenUp: gapsOf(seen.slice(0, surplus + 1)) }
}

/** A message on its way may be overtaken: numbers missing for less are no loss yet. */
export const RESEND_GRACE_MS = 60_000
/** Numbers that were asked for so often in vain, the sensor does not have any more. */
export const MAX_RESEND_ATTEMPTS = 5

/** What is being told and was not confirmed for so long is told again. */
export const RETELL_MS = 60_000

/**
 * When numbers that were asked for, some of them `times` times only with this one, are asked for again; null: no more.
 * The pause grows: a sensor in flight hears nothing for hours.
 */
export function nextResendAt(askedAt: number, times: number): number | null {
  return times >= MAX_RESEND_ATTEMPTS ? null : askedAt + RESEND_GRACE_MS * 4 ** times
}
