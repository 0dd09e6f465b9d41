import { z } from '@hono/zod-openapi'
import type { Stamp } from '../domain/stamp.ts'
import { isoInstant } from '../domain/units.ts'
import { printedInstant } from './inputs.ts'

/** The service's key over a ledger head, to be kept: it shows later that nothing was cut off or written anew. */
export const stamp = z
  .object({
    shipmentId: z.int(),
    seq: z.int(),
    hash: z.string(),
    kid: z.string().meta({ description: 'the key, published at /.well-known/jwks.json' }),
    stampedAt: printedInstant,
    signature: z.string().meta({
      description:
        'Ed25519, base64url, over the canonical JSON of {purpose: "unbroken ledger head", shipmentId, seq, hash, ' +
        'kid, stampedAt}; a machine’s stamp, not a signature of a person',
    }),
  })
  .openapi('Stamp')

/** As the API answers it. */
export function printStamp({ stampedAt, ...rest }: Stamp): z.infer<typeof stamp> {
  return { ...rest, stampedAt: isoInstant(stampedAt) }
}
