import { CONFIRMED, GAP, type Interval, PRESUMED, worse } from './excursion.ts'
import type { BoundaryReading, PlacementJudgement } from './placement-judgement.ts'
import { type Level, type Profile, SEVERITY_ORDER, type Severity } from './profile.ts'

/**
 * Stage 2 of judging: the product placements of a shipment combined into its gaps, events, alarms and status, instant
 * by instant (domain page 2.4). Out where any placement is confirmed out; else presumed where any is presumed; a gap
 * where fewer than `requiredSensors` have a value. Always computed whole: it is small where nothing happened.
 */
export function combine(span: JudgedSpan, profile: Profile, placements: readonly PlacementJudgement[]): Combined {
  const { gaps, coveredMs } = coverage(span, profile, placements)
  const holes = withoutPlacement(span, placements)
  const levels = profile.levels.map((level, index) => judgeLevel(span, level, { index, placements, holes }))
  const lowest = placements.flatMap((placement) => placement.lowest ?? [])
  const highest = placements.flatMap((placement) => placement.highest ?? [])
  const valid = sum(placements, (placement) => placement.valid)
  return {
    ...statusOf(profile, levels, { gaps, valid }),
    complete: gaps.length === 0 && valid > 0,
    presumed: levels.some((level) => level.alarm.state === 'presumed' || level.totalPresumedMs > 0),
    dataUntilAt: maxOrNull(placements.flatMap((placement) => placement.last?.at ?? [])),
    levels,
    gaps,
    coveredMs,
    unknownMs: span.toAt - span.fromAt - coveredMs,
    lowestMilliC: lowest.length === 0 ? null : Math.min(...lowest),
    highestMilliC: maxOrNull(highest),
    valid,
    faults: sum(placements, (placement) => placement.faults),
    conflicts: sum(placements, (placement) => placement.conflicts),
    duplicates: sum(placements, (placement) => placement.duplicates),
  }
}

/** What is judged: `[fromAt, toAt)`. While the window is open, what reaches `toAt` is open too. */
export type JudgedSpan = { fromAt: number; toAt: number; closed: boolean }

export type Status = 'in_range' | 'excursion_below_alarm' | 'indeterminate' | 'alarm'

export type Combined = {
  status: Status
  /** Of the most severe confirmed alarm. */
  severity: Severity | null
  /** No gap remains and something was measured. A status never stands without it. */
  complete: boolean
  /** Some level has presumed-out time. */
  presumed: boolean
  dataUntilAt: number | null
  levels: LevelResult[]
  gaps: Gap[]
  coveredMs: number
  unknownMs: number
  lowestMilliC: number | null
  highestMilliC: number | null
  valid: number
  faults: number
  conflicts: number
  duplicates: number
}

export type Gap = { fromAt: number; toAt: number; open: boolean }

export type LevelResult = {
  id: string
  totalConfirmedMs: number
  totalPresumedMs: number
  alarm: { state: 'none' } | { state: 'confirmed' | 'presumed'; at: number }
  events: ExcursionEvent[]
}

/** A maximal contiguous run of confirmed and presumed out time. An event of presumed time alone has no out reading. */
export type ExcursionEvent = {
  startAt: number
  endAt: number
  firstOutAt: number | null
  lastOutAt: number | null
  confirmedMs: number
  presumedMs: number
  extremeMilliC: number | null
  open: boolean
}

type Stretch = { fromAt: number; toAt: number }

/** Where enough placements have a value, and where not; a short lead-in counts as present but not as covered. */
function coverage(span: JudgedSpan, profile: Profile, placements: readonly PlacementJudgement[]) {
  const steps: { at: number; present: number; value: number }[] = []
  const step = (stretch: Stretch, present: number, value: number) => {
    const fromAt = Math.max(stretch.fromAt, span.fromAt)
    const toAt = Math.min(stretch.toAt, span.toAt)
    if (fromAt < toAt) steps.push({ at: fromAt, present, value }, { at: toAt, present: -present, value: -value })
  }
  for (const placement of placements) {
    step(placement, 1, 1)
    step({ fromAt: placement.fromAt, toAt: placement.fromAt + placement.leadInMs }, 0, -1)
    for (const gap of placement.intervals) if (gap.kind === GAP) step(gap, -1, -1)
  }
  steps.push({ at: span.fromAt, present: 0, value: 0 }, { at: span.toAt, present: 0, value: 0 })
  steps.sort((a, b) => a.at - b.at)
  return sweep(steps, span, profile.requiredSensors)
}

function sweep(steps: { at: number; present: number; value: number }[], span: JudgedSpan, required: number) {
  const gaps: Gap[] = []
  let [present, value, coveredMs] = [0, 0, 0]
  for (const [index, step] of steps.entries()) {
    present += step.present
    value += step.value
    const nextAt = steps[index + 1]?.at ?? step.at
    if (nextAt === step.at) continue
    if (value >= required) coveredMs += nextAt - step.at
    if (present >= required) continue
    const previous = gaps.at(-1)
    if (previous?.toAt === step.at) previous.toAt = nextAt
    else gaps.push({ fromAt: step.at, toAt: nextAt, open: false })
  }
  for (const gap of gaps) gap.open = !span.closed && gap.toAt === span.toAt
  return { gaps, coveredMs }
}

export type Hole<Reading> = Stretch & { neighbours: Reading[] }

type Placed<Reading> = Stretch & { first: Reading | null; last: Reading | null }

/** Window time without any product placement, with the readings on either side of it. */
export function withoutPlacement<Reading extends { at: number }>(
  span: Pick<JudgedSpan, 'fromAt' | 'toAt'>,
  placements: readonly Placed<Reading>[],
): Hole<Reading>[] {
  const holes: Hole<Reading>[] = []
  let covered = span.fromAt
  for (const placement of [...placements, { fromAt: span.toAt, toAt: span.toAt }].sort((a, b) => a.fromAt - b.fromAt)) {
    if (placement.fromAt > covered) holes.push({ fromAt: covered, toAt: placement.fromAt, neighbours: [] })
    covered = Math.max(covered, placement.toAt)
  }
  for (const hole of holes) {
    const ended = placements.flatMap(({ toAt, last }) =>
      toAt <= hole.fromAt && last !== null ? [{ edgeAt: toAt, reading: last }] : [],
    )
    const begun = placements.flatMap(({ fromAt, first }) =>
      fromAt >= hole.toAt && first !== null ? [{ edgeAt: fromAt, reading: first }] : [],
    )
    hole.neighbours = [...nextTo(hole.fromAt, ended), ...nextTo(hole.toAt, begun)]
  }
  return holes
}

/** The readings next to a hole: of the placement nearest to it, and the nearest in time where that is another's. */
function nextTo<Reading extends { at: number }>(
  at: number,
  candidates: readonly { edgeAt: number; reading: Reading }[],
): Reading[] {
  const edge = Math.min(...candidates.map(({ edgeAt }) => Math.abs(edgeAt - at)))
  const time = Math.min(...candidates.map(({ reading }) => Math.abs(reading.at - at)))
  return candidates.flatMap(({ edgeAt, reading }) =>
    Math.abs(edgeAt - at) === edge || Math.abs(reading.at - at) === time ? [reading] : [],
  )
}

type LevelInput = { index: number; placements: readonly PlacementJudgement[]; holes: readonly Hole<BoundaryReading>[] }

function judgeLevel(span: JudgedSpan, level: Level, input: LevelInput): LevelResult {
  const own = input.placements.flatMap((placement) =>
    placement.intervals.filter((interval) => interval.level === input.index),
  )
  const confirmed = own.filter((interval) => interval.kind === CONFIRMED).sort(byStart)
  const presumed: Stretch[] = own.filter((interval) => interval.kind === PRESUMED)
  for (const hole of input.holes) if (hole.neighbours.some((reading) => reading.out[input.index])) presumed.push(hole)
  const confirmedRuns = union(confirmed)
  const runs = union([...confirmed, ...presumed].sort(byStart))
  const events = eventsOf(span, level, { runs, confirmed, confirmedRuns })
  return {
    id: level.id,
    totalConfirmedMs: sum(confirmedRuns, length),
    totalPresumedMs: sum(events, (event) => event.presumedMs),
    alarm: alarmOf(level, confirmedRuns, runs),
    events,
  }
}

type Runs = { runs: Stretch[]; confirmed: Interval[]; confirmedRuns: Stretch[] }

/** All three lists ascend, so one pass with two cursors gives each event what lies in it. */
function eventsOf(span: JudgedSpan, level: Level, { runs, confirmed, confirmedRuns }: Runs): ExcursionEvent[] {
  let [nextInterval, nextRun] = [0, 0]
  return runs.map((run) => {
    const event: ExcursionEvent = {
      startAt: run.fromAt,
      endAt: run.toAt,
      firstOutAt: null,
      lastOutAt: null,
      confirmedMs: 0,
      presumedMs: 0,
      extremeMilliC: null,
      open: !span.closed && run.toAt === span.toAt,
    }
    for (let at = confirmed[nextInterval]; at !== undefined && at.fromAt <= run.toAt; at = confirmed[++nextInterval]) {
      event.firstOutAt ??= at.fromAt
      event.lastOutAt = Math.max(event.lastOutAt ?? at.fromAt, at.lastOutAt ?? at.fromAt)
      event.extremeMilliC = worse(level.side, event.extremeMilliC, at.extreme ?? level.limitMilliC)
    }
    for (let at = confirmedRuns[nextRun]; at !== undefined && at.fromAt <= run.toAt; at = confirmedRuns[++nextRun]) {
      event.confirmedMs += length(at)
    }
    event.presumedMs = length(run) - event.confirmedMs
    return event
  })
}

/**
 * `>=`: a run that lasts exactly the allowance fires (E03). Presumed only where confirmed time alone does not suffice.
 */
function alarmOf(level: Level, confirmedRuns: Stretch[], runs: Stretch[]): LevelResult['alarm'] {
  const reached = level.mode === 'single' ? reachedByOne : reachedBySum
  const confirmedAt = reached(confirmedRuns, level.allowedMs)
  if (confirmedAt !== null) return { state: 'confirmed', at: confirmedAt }
  const presumedAt = reached(runs, level.allowedMs)
  return presumedAt === null ? { state: 'none' } : { state: 'presumed', at: presumedAt }
}

function reachedByOne(runs: Stretch[], allowedMs: number): number | null {
  const run = runs.find((candidate) => length(candidate) >= allowedMs)
  return run === undefined ? null : run.fromAt + allowedMs
}

function reachedBySum(runs: Stretch[], allowedMs: number): number | null {
  let left = allowedMs
  for (const run of runs) {
    if (length(run) >= left) return run.fromAt + left
    left -= length(run)
  }
  return null
}

/**
 * Confirmed alarm, else presumed alarm or any gap or no reading, else any event, else in range (domain page 2.3 item
 * 9).
 */
function statusOf(profile: Profile, levels: LevelResult[], unknown: { gaps: Gap[]; valid: number }): StatusAndSeverity {
  const alarms = profile.levels.filter((_, index) => levels[index]?.alarm.state === 'confirmed')
  const severest = alarms.sort((a, b) => SEVERITY_ORDER[b.severity] - SEVERITY_ORDER[a.severity])[0]
  if (severest !== undefined) return { status: 'alarm', severity: severest.severity }
  const { gaps, valid } = unknown
  const unsure = gaps.length > 0 || valid === 0 || levels.some((level) => level.alarm.state === 'presumed')
  if (unsure) return { status: 'indeterminate', severity: null }
  const event = levels.some((level) => level.events.length > 0)
  return { status: event ? 'excursion_below_alarm' : 'in_range', severity: null }
}

type StatusAndSeverity = { status: Status; severity: Severity | null }

/** Ascending stretches merged where they touch or overlap. */
function union(ascending: readonly Stretch[]): Stretch[] {
  const runs: Stretch[] = []
  for (const { fromAt, toAt } of ascending) {
    const run = runs.at(-1)
    if (run !== undefined && fromAt <= run.toAt) run.toAt = Math.max(run.toAt, toAt)
    else runs.push({ fromAt, toAt })
  }
  return runs
}

function byStart(a: Stretch, b: Stretch): number {
  return a.fromAt - b.fromAt
}

function length(stretch: Stretch): number {
  return stretch.toAt - stretch.fromAt
}

function sum<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((total, item) => total + of(item), 0)
}

function maxOrNull(numbers: readonly number[]): number | null {
  return numbers.length === 0 ? null : Math.max(...numbers)
}
