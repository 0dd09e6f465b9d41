import type { JudgedSpan } from '../../src/domain/combine.ts'
import type { WholePlacement } from '../../src/domain/judge.ts'
import type { BudgetBand, Profile } from '../../src/domain/profile.ts'

type Span = { min: number; max: number }
type Instant = Span & { at: number }
type Sensor = { fromAt: number; toAt: number; instants: Instant[] }
type Charge = { band: string; distance: number; allowedMs: number; place: number }

/**
 * A second reckoning of the stability budget, written from the words of domain page 2.3, 2.4 and 2.6 alone: it asks
 * every cell of a grid what each sensor knows there. Shares no code with the engine; everything must lie on the grid.
 */
export function exposePlainly(
  profile: Profile,
  span: JudgedSpan,
  { placements, gridMs }: { placements: readonly WholePlacement[]; gridMs: number },
): { consumed: Record<string, number>; presumed: Record<string, number>; unobservedMs: number } {
  const sensors = placements
    .filter(({ role }) => role === 'product' || role === 'product_backup')
    .flatMap((placement) => sensorOf(span, placement))
  const sums = { consumed: zeroes(profile), presumed: zeroes(profile), unobservedMs: 0 }
  for (let at = span.fromAt; at < span.toAt; at += gridMs) {
    const here = sensors.filter((sensor) => sensor.fromAt <= at && at < sensor.toAt)
    const known = here.map((sensor) => knows(profile, sensor, at))
    const certain = worst(known.flatMap((one) => (one.kind === 'value' ? charges(profile, [one.span]) : [])))
    const hole = here.length === 0 ? charges(profile, besideHole(sensors, at)) : []
    const gaps = known.flatMap((one) => (one.kind === 'gap' ? charges(profile, one.neighbours) : []))
    const possible = worst([...gaps, ...hole])
    if (certain !== null) sums.consumed[certain.band] = (sums.consumed[certain.band] ?? 0) + gridMs
    const isFarther = possible !== null && (certain === null || worst([certain, possible]) === possible)
    if (isFarther && possible.band !== certain?.band) {
      sums.presumed[possible.band] = (sums.presumed[possible.band] ?? 0) + gridMs
    }
    if (known.every(({ kind }) => kind === 'gap')) sums.unobservedMs += gridMs
  }
  return sums
}

function zeroes(profile: Profile): Record<string, number> {
  return Object.fromEntries(profile.budgetBands.map(({ id }) => [id, 0]))
}

function sensorOf(span: JudgedSpan, { fromAt, toAt, rows, sensor }: WholePlacement): Sensor[] {
  const scope = { fromAt: Math.max(span.fromAt, fromAt), toAt: Math.min(span.toAt, toAt) }
  const last = (at: number) => (span.closed || toAt <= span.toAt ? at < scope.toAt : at <= span.toAt)
  if (scope.toAt < scope.fromAt || (scope.toAt === scope.fromAt && (span.closed || toAt <= span.toAt))) return []
  const good = rows.flatMap(({ at, milliC }) => {
    const { range, correct } = sensor
    if (milliC === null || milliC <= -270_000 || milliC >= 150_000) return []
    if (range !== null && (milliC <= range.low || milliC >= range.high)) return []
    return at >= scope.fromAt && last(at) ? [{ at, value: correct(at, milliC) }] : []
  })
  const ats = [...new Set(good.map(({ at }) => at))].sort((a, b) => a - b)
  const instants = ats.map((at) => {
    const values = good.filter((one) => one.at === at).map(({ value }) => value)
    return { at, min: Math.min(...values), max: Math.max(...values) }
  })
  return [{ ...scope, instants }]
}

type Known = { kind: 'value'; span: Span } | { kind: 'gap'; neighbours: Span[] } | { kind: 'lead_in' }

function knows({ nominalIntervalMs, maxGapMs }: Profile, { fromAt, toAt, instants }: Sensor, at: number): Known {
  const before = instants.findLast((instant) => instant.at <= at)
  const after = instants.find((instant) => instant.at > at)
  if (before === undefined) {
    if (after === undefined) return { kind: 'gap', neighbours: [] }
    return after.at - fromAt > maxGapMs ? { kind: 'gap', neighbours: [after] } : { kind: 'lead_in' }
  }
  const nextAt = after?.at ?? toAt
  const holds = nextAt - before.at <= maxGapMs || at < before.at + nominalIntervalMs
  if (holds) return { kind: 'value', span: before }
  return { kind: 'gap', neighbours: after === undefined ? [before] : [before, after] }
}

/** Around time without placement: the readings of the nearest placement and the nearest readings, on both sides. */
function besideHole(sensors: readonly Sensor[], at: number): Span[] {
  const before = sensors.filter(({ toAt, instants }) => toAt <= at && instants.length > 0)
  const after = sensors.filter(({ fromAt, instants }) => fromAt > at && instants.length > 0)
  const ends = before.map(({ toAt, instants }) => ({ edge: toAt, reading: instants.at(-1) ?? never() }))
  const starts = after.map(({ fromAt, instants }) => ({ edge: fromAt, reading: instants[0] ?? never() }))
  const near = [
    ...ends.filter(({ edge }) => edge === Math.max(...ends.map((one) => one.edge))),
    ...ends.filter(({ reading }) => reading.at === Math.max(...ends.map((one) => one.reading.at))),
    ...starts.filter(({ edge }) => edge === Math.min(...starts.map((one) => one.edge))),
    ...starts.filter(({ reading }) => reading.at === Math.min(...starts.map((one) => one.reading.at))),
  ]
  return near.map(({ reading }) => reading)
}

function never(): never {
  throw new Error('a sensor without readings was asked for one')
}

function charges(profile: Profile, spans: readonly Span[]): Charge[] {
  return spans.flatMap(({ min, max }) => [min, max]).flatMap((value) => charge(profile, value) ?? [])
}

function charge({ labelLowMilliC, labelHighMilliC, budgetBands }: Profile, value: number): Charge | null {
  const [low, high] = [labelLowMilliC ?? Number.NEGATIVE_INFINITY, labelHighMilliC ?? Number.POSITIVE_INFINITY]
  if (value >= low && value <= high) return null
  const isHigh = value > high
  const isIn = ({ aboveMilliC, uptoMilliC }: BudgetBand) =>
    isHigh
      ? aboveMilliC !== null && aboveMilliC >= high && value > aboveMilliC && value <= (uptoMilliC ?? value)
      : uptoMilliC !== null && uptoMilliC <= low && value < uptoMilliC && value >= (aboveMilliC ?? value)
  const place = budgetBands.findIndex(isIn)
  const band = budgetBands[place]
  const distance = isHigh ? value - high : low - value
  return { band: band?.id ?? 'NO_BAND', allowedMs: band?.allowedMs ?? 0, distance, place: place < 0 ? 99 : place }
}

function worst(list: readonly Charge[]): Charge | null {
  const sorted = [...list].sort((a, b) => b.distance - a.distance || a.allowedMs - b.allowedMs || a.place - b.place)
  return sorted[0] ?? null
}
