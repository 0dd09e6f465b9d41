import { z } from '@hono/zod-openapi'
import type { StoredDisposition } from '../actions/receipt-steps.ts'
import { DECISIONS } from '../domain/disposition.ts'
import { VERDICTS } from '../domain/finding.ts'
import type { JudgedUnit } from '../domain/receipt-steps.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

/** An evaluation as decisions cite it. */
export const evaluation = z.object({ version: z.int(), sha256: z.string() }).openapi('NamedEvaluation')

/** A unit with its verdict and all its findings. */
export const judged = z.object({ code: z.string(), verdict: z.enum(VERDICTS), findings: z.array(z.string()) })

/** A decision as it was signed. */
export const disposition = z
  .object({
    number: z.int(),
    disposition: z.enum(DECISIONS),
    units: z.array(judged),
    reason: z.string(),
    signer: z.object({ personId: z.int(), name: z.string() }),
    deviations: z.array(z.string()),
    exceptionalRelease: z.int().nullable(),
    witness: z.string().nullable(),
    evaluation: evaluation.nullable(),
    signedAt: printedInstant,
    recordSha256: z.string(),
    eventSeq: z.int().meta({ description: 'the signed custody event that names the record by its hash' }),
  })
  .openapi('Disposition')

/** Prints a unit with its verdict. */
export function printJudged({ code, verdict, findings }: JudgedUnit): z.infer<typeof judged> {
  return { code, verdict, findings: [...findings] }
}

/** Prints a decision. */
export function printDisposition(found: StoredDisposition): z.infer<typeof disposition> {
  return {
    number: found.number,
    disposition: found.disposition,
    units: found.units.map(printJudged),
    reason: found.reason,
    signer: { personId: found.signerId, name: found.signerName },
    deviations: found.deviations,
    exceptionalRelease: found.exceptionalRelease,
    witness: found.witness,
    evaluation: found.evaluation,
    signedAt: isoInstant(found.knownAt),
    recordSha256: found.recordSha256,
    eventSeq: found.eventSeq,
  }
}
