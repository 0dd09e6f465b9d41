import type { Combined, ExcursionEvent, JudgedSpan, LevelResult } from '../../src/domain/combine.ts'
import type { WholePlacement } from '../../src/domain/judge.ts'
import type { Level, Profile } from '../../src/domain/profile.ts'

/**
 * A second judge, written from the words of domain page 2.3 and 2.4 alone, to hold the real one against: it asks every
 * cell of a grid what is known there, and shares no code with the engine. All instants and durations of the case must
 * lie on the grid. Slow and simple on purpose.
 */
export function judgePlainly(
  profile: Profile,
  span: JudgedSpan,
  { placements, gridMs }: { placements: readonly WholePlacement[]; gridMs: number },
): Omit<Combined, 'dataUntilAt'> & { outOfWindow: number } {
  const judged = placements.filter(({ role }) => role === 'product' || role === 'product_backup')
  const sensors = judged.flatMap((placement) => sensorOf(profile, span, placement))
  const cells = cellsOf(span, gridMs)
  const covered = cells.filter(
    (cell) => sensors.filter((sensor) => knows(profile, sensor, cell) === 'value').length >= profile.requiredSensors,
  )
  const present = (cell: Cell) => sensors.filter((sensor) => isPresent(profile, sensor, cell)).length
  const gaps = runsOf(cells.filter((cell) => cell.ms > 0 && present(cell) < profile.requiredSensors))
  const levels = profile.levels.map((level) => levelResult(profile, level, { span, cells, sensors }))
  const values = sensors.flatMap(({ instants }) => instants.flatMap((instant) => [instant.min, instant.max]))
  const coveredMs = sum(covered.map((cell) => cell.ms))
  const valid = sum(sensors.map(({ instants }) => instants.length))
  return {
    ...verdict(profile, levels, gaps.length > 0 || valid === 0),
    complete: gaps.length === 0 && valid > 0,
    presumed: levels.some(({ alarm, totalPresumedMs }) => alarm.state === 'presumed' || totalPresumedMs > 0),
    levels,
    gaps: gaps.map(({ fromAt, toAt }) => ({ fromAt, toAt, open: !span.closed && toAt === span.toAt })),
    coveredMs,
    unknownMs: span.toAt - span.fromAt - coveredMs,
    lowestMilliC: values.length === 0 ? null : Math.min(...values),
    highestMilliC: values.length === 0 ? null : Math.max(...values),
    valid,
    faults: sum(sensors.map(({ faults }) => faults)),
    conflicts: sum(sensors.map(({ conflicts }) => conflicts)),
    duplicates: sum(sensors.map(({ duplicates }) => duplicates)),
    outOfWindow: sum(judged.map(({ rows }) => rows.length)) - sum(sensors.map(({ rows }) => rows)),
  }
}

type Instant = { at: number; min: number; max: number }
type Sensor = {
  fromAt: number
  toAt: number
  guard: number
  instants: Instant[]
  rows: number
  faults: number
  conflicts: number
  duplicates: number
}

/** What one placement measured within window and placement, fault codes and repetitions taken out. */
function sensorOf(profile: Profile, span: JudgedSpan, { fromAt, toAt, rows, sensor }: WholePlacement): Sensor[] {
  const scope = { fromAt: Math.max(fromAt, span.fromAt), toAt: Math.min(toAt, span.toAt) }
  const upTo = (at: number) => (span.closed || toAt <= span.toAt ? at < scope.toAt : at <= span.toAt)
  const isEmpty = span.closed || toAt <= span.toAt ? scope.fromAt >= scope.toAt : scope.fromAt > span.toAt
  if (isEmpty) return []
  const inside = rows.filter(({ at }) => at >= scope.fromAt && upTo(at))
  const distinct = inside.filter(
    (row, index) => inside.findIndex((other) => other.at === row.at && other.milliC === row.milliC) === index,
  )
  const { range } = sensor
  const isFault = (milliC: number | null) =>
    milliC === null ||
    milliC <= -270_000 ||
    milliC >= 150_000 ||
    (range !== null && (milliC <= range.low || milliC >= range.high))
  const good = distinct.flatMap(({ at, milliC }) => (milliC === null || isFault(milliC) ? [] : [{ at, milliC }]))
  const times = [...new Set(good.map(({ at }) => at))].sort((a, b) => a - b)
  const instants = times.map((at) => {
    const values = good.filter((row) => row.at === at).map((row) => sensor.correct(at, row.milliC))
    return { at, min: Math.min(...values), max: Math.max(...values) }
  })
  const guard = profile.guardBand === 'uncertainty' ? sensor.guardBandMilliC : 0
  const faults = distinct.filter(({ milliC }) => isFault(milliC)).length
  const conflicts = good.length - instants.length
  return [
    { ...scope, guard, instants, rows: inside.length, faults, conflicts, duplicates: inside.length - distinct.length },
  ]
}

/** A stretch in which nothing changes; the end of an open window is one of no length, where only a reading counts. */
type Cell = { at: number; ms: number }

function cellsOf(span: JudgedSpan, gridMs: number): Cell[] {
  const count = (span.toAt - span.fromAt) / gridMs
  const cells = Array.from({ length: count }, (_, index) => ({ at: span.fromAt + index * gridMs, ms: gridMs }))
  return span.closed ? cells : [...cells, { at: span.toAt, ms: 0 }]
}

/** What one sensor knows in a cell: the value held there, or the readings on either side of a gap. */
type Knowledge = 'absent' | 'lead-in' | 'value' | 'gap'

function knows(profile: Profile, sensor: Sensor, cell: Cell): Knowledge {
  if (cell.at < sensor.fromAt || cell.at + cell.ms > sensor.toAt) return 'absent'
  const [before, after] = [readingBefore(sensor, cell), readingAfter(sensor, cell)]
  if (before === null) {
    return after !== null && after.at - sensor.fromAt <= profile.maxGapMs ? 'lead-in' : 'gap'
  }
  const nextAt = after?.at ?? sensor.toAt
  if (nextAt - before.at <= profile.maxGapMs) return 'value'
  return cell.at < before.at + profile.nominalIntervalMs ? 'value' : 'gap'
}

function isPresent(profile: Profile, sensor: Sensor, cell: Cell): boolean {
  const known = knows(profile, sensor, cell)
  return known === 'value' || known === 'lead-in'
}

function readingBefore({ instants }: Sensor, cell: Cell): Instant | null {
  return instants.findLast(({ at }) => at <= cell.at) ?? null
}

function readingAfter({ instants }: Sensor, cell: Cell): Instant | null {
  return instants.find(({ at }) => at > cell.at) ?? null
}

function isBeyond(level: Level, sensor: Sensor, reading: Instant | null): boolean {
  if (reading === null) return false
  return level.side === 'high'
    ? reading.max > level.limitMilliC - sensor.guard
    : reading.min < level.limitMilliC + sensor.guard
}

type Judged = { span: JudgedSpan; cells: Cell[]; sensors: Sensor[] }

function levelResult(profile: Profile, level: Level, { span, cells, sensors }: Judged): LevelResult {
  const isConfirmed = (cell: Cell) =>
    sensors.some((sensor) => {
      const reading = readingBefore(sensor, cell)
      if (cell.ms === 0) return reading?.at === cell.at && isBeyond(level, sensor, reading)
      return knows(profile, sensor, cell) === 'value' && isBeyond(level, sensor, reading)
    })
  const isPresumed = (cell: Cell) =>
    cell.ms > 0 &&
    (sensors.some(
      (sensor) =>
        knows(profile, sensor, cell) === 'gap' &&
        (isBeyond(level, sensor, readingBefore(sensor, cell)) || isBeyond(level, sensor, readingAfter(sensor, cell))),
    ) ||
      isPresumedWithoutPlacement(level, sensors, cell))
  const confirmed = cells.filter(isConfirmed)
  const out = cells.filter((cell) => isConfirmed(cell) || isPresumed(cell))
  const events = runsOf(out).map((run) => event(level, { run, span, confirmed, sensors }))
  return {
    id: level.id,
    totalConfirmedMs: sum(confirmed.map(({ ms }) => ms)),
    totalPresumedMs: sum(events.map(({ presumedMs }) => presumedMs)),
    alarm: alarm(level, confirmed, out),
    events,
  }
}

/** No placement at all: the readings next to it are those of the placements that end, and begin, around it. */
function isPresumedWithoutPlacement(level: Level, sensors: readonly Sensor[], cell: Cell): boolean {
  const endAt = cell.at + cell.ms
  if (sensors.some(({ fromAt, toAt }) => fromAt <= cell.at && toAt >= endAt)) return false
  const measured = sensors.filter(({ instants }) => instants.length > 0)
  const before = measured.filter(({ toAt }) => toAt <= cell.at)
  const after = measured.filter(({ fromAt }) => fromAt >= endAt)
  const lastOf = ({ instants }: Sensor) => instants.at(-1) ?? null
  const firstOf = ({ instants }: Sensor) => instants[0] ?? null
  const ends = Math.max(...before.map(({ toAt }) => toAt))
  const starts = Math.min(...after.map(({ fromAt }) => fromAt))
  const latest = Math.max(...before.map((sensor) => lastOf(sensor)?.at ?? Number.NEGATIVE_INFINITY))
  const earliest = Math.min(...after.map((sensor) => firstOf(sensor)?.at ?? Number.POSITIVE_INFINITY))
  const isNear = (sensor: Sensor) => sensor.toAt === ends || lastOf(sensor)?.at === latest
  const isNext = (sensor: Sensor) => sensor.fromAt === starts || firstOf(sensor)?.at === earliest
  return (
    before.some((sensor) => isNear(sensor) && isBeyond(level, sensor, lastOf(sensor))) ||
    after.some((sensor) => isNext(sensor) && isBeyond(level, sensor, firstOf(sensor)))
  )
}

type Run = { fromAt: number; toAt: number }

function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = []
  for (const { at, ms } of cells) {
    const last = runs.at(-1)
    if (last?.toAt === at) last.toAt = at + ms
    else runs.push({ fromAt: at, toAt: at + ms })
  }
  return runs
}

type OneRun = { run: Run; span: JudgedSpan; confirmed: readonly Cell[]; sensors: readonly Sensor[] }

function event(level: Level, { run, span, confirmed, sensors }: OneRun): ExcursionEvent {
  const outReadings = sensors.flatMap((sensor) =>
    sensor.instants.filter(
      (reading) => reading.at >= run.fromAt && reading.at <= run.toAt && isBeyond(level, sensor, reading),
    ),
  )
  const times = outReadings.map(({ at }) => at)
  const worst = outReadings.map(({ min, max }) => (level.side === 'high' ? max : min))
  const inRun = confirmed.filter(({ at }) => at >= run.fromAt && at <= run.toAt)
  const confirmedMs = sum(inRun.map(({ ms }) => ms))
  const none = times.length === 0
  return {
    startAt: run.fromAt,
    endAt: run.toAt,
    firstOutAt: none ? null : Math.min(...times),
    lastOutAt: none ? null : Math.max(...times),
    confirmedMs,
    presumedMs: run.toAt - run.fromAt - confirmedMs,
    extremeMilliC: none ? null : level.side === 'high' ? Math.max(...worst) : Math.min(...worst),
    open: !span.closed && run.toAt === span.toAt,
  }
}

function alarm(level: Level, confirmed: readonly Cell[], out: readonly Cell[]): LevelResult['alarm'] {
  const confirmedAt = reached(level, runsOf(confirmed))
  if (confirmedAt !== null) return { state: 'confirmed', at: confirmedAt }
  const presumedAt = reached(level, runsOf(out))
  return presumedAt === null ? { state: 'none' } : { state: 'presumed', at: presumedAt }
}

function reached({ mode, allowedMs }: Level, runs: readonly Run[]): number | null {
  let before = 0
  for (const { fromAt, toAt } of runs) {
    const spent = mode === 'cumulative' ? before : 0
    if (spent + (toAt - fromAt) >= allowedMs) return fromAt + allowedMs - spent
    before += toAt - fromAt
  }
  return null
}

function verdict(profile: Profile, levels: readonly LevelResult[], unknown: boolean) {
  const alarmed = profile.levels.filter(({ id }) =>
    levels.some((one) => one.id === id && one.alarm.state === 'confirmed'),
  )
  const severity = (['critical', 'major', 'warning'] as const).find((one) =>
    alarmed.some((level) => level.severity === one),
  )
  if (severity !== undefined) return { status: 'alarm', severity } as const
  const presumed = levels.some((one) => one.alarm.state === 'presumed')
  if (unknown || presumed) return { status: 'indeterminate', severity: null } as const
  const event = levels.some((one) => one.events.length > 0)
  return { status: event ? 'excursion_below_alarm' : 'in_range', severity: null } as const
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
