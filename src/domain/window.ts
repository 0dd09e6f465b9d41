import type { EffectiveEvent } from './custody-effective.ts'
import type { CustodyKind } from './custody-event.ts'

/** The time in which a shipment's readings are judged, epoch milliseconds, `[fromAt, toAt)`. */
export type JudgingWindow =
  | { readonly state: 'not_packed' }
  | { readonly state: 'open'; readonly fromAt: number }
  | { readonly state: 'closed'; readonly fromAt: number; readonly toAt: number; readonly closedBy: CustodyKind }

/**
 * The judging window by domain page section 2.3 item 1: from the first unit packed (less the profile's loading time) to
 * the consignee's first `opened` after its `received`, else its first `unpacked`, `accepted` or `quarantined`; or to
 * `refused`, `lost` or `cancelled`, whichever is first by `at`. A unit accepted or quarantined in its container goes on
 * being watched there until it is opened (section 0 rule 11). Customs opening, resealing, `received` never move it.
 * Takes effective events in their order. Any party may refuse or cancel: a correction takes it back.
 */
export function judgingWindow(
  events: readonly EffectiveEvent[],
  terms: { readonly consigneeOrg: string; readonly loadingMs: number },
): JudgingWindow {
  const packed = events.findIndex((event) => event.kind === 'packed')
  const start = events[packed]
  if (start === undefined) return { state: 'not_packed' }
  const fromAt = start.at + terms.loadingMs
  // what lies before packing (an order cancelled, then packed all the same) cannot close what had not begun
  const afterPacking = events.slice(packed + 1)
  const ends = [
    consigneeEnd(afterPacking, terms.consigneeOrg),
    afterPacking.find((event) => endsAnywhere.has(event.kind)),
  ]
  const [end] = ends.filter((event) => event !== undefined).sort((a, b) => a.at - b.at)
  if (end === undefined) return { state: 'open', fromAt }
  return { state: 'closed', fromAt, toAt: Math.max(fromAt, end.at), closedBy: end.kind }
}

const endsAnywhere: ReadonlySet<CustodyKind> = new Set(['refused', 'lost', 'cancelled'])
const endsWithoutOpening: ReadonlySet<CustodyKind> = new Set(['unpacked', 'accepted', 'quarantined'])

function consigneeEnd(events: readonly EffectiveEvent[], consigneeOrg: string): EffectiveEvent | undefined {
  const own = events.filter((event) => event.byOrg === consigneeOrg)
  const received = own.findIndex((event) => event.kind === 'received')
  const opened = received < 0 ? undefined : own.slice(received + 1).find((event) => event.kind === 'opened')
  return opened ?? own.find((event) => endsWithoutOpening.has(event.kind) && event.details?.storage !== IN_CONTAINER)
}

/** What `details.storage` of `accepted` or `quarantined` says where the unit stays in its container. */
export const IN_CONTAINER = 'container'
