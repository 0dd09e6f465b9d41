import { bandProblems } from './budget-bands.ts'

/**
 * A profile: one version of a product's temperature limits, and the rules under which it may be approved (domain page
 * 2.2). All temperatures are integer milli-degrees Celsius, all durations integer milliseconds.
 */
export type Profile = {
  name: string
  /** Range printed on the product's label; null where the label has no limit on that side. */
  labelLowMilliC: number | null
  labelHighMilliC: number | null
  nominalIntervalMs: number
  /** A reading holds until the next one when that is at most this far away. */
  maxGapMs: number
  levels: Level[]
  /** How many product sensors must have a value for an instant to be known. */
  requiredSensors: number
  /** Excluded at the start of the window, while the container is being loaded. */
  loadingMs: number
  /** `uncertainty`: out already when the value is within the sensor's expanded uncertainty of the limit. */
  guardBand: 'none' | 'uncertainty'
  /** Acts on notifications only, never on durations. */
  alertHysteresisMilliC: number
  mktPolicy: 'off' | 'informative' | 'decision_support_US'
  /** For display and mean kinetic temperature only: any gap is indeterminate already. */
  minCoveragePercent: number
  budgetBands: BudgetBand[]
  /** The stability document the allowances come from. */
  source: string | null
  /** Example limits, not for use on a real shipment. */
  example: boolean
}

export type Side = 'high' | 'low'
export type Severity = 'warning' | 'major' | 'critical'

/** One limit: out is strictly beyond it; the alarm comes when the time out reaches `allowedMs`. */
export type Level = {
  id: string
  side: Side
  limitMilliC: number
  mode: 'single' | 'cumulative'
  allowedMs: number
  severity: Severity
}

/**
 * Allowed time in one temperature band over the life of a unit. High side `(above, upto]`, low side `[above, upto)`.
 */
export type BudgetBand = { id: string; aboveMilliC: number | null; uptoMilliC: number | null; allowedMs: number }

export const SEVERITY_ORDER: Record<Severity, number> = { warning: 1, major: 2, critical: 3 }

/** Strictly beyond the limit: exactly at the limit is in range (domain page 2.3 item 5). */
export function isOut(side: Side, limitMilliC: number, milliC: number): boolean {
  return side === 'high' ? milliC > limitMilliC : milliC < limitMilliC
}

/**
 * Why a profile may not be approved, one sentence each that says what to change; empty when it may
 * (domain page 2.2: approval rules and lint).
 */
export function approvalProblems(profile: Profile): string[] {
  return [
    ...(profile.example
      ? ["it is marked as example: make a version of your own from the product's stability data"]
      : []),
    ...emptyProblems(profile),
    ...labelProblems(profile, 'high'),
    ...labelProblems(profile, 'low'),
    ...intervalProblems(profile),
    ...orderProblems(profile, 'high'),
    ...orderProblems(profile, 'low'),
    ...idProblems(profile),
    ...bandProblems(profile),
  ]
}

function emptyProblems({ labelLowMilliC, labelHighMilliC, levels }: Profile): string[] {
  const problems: string[] = []
  if (labelLowMilliC === null && labelHighMilliC === null)
    problems.push('it states no label limit: add the one on the label')
  if (levels.length === 0) problems.push('it has no level: add one, or nothing would ever be an excursion')
  return problems
}

function labelProblems(profile: Profile, side: Side): string[] {
  const label = side === 'high' ? profile.labelHighMilliC : profile.labelLowMilliC
  if (label === null) return []
  const inside = levelsOf(profile, side).filter((level) => !isOut(side, label, level.limitMilliC))
  if (inside.length === 0) return [`no level at or inside the ${side} label limit: add one`]
  const problems: string[] = []
  const band = hasBandBeyond(profile, side, label)
  // a level without allowance alarms at the first reading: no short spell can slip under it, as under a sum
  if (!band && !inside.some((level) => level.mode === 'cumulative' || level.allowedMs === 0)) {
    problems.push(`short spells beyond the ${side} label limit add up unseen: add a budget band or a cumulative level`)
  }
  for (const level of inside.filter((candidate) => candidate.limitMilliC === label)) {
    if (level.severity === 'warning' && !band) {
      problems.push(`level ${level.id} stands at the label limit as a warning: make it major, or add a budget band`)
    }
    if (level.allowedMs > 0 && profile.source === null) {
      problems.push(`level ${level.id} allows time beyond the label limit: name the stability document in "source"`)
    }
  }
  return problems
}

function hasBandBeyond(profile: Profile, side: Side, label: number): boolean {
  return profile.budgetBands.some((band) => (side === 'high' ? band.aboveMilliC === label : band.uptoMilliC === label))
}

function intervalProblems(profile: Profile): string[] {
  const allowances = profile.levels.map((level) => level.allowedMs).filter((allowedMs) => allowedMs > 0)
  const shortest = Math.min(...allowances)
  const problems: string[] = []
  if (profile.nominalIntervalMs * 2 > shortest) {
    problems.push('nominalIntervalS is longer than half the shortest allowedS: measure more often')
  }
  if (profile.maxGapMs > 3 * profile.nominalIntervalMs) {
    problems.push('maxGapS is longer than three intervals: shorten it')
  }
  return problems
}

/** Outward, the levels of a side may only become more severe; levels at one limit stand beside each other. */
function orderProblems(profile: Profile, side: Side): string[] {
  const levels = levelsOf(profile, side)
  return levels.flatMap((level) => {
    const isInner = (other: Level) => isOut(side, other.limitMilliC, level.limitMilliC)
    const inner = levels.find((other) => isInner(other) && isMilder(level, other))
    return inner === undefined
      ? []
      : [`level ${level.id} lies further out than ${inner.id} and is milder: order the severities outward`]
  })
}

function isMilder(level: Level, other: Level): boolean {
  return SEVERITY_ORDER[level.severity] < SEVERITY_ORDER[other.severity]
}

function idProblems(profile: Profile): string[] {
  const ids = profile.levels.map((level) => level.id)
  return new Set(ids).size === ids.length ? [] : ['two levels have the same id: name each once']
}

function levelsOf(profile: Profile, side: Side): Level[] {
  return profile.levels.filter((level) => level.side === side)
}
