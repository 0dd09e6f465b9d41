import type { FindingCode } from './finding.ts'
import type { UnitFacts } from './receipt.ts'
import type { Meaning } from './signature.ts'
import { isoInstant } from './units.ts'

/**
 * What a sponsor's QA says about a lot (domain page 4.6): its batch status, that it is on hold, that it is recalled; at
 * any time, also after receipt. Of batch statuses the newest rules; a hold and a recall last until a person lifts them.
 */
export type LotDecision = {
  readonly id: number
  readonly productId: number
  readonly lot: string
  readonly said: LotWord
  /** Number in the sponsor's quality system, or of the certificate. */
  readonly reference: string | null
  readonly reason: string
  /** The hold or recall that this lifts; null: it is one itself, or a batch status. */
  readonly liftsId: number | null
  readonly knownAt: number
}

export type LotWord =
  | { readonly kind: 'batch_status'; readonly batchStatus: BatchStatus }
  | { readonly kind: 'hold' | 'recall' }

export const BATCH_STATUSES = ['released', 'pending', 'unknown'] as const
export type BatchStatus = (typeof BATCH_STATUSES)[number]

export const LOT_KINDS = ['batch_status', 'hold', 'recall'] as const
export type LotKind = (typeof LOT_KINDS)[number]

/** How a lot stands. Nothing said is `unknown`: not released, and so a finding. */
export type LotStanding = Pick<UnitFacts, 'batchStatus' | 'lotStatus'> & {
  /** All of them: a recall hides no hold. */
  readonly findings: readonly FindingCode[]
  /** The decisions that make it so: the newest batch status, holds and recalls in force. */
  readonly because: readonly LotDecision[]
}

/** How a lot stands after the decisions about it, in order of recording. */
export function lotStanding(decisions: readonly LotDecision[]): LotStanding {
  const lifted = new Set(decisions.flatMap(({ liftsId }) => liftsId ?? []))
  const inForce = (kind: LotKind) =>
    decisions.filter(({ id, said, liftsId }) => said.kind === kind && liftsId === null && !lifted.has(id))
  const [holds, recalls, newest] = [inForce('hold'), inForce('recall'), inForce('batch_status').at(-1)]
  const batchStatus = newest?.said.kind === 'batch_status' ? newest.said.batchStatus : 'unknown'
  return {
    batchStatus,
    lotStatus: recalls.length > 0 ? 'recalled' : holds.length > 0 ? 'on_hold' : 'ok',
    findings: [
      ...(recalls.length > 0 ? (['RECALLED'] as const) : []),
      ...(holds.length > 0 ? (['LOT_ON_HOLD'] as const) : []),
      ...(batchStatus === 'released' ? [] : (['RELEASE_PENDING'] as const)),
    ],
    because: [...(newest === undefined ? [] : [newest]), ...holds, ...recalls].sort((a, b) => a.id - b.id),
  }
}

/** What the signature under a decision means; lifting is approved, whatever is lifted. */
export function lotMeaning({ said, liftsId }: Pick<LotDecision, 'said' | 'liftsId'>): Meaning {
  return liftsId === null ? MEANING_OF_LOT[said.kind] : 'approved'
}

const MEANING_OF_LOT: Record<LotKind, Meaning> = { batch_status: 'approved', hold: 'quarantined', recall: 'rejected' }

/** The name of these records under signatures. */
export const LOT_DECISION = 'lot_decision'

/** The record that is signed; `sha256` of its canonical JSON stands in the signature. */
export function lotDecisionRecord(decision: LotDecision) {
  const { id, productId, lot, said, reference, reason, liftsId, knownAt } = decision
  return { id, productId, lot, said, reference, reason, liftsId, knownAt: isoInstant(knownAt) }
}
