import type { Level, Severity } from '../src/domain/profile.ts'
import type { Limits } from './limits.ts'

/**
 * The oracle: what the service must answer for a sensor's samples, found by brute force. Time is cut into cells of
 * `gridMs`; every cell looks up the samples around it and applies the rule of domain page 2.3 in its plain words. It
 * shares no code with the judging engine: no fold, no intervals, no checkpoints. All changes must lie on the grid,
 * that is, the instants of samples, the intervals of the limits and the start of the window.
 */
export function truthOf(limits: Limits, window: TruthWindow, samples: readonly TruthSample[]): Truth {
  return combinedTruthOf(limits, window, [{ fromAt: window.fromAt, toAt: Number.POSITIVE_INFINITY, samples }])
}

/**
 * The same for all product sensors of a shipment (domain page 2.4), cell by cell: out where any of them is out, else
 * presumed out where any is; a gap where fewer than `requiredSensors` (one, unless the limits say otherwise) have a
 * value. Placements, too, begin and end on the grid.
 */
export function combinedTruthOf(
  limits: Limits & { requiredSensors?: number },
  window: TruthWindow,
  placements: readonly TruthPlacement[],
): Truth {
  const lanes = placements.map((placement) => laneOf(limits, window, placement))
  const seen = lanes.flatMap((lane) => lane.seen)
  const cells = cellsOf(limits, window, lanes)
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

/** A product sensor rides along in `[fromAt, toAt)`; what it measures before and after is not judged. */
export type TruthPlacement = { fromAt: number; toAt: number; samples: readonly TruthSample[] }

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

/** One placement within the window: what it saw, and how to know at any instant what it knows. */
type Lane = { seen: readonly Instant[]; viewAt: (at: number) => View | null }

/** What one sensor knows at an instant: is a value known, and which samples stand before and behind it. */
type View = { known: 'value' | 'gap' | 'lead-in'; before: Instant | null; behind: Instant | null }

function laneOf(limits: Limits, window: TruthWindow, placement: TruthPlacement): Lane {
  const fromAt = Math.max(window.fromAt, placement.fromAt)
  const toAt = Math.min(window.toAt, placement.toAt)
  const isOpen = !window.closed && placement.toAt > window.toAt
  const seen = instantsIn({ fromAt, toAt, closed: !isOpen }, placement.samples)
  const viewAt = (at: number): View | null => {
    if (at < fromAt || at >= placement.toAt) return null
    const after = firstAfter(seen, at)
    const [before, behind] = [seen[after - 1] ?? null, seen[after] ?? null]
    // with nothing measured at all there is no lead-in to anything
    const around = { before, behindAt: behind?.at ?? toAt, fromAt, limits }
    return { known: seen.length === 0 ? 'gap' : knownAt(at, around), before, behind }
  }
  return { seen, viewAt }
}

/** Fault codes leave a hole; two values of one instant are both kept. */
function instantsIn(span: Omit<TruthWindow, 'gridMs'>, samples: readonly TruthSample[]): Instant[] {
  const values = new Map<number, number[]>()
  for (const { at, milliC } of samples) {
    const inside = at >= span.fromAt && (at < span.toAt || (!span.closed && at === span.toAt))
    if (inside && milliC !== null && !isFaultCode(milliC)) values.set(at, [...(values.get(at) ?? []), milliC])
  }
  return [...values]
    .map(([at, all]) => ({ at, lowest: Math.min(...all), highest: Math.max(...all) }))
    .sort((a, b) => a.at - b.at)
}

/** By halving: thousands of shipments are looked up at the end of a fleet's play. */
function firstAfter(seen: readonly Instant[], at: number): number {
  let [low, high] = [0, seen.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((seen[middle]?.at ?? Number.POSITIVE_INFINITY) <= at) low = middle + 1
    else high = middle
  }
  return low
}

function isFaultCode(milliC: number): boolean {
  return milliC <= -270_000 || milliC >= 150_000
}

/** A slice of time: do enough sensors have a value, and what each of those that ride along knows. */
type Cell = { at: number; ms: number; known: View['known']; views: readonly View[] }

function cellsOf(limits: { requiredSensors?: number }, window: TruthWindow, lanes: readonly Lane[]): Cell[] {
  const instants: number[] = []
  for (let at = window.fromAt; at < window.toAt; at += window.gridMs) instants.push(at)
  // a reading of the very instant of the question has no duration yet, but may be an alarm already
  if (lanes.some(({ seen }) => seen.at(-1)?.at === window.toAt)) instants.push(window.toAt)
  return instants.map((at): Cell => {
    const present = lanes.flatMap((lane) => lane.viewAt(at) ?? [])
    const known = enough(present, limits.requiredSensors ?? 1)
    const views = present.length > 0 ? present : [nobody(lanes, at)]
    return { at, ms: Math.min(window.gridMs, window.toAt - at), known, views }
  })
}

/** A short lead-in counts towards the sensors required, but nothing is covered by it. */
function enough(views: readonly View[], required: number): View['known'] {
  const values = views.filter(({ known }) => known === 'value').length
  const leadIns = views.filter(({ known }) => known === 'lead-in').length
  if (values >= required) return 'value'
  return values + leadIns >= required ? 'lead-in' : 'gap'
}

/** Where no sensor rides along, the last sample before and the first behind speak for the gap. */
function nobody(lanes: readonly Lane[], at: number): View {
  const all = lanes.flatMap(({ seen }) => seen).sort((a, b) => a.at - b.at)
  const after = firstAfter(all, at)
  return { known: 'gap', before: all[after - 1] ?? null, behind: all[after] ?? null }
}

type Around = { before: Instant | null; behindAt: number; fromAt: number; limits: Limits }

function knownAt(at: number, { before, behindAt, fromAt, limits }: Around): View['known'] {
  if (before === null) return behindAt - fromAt > limits.maxGapMs ? 'gap' : 'lead-in'
  if (behindAt - before.at <= limits.maxGapMs) return 'value'
  return at < before.at + limits.nominalIntervalMs ? 'value' : 'gap'
}

function isBeyond(level: Level, instant: Instant | null): boolean {
  if (instant === null) return false
  return level.side === 'high' ? instant.highest > level.limitMilliC : instant.lowest < level.limitMilliC
}

function isPresumedOut(level: Level, { known, before, behind }: View): boolean {
  return known === 'gap' && (isBeyond(level, before) || isBeyond(level, behind))
}

function levelTruth(level: Level, cells: readonly Cell[]): LevelTruth {
  const isOut = ({ views }: Cell) => views.some(({ known, before }) => known === 'value' && isBeyond(level, before))
  const isPresumed = (cell: Cell) => !isOut(cell) && cell.views.some((view) => isPresumedOut(level, view))
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
