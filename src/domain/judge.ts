import { type Combined, combine, type JudgedSpan } from './combine.ts'
import { emptyState, type FoldRules, feed, type Row } from './excursion.ts'
import { finish, type PlacementJudgement } from './placement-judgement.ts'
import type { Profile } from './profile.ts'

/** Roles a placement can have; only product roles are judged. */
export const PLACEMENT_ROLES = ['product', 'product_backup', 'ambient', 'lid', 'tilt', 'shock', 'weight'] as const
export type PlacementRole = (typeof PLACEMENT_ROLES)[number]

/** Only the temperature of the product is judged (domain page 2.4). */
export function isJudged(role: string): boolean {
  return role === 'product' || role === 'product_backup'
}

/**
 * A placement with all it measured, in any order; values are raw milli-degrees, null where the sensor reported a fault.
 */
export type WholePlacement = {
  role: PlacementRole
  fromAt: number
  toAt: number
  rows: readonly Row[]
  /** What the sensor adds to the profile's limits: calibration, range, guard band. */
  sensor: SensorRules
}

export type SensorRules = Pick<FoldRules, 'correct' | 'range'> & { guardBandMilliC: number }

/** A sensor without certificate, range or guard band. */
export const PLAIN_SENSOR: SensorRules = { correct: (_at, raw) => raw, range: null, guardBandMilliC: 0 }

/** Rows outside of placement and window are counted, not judged. */
export type WholeJudgement = Combined & { outOfWindow: number; perPlacement: (PlacementJudgement | null)[] }

/**
 * Judges a shipment from all its readings at once, without a database: the same fold and combination as the service's
 * path, used by `unbroken evaluate`, by the golden vectors and as the reference in tests. Placements of roles that are
 * not judged yield null in `perPlacement`.
 */
export function judgeWhole(profile: Profile, span: JudgedSpan, placements: readonly WholePlacement[]): WholeJudgement {
  let outOfWindow = 0
  const perPlacement = placements.map((placement) => {
    if (!isJudged(placement.role)) return null
    const rules = foldRules(profile, placement.sensor, {
      fromAt: Math.max(span.fromAt, placement.fromAt),
      toAt: scopeEnd(span, placement.toAt),
    })
    const inside = placement.rows.filter((row) => row.at >= rules.fromAt && row.at < rules.toAt)
    outOfWindow += placement.rows.length - inside.length
    if (rules.toAt <= rules.fromAt) return null
    const state = emptyState(profile.levels.length)
    feed(
      state,
      rules,
      inside.sort((a, b) => a.at - b.at),
    )
    return finish(state, rules, { endAt: span.toAt, earlier: state.closed.splice(0) })
  })
  const judged = perPlacement.flatMap((judgement) => judgement ?? [])
  return { ...combine(span, profile, judged), outOfWindow, perPlacement }
}

/**
 * The rules of one placement's fold: the profile's, with the limits moved inward by the sensor's guard band.
 * `scope` is placement and window, intersected.
 */
export function foldRules(profile: Profile, sensor: SensorRules, scope: { fromAt: number; toAt: number }): FoldRules {
  const inward = profile.guardBand === 'uncertainty' ? sensor.guardBandMilliC : 0
  return {
    ...scope,
    nominalMs: profile.nominalIntervalMs,
    maxGapMs: profile.maxGapMs,
    limits: shared(
      profile.levels.map(({ side, limitMilliC }, level) => ({
        level,
        side,
        milliC: side === 'high' ? limitMilliC - inward : limitMilliC + inward,
      })),
    ),
    correct: sensor.correct,
    range: sensor.range,
  }
}

const lists = new Map<string, FoldRules['limits']>()
const MOST_LISTS = 1000

/**
 * The same list for the same limits: every reading is held against them, and with a list for each of 10,000 sensors,
 * none of them near, that took twice as long.
 */
function shared(limits: FoldRules['limits']): FoldRules['limits'] {
  const key = JSON.stringify(limits)
  const known = lists.get(key)
  if (known !== undefined) return known
  if (lists.size >= MOST_LISTS) lists.clear()
  lists.set(key, limits)
  return limits
}

/** A closed window ends before its end instant; while it is open, the reading at its end still counts. */
export function scopeEnd(span: JudgedSpan, placementToAt: number): number {
  return Math.min(span.closed ? span.toAt : span.toAt + 1, placementToAt)
}
