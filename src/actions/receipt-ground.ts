import type { Tx } from '../../db/connect.ts'
import { type Assessment, assess } from '../domain/assess.ts'
import type { BudgetState } from '../domain/budget.ts'
import { chargeOf } from '../domain/charge.ts'
import { CUSTODY_DEFAULTS, type Custody, foldCustody } from '../domain/custody.ts'
import { type EffectiveEvent, effectiveEvents } from '../domain/custody-effective.ts'
import { foldSeals } from '../domain/custody-seals.ts'
import type { EvaluationContent } from '../domain/evaluation-content.ts'
import { type NamedEvaluation, namedEvaluation } from '../domain/evaluation-hash.ts'
import { contentOf } from '../domain/evaluation-record.ts'
import { type StorageClass, storageClassOf } from '../domain/mkt.ts'
import type { Profile } from '../domain/profile.ts'
import type { UnitFacts } from '../domain/receipt.ts'
import { identityOf, type ShipmentIdentity } from '../domain/shipment-identity.ts'
import { type JudgingWindow, judgingWindow } from '../domain/window.ts'
import { loadIdentity } from './load-identity.ts'
import { organisationKeys } from './organisations.ts'
import { type ReceiptTerms, rulingTerms } from './receipt-terms.ts'
import { loadStatusFacts, type StatusFacts } from './status-facts.ts'
import { sha256 } from './store-evaluations.ts'
import { isWindowChanged } from './window-changed.ts'

/** All that the service knows about a shipment which a receipt or a decision stands on, as of one instant. */
export type ReceiptGround = {
  shipmentId: number
  productId: number
  sponsorId: number
  consigneeOrg: string
  /** Who receives it: the consignee, or whom the last readdressing names. */
  destinationOrg: string
  /** Key of the organisation whose people receive. */
  byOrg: string
  asOf: number
  content: EvaluationContent
  evaluation: NamedEvaluation | null
  profile: Profile
  storageClass: StorageClass
  sensors: Assessment['sensors']
  events: readonly EffectiveEvent[]
  custody: Custody
  /** In force before the destination opened it. */
  sealsExpected: readonly string[] | null
  /** What the destination's own events say about seals; null: nobody looked. */
  sealsSeen: readonly string[] | null
  window: JudgingWindow
  windowChanged: boolean
  /** Up to when the memory of all judged loggers was read out. */
  readOutUntilAt: number | null
  container: { kind: string; qualifiedUntilAt: number | null; holdMs: number | null } | null
  codes: readonly string[]
  /** What the sponsor says about the lot of each unit, by code. */
  lots: ReadonlyMap<string, Pick<UnitFacts, 'lotStatus' | 'batchStatus'>>
  /** Something relied on came out otherwise, and nobody has looked again yet. */
  inReReview: boolean
  identity: ShipmentIdentity
  budgets: ReadonlyMap<string, BudgetState>
  terms: ReceiptTerms
}

export type Asked = {
  shipmentId: number
  /** Whose people receive, or received. */
  organisationId: number
  asOf: number
  /** By unit code; a unit without one has none. */
  budgets: ReadonlyMap<string, BudgetState>
}

/** Loads it in one snapshot or under the shipment's lock; the shipment does not wait for judging. */
export async function loadGround(tx: Tx, asked: Asked): Promise<ReceiptGround> {
  const { shipmentId, organisationId, asOf, budgets } = asked
  const facts = await loadStatusFacts(tx, shipmentId)
  const assessment = facts.archived ?? assess(facts.judging, facts.folded, asOf)
  const shipment = await loadParts(tx, shipmentId)
  const keys = await organisationKeys(tx, [organisationId])
  const { events: recorded } = facts.custody.ledger
  const { consigneeOrg } = facts.custody
  const identity = identityOf(await loadIdentity(tx, { shipmentId, organisationId, asOf }), asOf)
  const { placements } = facts.judging
  return {
    ...custodyGround(facts, asOf),
    shipmentId,
    productId: shipment.product_id,
    sponsorId: shipment.sponsor_id,
    byOrg: keys.get(organisationId) ?? '',
    asOf,
    content: contentOf(assessment),
    evaluation: facts.head && namedEvaluation(facts.head, sha256),
    profile: facts.judging.profile,
    storageClass: storageClassOf(facts.judging.profile),
    sensors: assessment.sensors,
    windowChanged: await isWindowChanged(tx, recorded, { consigneeOrg, placements }),
    readOutUntilAt: readOutUntil(facts),
    container:
      shipment.kind === null
        ? null
        : {
            kind: shipment.kind,
            qualifiedUntilAt: shipment.qualified_until,
            holdMs: shipment.dynamic_hold_time_ms ?? shipment.hold_time_ms,
          },
    codes: facts.units.map(({ code }) => code),
    lots: new Map(facts.lots.flatMap(({ units, ...lot }) => units.map((code) => [code, lot] as const))),
    inReReview: facts.reReviews.length > 0,
    identity,
    budgets,
    terms: await rulingTerms(tx, shipment.product_id),
  }
}

function custodyGround({ custody: facts }: StatusFacts, asOf: number) {
  const { consigneeOrg, ledger, coi, maxHandoverMs, firstBadSeq } = facts
  const events = effectiveEvents(ledger.events)
  const readdressed = events.findLast(({ kind, toOrg }) => kind === 'readdressed' && toOrg !== undefined)
  const destinationOrg = readdressed?.toOrg ?? consigneeOrg
  const terms = { ...CUSTODY_DEFAULTS, asOf, destinationOrg, maxHandoverMs, coi, firstBadSeq }
  const opens = (event: EffectiveEvent) => event.kind === 'opened' || event.kind === 'unpacked'
  const unopened = events.filter((event) => event.byOrg !== destinationOrg || !opens(event))
  const looked = events.findLast(
    ({ kind, byOrg, seals }) =>
      byOrg === destinationOrg && (kind === 'received' || kind === 'seal_check') && seals !== undefined,
  )
  return {
    consigneeOrg,
    destinationOrg,
    events,
    custody: foldCustody(ledger.events, terms),
    sealsExpected: foldSeals(unopened, destinationOrg).seals,
    sealsSeen: looked?.seals ?? null,
    window: judgingWindow(events, { consigneeOrg, loadingMs: 0 }),
  }
}

/** When the container was last charged by an instant; null: never, as far as anybody told. */
export function chargeOfGround({ events }: Pick<ReceiptGround, 'events'>, byAt: number): number | null {
  return chargeOf(events.filter((event) => event.at <= byAt)).chargedAt
}

/** The memory of every judged placement counts: what one of them lacks may be what is missing. */
function readOutUntil({ judging: { placements } }: StatusFacts): number | null {
  const ends = placements.map(({ readouts }) => Math.max(...readouts.map(({ toAt }) => toAt)))
  const until = Math.min(...ends)
  return Number.isFinite(until) ? until : null
}

async function loadParts(tx: Tx, shipmentId: number) {
  return tx
    .selectFrom('shipment')
    .innerJoin('product', 'product.id', 'shipment.product_id')
    .leftJoin('container', 'container.id', 'shipment.container_id')
    .select(['shipment.product_id', 'product.organisation_id as sponsor_id'])
    .select(['container.kind', 'container.qualified_until', 'container.hold_time_ms', 'container.dynamic_hold_time_ms'])
    .where('shipment.id', '=', shipmentId)
    .executeTakeFirstOrThrow()
}
