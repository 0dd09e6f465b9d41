import type { Level, Severity } from '../src/domain/profile.ts'
import type { Limits } from './limits.ts'

/**
 * The oracle: what the service must answer for a sensor's samples, found by brute force. Time is cut into cells of
 * `gridMs`; every cell looks up the samples around it and applies the rule of domain page 2.3 in its plain words. It
 * shares no code with the judging engine: no fold, no intervals, no checkpoints. All changes must lie on the grid,
 * that is, the instants of samples, the intervals of the limits and the start of the window. /
 */
export function truthOf(limits: Limits, window: TruthWindow, samples: readonly TruthSample[]): Truth {
  const seen = instantsIn(window, samples)
  const cells = cellsOf(limits, window, seen)
  const levels = limits.levels.map((level) => levelTruth(level, cells))
  const gaps = runsOf(cells, (cell) => cell.known === 'gap')
  const fired = levels.filter((level) => level.alarm.state === 'confirmed').map((level) => level.severity)
  const severity = ORDER.find((candidate) => fired.includes(candidate)) ?? null
  return {
    status: statusOf({ severity, levels, gaps: gaps.length, samples: seen.length }),
    severity,
    complete: gaps.length === 0 && seen.length > 0,
    gaps: gaps.map(({ first, last }) => ({ fromAt: first.at, toAt: last.at + last.ms })),
    levels,
    coveredMs: totalMs(cells.filter((cell) => cell.known === 'value')),
    instants: seen.length,
    lowestMilliC: seen.length === 0 ? null : Math.min(...seen.map((instant) => instant.lowest)),
    highestMilliC: seen.length === 0 ? null : Math.max(...seen.map((instant) => instant.highest)),
  }
}

/** `[fromAt, toAt)`; an open window ends at the instant of the question, and a reading of that instant still counts. */
export type TruthWindow = { fromAt: number; toAt: number; closed: boolean; gridMs: number }

/** A corrected value in milli-degrees; null where the sensor itself reported a fault. */
export type TruthSample = { at: number; milliC: number | null }

export type Truth = {
  status: 'in_range' | 'excursion_below_alarm' | 'indeterminate' | 'alarm'
  severity: Severity | null
  complete: boolean
  gaps: { fromAt: number; toAt: number }[]
  levels: LevelTruth[]
  coveredMs: number
  /** Instants of the window with a value, and the lowest and highest of these values. */
  instants: number
  lowestMilliC: number | null
  highestMilliC: number | null
}

export type LevelTruth = {
  id: string
  severity: Severity
  alarm: { state: 'none' | 'confirmed' | 'presumed'; at: number | null }
  events: { startAt: number; endAt: number; confirmedMs: number; presumedMs: number }[]
  confirmedMs: number
}

const ORDER: readonly Severity[] = ['critical', 'major', 'warning']

type Instant = { at: number; lowest: number; highest: number }

/** Fault codes leave a hole; two values of one instant are both kept. */
function instantsIn(window: TruthWindow, samples: readonly TruthSample[]): Instant[] {
  const values = new Map<number, number[]>()
  for (const { at, milliC } of samples) {
    const inside = at >= window.fromAt && (at < window.toAt || (!window.closed && at === window.toAt))
    if (inside && milliC !== null && !isFaultCode(milliC)) values.set(at, [...(values.get(at) ?? []), milliC])
  }
  return [...values]
    .map(([at, all]) => ({ at, lowest: Math.min(...all), highest: Math.max(...all) }))
    .sort((a, b) => a.at - b.at)
}

function isFaultCode(milliC: number): boolean {
  return milliC <= -270_000 || milliC >= 150_000
}

/** A slice of time: is a value known there, and which samples stand before and behind it. */
type Cell = {
  at: number
  ms: number
  known: 'value' | 'gap' | 'lead-in'
  before: Instant | null
  behind: Instant | null
}

function cellsOf(limits: Limits, window: TruthWindow, seen: readonly Instant[]): Cell[] {
  const instants: number[] = []
  for (let at = window.fromAt; at < window.toAt; at += window.gridMs) instants.push(at)
  // a reading of the very instant of the question has no duration yet, but may be an alarm already
  if (seen.at(-1)?.at === window.toAt) instants.push(window.toAt)
  const cells = instants.map((at): Cell => {
    const before = seen.findLast((instant) => instant.at <= at) ?? null
    const behind = seen.find((instant) => instant.at > at) ?? null
    const around = { before, behindAt: behind?.at ?? window.toAt, fromAt: window.fromAt, limits }
    // with nothing measured at all there is no lead-in to anything
    const known = seen.length === 0 ? 'gap' : knownAt(at, around)
    return { at, ms: Math.min(window.gridMs, window.toAt - at), known, before, behind }
  })
  return cells
}

type Around = { before: Instant | null; behindAt: number; fromAt: number; limits: Limits }

function knownAt(at: number, { before, behindAt, fromAt, limits }: Around): Cell['known'] {
  if (before === null) return behindAt - fromAt > limits.maxGapMs ? 'gap' : 'lead-in'
  if (behindAt - before.at <= limits.maxGapMs) return 'value'
  return at < before.at + limits.nominalIntervalMs ? 'value' : 'gap'
}

function isBeyond(level: Level, instant: Instant | null): boolean {
  if (instant === null) return false
  return level.side === 'high' ? instant.highest > level.limitMilliC : instant.lowest < level.limitMilliC
}

function levelTruth(level: Level, cells: readonly Cell[]): LevelTruth {
  const isOut = (cell: Cell) => cell.known === 'value' && isBeyond(level, cell.before)
  const isPresumed = (cell: Cell) =>
    cell.known === 'gap' && (isBeyond(level, cell.before) || isBeyond(level, cell.behind))
  const events = runsOf(cells, (cell) => isOut(cell) || isPresumed(cell))
  const confirmedAt = alarmAt(level, cells, isOut)
  const presumedAt = alarmAt(level, cells, (cell) => isOut(cell) || isPresumed(cell))
  return {
    id: level.id,
    severity: level.severity,
    alarm: {
      state: confirmedAt !== null ? 'confirmed' : presumedAt !== null ? 'presumed' : 'none',
      at: confirmedAt ?? presumedAt,
    },
    events: events.map(({ first, last, all }) => ({
      startAt: first.at,
      endAt: last.at + last.ms,
      confirmedMs: totalMs(all.filter(isOut)),
      presumedMs: totalMs(all.filter(isPresumed)),
    })),
    confirmedMs: totalMs(cells.filter(isOut)),
  }
}

/** Counts time out cell by cell until the allowance is used; in a run of its own, or over the whole window. */
function alarmAt(level: Level, cells: readonly Cell[], isOut: (cell: Cell) => boolean): number | null {
  let outMs = 0
  for (const cell of cells) {
    if (!isOut(cell)) {
      if (level.mode === 'single') outMs = 0
      continue
    }
    if (outMs + cell.ms >= level.allowedMs) return cell.at + level.allowedMs - outMs
    outMs += cell.ms
  }
  return null
}

type Run = { first: Cell; last: Cell; all: Cell[] }

function runsOf(cells: readonly Cell[], belongs: (cell: Cell) => boolean): Run[] {
  const runs: Run[] = []
  let open: Run | null = null
  for (const cell of cells) {
    if (!belongs(cell)) {
      open = null
    } else if (open === null) {
      open = { first: cell, last: cell, all: [cell] }
      runs.push(open)
    } else {
      open.last = cell
      open.all.push(cell)
    }
  }
  return runs
}

function totalMs(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.ms, 0)
}

function statusOf(found: { severity: Severity | null; levels: LevelTruth[]; gaps: number; samples: number }) {
  if (found.severity !== null) return 'alarm'
  const presumed = found.levels.some((level) => level.alarm.state === 'presumed')
  if (presumed || found.gaps > 0 || found.samples === 0) return 'indeterminate'
  return found.levels.some((level) => level.events.length > 0) ? 'excursion_below_alarm' : 'in_range'
}
