import type { JudgedSpan } from './combine.ts'
import type { Row } from './excursion.ts'
import { foldRules, isJudged, scopeEnd, type WholePlacement } from './judge.ts'
import type { Profile } from './profile.ts'
import type { TimelineRules } from './timeline.ts'

/** A product placement: its scope within the window, and its rows there in ascending order. */
export type PlacedRows = { readonly rules: TimelineRules; readonly rows: Iterable<Row> }

/**
 * The product placements of a shipment for budget and mean kinetic temperature, from whole ones in any order: roles
 * that are not judged and what never lay in the window are left out, rows outside too.
 */
export function placedRows(profile: Profile, span: JudgedSpan, placements: readonly WholePlacement[]): PlacedRows[] {
  return placements.flatMap(({ role, fromAt, toAt, rows, sensor }) => {
    const scope = { fromAt: Math.max(span.fromAt, fromAt), toAt: scopeEnd(span, toAt) }
    if (!isJudged(role) || scope.toAt <= scope.fromAt) return []
    const inside = rows.filter((row) => row.at >= scope.fromAt && row.at < scope.toAt)
    return [{ rules: foldRules(profile, sensor, scope), rows: inside.sort((a, b) => a.at - b.at) }]
  })
}
