import { z } from '@hono/zod-openapi'
import type { Signature } from '../actions/signatures.ts'
import { PERSON_ROLES } from '../domain/person.ts'
import { MEANINGS, type SignatureFault } from '../domain/signature.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

/** An e-signature as it is shown under what was signed (21 CFR 11.50), checked when it is shown (11.70). */
export const signatureAnswer = z
  .object({
    id: z.int(),
    signerId: z.int(),
    printedName: z.string(),
    role: z.enum(PERSON_ROLES),
    organisation: z.string(),
    meaning: z.enum(MEANINGS),
    reason: z.string().nullable(),
    signedAt: printedInstant,
    tzOffset: z.string().meta({ description: 'of the signer’s site at that time' }),
    evaluationVersion: z.int().nullable().meta({ description: 'the evaluation that was relied on' }),
    recordSha256: z.string(),
    sha256: z.string(),
    fault: z.enum(['SIGNATURE_CHANGED', 'OTHER_RECORD']).nullable().meta({ description: 'null: it holds' }),
  })
  .openapi('Signature')

/** Prints a signature with what checking it has found. */
export function printSignature(found: Signature, fault: SignatureFault | null): z.infer<typeof signatureAnswer> {
  const { id, signerId, printedName, role, organisation, meaning, reason, tzOffset, recordSha256, sha256 } = found
  return {
    ...{ id, signerId, printedName, role, organisation, meaning, reason, tzOffset, recordSha256, sha256 },
    signedAt: isoInstant(found.signedAt),
    evaluationVersion: found.evaluation?.version ?? null,
    fault,
  }
}
