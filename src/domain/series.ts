/**
 * Readings of a sensor channel for a chart: as many stretches as a chart has points, each with the lowest and the
 * highest corrected value in it. Nothing is left out to look smooth: an extreme of any stretch is the extreme of its
 * readings, a fault is counted, and time without data is stated to the millisecond (the hold rule of domain page 2.3).
 */
export type Bucket = {
  fromAt: number
  toAt: number
  /** Valid values, conflicting ones included. */
  values: number
  faults: number
  /** Null where no valid value is. */
  lowestMilliC: number | null
  highestMilliC: number | null
  /** How much of it no reading covers. */
  gapMs: number
}

/** The stretches `[fromAt + n * widthMs, …)` up to `toAt`, the end of the last one. */
export type Grid = { fromAt: number; toAt: number; widthMs: number }

/** What was found in a stretch that lies within one bucket of the grid. */
export type Cell = {
  at: number
  values: number
  faults: number
  lowestMilliC: number | null
  highestMilliC: number | null
  /** The first and the last instant with a valid value. */
  firstAt: number | null
  lastAt: number | null
  /** Time without data between valid values that both lie in it. */
  gapMs: number
}

/** When a value holds until the next one, and for how long where it does not (domain page 2.3 item 4). */
export type HoldRule = { nominalMs: number; maxGapMs: number }

/** The time in which a value was expected. */
export type Expected = { fromAt: number; toAt: number }

/**
 * A grid of at most `points` stretches over a time, beginning at a whole `originMs` (since 1970) and ending with a
 * whole stretch, at or after the end of the time. A stretch longer than `longestMs` is a whole number of those.
 */
export function gridOf(span: Expected, points: number, unit: { originMs: number; longestMs: number }): Grid {
  const fromAt = Math.floor(span.fromAt / unit.originMs) * unit.originMs
  const lengthMs = Math.max(0, span.toAt - fromAt)
  const leastMs = Math.max(unit.originMs, Math.ceil(lengthMs / points))
  const widthMs = leastMs <= unit.longestMs ? leastMs : Math.ceil(leastMs / unit.longestMs) * unit.longestMs
  return { fromAt, toAt: fromAt + Math.ceil(lengthMs / widthMs) * widthMs, widthMs }
}

/**
 * The buckets of a grid that have anything to say: cells ascending, which may lie outside of the grid where they only
 * show what covers its beginning and end. Where nothing is said, the value before holds on.
 */
export function bucketsOf(cells: readonly Cell[], expected: Expected, { grid, hold }: Rules): Bucket[] {
  const buckets = new Map<number, Bucket>()
  const bucketAt = (at: number) => {
    const index = Math.floor((at - grid.fromAt) / grid.widthMs)
    const found = buckets.get(index) ?? emptyBucket(grid, index)
    buckets.set(index, found)
    return found
  }
  for (const cell of cells) {
    if (cell.at >= grid.fromAt && cell.at < grid.toAt) addCell(bucketAt(cell.at), cell)
  }
  for (const gap of gapsBetween(cells, expected, hold)) {
    const end = Math.min(gap.toAt, grid.toAt)
    for (let at = Math.max(gap.fromAt, grid.fromAt); at < end; ) {
      const bucket = bucketAt(at)
      const until = Math.min(end, bucket.toAt)
      bucket.gapMs += until - at
      at = until
    }
  }
  return [...buckets.values()].sort((a, b) => a.fromAt - b.fromAt)
}

export type Rules = { grid: Grid; hold: HoldRule }

function emptyBucket({ fromAt: origin, widthMs }: Grid, index: number): Bucket {
  const fromAt = origin + index * widthMs
  return { fromAt, toAt: fromAt + widthMs, values: 0, faults: 0, lowestMilliC: null, highestMilliC: null, gapMs: 0 }
}

function addCell(bucket: Bucket, cell: Cell): void {
  bucket.values += cell.values
  bucket.faults += cell.faults
  bucket.gapMs += cell.gapMs
  bucket.lowestMilliC = extreme(Math.min, bucket.lowestMilliC, cell.lowestMilliC)
  bucket.highestMilliC = extreme(Math.max, bucket.highestMilliC, cell.highestMilliC)
}

/** Two cells of one stretch as one. */
export function joined(a: Cell, b: Cell): Cell {
  return {
    at: Math.min(a.at, b.at),
    values: a.values + b.values,
    faults: a.faults + b.faults,
    lowestMilliC: extreme(Math.min, a.lowestMilliC, b.lowestMilliC),
    highestMilliC: extreme(Math.max, a.highestMilliC, b.highestMilliC),
    firstAt: extreme(Math.min, a.firstAt, b.firstAt),
    lastAt: extreme(Math.max, a.lastAt, b.lastAt),
    gapMs: a.gapMs + b.gapMs,
  }
}

/** Ascending cells as wider ones of `widthMs`, which know of the gaps between the values of each. */
export function widened(cells: readonly Cell[], widthMs: number, hold: HoldRule): Cell[] {
  const wide: Cell[] = []
  for (const cell of cells) {
    const at = Math.floor(cell.at / widthMs) * widthMs
    const last = wide.at(-1)
    if (last?.at !== at) {
      wide.push({ ...cell, at })
      continue
    }
    const between =
      last.lastAt === null || cell.firstAt === null ? [] : gapAfter(last.lastAt, spanTo(cell.firstAt), hold)
    const gapMs = between.reduce((sum, gap) => sum + gap.toAt - gap.fromAt, 0)
    wide[wide.length - 1] = joined({ ...last, gapMs: last.gapMs + gapMs }, cell)
  }
  return wide
}

function spanTo(toAt: number): Stretch {
  return { fromAt: toAt, toAt }
}

/** The lower or the higher one, of those that are there. */
function extreme(pick: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return pick(a, b)
}

type Stretch = { fromAt: number; toAt: number }

/** The time without data that no cell knows of: before the first value, between cells, and after the last value. */
function gapsBetween(cells: readonly Cell[], { fromAt, toAt }: Expected, hold: HoldRule): Stretch[] {
  const gaps: Stretch[] = []
  let lastAt: number | null = null
  for (const cell of cells) {
    if (cell.firstAt === null || cell.lastAt === null) continue
    gaps.push(...gapAfter(lastAt, { fromAt, toAt: cell.firstAt }, hold))
    lastAt = cell.lastAt
  }
  const end = Math.max(toAt, lastAt ?? toAt)
  return [...gaps, ...(lastAt === null ? whole({ fromAt, toAt }) : gapAfter(lastAt, { fromAt, toAt: end }, hold))]
}

/** The gap from a value to an instant; before any value from the beginning. */
function gapAfter(lastAt: number | null, { fromAt, toAt }: Stretch, { nominalMs, maxGapMs }: HoldRule): Stretch[] {
  const since = lastAt ?? fromAt
  if (toAt - since <= maxGapMs) return []
  return whole({ fromAt: lastAt === null ? fromAt : lastAt + nominalMs, toAt })
}

function whole(stretch: Stretch): Stretch[] {
  return stretch.toAt > stretch.fromAt ? [stretch] : []
}
