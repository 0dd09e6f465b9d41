import { sql } from 'kysely'
import type { Tx } from '../../db/connect.ts'
import { at } from '../../db/tables.ts'
import { CUSTODY_DEFAULTS } from '../domain/custody.ts'
import { effectiveEvents } from '../domain/custody-effective.ts'
import type { CustodyEvent } from '../domain/custody-event.ts'
import { isOut } from '../domain/profile.ts'
import { judgingWindow } from '../domain/window.ts'
import type { PlacementFacts } from './judging-facts.ts'
import { stands } from './said-by.ts'

type Span = { fromAt: number; toAt: number }

/**
 * Whether readings beyond a limit fell out of the window because its beginning or end was typed or corrected (domain
 * page 2.3 item 1): those between the packing as it was first told and as it is told now, and those between the end of
 * the window and the time at which somebody told it.
 */
export async function isWindowChanged(
  tx: Tx,
  events: readonly CustodyEvent[],
  { consigneeOrg, placements }: { consigneeOrg: string; placements: readonly PlacementFacts[] },
): Promise<boolean> {
  for (const span of droppedSpans(events, consigneeOrg)) {
    for (const placement of placements) if (await hasOutside(tx, placement, span)) return true
  }
  return false
}

function droppedSpans(events: readonly CustodyEvent[], consigneeOrg: string): Span[] {
  const effective = effectiveEvents(events)
  const window = judgingWindow(effective, { consigneeOrg, loadingMs: 0 })
  if (window.state === 'not_packed') return []
  const packedFirst = Math.min(...events.filter(({ kind }) => kind === 'packed').map((event) => event.at))
  const start = { fromAt: packedFirst, toAt: window.fromAt }
  const spans = packedFirst < window.fromAt ? [start] : []
  if (window.state === 'open') return spans
  const end = effective.find((event) => event.kind === window.closedBy && event.at === window.toAt)
  const toldAt = end?.recordedAt ?? window.toAt
  // told when it happened: the server fixed it
  if (toldAt - window.toAt <= CUSTODY_DEFAULTS.clockToleranceMs) return spans
  return [...spans, { fromAt: window.toAt, toAt: toldAt }]
}

/** Two days of a reading a second; more of them tell nothing else. */
const MAX_LOOKED_AT = 200_000

async function hasOutside(tx: Tx, { sensorId, channel, rules }: PlacementFacts, span: Span): Promise<boolean> {
  const within = sql`sensor_id = ${sensorId} and channel = ${channel} and value_milli_c is not null
    and measured_at >= ${at(span.fromAt)} and measured_at < ${at(span.toAt)}`
  const { rows } = await sql<{ at: number; value: number }>`
    select measured_at as at, value_milli_c as value from reading r where ${within} and ${stands('r')}
    union all select measured_at, value_milli_c from conflict c where ${within} and ${stands('c')}
    limit ${MAX_LOOKED_AT}`.execute(tx)
  return rows.some((row) => {
    const value = rules.correct(row.at, row.value)
    return rules.limits.some(({ side, milliC }) => isOut(side, milliC, value))
  })
}
