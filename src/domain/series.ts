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

/** The stretches `[fromAt + n * widthMs, …)` up to `toAt`. */
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
 * A grid of at most `points` stretches over a time. With `unitMs` it begins at and counts in whole units, so that cells
 * of that width fit into it.
 */
export function gridOf(span: Expected, points: number, unitMs: number | null = null): Grid {
  const unit = unitMs ?? 1
  const fromAt = Math.floor(span.fromAt / unit) * unit
  // one stretch more than points where the end is not a whole unit would be one too many
  const widthMs = Math.max(1, Math.ceil((span.toAt - fromAt) / points / unit)) * unit
  return { fromAt, toAt: Math.max(span.toAt, fromAt), widthMs }
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

function emptyBucket({ fromAt: origin, toAt: end, widthMs }: Grid, index: number): Bucket {
  const fromAt = origin + index * widthMs
  const toAt = Math.min(end, fromAt + widthMs)
  return { fromAt, toAt, values: 0, faults: 0, lowestMilliC: null, highestMilliC: null, gapMs: 0 }
}

function addCell(bucket: Bucket, cell: Cell): void {
  bucket.values += cell.values
  bucket.faults += cell.faults
  bucket.gapMs += cell.gapMs
  bucket.lowestMilliC = extreme(Math.min, bucket.lowestMilliC, cell.lowestMilliC)
  bucket.highestMilliC = extreme(Math.max, bucket.highestMilliC, cell.highestMilliC)
}

/** The lower or the higher one, of those that are there. */
export function extreme(pick: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
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
