import type { Ctx } from '../context.ts'
import type { Actor } from '../domain/actor.ts'
import { type Assessment, assess, type StoredJudgement } from '../domain/assess.ts'
import { canonicalJson } from '../domain/canonical.ts'
import type { Combined, JudgedSpan, Status } from '../domain/combine.ts'
import { type Reason, reasonsOf, servedStatus } from '../domain/evaluation-record.ts'
import type { Level, Severity } from '../domain/profile.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { ShippedLot } from './batch-facts.ts'
import { type ContainerStatus, containerStatus } from './container-status.ts'
import { type CustodyAnswer, custodyOf } from './custody-status.ts'
import { judgePending } from './judge.ts'
import type { ReReview } from './re-reviews.ts'
import { type ReceiptUnit, type ReceiptView, receiptNow } from './receipt-view.ts'
import { type SensorStatus, sensorStatuses } from './sensor-status.ts'
import { noShipment } from './shipments.ts'
import { type CurrentFacts, currentFacts } from './status-memory.ts'
import { sha256 } from './store-evaluations.ts'

/** The one answer about a shipment: condition and custody, as of an instant. Epoch milliseconds and milli-degrees. */
export type ShipmentStatus = {
  shipmentId: number
  reference: string
  asOf: number
  /** Null: as it stands. Else what would have been answered at `asOf`, worked out at this instant. */
  recomputedAt: number | null
  evaluationVersion: number | null
  profile: { profileId: number; version: number; name: string; example: boolean }
  temperature: Temperature
  custody: CustodyAnswer
  sensors: SensorStatus[]
  /** Null where the shipment names none. */
  container: ContainerStatus | null
  units: UnitStatus[]
  /** Open re-reviews: with any, the shipment is in `re_review`, and nothing of it is to be used until decided. */
  reReviews: readonly ReReview[]
  /** What the sponsor says about the lots of its units: batch status, hold, recall. */
  lots: readonly ShippedLot[]
  /** Null before the first receipt, and in an answer about the past: its revisions say when each was signed. */
  receipt: ReceiptView | null
  /** Hash of the newest receipt known at the instant; null: there was none. */
  receiptSha256: string | null
  /** SHA-256 over the evaluation's hash, the custody head and the receipt's hash, independent of `asOf`. */
  recordHash: string
}

export type UnitStatus = {
  id: number
  code: string
  terminal: { kind: string; at: number } | null
  /** By the receipt and all that is known now; null before it. */
  received: ReceiptUnit | null
}

export type Temperature = {
  status: Status
  severity: Severity | null
  complete: boolean
  presumed: boolean
  dataUntilAt: number | null
  reasons: Reason[]
  span: JudgedSpan | null
  /** Null while nothing was packed. */
  judged: Combined | null
  /** Readings of the judged placements outside of the window: kept, shown grey, not judged. Null: archived. */
  outOfWindow: number | null
  levels: Level[]
  /** Where readings are archived and the stored evaluation stands in for them. */
  archived: StoredJudgement | null
}

/**
 * A shipment's status now: what waits for judging is judged first, then the current facts are extended to now without
 * being stored, so that silence shows as a gap. Where readings are archived the stored evaluation is served, and says
 * so. Condition and custody are of one snapshot. Where nothing has changed the answer of the last second is given
 * again, with its `asOf`. Refused: `not_found`.
 */
export async function shipmentStatus(ctx: Ctx, actor: Actor, shipmentId: number): Promise<ShipmentStatus | Refusal> {
  for (;;) {
    const current = await currentFacts(ctx, actor, shipmentId)
    if (current === 'unseen') return noShipment(shipmentId)
    if (current !== 'behind') return statusNow(ctx, current)
    await judgePending(ctx, shipmentId)
  }
}

/** An answer serves for a second, and says of which instant it is: working it out costs more than its facts. */
const SERVES_MS = 1000
const answered = new WeakMap<CurrentFacts, ShipmentStatus>()

async function statusNow(ctx: Ctx, current: CurrentFacts): Promise<ShipmentStatus> {
  const now = ctx.now()
  const known = answered.get(current)
  if (known !== undefined && now >= known.asOf && now < known.asOf + SERVES_MS) return known
  const container = await containerStatus(ctx.db, current, now)
  const { receiptSha256, shipmentId } = current.facts
  const receipt = receiptSha256 === null ? null : await receiptNow(ctx, shipmentId)
  const status = statusOf(current, { now, recomputedAt: null, container, receipt })
  answered.set(current, status)
  return status
}

type Asked = {
  now: number
  recomputedAt: number | null
  container: ContainerStatus | null
  receipt: ReceiptView | null
}

/** The answer of an instant from the facts known at it. */
export function statusOf({ facts, ...around }: CurrentFacts, asked: Asked): ShipmentStatus {
  const { now, recomputedAt, container, receipt } = asked
  const assessment = facts.archived ?? assess(facts.judging, facts.folded, now)
  const custody = custodyOf(facts.custody, now)
  const evaluation = facts.head && { content: facts.head.contentSha256, inputs: facts.head.inputsSha256 }
  return {
    shipmentId: facts.shipmentId,
    reference: facts.reference,
    asOf: now,
    recomputedAt,
    evaluationVersion: facts.head?.version ?? null,
    profile: facts.profile,
    temperature: { ...temperatureOf(assessment), outOfWindow: facts.outOfWindow },
    custody,
    sensors: sensorStatuses(assessment, facts.others, around),
    container,
    units: facts.units.map(({ id, code }) => ({
      id,
      code,
      terminal: custody.units.find((unit) => unit.code === code)?.terminal ?? null,
      received: receipt?.units.find((unit) => unit.code === code) ?? null,
    })),
    reReviews: facts.reReviews,
    lots: facts.lots,
    receipt,
    receiptSha256: facts.receiptSha256,
    recordHash: sha256(canonicalJson({ evaluation, custodyHead: custody.headHash, receipt: facts.receiptSha256 })),
  }
}

function temperatureOf(assessment: Assessment): Omit<Temperature, 'outOfWindow'> {
  const { combined, span, shipment, archived } = assessment
  const reasons = reasonsOf(assessment)
  const waits = reasons.includes('NOT_REJUDGED')
  return {
    status: servedStatus({ status: combined?.status ?? 'indeterminate', reasons }),
    severity: combined?.severity ?? null,
    complete: (combined?.complete ?? false) && !waits,
    presumed: combined?.presumed ?? false,
    dataUntilAt: combined?.dataUntilAt ?? null,
    reasons,
    span,
    judged: combined,
    levels: shipment.profile.levels,
    archived,
  }
}
