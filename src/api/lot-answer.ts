import { z } from '@hono/zod-openapi'
import type { SignedLotDecision } from '../actions/lot-decisions.ts'
import { FINDING_CODES } from '../domain/finding.ts'
import { BATCH_STATUSES, LOT_KINDS, type LotDecision, type LotStanding } from '../domain/lot-decision.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'
import { printSignature, signatureAnswer } from './signature-answer.ts'

const decision = z.object({
  id: z.int(),
  productId: z.int(),
  lot: z.string(),
  kind: z.enum(LOT_KINDS),
  batchStatus: z.enum(BATCH_STATUSES).nullable().meta({ description: 'of kind batch_status only' }),
  reference: z.string().nullable(),
  reason: z.string(),
  lifts: z.int().nullable().meta({ description: 'the hold or recall that this one lifts' }),
  knownAt: printedInstant,
})

/** How a lot stands. */
export const lotStanding = z.object({
  batchStatus: z.enum(BATCH_STATUSES),
  lotStatus: z.enum(['ok', 'on_hold', 'recalled']),
  findings: z.array(z.enum(FINDING_CODES)).meta({ description: 'what a receipt of its units finds because of it' }),
  because: z.array(decision).meta({ description: 'the newest batch status, and the holds and recalls in force' }),
})

/** A decision with its signature. */
export const lotDecision = decision
  .extend({
    liftedBy: z.int().nullable().meta({ description: 'null: it stands' }),
    signature: signatureAnswer,
  })
  .openapi('LotDecision')

/** Prints how a lot stands. */
export function printLotStanding({ batchStatus, lotStatus, findings, because }: LotStanding) {
  return { batchStatus, lotStatus, findings: [...findings], because: because.map(printDecision) }
}

/** Prints a decision. */
export function printLotDecision(found: SignedLotDecision): z.infer<typeof lotDecision> {
  const { liftedById, signature, fault } = found
  return { ...printDecision(found), liftedBy: liftedById, signature: printSignature(signature, fault) }
}

function printDecision({ id, productId, lot, said, reference, reason, liftsId, knownAt }: LotDecision) {
  const batchStatus = said.kind === 'batch_status' ? said.batchStatus : null
  return {
    ...{ id, productId, lot, kind: said.kind, batchStatus, reference, reason },
    lifts: liftsId,
    knownAt: isoInstant(knownAt),
  }
}
